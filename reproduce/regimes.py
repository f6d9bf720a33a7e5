"""Regimes that a user types."""

from __future__ import annotations

from typing import TYPE_CHECKING

from benchmark.errors import DiademError
from benchmark.naming import suggestion
from benchmark.tasks.diphoton_events import diphoton_card
from benchmark.tasks.regimes import Regime

if TYPE_CHECKING:
    from collections.abc import Iterator

    from benchmark.cards import DatasetCard


def regime_named(text: str) -> Regime:
    """Return the regime of the diphoton task that a text names.

    Raises:
        DiademError: There is none; the message has the nearest.

    Example:
        >>> regime_named("ep:-8").name
        'ep:stop'
    """
    card = diphoton_card()
    try:
        return Regime.parse(text, card)
    except DiademError as error:
        near = suggestion(text, regime_names(card))
        raise DiademError(f"{error}. {near}" if near else str(error)) from error


def regime_names(card: DatasetCard) -> Iterator[str]:
    """Yield the names of all regimes."""
    yield from ("id", "background")
    for process in card.processes:
        if process.kind == "signal":
            yield f"ep:{process.name}"
            if len(process.points) > 1:
                yield from (f"ip:{process.name}/{point.name}" for point in process.points)
