"""How near the search comes to the best on data whose likelihood ratio is known.

Some twenty minutes on one thread: pytest -s tests/performance/test_hunt_toy.py shows the numbers.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

import numpy as np
import pytest

from benchmark.detectors.cathode_settings import CathodeSettings
from benchmark.detectors.flows.bulk import BulkFlow
from tests.hunt_toy import (
    METRIC,
    POINTS,
    REGION,
    Toy,
    best,
    blind_auc,
    measured,
    record,
    searched,
    template,
)

if TYPE_CHECKING:
    from benchmark.detectors.cathode import Generated
    from benchmark.hunt.sample import Sample

TOY = Toy()
# No smearing: the toy's densities are those of the latents as they are.
SETTINGS = CathodeSettings(smearing=0.0)
NEAR = 0.02  # nat, asked for
STRENGTHS = (0.5, 1.0, 2.0, 5.0)
INSTANCES = 8
FLOWS = CLASSIFIERS = 4
SEEDS = 20
# Of the best at 1 %, of the mean over instances at strengths 2 and 5; measured with ten instances:
# 0.907 and 0.972, each known to 0.008. What is missing is the trees': true background does the
# same, and trees of depth 3 with leaves of twice the weight are 0.02 nearer.
LEAST = {2.0: 0.88, 5.0: 0.95}


@cache
def prepared(instance: int) -> tuple[Sample, Generated]:
    """Simulated events, and samples of flows that learned one instance's sidebands."""
    sample = TOY.sample(instance)
    return sample, template(record(sample, instance), SETTINGS, flows=FLOWS)


@cache
def searches(strength: float) -> dict[tuple[str, float], np.ndarray]:
    """SIC (instances, 3): value, error of the test events and spread over ensembles."""
    found: dict[tuple[str, float], list[tuple[float, ...]]] = {}
    for instance in range(INSTANCES):
        sample, generated = prepared(instance)
        data = record(sample, instance, strength)
        for name, background in (("cathode", generated), ("idealised", None)):
            scored = searched(data, SETTINGS, background, classifiers=CLASSIFIERS)
            numbers = measured(data, scored)
            for at in POINTS:
                sic, spread = numbers[METRIC, at], numbers["ensemble_spread", at]
                low, high = (x or 0.0 for x in (sic.err_lo, sic.err_hi))
                one = (sic.value or 0.0, (low + high) / 2, spread.value or 0.0)
                found.setdefault((name, at), []).append(one)
    return {key: np.array(numbers) for key, numbers in found.items()}


@pytest.mark.parametrize("strength", LEAST)
def test_cathode_nears_the_best(strength: float) -> None:
    """At 1 % to some per cent, and at 0.1 % within the uncertainty of one instance."""
    found, optimum = searches(strength), best(TOY)
    loose = found["cathode", 0.01][:, 0].mean() / optimum[0.01]
    assert LEAST[strength] < loose < 1.01, f"{loose:.3f} of the best at 1 %"
    tight = found["cathode", 0.001]
    parts = tight[:, 0].std(ddof=1), *tight[:, 1:].mean(axis=0)
    error = float(np.sqrt(np.square(parts).sum()))
    away = (optimum[0.001] - tight[:, 0].mean()) / error
    assert -1 < away < 2, f"{away:.2f} standard errors below the best at 0.1 %"


@pytest.mark.parametrize("strength", STRENGTHS)
@pytest.mark.parametrize("at", POINTS)
def test_idealised_is_no_worse(strength: float, at: float) -> None:
    """Instance by instance; four errors of the mean difference."""
    found = searches(strength)
    apart = found["idealised", at][:, 0] - found["cathode", at][:, 0]
    error = apart.std(ddof=1) / np.sqrt(INSTANCES)
    assert apart.mean() > -4 * error, f"{apart.mean():.2f} +- {error:.2f}"


def test_without_signal_true_background_is_not_told_apart() -> None:
    """In each of 20 seeds within four standard errors of the test events.

    Scores of one search share their data, so that the AUC varies by a quarter more than these say:
    four are three of its own, and by chance alone this fails once in 19.
    """
    pulls = [auc / error for auc, error in _blind(idealised=True)]
    assert np.abs(pulls).max() < 4, f"pulls {np.round(pulls, 1).tolist()}"


def test_without_signal_samples_are_hardly_told_apart() -> None:
    """Each AUC is below 0.52, and the mean within 0.01 of a half.

    They are not as good as the background: 0.0015 nat from it, as learned from 24,000 events, are
    an AUC of Phi(sqrt(0.0015)) = 0.515 for who knows both densities. The classifiers see a third
    of that, 0.505, as the SAC paper's do (0.504).
    """
    away = np.array([auc for auc, _ in _blind(idealised=False)])
    assert away.max() < 0.02, f"AUC - 0.5: {np.round(away, 4).tolist()}"
    assert abs(away.mean()) < 0.01


def _blind(*, idealised: bool) -> list[tuple[float, float]]:
    """AUC less a half, and its error, of each seed."""
    found = []
    for instance in range(SEEDS):
        # Without samples there is nothing to train.
        sample, generated = (TOY.sample(instance), None) if idealised else prepared(instance)
        data = record(sample, instance)
        scored = searched(data, SETTINGS, generated, classifiers=CLASSIFIERS)
        auc, error = blind_auc(data, scored)
        found.append((auc - 0.5, error))
    return found


@pytest.mark.parametrize("dimensions", [2, 6])
def test_the_flows_have_the_true_density(dimensions: int) -> None:
    """Of the mixture of four that samples are drawn from; in six dimensions one is at 0.017."""
    toy = Toy(dimensions)
    rng = np.random.default_rng(1)
    mass = toy.masses(30_000, rng)
    side = mass[(mass < REGION[0]) | (mass >= REGION[1])]
    events = toy.background(side, rng), side
    bulk = BulkFlow(SETTINGS.flow, device="cpu").fit_many([events] * FLOWS, seeds=range(FLOWS))
    new = toy.masses(100_000, rng)
    inside = (new >= REGION[0]) & (new < REGION[1])
    z = toy.background(new, rng)
    each = np.stack([flow.log_prob(z, new) for flow in bulk.members])
    mixture = np.logaddexp.reduce(each, axis=0) - np.log(FLOWS)
    for part in (inside, ~inside):
        short = (toy.log_prob(z, new) - mixture)[part].mean()
        assert 0 < short < NEAR, f"{short:.4f} nat"
