"""What latents know of m_gg, where it is known what they know."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray
from sklearn.metrics import r2_score

from benchmark.probes.mass import CONSTANT, mass_r2, r2
from benchmark.probes.sample import Sample
from benchmark.probes.settings import ProbeSettings

SETTINGS = ProbeSettings(trees=100, replicas=40)
SIZES = (4000, 2000, 2000)
# R2 of m = a z + noise is a^2 / (a^2 + s^2) = 0.5; 2000 test events know it to 0.016, and steps
# of trees lose some hundredths of a slope.
OF_R2 = 0.07
# Without information trees stop at once: what they learned of noise by then costs less than this.
NOTHING = 0.01

Parts = tuple[Sample, Sample, Sample]
Masses = tuple[NDArray[np.floating], NDArray[np.floating], NDArray[np.floating]]


def made(slope: float, noise: float, seed: int = 1) -> tuple[Parts, Masses]:
    rng = np.random.default_rng(seed)
    samples, masses = [], []
    for n in SIZES:
        z = rng.normal(size=(n, 3)).astype(np.float32)
        stratum = rng.choice(["x", "y"], size=n, p=[0.7, 0.3])
        samples.append(Sample.of(z, np.full(n, "continuum"), stratum))
        masses.append(125 + slope * z[:, 0] + noise * rng.normal(size=n))
    return (samples[0], samples[1], samples[2]), (masses[0], masses[1], masses[2])


def test_half_of_the_variance() -> None:
    found = mass_r2(*made(5.0, 5.0), SETTINGS, seed=1)
    assert found.value == pytest.approx(0.5, abs=OF_R2)
    assert found.err_lo is not None
    assert found.err_hi is not None
    # The formula for R2 of a Gaussian sample, 2 R (1 - R^2) / sqrt(n), gives 0.016.
    assert 0.005 < (found.err_lo + found.err_hi) / 2 < 0.04
    assert found.n_sig == SIZES[2]


def test_the_interval_is_of_the_same_balance_as_the_value() -> None:
    """A small stratum with half of the weight, of which nothing is known."""
    samples, masses = made(5.0, 0.5)
    rng = np.random.default_rng(2)
    held, parts = [], []
    for sample, mass in zip(samples, masses, strict=True):
        rare = rng.random(len(sample)) < 0.1
        held.append(np.where(rare, 125 + 5 * rng.normal(size=len(sample)), mass))
        stratum = np.where(rare, "rare", "common")
        parts.append(Sample.of(sample.values, sample.label, stratum))
    found = mass_r2((parts[0], parts[1], parts[2]), (held[0], held[1], held[2]), SETTINGS, seed=1)
    assert found.value is not None
    assert found.err_lo is not None
    assert found.err_hi is not None
    assert found.value < 0.4  # without balance nearly 0.9
    assert 1 / 4 < found.err_lo / found.err_hi < 4


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_nothing_is_known(seed: int) -> None:
    found = mass_r2(*made(0.0, 5.0, seed), SETTINGS, seed=1)
    assert found.value is not None
    assert abs(found.value) < NOTHING


def test_worse_than_the_mean_is_negative() -> None:
    """A test part of the opposite slope."""
    samples, masses = made(5.0, 1.0)
    mirrored = (masses[0], masses[1], 250 - masses[2])
    found = mass_r2(samples, mirrored, SETTINGS, seed=1)
    assert found.value is not None
    assert found.value < -1


def test_a_mixture_lets_a_regression_learn_the_process() -> None:
    """The caveat of the module: no information on m_gg inside a process, and R2 above zero."""
    rng = np.random.default_rng(1)
    samples, masses = [], []
    for n in SIZES:
        process = rng.choice(["ggF", "continuum"], size=n)
        z = np.where(process == "ggF", 1.0, -1.0) + 0.1 * rng.normal(size=n)
        continuum = rng.normal(128, 5, size=n)
        masses.append(np.where(process == "ggF", 125.0, continuum))
        samples.append(Sample.of(z[:, None].astype(np.float32), np.full(n, "background"), process))
    found = mass_r2(
        (samples[0], samples[1], samples[2]), (masses[0], masses[1], masses[2]), SETTINGS, seed=1
    )
    # Between processes (3/2)^2 = 2.25, inside them 25 / 2: 0.15, known to 0.02
    assert found.value == pytest.approx(2.25 / (2.25 + 12.5), abs=0.06)


def test_r2_is_that_of_scikit_learn() -> None:
    rng = np.random.default_rng(1)
    y, f, weight = rng.normal(size=50), rng.normal(size=50), rng.random(50)
    assert r2(y, (y - f) ** 2, weight) == pytest.approx(
        r2_score(y, f, sample_weight=weight), rel=1e-12
    )
    assert r2(np.ones(5), np.ones(5), np.ones(5)) == -np.inf


@pytest.mark.parametrize("part", [0, 1, 2])
def test_constant_mass_is_null(part: int) -> None:
    samples, masses = made(5.0, 5.0)
    held = list(masses)
    held[part] = np.full(SIZES[part], 125.0)
    found = mass_r2(samples, (held[0], held[1], held[2]), SETTINGS, seed=1)
    assert (found.value, found.reason) == (None, CONSTANT)


@pytest.mark.parametrize("part", [0, 1, 2])
def test_too_few_events_are_null(part: int) -> None:
    samples, masses = made(5.0, 5.0)
    few, held = list(samples), list(masses)
    few[part], held[part] = few[part].select(np.arange(9)), held[part][:9]
    found = mass_r2((few[0], few[1], few[2]), (held[0], held[1], held[2]), SETTINGS, seed=1)
    assert found.value is None
    assert "at least 10 needed" in found.reason


def test_the_same_seed_gives_the_same() -> None:
    first, again = (mass_r2(*made(5.0, 5.0), SETTINGS, seed=4) for _ in range(2))
    assert first == again
