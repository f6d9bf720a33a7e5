"""Sculpting: nothing is seen where there is none, and a planted one is."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from scipy.stats import kstest

from benchmark.detectors.cathode_settings import HuntSizes
from benchmark.hunt.sample import Sample
from benchmark.hunt.sculpting import MASS_BINS, ROC_POINTS, _auc, _Mass, _roc
from benchmark.hunt.search import Scored
from benchmark.hunt.setup import Setup
from tests.hunt_latents import RATES

if TYPE_CHECKING:
    from numpy.typing import NDArray

SETUP = Setup.of_task(RATES)
REGION = SETUP.region
FALSE_ALARM = 1e-4
N = 20_000


def scored(data: Any, background: Any, events: Any = ((0.0,),), weight: Any = None) -> Scored:
    """Of one encoder."""
    weights = np.ones(np.shape(background)[1]) if weight is None else weight
    return Scored(np.asarray(events), np.asarray(data), tuple(np.asarray(background)), (weights,))


def mass_of(mass: NDArray[np.float64], score: NDArray[np.float64]) -> _Mass:
    n = len(mass)
    sample = Sample(
        facts=(),
        event_id=np.arange(n, dtype=np.uint64),
        process=np.full(n, "continuum"),
        point=np.full(n, ""),
        m_gg=mass.astype(np.float32),
        recordable=np.ones(n, dtype=np.bool_),
        private=np.zeros(n, dtype=np.bool_),
        values=(np.zeros((n, 1), dtype=np.float32),),
        yields=RATES,
        region=REGION,
    )
    return _Mass(sample, np.arange(n), score[None], SETUP)


def test_the_test_of_the_mass_is_calibrated() -> None:
    """Without sculpting, p is uniform over 300 toys."""
    p = []
    for seed in range(300):
        rng = np.random.default_rng(seed)
        found = mass_of(rng.uniform(105, 160, N), rng.normal(size=N)).measured()
        value = found["mass_sculpting_p", 0.01].value
        assert value is not None
        p.append(value)
    # The formula is that of many events: with forty it is somewhat shy of small p.
    assert kstest(p, "uniform").pvalue > FALSE_ALARM
    assert np.mean(np.array(p) < 0.05) < 0.10


def test_a_planted_sculpting_is_seen() -> None:
    """Scores that rise towards 125 GeV: the distance is nearly all there is."""
    rng = np.random.default_rng(1)
    mass = rng.uniform(105, 160, N)
    score = -np.abs(mass - 125) + 0.1 * rng.normal(size=N)
    found = mass_of(mass, score).measured()
    distance, p = (found[name, 0.01].value for name in ("mass_sculpting", "mass_sculpting_p"))
    assert distance is not None
    assert p is not None
    # 125 GeV is at 36 % of the window: all selected events are there.
    assert distance == pytest.approx(1 - 20 / 55, abs=0.03)
    assert p < FALSE_ALARM


def test_the_cut_keeps_its_fraction_of_the_region() -> None:
    """By counting; events of the whole window pass the same cut."""
    rng = np.random.default_rng(2)
    mass, score = rng.uniform(105, 160, 20_000), rng.normal(size=20_000)
    inside = (mass >= REGION[0]) & (mass < REGION[1])
    made = mass_of(mass, score)
    for eps_b in SETUP.working_points:
        passing = made._passing(eps_b)
        assert abs(passing[inside].sum() - eps_b * inside.sum()) <= 1
        assert score[passing].min() >= score[~passing].max()
    count = made.measured()["mass_sculpting", 0.01].n_bkg
    assert count == made._passing(0.01).sum()


def test_few_events_after_a_cut_say_nothing() -> None:
    rng = np.random.default_rng(3)
    found = mass_of(rng.uniform(105, 160, 4000), rng.normal(size=4000)).measured()
    null = found["mass_sculpting", 0.001]
    assert null.value is None
    assert "events after the cut; at least 20 needed" in null.reason


def test_histograms_have_unit_area() -> None:
    rng = np.random.default_rng(4)
    mass = rng.uniform(105, 160, N)
    points = mass_of(mass, rng.normal(size=N)).points()
    parts = points.groupby(points["at"].astype(object).fillna(0), sort=False)
    assert len(parts) == 1 + len(SETUP.working_points)
    for _, part in parts:
        assert len(part) == MASS_BINS
        assert ((part["x_high"] - part["x"]) * part["y"]).sum() == pytest.approx(1)
    whole = points[points["at"].isna()]
    counts = np.histogram(mass.astype(np.float32), np.linspace(105, 160, MASS_BINS + 1))[0]
    np.testing.assert_allclose(whole["y"], counts / N / 2.5)
    np.testing.assert_allclose(whole["error"], np.sqrt(counts) / N / 2.5)


def test_the_auc_is_half_where_nothing_differs() -> None:
    """Pulls of 100 toys are of unit width, and a planted difference is seen."""
    sizes, pulls = HuntSizes(replicas=60), []
    for seed in range(100):
        rng = np.random.default_rng(seed)
        found = _auc(scored(rng.normal(size=(2, 300)), rng.normal(size=(2, 900))), sizes, rng)
        assert found.value is not None
        assert found.err_lo is not None
        assert found.err_hi is not None
        pulls.append((found.value - 0.5) / ((found.err_lo + found.err_hi) / 2))
    # Means and widths of 100 normal numbers, to four standard deviations.
    assert abs(np.mean(pulls)) < 4 / np.sqrt(100)
    assert np.std(pulls) == pytest.approx(1, abs=4 / np.sqrt(200))
    rng = np.random.default_rng(1)
    shifted = _auc(scored(rng.normal(0.3, 1, (1, 3000)), rng.normal(size=(1, 3000))), sizes, rng)
    # Phi(0.3 / sqrt(2)).
    assert shifted.value == pytest.approx(0.584, abs=0.03)


def test_the_auc_of_weighted_background() -> None:
    """Background that weighs nothing does not count; of two encoders the mean is taken."""
    rng = np.random.default_rng(1)
    data = rng.normal(size=(1, 2000))
    background = np.concatenate((rng.normal(size=(1, 2000)), np.full((1, 500), 9.0)), axis=1)
    weight = np.repeat((1.0, 1e-9), (2000, 500))
    sizes = HuntSizes(replicas=20)
    found = _auc(scored(data, background, weight=weight), sizes, np.random.default_rng(1))
    plain = _auc(scored(data, background[:, :2000]), sizes, np.random.default_rng(1))
    assert found.value == pytest.approx(plain.value, abs=1e-6)
    both = Scored(
        np.zeros((2, 1)),
        np.concatenate((data, data)),
        (background[0, :2000], background[0, :2000] + 100),
        (np.ones(2000), np.ones(2000)),
    )
    mean = _auc(both, sizes, np.random.default_rng(1)).value
    assert plain.value is not None
    assert mean == pytest.approx(plain.value / 2)  # of the second encoder it is 0


def test_the_curve_goes_through_the_corners() -> None:
    rng = np.random.default_rng(1)
    curve = _roc(scored(rng.normal(0.5, 1, (2, 500)), rng.normal(size=(2, 900))))
    assert len(curve) == ROC_POINTS
    assert tuple(curve[["x", "y"]].iloc[0]) == pytest.approx((0, 0), abs=0.05)
    assert tuple(curve[["x", "y"]].iloc[-1]) == (1, 1)
    assert (np.diff(curve["y"]) >= 0).all()
    assert (curve["y"] > curve["x"] - 0.02).all()
