"""Latents against the unit Gaussian: scipy, slow references and a bootstrap."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from scipy import stats

from benchmark.probes.gaussianity import DEGENERATE, gaussianity

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from benchmark.metrics import Measurement

ROUNDING = 1e-10
# Against the spread of 300 bootstrap replicas, itself known to 4 %: four of these, and some
# per cent by which an error of first order differs.
OF_ERROR = 0.2


def values(found: tuple[Measurement, ...]) -> list[float | None]:
    return [each.value for each in found]


def sample(n: int = 400, seed: int = 1) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(n, 3)) * [1.0, 0.5, 1.5] + [0.0, 0.4, -1.0]
    return x, rng.choice([0.5, 1.0, 3.0], size=n)


def slow_distance(x: NDArray[np.float64], weight: NDArray[np.float64]) -> float:
    """The largest gap just before and at every event."""
    gaps = []
    for at in x:
        wanted = stats.norm.cdf(at)
        gaps += [abs(np.average(x <= at, weights=weight) - wanted)]
        gaps += [abs(np.average(x < at, weights=weight) - wanted)]
    return float(max(gaps))


def test_of_equal_weights_it_is_scipy() -> None:
    x, _ = sample()
    found = gaussianity(x, np.ones(len(x)))
    assert values(found.mean) == pytest.approx(x.mean(axis=0).tolist(), rel=ROUNDING)
    assert values(found.width) == pytest.approx(x.std(axis=0).tolist(), rel=ROUNDING)
    wanted = [stats.kstest(column, "norm").statistic for column in x.T]
    assert values(found.kolmogorov) == pytest.approx(wanted, rel=ROUNDING)


@pytest.mark.parametrize("digits", [8, 1])  # one digit makes many ties
def test_of_weighted_events_it_is_the_slow_distance(digits: int) -> None:
    x, weight = sample()
    x = x.round(digits)
    found = gaussianity(x, weight)
    wanted = [slow_distance(column, weight) for column in x.T]
    assert values(found.kolmogorov) == pytest.approx(wanted, rel=ROUNDING)


def test_weights_count_as_repeated_events() -> None:
    x, weight = sample(100)
    whole = (2 * weight).astype(int)
    one, repeated = (
        gaussianity(x, whole),
        gaussianity(x.repeat(whole, axis=0), np.ones(whole.sum())),
    )
    for name in ("mean", "width", "kolmogorov"):
        wanted = values(getattr(repeated, name))
        assert values(getattr(one, name)) == pytest.approx(wanted, rel=ROUNDING)
    assert one.kl.value == pytest.approx(repeated.kl.value, rel=ROUNDING)


def test_the_divergence_is_the_integral() -> None:
    """The integral of p ln(p / q) over a fine grid, dimension by dimension."""
    x, weight = sample()
    grid = np.linspace(-12, 12, 200_001)
    total = 0.0
    for column in x.T:
        mean = np.average(column, weights=weight)
        width = np.sqrt(np.average((column - mean) ** 2, weights=weight))
        p = stats.norm(mean, width)
        total += np.trapezoid(p.pdf(grid) * (p.logpdf(grid) - stats.norm.logpdf(grid)), grid)
    assert gaussianity(x, weight).kl.value == pytest.approx(total, rel=1e-6)


def test_errors_are_the_spread_of_a_bootstrap() -> None:
    x, weight = sample(2000)
    found = gaussianity(x, weight)
    rng = np.random.default_rng(2)
    replicas = []
    for _ in range(300):
        rows = rng.integers(len(x), size=len(x))
        again = gaussianity(x[rows], weight[rows])
        replicas.append(
            [*values(again.mean), *values(again.width), *values(again.kolmogorov), again.kl.value]
        )
    spread = np.array(replicas, dtype=float).std(axis=0)
    numbers = [*found.mean, *found.width, *found.kolmogorov, found.kl]
    errors = np.array([each.err_hi for each in numbers], dtype=float)
    off_origin = np.ones(len(errors), dtype=bool)
    off_origin[6] = False  # a unit Gaussian: its distance is at its floor, the error is not one
    np.testing.assert_allclose(errors[off_origin], spread[off_origin], rtol=OF_ERROR)


def test_the_error_of_a_divergence_of_a_skewed_latent() -> None:
    """There the influences of mean and width on it are not independent."""
    x, weight = np.random.default_rng(3).gamma(2.0, size=(2000, 1)) - 1.5, np.ones(2000)
    rng = np.random.default_rng(2)
    again = [gaussianity(x[rng.integers(2000, size=2000)], weight).kl.value for _ in range(300)]
    found = gaussianity(x, weight).kl.err_hi
    assert found == pytest.approx(np.array(again, dtype=float).std(), rel=OF_ERROR)


@pytest.mark.parametrize("shift", [-0.8, 0.8])  # the gap is before, and at, an event
def test_the_error_of_a_distance_with_ties(shift: float) -> None:
    """sqrt(F (1 - F) / n), F the share at the largest gap, as found one place at a time."""
    x = (np.random.default_rng(1).normal(size=100) + shift).round()
    gaps = [(abs(np.mean(x <= at) - stats.norm.cdf(at)), np.mean(x <= at)) for at in x]
    gaps += [(abs(np.mean(x < at) - stats.norm.cdf(at)), np.mean(x < at)) for at in x]
    _, share = max(gaps)
    (found,) = gaussianity(x[:, None], np.ones(100)).kolmogorov
    assert found.err_hi == pytest.approx(np.sqrt(share * (1 - share) / 100), rel=ROUNDING)


def test_unit_gaussians_are_near_it() -> None:
    """20 sets: a distance above 1.95 / sqrt(n) has a probability of 1e-3, so 6 % for any of 60."""
    n = 500
    for seed in range(20):
        found = gaussianity(np.random.default_rng(seed).normal(size=(n, 3)), np.ones(n))
        assert max(each.value or 0.0 for each in found.kolmogorov) < 1.95 / np.sqrt(n)
        assert found.kl.value is not None
        assert found.kl.value < 10 * 3 / n  # the mean is 3 / n


def test_nothing_reaches_below_zero() -> None:
    x = np.random.default_rng(1).normal(size=(12, 1))
    found = gaussianity(x, np.ones(12))
    for each in (*found.width, *found.kolmogorov, found.kl):
        assert each.value is not None
        assert each.err_lo is not None
        assert each.value - each.err_lo >= 0


def test_a_constant_dimension_has_no_divergence() -> None:
    x = np.column_stack([np.zeros(50), np.linspace(-2, 2, 50)])
    found = gaussianity(x, np.ones(50))
    assert found.kl.reason == DEGENERATE
    assert found.width[0].value == 0
    assert found.kolmogorov[0].value == pytest.approx(0.5)
    assert found.mean[1].value == pytest.approx(0.0, abs=ROUNDING)


def test_too_few_events_are_null() -> None:
    found = gaussianity(np.zeros((9, 2)), np.ones(9))
    assert "9 effective test events" in found.kl.reason
    assert [each.value for each in (*found.mean, *found.width, *found.kolmogorov)] == [None] * 6
