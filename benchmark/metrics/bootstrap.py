"""Bootstrap over test events: the same numbers on resampled events, without sorting again.

Signal and background are resampled independently, each with its number of events kept, and an
event carries its weight along [Efron 1979, https://doi.org/10.1214/aos/1176344552]. A replica
only changes how often an event counts, so the order by score, found once, serves for all.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from benchmark.errors import DataError, complaint
from benchmark.metrics.measurement import MIN_REPLICAS
from benchmark.metrics.ranking import cut_at_background, cut_at_signal
from benchmark.metrics.roc import ranked_auc

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from benchmark.metrics.plan import Plan
    from benchmark.metrics.ranking import Ranking

# The quantiles of one standard deviation of a Gaussian.
QUANTILES = (0.15865525393145707, 0.8413447460685429)


def estimate(
    ranking: Ranking,
    weight_sig: NDArray[np.float64],
    weight_bkg: NDArray[np.float64],
    plan: Plan,
) -> NDArray[np.float64]:
    """Return AUC, eps_b at each signal efficiency and eps_s at each background efficiency.

    Args:
        ranking: Both classes with at least one event.
        weight_sig: Weights (n,) in the original order; not those of the ranking in a replica.
        weight_bkg: Likewise (m,).
        plan: The working points.
    """
    sig = ranking.signal.efficiency(weight_sig)
    bkg = ranking.background.efficiency(weight_bkg)
    return np.concatenate(
        [
            [ranked_auc(ranking, weight_sig, bkg)],
            cut_at_signal(ranking, sig, plan.signal).background(bkg),
            cut_at_background(ranking, bkg, plan.background).signal(sig),
        ]
    )


def bootstrap(
    ranking: Ranking, plan: Plan, *, replicas: int, rng: np.random.Generator
) -> NDArray[np.float64]:
    """Return `estimate` of each replica, one a row.

    Memory is that of a few arrays over the events, whatever the number of replicas. The events
    are counted in the original order: two rankings of the same events and equal generators get
    the same replicas.

    Raises:
        DataError: Fewer than `MIN_REPLICAS`.
    """
    if replicas < MIN_REPLICAS:
        message = complaint(
            "too few bootstrap replicas", found=str(replicas), expected=f"{MIN_REPLICAS} or more"
        )
        raise DataError(message)
    # One stream for each class, so that the replicas of one do not hang on the size of the other.
    streams = [np.random.default_rng(seed) for seed in rng.integers(2**63, size=2)]
    sig = _resampled(ranking.signal.weight, streams[0])
    bkg = _resampled(ranking.background.weight, streams[1])
    return np.stack([estimate(ranking, next(sig), next(bkg), plan) for _ in range(replicas)])


def interval(
    replicas: NDArray[np.float64],
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the ends of the 68 % percentile interval over the first axis."""
    lo, hi = np.quantile(replicas, QUANTILES, axis=0)
    return lo, hi


def _resampled(
    weight: NDArray[np.float64], rng: np.random.Generator
) -> Iterator[NDArray[np.float64]]:
    """Yield, without end, the weights times how often each event was drawn."""
    n = len(weight)
    while True:
        # 32 bits: half the memory and time of 64, and no test sample has 2^31 events.
        drawn = rng.integers(n, size=n, dtype=np.int32)
        yield np.bincount(drawn, minlength=n) * weight
