"""The cells of the board: what result rows say of an entry and a signal."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import pandas as pd
    from numpy.typing import NDArray

    from benchmark.leaderboard.rules import Point

_VALUES = ("value", "err_lo", "err_hi", "reason")
Repetition = tuple[int, int]
"""Seeds of the embedding and of the detector, or the number of the instance."""


@dataclass(frozen=True, kw_only=True)
class Cell:
    """One number of an entry, over its repetitions.

    Attributes:
        signal: Name.
        regime: Whether the embedding saw this signal; empty where no row says it.
        value: Mean over the repetitions; None where any of them is missing or null.
        low: Lower end of the 68 % interval; None with the value.
        high: Upper end.
        spread: Standard deviation over the repetitions; None with fewer than two.
        repetitions: How many the mean is over, or would be.
        n_sig: Signal events that pass, in the repetition with the fewest.
        n_bkg: Background events that pass.
        reason: Why there is no value; empty where there is one.
    """

    signal: str
    regime: str = ""
    value: float | None = None
    low: float | None = None
    high: float | None = None
    spread: float | None = None
    repetitions: int = 0
    n_sig: int = 0
    n_bkg: int = 0
    reason: str = ""


@dataclass(frozen=True, kw_only=True, eq=False)
class Samples:
    """What the mean of a cell is made of.

    Attributes:
        values: (repetitions,).
        err_lo: (repetitions,), 68 % over test events, downwards.
        err_hi: (repetitions,), upwards.
    """

    values: NDArray[np.float64]
    err_lo: NDArray[np.float64]
    err_hi: NDArray[np.float64]

    def relative(self) -> tuple[float, float]:
        """Return the error of the mean from test events, relative to it: down, up.

        The repetitions are measured on one test sample, so that it does not fall with their
        number. A mean of zero has none.
        """
        mean = float(self.values.mean())
        if mean == 0:
            return 0.0, 0.0
        return float(self.err_lo.mean()) / mean, float(self.err_hi.mean()) / mean


def select(rows: pd.DataFrame, point: Point, variant: str) -> pd.DataFrame:
    """Return the rows of a number, of all signals."""
    chosen = (rows["metric"] == point.metric) & (rows["variant"] == variant)
    for name in ("at", "strength"):
        wanted = getattr(point, name)
        column = rows[name]
        chosen &= column.isna() if wanted is None else np.isclose(column, wanted, rtol=1e-9)
    return rows[chosen]


def repetitions_of(rows: pd.DataFrame) -> tuple[Repetition, ...]:
    """Return the repetitions that rows hold, sorted."""
    seeds = zip(rows["embedding_seed"].tolist(), rows["detector_seed"].tolist(), strict=True)
    return tuple(sorted(set(seeds)))


def samples_of(rows: pd.DataFrame, repetitions: Sequence[Repetition]) -> Samples | str:
    """Return the values of a cell in the order of the repetitions, or why it is blank.

    Args:
        rows: Of one entry, signal and number.
        repetitions: Which it must have.
    """
    if rows.empty:
        return "not measured"
    columns = [rows[name].tolist() for name in ("embedding_seed", "detector_seed", *_VALUES)]
    held = {(one, two): rest for one, two, *rest in zip(*columns, strict=True)}
    gone = sum(repetition not in held for repetition in repetitions)
    if gone:
        return f"{gone} of {len(repetitions)} repetitions are not measured"
    table = np.array([held[r][:3] for r in repetitions], dtype=np.float64)
    null = np.isnan(table[:, 0])
    if null.any():
        first = str(held[repetitions[int(null.argmax())]][3])
        return f"{int(null.sum())} of {len(null)}: {first}" if len(null) > 1 else first
    if (table[:, 0] < 0).any():
        return "a negative value, which no geometric mean takes"
    return Samples(values=table[:, 0], err_lo=table[:, 1], err_hi=table[:, 2])


def cells_of(
    rows: pd.DataFrame, signals: Sequence[str], regimes: Mapping[str, str] | None = None
) -> tuple[list[Cell], list[Samples | str]]:
    """Return a number's cell of each signal, with what it is made of.

    Each must have all repetitions that any of them has. The interval of a cell adds, in
    quadrature, the standard error over repetitions and the error of the test events, which the
    repetitions share.

    Args:
        rows: Of one entry and number; a signal that is not there gives a blank cell.
        signals: In the order of the cells.
        regimes: Of the cells; those of their rows where none are given.
    """
    repetitions = repetitions_of(rows)
    by_signal = {str(name): own for name, own in rows.groupby("signal", sort=False)}
    cells, samples = [], []
    for signal in signals:
        own = by_signal.get(signal, rows.iloc[:0])
        found = samples_of(own, repetitions)
        regime = (regimes or {}).get(signal) or ("" if own.empty else str(own["regime"].iloc[0]))
        blank = Cell(signal=signal, regime=regime, repetitions=len(repetitions))
        if isinstance(found, str):
            cells.append(replace(blank, reason=found))
        else:
            passed = int(own["n_sig"].min()), int(own["n_bkg"].min())
            cells.append(replace(blank, **_numbers(found, *passed)))
        samples.append(found)
    return cells, samples


def _numbers(found: Samples, n_sig: int, n_bkg: int) -> dict[str, Any]:
    """Return what a cell holds that is not blank."""
    mean, spread = _mean_and_spread(found.values)
    over = spread / math.sqrt(len(found.values)) if spread is not None else 0.0
    return {
        "value": mean,
        "low": mean - math.hypot(over, float(found.err_lo.mean())),
        "high": mean + math.hypot(over, float(found.err_hi.mean())),
        "spread": spread,
        "n_sig": n_sig,
        "n_bkg": n_bkg,
    }


def _mean_and_spread(values: NDArray[np.float64]) -> tuple[float, float | None]:
    spread = float(values.std(ddof=1)) if len(values) > 1 else None
    return float(values.mean()), spread
