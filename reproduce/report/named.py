"""Whether what a claim selects exists: metrics, embeddings, regimes, signals, pictures."""

from __future__ import annotations

from typing import TYPE_CHECKING

from baselines.registry import EMBEDDINGS
from benchmark.errors import DataError, DiademError, complaint
from benchmark.naming import suggestion
from benchmark.results.rules import ARGUMENTS, METRICS
from benchmark.tasks.diphoton import DIPHOTON
from benchmark.tasks.regimes import Regime
from reproduce.report.choosing import selections

if TYPE_CHECKING:
    from collections.abc import Iterable

    from benchmark.cards import DatasetCard
    from reproduce.report.schema import Claim, Select

ADC_REGIME = "self-supervised"
"""The only one of the CMS-ADC task's rows."""


def require_names(claim: Claim, card: DatasetCard, where: str) -> None:
    """Make sure that all names of a claim exist.

    Args:
        claim: Any.
        card: Of its task.
        where: Names it in messages.

    Raises:
        DataError: One does not; the message names it, and the nearest that does.
    """
    if claim.shown:
        from reproduce.figures import FIGURES
        from reproduce.tables import TABLES

        _require(claim.shown, {**FIGURES, **TABLES}, f"{where}, shown")
    for select in selections(claim):
        _require_metric(select, where)
        own = [name for name, held in EMBEDDINGS.items() if held.task in ("", claim.task)]
        _require(select.embedding, own, f"{where}, embedding")
        _require(select.signal, _signals(card), f"{where}, signal")
        _require_regime(select, card, where)


def _require_metric(select: Select, where: str) -> None:
    metric = select.metric or ""
    stem, colon, argument = metric.partition(":")
    name = stem + colon
    _require(name, METRICS, f"{where}, metric")
    if colon and not ARGUMENTS[name].fullmatch(argument):
        raise DataError(complaint("no argument of this metric", where=where, found=repr(metric)))
    if bool(METRICS[name]) != (select.at is not None):
        expected = METRICS[name] or "none for this metric"
        found = "none" if select.at is None else f"{select.at:g}"
        message = complaint("working point", where=f"{where}, at", found=found, expected=expected)
        raise DataError(message)


def _signals(card: DatasetCard) -> list[str]:
    names = [process.name for process in card.processes]
    points = [f"{p.name}/{q.name}" for p in card.processes for q in p.points if q.name]
    classes = [DIPHOTON.merged, "all", "none"] if card.name == DIPHOTON.name else []
    return [*names, *points, *classes]


def _require_regime(select: Select, card: DatasetCard, where: str) -> None:
    if card.name != DIPHOTON.name:
        _require(select.regime, [ADC_REGIME], f"{where}, regime")
        return
    try:
        Regime.parse(select.regime or "", card)
    except DiademError as error:
        message = f"{where}, regime: {error}"
        raise DataError(message) from error


def _require(name: str | None, known: Iterable[str], where: str) -> None:
    names = list(known)
    if name in names:
        return
    message = complaint(
        "no such name",
        where=where,
        found=repr(name) if name else "nothing",
        expected=", ".join(names),
        remedy=suggestion(name or "", names),
    )
    raise DataError(message)
