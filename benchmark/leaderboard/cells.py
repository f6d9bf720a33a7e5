"""The cells of the board: what result rows say of an entry and a signal."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd
    from numpy.typing import NDArray

    from benchmark.leaderboard.rules import Point

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
    pairs = rows[["embedding_seed", "detector_seed"]].drop_duplicates()
    return tuple(sorted((int(one), int(two)) for one, two in pairs.itertuples(index=False)))


def samples_of(rows: pd.DataFrame, repetitions: Sequence[Repetition]) -> Samples | str:
    """Return the values of a cell in the order of the repetitions, or why it is blank.

    Args:
        rows: Of one entry, signal and number.
        repetitions: Which it must have.
    """
    if rows.empty:
        return "not measured"
    held = rows.set_index(["embedding_seed", "detector_seed"]).reindex(list(repetitions))
    values = held["value"].to_numpy(np.float64)
    gone = held["metric"].isna().to_numpy()
    if gone.any():
        return f"{int(gone.sum())} of {len(gone)} repetitions are not measured"
    null = np.isnan(values)
    if null.any():
        first = str(held["reason"][null].iloc[0])
        return f"{int(null.sum())} of {len(null)}: {first}" if len(null) > 1 else first
    if (values < 0).any():
        return "a negative value, which no geometric mean takes"
    errors = (held[name].to_numpy(np.float64) for name in ("err_lo", "err_hi"))
    err_lo, err_hi = errors
    return Samples(values=values, err_lo=err_lo, err_hi=err_hi)


def plain_cell(
    rows: pd.DataFrame, signal: str, repetitions: Sequence[Repetition], regime: str = ""
) -> Cell:
    """Return a cell with its interval in quadrature.

    The interval adds the standard error over repetitions and the error of the test events, which
    the repetitions share.

    Args:
        rows: Of one entry and number; any signals.
        signal: Which.
        repetitions: Which the cell must have.
        regime: Of the cell; else that of its rows.
    """
    own = rows[rows["signal"] == signal]
    found = samples_of(own, repetitions)
    regime = regime or (str(own["regime"].iloc[0]) if len(own) else "")
    if isinstance(found, str):
        return Cell(signal=signal, regime=regime, repetitions=len(repetitions), reason=found)
    mean, spread = _mean_and_spread(found.values)
    over = spread / math.sqrt(len(found.values)) if spread is not None else 0.0
    return Cell(
        signal=signal,
        regime=regime,
        value=mean,
        low=mean - math.hypot(over, float(found.err_lo.mean())),
        high=mean + math.hypot(over, float(found.err_hi.mean())),
        spread=spread,
        repetitions=len(repetitions),
        n_sig=int(own["n_sig"].min()),
        n_bkg=int(own["n_bkg"].min()),
    )


def _mean_and_spread(values: NDArray[np.float64]) -> tuple[float, float | None]:
    spread = float(values.std(ddof=1)) if len(values) > 1 else None
    return float(values.mean()), spread
