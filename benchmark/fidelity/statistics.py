"""Estimates with errors: efficiencies, means, medians and widths."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from benchmark.seeds import rng_for

if TYPE_CHECKING:
    from numpy.typing import NDArray

_CENTRAL = (0.158655, 0.5, 0.841345)  # one standard deviation of a Gaussian, 68.27 %
_DRAWS = 400  # of the quantiles' own distribution: errors good to 4 %
_MIN_ENTRIES = 10  # fewer say nothing of a width


class Estimate(NamedTuple):
    """A value and its statistical error (one standard deviation)."""

    value: float
    error: float


NOTHING = Estimate(float("nan"), float("nan"))


def efficiency(passed: int, total: int) -> Estimate:
    """Return passed / total; the error is that of a beta posterior with a flat prior.

    It stays above zero where all or none pass.

    Example:
        >>> efficiency(50, 100).value
        0.5
        >>> efficiency(0, 0).value
        nan
    """
    if not total:
        return NOTHING
    smooth = (passed + 1) / (total + 2)
    return Estimate(passed / total, float(np.sqrt(smooth * (1 - smooth) / (total + 3))))


def mean(values: NDArray[np.float64]) -> Estimate:
    """Return the mean and its error."""
    if len(values) < _MIN_ENTRIES:
        return NOTHING
    return Estimate(float(values.mean()), float(values.std(ddof=1) / np.sqrt(len(values))))


def median_and_s68(values: NDArray[np.float64]) -> tuple[Estimate, Estimate]:
    """Return the median and half the width of the central 68 %, with errors.

    The errors follow from the exact joint law of order statistics (the k-th of n uniform numbers
    is a ratio of sums of exponentials), carried over by the sample's own quantile function; this
    is the bootstrap without resampling.
    """
    n = len(values)
    if n < _MIN_ENTRIES:
        return NOTHING, NOTHING
    low, middle, high = np.quantile(values, _CENTRAL)
    ranks = np.array(_CENTRAL) * (n + 1)
    steps = np.diff(np.concatenate([[0.0], ranks, [n + 1.0]]))
    spacing = rng_for("quantile errors", n).standard_gamma(steps, (_DRAWS, len(steps)))
    places = np.cumsum(spacing, axis=1)[:, :3] / spacing.sum(axis=1, keepdims=True)
    drawn = np.quantile(values, places)
    widths = 0.5 * (drawn[:, 2] - drawn[:, 0])
    return (
        Estimate(float(middle), float(drawn[:, 1].std(ddof=1))),
        Estimate(float(0.5 * (high - low)), float(widths.std(ddof=1))),
    )
