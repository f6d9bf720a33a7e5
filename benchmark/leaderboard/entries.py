"""From a result file to an entry of the board, before it is ranked."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from benchmark.leaderboard.board import Curve, Entry, Standing
from benchmark.leaderboard.cells import (
    Cell,
    Samples,
    plain_cell,
    repetitions_of,
    samples_of,
    select,
)
from benchmark.leaderboard.intervals import geometric_mean, interval, replicas_of

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

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


def measure(rule: Rule, name: str, rows: pd.DataFrame, variant: str, point: Point) -> Measured:
    """Return the primary number of one variant of an entry's rows.

    Args:
        rule: Of the task.
        name: Of the entry.
        rows: All of it.
        variant: Of the rows that count.
        point: The number that the geometric mean is of.
    """
    chosen = select(rows, point, variant)
    repetitions = repetitions_of(chosen)
    regimes = regimes_of(rows)
    cells = [
        plain_cell(chosen, signal, repetitions, regimes.get(signal, "")) for signal in rule.signals
    ]
    samples = [samples_of(chosen[chosen["signal"] == s], repetitions) for s in rule.signals]
    whole = [one for one in samples if isinstance(one, Samples)]
    if len(whole) < len(samples):
        blank = [cell.signal for cell in cells if cell.value is None]
        reason = "blank: " + ", ".join(blank)
        standing = Standing(value=None, low=None, high=None, cells=tuple(cells), reason=reason)
        return Measured(standing=standing, replicas=None)
    drawn = replicas_of(rule, name, whole, repetitions)
    means = geometric_mean(drawn)
    value = float(geometric_mean(np.array([one.values.mean() for one in whole])))
    low, high = interval(means, value)
    held = tuple(_with_interval(cell, drawn[:, k]) for k, cell in enumerate(cells))
    return Measured(standing=Standing(value=value, low=low, high=high, cells=held), replicas=means)


def _with_interval(cell: Cell, drawn: NDArray[np.float64]) -> Cell:
    low, high = interval(drawn, cell.value or 0.0)
    return replace(cell, low=low, high=high)


def regimes_of(rows: pd.DataFrame) -> dict[str, str]:
    """Return the regime of each signal that rows are of."""
    pairs = rows[["signal", "regime"]].drop_duplicates("signal")
    return dict(pairs.itertuples(index=False, name=None))


def entry_of(rule: Rule, scored: ScoredSubmission, rows: pd.DataFrame) -> tuple[Entry, Measured]:
    """Return an entry without its place, and its primary number with replicas.

    Args:
        rule: Of the task.
        scored: The result file.
        rows: Its rows.
    """
    submission = scored.submission
    measured = measure(rule, submission.name, rows, rule.variant, rule.primary)
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
    chosen = select(rows, point, rule.variant)
    repetitions = repetitions_of(chosen)
    return tuple(plain_cell(chosen, signal, repetitions) for signal in rule.signals)


def _lone(rows: pd.DataFrame, metric: str, signal: str) -> Cell:
    """Return a number that is the only one of its metric and signal, whatever its variant."""
    own = rows[(rows["metric"] == metric) & (rows["signal"] == signal)]
    if own["variant"].nunique() > 1:
        own = own[own["variant"] == own["variant"].min()]
    return plain_cell(own, signal, repetitions_of(own))


def _curves(rule: Rule, rows: pd.DataFrame) -> tuple[Curve, ...]:
    primary = rule.primary
    own = rows[(rows["metric"] == primary.metric) & (rows["variant"] == rule.variant)]
    own = own[np.isclose(own["at"], primary.at or 0.0) & (own["strength"] > 0)]
    made = []
    for signal in rule.signals:
        strengths = sorted({float(s) for s in own.loc[own["signal"] == signal, "strength"]})
        cells = []
        for strength in strengths:
            held = own[own["strength"] == strength]
            cells.append(plain_cell(held, signal, repetitions_of(held)))
        made.append(Curve(signal=signal, strengths=tuple(strengths), cells=tuple(cells)))
    return tuple(made)
