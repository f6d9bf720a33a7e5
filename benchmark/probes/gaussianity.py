"""How near the latents of a process are to independent unit Gaussians."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy.special import ndtr

from benchmark.metrics import Measurement
from benchmark.probes.sample import effective, too_few

if TYPE_CHECKING:
    from numpy.typing import NDArray

DEGENERATE = "a dimension is constant: the divergence has no value"


@dataclass(frozen=True)
class Gaussianity:
    """Numbers of d dimensions, and one of all.

    Attributes:
        mean: Of each dimension.
        width: Standard deviation of each.
        kolmogorov: Largest distance of the distribution function of each to the unit Gaussian's.
        kl: Divergence of all, see `gaussianity`.
    """

    mean: tuple[Measurement, ...]
    width: tuple[Measurement, ...]
    kolmogorov: tuple[Measurement, ...]
    kl: Measurement


def gaussianity(values: NDArray[np.floating], weight: NDArray[np.float64]) -> Gaussianity:
    """Measure latents (n, d) of weighted events against the unit Gaussian.

    With the weighted mean mu_k and variance s_k^2 of dimension k, `kl` is the divergence of the
    Gaussian with these from the unit one, summed over the dimensions,

        KL = sum_k (mu_k^2 + s_k^2 - 1 - ln s_k^2) / 2.

    It sees neither shapes other than a Gaussian (the Kolmogorov distance does) nor correlations.
    The 68 % intervals are of one standard deviation over the events, by the influence I_i of an
    event on the number: sqrt(sum w_i^2 I_i^2) / sum w_i, with

        mean        x - mu                      width   ((x - mu)^2 - s^2) / 2s
        Kolmogorov  1[x <= x*] - F(x*), x* where the distance is largest [Raghavachari 1973,
                    https://doi.org/10.1214/aos/1193342383]; zero at a hard edge of the latents
        KL          sum_k mu_k (x_k - mu_k) + (1 - 1/s_k^2) ((x_k - mu_k)^2 - s_k^2) / 2

    A distance of n events of a unit Gaussian is 0.87 / sqrt(n) in the mean, and their KL d / n.
    """
    n, reason = len(weight), too_few(effective(weight))
    if reason:
        null = Measurement.null(reason, n_sig=n)
        nulls = (null,) * values.shape[1]
        return Gaussianity(nulls, nulls, nulls, null)
    x = values.astype(np.float64)
    mean = np.average(x, axis=0, weights=weight)
    apart = x - mean
    variance = np.average(apart**2, axis=0, weights=weight)
    width = np.sqrt(variance)
    safe = np.where(width > 0, width, 1.0)
    spread = apart**2 - variance
    distance, distance_influence = _kolmogorov(x, weight)
    return Gaussianity(
        mean=_measured(mean, apart, weight),
        width=_measured(width, spread / (2 * safe), weight, least=0.0),
        kolmogorov=_measured(distance, distance_influence, weight, least=0.0),
        kl=_divergence(mean, variance, apart, weight),
    )


def _divergence(
    mean: NDArray[np.float64],
    variance: NDArray[np.float64],
    apart: NDArray[np.float64],
    weight: NDArray[np.float64],
) -> Measurement:
    if not (variance > 0).all():
        return Measurement.null(DEGENERATE, n_sig=len(weight))
    value = (mean**2 + variance - 1 - np.log(variance)).sum() / 2
    influence = apart @ mean + (apart**2 - variance) @ (1 - 1 / variance) / 2
    return _measured(value[None], influence[:, None], weight, least=0.0)[0]


def _measured(
    value: NDArray[np.float64],
    influence: NDArray[np.float64],
    weight: NDArray[np.float64],
    *,
    least: float = -np.inf,
) -> tuple[Measurement, ...]:
    """Return values (d,) with the errors of influences (n, d), none reaching below `least`."""
    error = np.sqrt((weight**2) @ influence**2) / weight.sum()
    n = len(weight)
    return tuple(
        Measurement(float(v), float(min(e, v - least)), float(e), n, 0)
        for v, e in zip(np.maximum(value, least), error, strict=True)
    )


def _kolmogorov(
    x: NDArray[np.float64], weight: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the distance of each dimension (d,) and the influences (n, d) of the events on it."""
    order = np.argsort(x, axis=0, kind="stable")
    ordered = np.take_along_axis(x, order, axis=0)
    share = (weight / weight.sum())[order]
    # With ties, sums inside them lie between those at their ends and change no maximum.
    upper = np.minimum(np.cumsum(share, axis=0), 1.0)
    lower = np.concatenate([np.zeros((1, x.shape[1])), upper[:-1]])
    wanted = ndtr(ordered)
    gaps = np.concatenate([upper - wanted, wanted - lower])
    at = gaps.argmax(axis=0)
    columns = np.arange(x.shape[1])
    heights = np.concatenate([upper, lower])[at, columns]
    cut = ordered[at % len(x), columns]
    from_above = at >= len(x)  # the event at the cut itself is not below it
    below = np.where(from_above, x < cut, x <= cut)
    return gaps[at, columns], below - heights
