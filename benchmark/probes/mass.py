"""What the latents know of m_gg: a regression, and how much of the variance it explains.

An embedding that knows m_gg sculpts the spectrum of what a cut on its latents selects. m_gg of a
Higgs process is a narrow peak and that of the continuum falls over the whole window, so the
number to look at is that of the continuum, with a regression of its own; each of the others has
its own regression as well. With the Standard Model processes mixed in equal parts ("background")
a number means less, for two reasons:

- a regression can tell the processes apart in place of masses inside one, which counts as far as
  their mean masses differ (in release v1 by less than 0.3 GeV, which is nothing);
- where the latents do not tell the continuum from the peaks, most of what stands at any place is
  a peak, and what the latents know of the continuum's m_gg is diluted, down to its fifth.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from benchmark.metrics import Measurement
from benchmark.metrics.bootstrap import interval
from benchmark.probes.boosting import Table, boost
from benchmark.probes.sample import effective, too_few

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from benchmark.probes.sample import Sample
    from benchmark.probes.settings import ProbeSettings

CONSTANT = "m_gg is constant: there is no variance to explain"


def mass_r2(
    samples: tuple[Sample, Sample, Sample],
    masses: tuple[NDArray[np.floating], NDArray[np.floating], NDArray[np.floating]],
    settings: ProbeSettings,
    *,
    seed: int,
) -> Measurement:
    """Return R2 = 1 - sum w (m - f)^2 / sum w (m - mean)^2 of trees f on the test part.

    Mean and sums are of the test events. It is negative where f is worse than their mean. The
    68 % interval is the percentile interval of a bootstrap over test events, each stratum by
    itself; it does not hold the chance of the training.

    Args:
        samples: Train, validation, test.
        masses: m_gg of each, GeV (n,).
        settings: Trees and replicas.
        seed: Of the trees and of the bootstrap.
    """
    test = samples[2]
    n = len(test)
    if reason := too_few(min(effective(sample.weight) for sample in samples)):
        return Measurement.null(reason.replace("test events", "events of a part"), n_sig=n)
    if any(float(np.ptp(mass)) == 0 for mass in masses):
        return Measurement.null(CONSTANT, n_sig=n)
    centre, width = float(np.mean(masses[0])), float(np.std(masses[0]))
    scaled = [(mass.astype(np.float64) - centre) / width for mass in masses]
    train, validation, _ = (
        Table(s.values, m, s.weight) for s, m in zip(samples, scaled, strict=True)
    )
    trees = boost(
        train,
        validation,
        {"objective": "reg:squarederror"},
        trees=settings.trees,
        settings=settings.boosting,
        seed=seed,
    )
    squares = (scaled[2] - trees.predict(test.values)) ** 2
    return _with_interval(scaled[2], squares, test, settings.replicas, seed)


def r2(
    target: NDArray[np.float64], squares: NDArray[np.float64], weight: NDArray[np.float64]
) -> float:
    """Return 1 - sum w squares / sum w (target - mean)^2; -inf where the target is constant."""
    mean = np.average(target, weights=weight)
    spread = float(weight @ (target - mean) ** 2)
    return 1 - float(weight @ squares) / spread if spread > 0 else -np.inf


def _with_interval(
    target: NDArray[np.float64],
    squares: NDArray[np.float64],
    test: Sample,
    replicas: int,
    seed: int,
) -> Measurement:
    value = r2(target, squares, test.weight)
    rng = np.random.default_rng(seed)
    strata = [np.flatnonzero(test.stratum == name) for name in np.unique(test.stratum)]
    found = np.empty(replicas)
    for k in range(replicas):
        times = np.zeros(len(target))
        for rows in strata:
            times[rows] = np.bincount(rng.integers(len(rows), size=len(rows)), minlength=len(rows))
        found[k] = r2(target, squares, test.weight * times)
    if not np.isfinite(found).all():
        return Measurement.null(CONSTANT + " in a replica", n_sig=len(target))
    lo, hi = interval(found)
    return Measurement(
        value, max(value - float(lo), 0.0), max(float(hi) - value, 0.0), len(target), 0
    )
