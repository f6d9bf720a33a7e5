"""Every number of a task from its test scores, each with a bootstrap uncertainty."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from benchmark.errors import DataError, complaint
from benchmark.metrics.bootstrap import bootstrap, estimate, interval
from benchmark.metrics.carriers import Carrier, carriers, no_event
from benchmark.metrics.measurement import UNBOUNDED, Measurement
from benchmark.metrics.plan import make_plan
from benchmark.metrics.ranking import rank

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import ArrayLike, NDArray


Key = tuple[str, float | None]


@dataclass(frozen=True)
class Evaluation:
    """Measurements by metric and working point.

    Attributes:
        values: Measurement of each (metric, at); `at` is None for the AUC.
    """

    values: Mapping[Key, Measurement]

    def __getitem__(self, metric: str) -> Measurement:
        """Return the one measurement of a metric.

        Raises:
            DataError: The metric has none, or several.
        """
        found = [value for (name, _), value in self.values.items() if name == metric]
        if len(found) != 1:
            message = complaint(
                "no single value of this metric", where=metric, found=f"{len(found)} values"
            )
            raise DataError(message)
        return found[0]

    def curve(self, metric: str = "background_efficiency") -> dict[float, Measurement]:
        """Return the measurements of a metric by working point."""
        return {
            at: measurement
            for (name, at), measurement in self.values.items()
            if name == metric and at is not None
        }

    def rows(self) -> list[dict[str, Any]]:
        """Return the columns of result rows that a measurement fills, `metric` to `reason`."""
        return [
            {"metric": metric, "at": at, **vars(measurement)}
            for (metric, at), measurement in self.values.items()
        ]


def evaluate(
    scores_sig: ArrayLike,
    scores_bkg: ArrayLike,
    *,
    weight_sig: ArrayLike | None = None,
    weight_bkg: ArrayLike | None = None,
    signal_efficiency: float = 0.3,
    grid: ArrayLike | None = None,
    background_efficiencies: ArrayLike | None = None,
    replicas: int = 200,
    rng: np.random.Generator,
) -> Evaluation:
    """Return AUC, rejection and significance improvement of one signal, with uncertainties.

    Uncertainties are 68 % percentile intervals over bootstrap replicas of the test events, widened
    to hold the value; all numbers share the replicas. Ties are broken at random, on average: equal
    scores give an AUC of exactly 1/2 and eps_b = eps_s. A class without events makes every value
    null, with the reason; so do too few events (`MIN_BACKGROUND`, `MIN_SIGNAL`).

    Args:
        scores_sig: Scores (n,) of the signal, higher for more anomalous.
        scores_bkg: Scores (m,) of the background.
        weight_sig: Weights (n,), not negative; ones if not given. Only ratios count.
        weight_bkg: Weights (m,), likewise.
        signal_efficiency: Where "background_rejection" (1 / eps_b) and
            "significance_improvement" (eps_s / sqrt(eps_b)) are taken.
        grid: Signal efficiencies of the curve "background_efficiency"; none if not given.
        background_efficiencies: Where "signal_efficiency" and
            "significance_improvement_at_background" are taken; none if not given.
        replicas: How many; at least `MIN_REPLICAS`.
        rng: Draws the replicas; two numbers are taken from it.

    Raises:
        DataError: Scores that are not finite, weights that are negative or do not fit the scores,
            a working point outside of (0, 1), or too few replicas.

    Example:
        >>> rng = np.random.default_rng(1)
        >>> result = evaluate(rng.normal(1, 1, 500), rng.normal(0, 1, 5000), rng=rng)
        >>> print(f"{result['auc'].value:.2f} +- {result['auc'].err_hi:.2f}")
        0.77 +- 0.01
    """
    plan = make_plan(signal_efficiency, grid, background_efficiencies)
    ranking = rank(scores_sig, scores_bkg, weight_sig, weight_bkg)
    sig, bkg = ranking.signal, ranking.background
    reason = no_event(ranking)
    if reason:
        null = Measurement.null(reason, n_sig=len(sig.order), n_bkg=len(bkg.order))
        return Evaluation({(metric.name, metric.at): null for metric in plan.metrics})
    value = estimate(ranking, sig.weight, bkg.weight, plan)
    ends = np.stack([value, *interval(bootstrap(ranking, plan, replicas=replicas, rng=rng))])
    carried = carriers(ranking, plan)
    found = {
        (m.name, m.at): _measure(m.function(ends[:, m.index]), carried[m.index])
        for m in plan.metrics
    }
    return Evaluation(found)


def _measure(ends: NDArray[np.float64], carrier: Carrier) -> Measurement:
    """Return the measurement of (value, one end, other end), widened to hold the value."""
    reason = carrier.reason or ("" if np.isfinite(ends).all() else UNBOUNDED)
    if reason:
        return Measurement.null(reason, n_sig=carrier.n_sig, n_bkg=carrier.n_bkg)
    value = float(ends[0])
    lo, hi = value - float(ends.min()), float(ends.max()) - value
    return Measurement(value, lo, hi, carrier.n_sig, carrier.n_bkg)
