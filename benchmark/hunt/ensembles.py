"""Random ensembles of classifiers, and what their scores are worth on test events."""

from __future__ import annotations

import itertools
import math
from typing import TYPE_CHECKING

import numpy as np

from benchmark.metrics.bootstrap import bootstrap, estimate, interval
from benchmark.metrics.carriers import carriers
from benchmark.metrics.measurement import MIN_BACKGROUND, Measurement
from benchmark.metrics.plan import make_plan
from benchmark.metrics.ranking import cut_at_background, rank

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

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
    each = np.stack([estimate(r, r.signal.weight, r.background.weight, plan) for r in rankings])
    replicated = np.mean(
        [
            # The same replicas for each: their mean is that of one set of test events.
            bootstrap(r, plan, replicas=replicas, rng=np.random.default_rng(seed))
            for r in rankings
        ],
        axis=0,
    )
    low, high = interval(replicated)
    carried = [carriers(r, plan) for r in rankings]
    n_sig = [round(np.mean([c[k].n_sig for c in carried])) for k in range(each.shape[1])]
    n_bkg = [round(np.mean([c[k].n_bkg for c in carried])) for k in range(each.shape[1])]
    value = each.mean(axis=0)
    found: dict[Key, Measurement] = {
        ("auc", None): _between(value[0], low[0], high[0], n_sig[0], n_bkg[0])
    }
    events = signal.shape[1]
    for k, eps_b in enumerate(curve, start=_CURVE):
        top = high[k] if n_sig[k] else max(high[k], _NONE_SEEN / events)
        counts = n_sig[k], n_bkg[k]
        efficiency = _between(value[k], low[k], top, *counts)
        effective = min(_effective(r, eps_b) for r in rankings)
        found["signal_efficiency", eps_b] = _known(efficiency, effective, 1.0)
        if eps_b in working_points:
            scale = 1 / math.sqrt(eps_b)
            improvement = _known(efficiency, effective, scale)
            found["significance_improvement_at_background", eps_b] = improvement
            found["ensemble_spread", eps_b] = _spread(each[:, k] * scale, improvement)
    return found


def _between(value: float, low: float, high: float, n_sig: int, n_bkg: int) -> Measurement:
    """Return a measurement whose interval holds the value."""
    return Measurement(
        float(value), max(0.0, float(value - low)), max(0.0, float(high - value)), n_sig, n_bkg
    )


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
