"""The tables of `diadem data describe`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pydantic import BaseModel

from benchmark.cards import Value
from benchmark.describe.panels import in_order
from benchmark.describe.quantities import quantities
from reproduce.cli.output import escaped, number, table

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from rich.console import Console

    from benchmark.cards import DatasetCard, Process
    from benchmark.describe.quantities import Quantity
    from benchmark.describe.tally import Key, Tally
    from reproduce.cli.described import Described

_IN_A_TABLE = 8  # quantities side by side


def print_card(card: DatasetCard, out: Console) -> None:
    """Print the values of a card with their status and source, then its processes."""
    values = table(f"{card.name}: {card.title}", ("value of the card", "", "status", "source"))
    for key, value in _values(card, ""):
        values.add_row(key, escaped(_short(value.value)), value.status, escaped(value.source))
    for split in card.splits:
        parts = ", ".join(f"{name} {share:g}" for name, share in split.parts.items())
        origin = f" of {split.of}" if split.of else ""
        row = (f"split {split.name}{origin}", parts, split.status, escaped(split.source))
        values.add_row(*row)
    out.print(values)
    headings = ("process", "kind", "cross section", "points (* held out)", "what")
    processes = table("Processes", headings, ("group",))
    for process in card.processes:
        points = ", ".join(p.name + "*" * p.held_out for p in process.points)
        group = "-" if process.group is None else f"{process.group}"
        texts = (process.name, process.kind, _cross_section(process), points, process.title)
        processes.add_row(*map(escaped, texts), group)
    out.print(processes)


def _values(model: BaseModel, prefix: str) -> Iterator[tuple[str, Value[Any]]]:
    """Yield the values of a card with their keys; those of the processes have their own table."""
    for name in type(model).model_fields:
        held = getattr(model, name)
        items = held.items() if name == "slots" else [(name, held)]
        for key, item in items:
            place = f"slots.{key}" if name == "slots" else f"{prefix}{key}"
            if isinstance(item, Value):
                yield place, item
            elif isinstance(item, BaseModel):
                yield from _values(item, f"{place}.")


def _short(value: object) -> str:
    return ", ".join(f"{v:g}" for v in value) if isinstance(value, tuple) else f"{value:g}"


def _cross_section(process: Process) -> str:
    """Return the reference with its status, or where the number comes from."""
    if process.cross_section is not None:
        known = process.cross_section
        share = "" if process.branching is None else f" x {process.branching.value:g}"
        return f"{known.value:g} pb{share} ({known.status})"
    return "arbitrary" if process.cross_section_is_arbitrary else "from the generator"


def print_events(found: Described, tallies: Mapping[Key, Tally], out: Console) -> None:
    """Print number and worth of the events of each process and point, then their means."""
    events = sum(held.events for held in tallies.values())
    counts = table(
        f"{found.name}: {events:,} events",
        ("process", "point"),
        ("events", "sum of weights", "acceptance", "cross section [pb]", "luminosity [1/fb]"),
    )
    for key in in_order(tallies, found.card):
        held, rate = tallies[key], found.rates.get(key, {})
        counts.add_row(
            *map(escaped, key),
            f"{held.events:,}",
            number(held.sum_w, held.sum_w2**0.5),
            number(rate.get("acceptance"), rate.get("acceptance_error")),
            number(rate.get("physical")),
            number(rate.get("effective_luminosity")),
        )
    out.print(counts)
    if not found.rates:
        out.print("Acceptance and cross section are not known of these events.")
    shown = [q for q in quantities(found.schema) if q.in_table]
    for start in range(0, len(shown), _IN_A_TABLE):
        _print_means(found, tallies, shown[start : start + _IN_A_TABLE], out)


def _print_means(
    found: Described, tallies: Mapping[Key, Tally], shown: list[Quantity], out: Console
) -> None:
    """Print weighted means over the events that have the object."""
    headings = tuple(f"{q.name} [{q.unit}]" if q.unit else q.name for q in shown)
    means = table("Means", ("process", "point"), tuple(map(escaped, headings)))
    for key in in_order(tallies, found.card):
        held = tallies[key].histograms
        means.add_row(*map(escaped, key), *(number(*held[q.name].mean()) for q in shown))
    out.print(means)
