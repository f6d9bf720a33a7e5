"""Random ensembles of classifiers, and what their scores are worth on test events."""

from __future__ import annotations

import itertools
import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

import numpy as np

from benchmark.metrics.bootstrap import bootstrap, estimate, interval
from benchmark.metrics.carriers import carriers
from benchmark.metrics.measurement import MIN_BACKGROUND, Measurement
from benchmark.metrics.plan import make_plan
from benchmark.metrics.ranking import cut_at_background, rank

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from benchmark.metrics.plan import Plan
    from benchmark.metrics.ranking import Ranking

SIZE = 2
"""Classifiers in an ensemble (stated in arXiv:2603.25794)."""
_ANY = 0.3  # the plan wants a signal efficiency; nothing is taken there
_CURVE = 2  # of the plan's numbers, the first signal efficiency
# With no event passing, an expectation above 1.14 has a probability of 32 %.
_NONE_SEEN = 1.14

Key = tuple[str, float | None]


def ensembles(classifiers: int, number: int, *, rng: np.random.Generator) -> list[tuple[int, ...]]:
    """Return random ensembles of two classifiers, each pair at most once.

    With one classifier there is one ensemble of it alone.

    Example:
        >>> len(ensembles(4, 10, rng=np.random.default_rng(1)))
        6
    """
    pairs = list(itertools.combinations(range(classifiers), min(SIZE, classifiers)))
    chosen = rng.permutation(len(pairs))[:number]
    return [pairs[k] for k in sorted(chosen.tolist())]


def measure(
    signal: NDArray[np.float64],
    background: NDArray[np.float64],
    *,
    weight: NDArray[np.float64],
    chosen: Sequence[tuple[int, ...]],
    curve: Sequence[float],
    working_points: Sequence[float],
    replicas: int,
    seed: int,
) -> dict[Key, Measurement]:
    """Return what ensembles of classifiers are worth, by metric and working point.

    Values are means over the ensembles, with the 68 % interval over bootstrap replicas of the test
    events, which the ensembles share. "ensemble_spread" is the standard deviation of the
    significance improvement over the ensembles, with its own error, s / sqrt(2 (k - 1)).

    Args:
        signal: Scores (classifiers, n) of signal test events.
        background: Scores (classifiers, m) of background test events.
        weight: (m,) of the background.
        chosen: Classifiers of each ensemble; their scores are averaged.
        curve: Background efficiencies at which the signal efficiency is given.
        working_points: Those of the significance improvement; of the curve.
        replicas: Bootstrap replicas.
        seed: Of the replicas.
    """
    plan = make_plan(_ANY, background_efficiencies=curve)
    rankings = [
        rank(
            signal[list(members)].mean(axis=0),
            background[list(members)].mean(axis=0),
            weight_bkg=weight,
        )
        for members in chosen
    ]
    numbers = _Numbers.of(rankings, plan, replicas=replicas, seed=seed)
    found: dict[Key, Measurement] = {("auc", None): numbers.measurement(0)}
    for k, eps_b in enumerate(curve, start=_CURVE):
        efficiency = numbers.measurement(k, least=_NONE_SEEN / signal.shape[1])
        effective = min(_effective(r, eps_b) for r in rankings)
        found["signal_efficiency", eps_b] = _known(efficiency, effective, 1.0)
        if eps_b in working_points:
            scale = 1 / math.sqrt(eps_b)
            improvement = _known(efficiency, effective, scale)
            found["significance_improvement_at_background", eps_b] = improvement
            found["ensemble_spread", eps_b] = _spread(numbers.each[:, k] * scale, improvement)
    return found


@dataclass(frozen=True, eq=False)
class _Numbers:
    """The numbers of a plan: of each ensemble, and the ends of the interval of their mean."""

    each: NDArray[np.float64]
    low: NDArray[np.float64]
    high: NDArray[np.float64]
    n_sig: NDArray[np.float64]
    n_bkg: NDArray[np.float64]

    @classmethod
    def of(cls, rankings: Sequence[Ranking], plan: Plan, *, replicas: int, seed: int) -> Self:
        each = [estimate(r, r.signal.weight, r.background.weight, plan) for r in rankings]
        # The same replicas for each: their mean is that of one set of test events.
        replicated = [
            bootstrap(r, plan, replicas=replicas, rng=np.random.default_rng(seed))
            for r in rankings
        ]
        low, high = interval(np.mean(replicated, axis=0))
        carried = [[(c.n_sig, c.n_bkg) for c in carriers(r, plan)] for r in rankings]
        n_sig, n_bkg = np.mean(carried, axis=0).T
        return cls(np.stack(each), low, high, n_sig, n_bkg)

    def measurement(self, k: int, least: float = 0.0) -> Measurement:
        """Return the mean with an interval that holds it; it ends at `least` without signal."""
        value = float(self.each[:, k].mean())
        high = float(self.high[k]) if round(self.n_sig[k]) else max(float(self.high[k]), least)
        low = float(self.low[k])
        counts = round(self.n_sig[k]), round(self.n_bkg[k])
        return Measurement(value, max(0.0, value - low), max(0.0, high - value), *counts)


def _effective(ranking: Ranking, eps_b: float) -> float:
    """Return (sum w)^2 / sum w^2 of the background events that pass a cut."""
    side = ranking.background
    cut = cut_at_background(ranking, side.efficiency(side.weight), np.array([eps_b]))
    total = cut.background(side.cumulative(side.weight))
    squares = cut.background(side.cumulative(side.weight**2))
    return float(total[0] ** 2 / squares[0])


def _known(efficiency: Measurement, effective: float, scale: float) -> Measurement:
    """Return the scaled measurement, or null where too few background events define the cut.

    Few signal events are no reason: that next to none passes is known well.
    """
    if effective < MIN_BACKGROUND:
        reason = f"{effective:.3g} effective background events pass the cut"
        reason += f"; at least {MIN_BACKGROUND:g} needed"
        return Measurement.null(reason, n_sig=efficiency.n_sig, n_bkg=efficiency.n_bkg)
    value, err_lo, err_hi = (
        scale * (x or 0.0) for x in (efficiency.value, efficiency.err_lo, efficiency.err_hi)
    )
    return Measurement(value, err_lo, err_hi, efficiency.n_sig, efficiency.n_bkg)


def _spread(values: NDArray[np.float64], of: Measurement) -> Measurement:
    """Return the standard deviation over ensembles of what has a value."""
    if of.value is None:
        return of
    if len(values) < SIZE:
        return Measurement.null("one ensemble has no spread", n_sig=of.n_sig, n_bkg=of.n_bkg)
    spread = float(values.std(ddof=1))
    error = spread / math.sqrt(2 * (len(values) - 1))
    return Measurement(spread, error, error, of.n_sig, of.n_bkg)
