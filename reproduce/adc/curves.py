"""Curves over the signal efficiency from rows of the background efficiency."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from reproduce.adc.rows import summary

if TYPE_CHECKING:
    import pandas as pd


def curves(rows: pd.DataFrame) -> pd.DataFrame:
    """Return mean and spread over trainings of 1/eps_b and SI on the grid of efficiencies.

    Each is worked out for every training first: the mean of 1/eps_b is not 1 over the mean. SI is
    eps_s / sqrt(eps_b). Statistical errors are propagated to first order.

    Args:
        rows: Of the metric `background_efficiency`; others are left out.

    Returns:
        What `reproduce.adc.rows.summary` gives, of the metrics `background_rejection` and
        `significance_improvement`.
    """
    held = rows[rows["metric"] == "background_efficiency"]
    # No event passes: the rows have null there, and so has a curve.
    below = held["value"].where(held["value"] > 0)
    signal = held["at"]
    return summary(
        _stack(
            _of(held, "background_rejection", 1 / below, 1.0 / below),
            _of(held, "significance_improvement", signal / np.sqrt(below), 0.5 / below),
        )
    )


def _of(held: pd.DataFrame, metric: str, value: pd.Series, slope: pd.Series) -> pd.DataFrame:
    """Return rows of a power of the background efficiency; `slope` is |d ln value / d eps_b|."""
    errors = {side: value * slope * held[side] for side in ("err_lo", "err_hi")}
    return held.assign(metric=metric, value=value, **errors)


def _stack(*frames: pd.DataFrame) -> pd.DataFrame:
    import pandas as pd

    return pd.concat(frames, ignore_index=True)
