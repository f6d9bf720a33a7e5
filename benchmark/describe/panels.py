"""Which lines share a panel: the Standard Model apart from the signals."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from benchmark.cards import DatasetCard
    from benchmark.describe.tally import Key, Tally


@dataclass(frozen=True)
class Panel:
    """One pair of axes.

    Attributes:
        title: Above it.
        lines: Keys with their labels, in order of drawing.
        behind: Key of a sample drawn filled behind the lines for comparison, or None.
    """

    title: str
    lines: tuple[tuple[Key, str], ...]
    behind: Key | None = None


def panels(tallies: Mapping[Key, Tally], card: DatasetCard | None) -> list[Panel]:
    """Return the panels of a page.

    Backgrounds share the first panel. Signals share one when each has a single point; otherwise
    each signal has a panel of its own with a line a point. Without a card, or for processes that
    it does not hold, all lines share panels of processes.

    Args:
        tallies: What there is to draw.
        card: Says what is background, and the labels.
    """
    ordered = in_order(tallies, card)
    background = [k for k in ordered if _kind(k[0], card) == "background"]
    signal = [k for k in ordered if _kind(k[0], card) == "signal"]
    other = [k for k in ordered if _kind(k[0], card) == "other"]
    found = []
    if background:
        found.append(_panel("Standard Model", background, card, None))
    behind = max(background, key=lambda k: tallies[k].events) if background else None
    for name, keys in (("Signals", signal), ("Processes", other)):
        found += _split(name, keys, card, behind)
    return found


def in_order(tallies: Mapping[Key, Tally], card: DatasetCard | None) -> list[Key]:
    """Return the keys in the order of the card; what it does not hold comes last, by name."""
    processes = [] if card is None else card.processes
    keys = [(process.name, point.name) for process in processes for point in process.points]
    places = {key: place for place, key in enumerate(keys)}
    return sorted(tallies, key=lambda key: (places.get(key, len(places)), key))


def label_of(key: Key, card: DatasetCard | None) -> str:
    """Return the label of a process and point for a legend."""
    process, point = key
    known = None if card is None else next((p for p in card.processes if p.name == process), None)
    name = process.replace("_", " ") if known is None else known.label
    return f"{name} {point.replace('_', ' ')}".strip()


def _split(
    name: str, keys: list[Key], card: DatasetCard | None, behind: Key | None
) -> list[Panel]:
    processes = list(dict.fromkeys(process for process, _ in keys))
    if not keys:
        return []
    if len(processes) == len(keys):
        return [_panel(name, keys, card, behind)]
    return [
        _panel(label_of((p, ""), card), [k for k in keys if k[0] == p], card, behind)
        for p in processes
    ]


def _panel(title: str, keys: list[Key], card: DatasetCard | None, behind: Key | None) -> Panel:
    return Panel(title, tuple((key, label_of(key, card)) for key in keys), behind)


def _kind(process: str, card: DatasetCard | None) -> str:
    if card is None:
        return "other"
    return next((p.kind for p in card.processes if p.name == process), "other")
