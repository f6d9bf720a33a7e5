"""The difference of two methods on the same test events."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING

import numpy as np

from benchmark.errors import DataError, complaint
from benchmark.metrics.bootstrap import bootstrap, estimate, interval
from benchmark.metrics.carriers import carriers, no_event
from benchmark.metrics.measurement import UNBOUNDED, Difference
from benchmark.metrics.plan import Plan, make_plan
from benchmark.metrics.ranking import Ranking, rank

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

Scores = tuple["ArrayLike", "ArrayLike"]


def paired_difference(
    first: Scores,
    second: Scores,
    *,
    weight_sig: ArrayLike | None = None,
    weight_bkg: ArrayLike | None = None,
    signal_efficiency: float = 0.3,
    replicas: int = 200,
    rng: np.random.Generator,
) -> dict[str, Difference]:
    """Return first less second of AUC, rejection and improvement, with the bootstrap's interval.

    Both methods are measured on the same replicas, so that what the test sample does to both
    cancels. The spread over trainings is not in it.

    Args:
        first: Scores of the signal (n,) and of the background (m,) by the first method.
        second: Scores of the same events in the same order by the second.
        weight_sig: Weights (n,) of the signal; ones if not given.
        weight_bkg: Weights (m,) of the background.
        signal_efficiency: Working point of rejection and improvement.
        replicas: How many; at least `MIN_REPLICAS`.
        rng: Draws the replicas.

    Raises:
        DataError: As for `evaluate`; or the methods scored different numbers of events.

    Example:
        >>> rng = np.random.default_rng(1)
        >>> sig, bkg = rng.normal(1, 1, 200), rng.normal(0, 1, 2000)
        >>> same = paired_difference((sig, bkg), (2 * sig, 2 * bkg), rng=rng)
        >>> same["auc"].value, same["auc"].err_hi
        (0.0, 0.0)
    """
    plan = make_plan(signal_efficiency)
    rankings = [rank(sig, bkg, weight_sig, weight_bkg) for sig, bkg in (first, second)]
    _require_same_events(*rankings)
    reason = no_event(rankings[0])
    if reason:
        return {metric.name: _null(reason) for metric in plan.metrics}
    # The second method needs the same draws; the caller's generator must move on all the same.
    again = copy.deepcopy(rng)
    numbers = [
        _numbers(ranking, plan, replicas=replicas, rng=stream)
        for ranking, stream in zip(rankings, (rng, again), strict=True)
    ]
    found = {}
    for metric in plan.metrics:
        one, two = (metric.function(table[:, metric.index]) for table in numbers)
        reasons = [carriers(ranking, plan)[metric.index].reason for ranking in rankings]
        found[metric.name] = _difference(one, two, next(filter(None, reasons), ""))
    return found


def _numbers(
    ranking: Ranking, plan: Plan, *, replicas: int, rng: np.random.Generator
) -> NDArray[np.float64]:
    """Return the numbers on the events themselves in row 0, on the replicas below."""
    value = estimate(ranking, ranking.signal.weight, ranking.background.weight, plan)
    return np.vstack([value, bootstrap(ranking, plan, replicas=replicas, rng=rng)])


def _difference(one: NDArray[np.float64], two: NDArray[np.float64], reason: str) -> Difference:
    if not reason and not (np.isfinite(one).all() and np.isfinite(two).all()):
        reason = UNBOUNDED
    if reason:
        return _null(reason)
    value, spread = float(one[0] - two[0]), one[1:] - two[1:]
    lo, hi = (float(end) for end in interval(spread))
    return Difference(value, float(spread.mean()), max(value - lo, 0.0), max(hi - value, 0.0))


def _null(reason: str) -> Difference:
    return Difference(None, None, None, None, reason)


def _require_same_events(first: Ranking, second: Ranking) -> None:
    sizes = [(len(r.signal.order), len(r.background.order)) for r in (first, second)]
    if sizes[0] != sizes[1]:
        message = complaint(
            "the two methods scored different events",
            found=f"{sizes[0]} and {sizes[1]} events of signal and background",
            expected="scores of the same test events",
        )
        raise DataError(message)
