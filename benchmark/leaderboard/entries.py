"""From a result file to an entry of the board, before it is ranked."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cache
from typing import TYPE_CHECKING

import numpy as np

from benchmark.cards import load_card
from benchmark.errors import DataError, complaint
from benchmark.leaderboard.board import Curve, Entry, Standing
from benchmark.leaderboard.cells import (
    Cell,
    Samples,
    cells_of,
    repetitions_of,
    select,
)
from benchmark.leaderboard.intervals import geometric_mean, interval, replicas_of
from benchmark.submissions.regimes import regime_of

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

    from benchmark.cards import DatasetCard
    from benchmark.leaderboard.rules import Point, Rule
    from benchmark.submissions.result_file import ScoredSubmission


@dataclass(frozen=True, kw_only=True, eq=False)
class Measured:
    """The primary number of some rows.

    Attributes:
        standing: With its intervals.
        replicas: Of the geometric mean (n,); None where a cell is blank.
    """

    standing: Standing
    replicas: NDArray[np.float64] | None


def measure(
    rule: Rule, scored: ScoredSubmission, rows: pd.DataFrame, variant: str, point: Point
) -> Measured:
    """Return the primary number of one variant of an entry's rows.

    Args:
        rule: Of the task.
        scored: The result file.
        rows: Its rows.
        variant: Of the rows that count.
        point: The number that the geometric mean is of.

    Raises:
        DataError: The regime of a row is not the one that the submission gives.
    """
    regimes = regimes_of(rule, scored, rows)
    chosen = select(rows, point, variant)
    cells, samples = cells_of(chosen, rule.signals, regimes)
    whole = [one for one in samples if isinstance(one, Samples)]
    if len(whole) < len(samples):
        blank = [cell.signal for cell in cells if cell.value is None]
        reason = "blank: " + ", ".join(blank)
        standing = Standing(value=None, low=None, high=None, cells=tuple(cells), reason=reason)
        return Measured(standing=standing, replicas=None)
    drawn = replicas_of(rule, scored.submission.name, whole, repetitions_of(chosen))
    means = geometric_mean(drawn)
    value = float(geometric_mean(np.array([one.values.mean() for one in whole])))
    low, high = interval(means, value)
    held = tuple(_with_interval(cell, drawn[:, k]) for k, cell in enumerate(cells))
    return Measured(standing=Standing(value=value, low=low, high=high, cells=held), replicas=means)


def _with_interval(cell: Cell, drawn: NDArray[np.float64]) -> Cell:
    low, high = interval(drawn, cell.value or 0.0)
    return replace(cell, low=low, high=high)


@cache
def _card(dataset: str) -> DatasetCard:
    return load_card(dataset)


def regimes_of(rule: Rule, scored: ScoredSubmission, rows: pd.DataFrame) -> dict[str, str]:
    """Return the regime of each signal: a function of what the embedding was trained on.

    Raises:
        DataError: A row has another.
    """
    card, trained_on = _card(rule.dataset), scored.submission.trained_on
    regimes: dict[str, str] = {
        signal: regime_of(trained_on, signal, card) for signal in rule.signals
    }
    for signal, regime in rows[["signal", "regime"]].drop_duplicates().itertuples(index=False):
        if regimes.get(signal, regime) != regime:
            message = complaint(
                f"a row of {signal} in a regime that the training does not give",
                where=f"{scored.task}, {scored.submission.name}",
                found=regime,
                expected=regimes[signal],
                remedy="Score the submission again.",
            )
            raise DataError(message)
    return regimes


def entry_of(rule: Rule, scored: ScoredSubmission, rows: pd.DataFrame) -> tuple[Entry, Measured]:
    """Return an entry without its place, and its primary number with replicas.

    Args:
        rule: Of the task.
        scored: The result file.
        rows: Its rows.
    """
    submission = scored.submission
    measured = measure(rule, scored, rows, rule.variant, rule.primary)
    names = {name for yardstick in rule.yardsticks for name in yardstick.names}
    seen = (cell.regime for cell in measured.standing.cells if cell.regime)
    made = Entry(
        name=submission.name,
        standing=measured.standing,
        place=None,
        yardstick=submission.name in names,
        status=scored.status,
        dimensions=submission.dimensions,
        regimes=tuple(dict.fromkeys(seen)),
        flags=tuple((flag.code, flag.message) for flag in scored.flags),
        beside={point.label: _cells(rule, rows, point) for point in rule.beside},
        diagnostics={
            label: _lone(rows, metric, signal)
            for label, (metric, signal) in rule.diagnostics.items()
        },
        curves=_curves(rule, rows) if rule.curve else (),
        submission=submission.model_dump(mode="json"),
        submission_digest=scored.submission_digest,
        commit=scored.commit,
        environment=dict(scored.environment),
        rows_digest=scored.rows_digest,
    )
    return made, measured


def _cells(rule: Rule, rows: pd.DataFrame, point: Point) -> tuple[Cell, ...]:
    return tuple(cells_of(select(rows, point, rule.variant), rule.signals)[0])


def _lone(rows: pd.DataFrame, metric: str, signal: str) -> Cell:
    """Return a number that is the only one of its metric and signal, whatever its variant."""
    own = rows[(rows["metric"] == metric) & (rows["signal"] == signal)]
    if own["variant"].nunique() > 1:
        own = own[own["variant"] == own["variant"].min()]
    return cells_of(own, [signal])[0][0]


def _curves(rule: Rule, rows: pd.DataFrame) -> tuple[Curve, ...]:
    primary = rule.primary
    own = rows[(rows["metric"] == primary.metric) & (rows["variant"] == rule.variant)]
    own = own[np.isclose(own["at"], primary.at or 0.0) & (own["strength"] > 0)]
    columns: dict[float, list[Cell]] = {
        float(strength): cells_of(held, rule.signals)[0]  # type: ignore[arg-type]
        for strength, held in own.groupby("strength", sort=True)
    }
    made = []
    for k, signal in enumerate(rule.signals):
        own_strengths = set(own.loc[own["signal"] == signal, "strength"].tolist())
        strengths = tuple(strength for strength in columns if strength in own_strengths)
        cells = tuple(columns[strength][k] for strength in strengths)
        made.append(Curve(signal=signal, strengths=strengths, cells=cells))
    return tuple(made)
