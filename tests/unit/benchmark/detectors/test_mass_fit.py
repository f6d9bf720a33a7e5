"""The fit of m_gg's sidebands, against a slow one, and what it says of the signal region."""

from __future__ import annotations

import itertools
import math
from typing import TYPE_CHECKING

import numpy as np
import pyarrow.parquet as pq
import pytest
from scipy.integrate import quad
from scipy.optimize import minimize
from scipy.stats import chi2, kstest

from benchmark.detectors.cathode import sideband_fit
from benchmark.detectors.cathode_settings import CathodeSettings
from benchmark.detectors.mass_fit import MIN_EVENTS, MassFit
from benchmark.errors import DataError
from benchmark.paths import datasets_root
from benchmark.tasks.diphoton import DIPHOTON

if TYPE_CHECKING:
    from numpy.typing import NDArray

WINDOW, REGION = (105.0, 160.0), (120.0, 130.0)
# Of the slow fit's minimum: Nelder-Mead stops at 1e-7, quad is exact to 1e-10.
SAME = 1e-4
FALSE_ALARM = 1e-4


def falling(n: int, seed: int, decay: float = 40.0) -> NDArray[np.float64]:
    """Exponential in the window."""
    rng = np.random.default_rng(seed)
    span = -math.expm1((WINDOW[0] - WINDOW[1]) / decay)
    return np.asarray(WINDOW[0] - decay * np.log1p(-span * rng.random(n)))


def fitted(mass: NDArray[np.float64]) -> MassFit:
    return MassFit.fit(mass, window=WINDOW, region=REGION)


def density(mass: float, a: float, b: float) -> float:
    x = (2 * mass - sum(WINDOW)) / (WINDOW[1] - WINDOW[0])
    return math.exp(a * x + b * x * x)


def area(lo: float, hi: float, a: float, b: float) -> float:
    return float(quad(density, lo, hi, args=(a, b), epsabs=1e-10)[0])


def outside(a: float, b: float) -> float:
    return area(WINDOW[0], REGION[0], a, b) + area(REGION[1], WINDOW[1], a, b)


def test_it_is_the_slow_fit() -> None:
    """Unbinned likelihood with adaptive integrals and a search without derivatives."""
    mass = falling(2000, 1)
    used = mass[(mass < REGION[0]) | (mass >= REGION[1])]
    x = (2 * used - sum(WINDOW)) / (WINDOW[1] - WINDOW[0])

    def loss(at: NDArray[np.float64]) -> float:
        a, b = map(float, at)
        return math.log(outside(a, b)) - a * float(x.mean()) - b * float((x**2).mean())

    slow = minimize(
        loss, [0.0, 0.0], method="Nelder-Mead", options={"xatol": 1e-7, "fatol": 1e-13}
    )
    found = fitted(mass)
    assert found.coefficients == pytest.approx(slow.x.tolist(), abs=SAME)
    a, b = slow.x.tolist()
    expected = len(used) * area(*REGION, a, b) / outside(a, b)
    assert found.expected() == pytest.approx(expected, rel=SAME)
    assert found.sideband == len(used)


def test_the_expectation_is_unbiased() -> None:
    """Over 200 toys of an exponential; the mean is known to a fraction of its own error."""
    n, toys = 3000, 200
    share = math.exp(-15 / 40) - math.exp(-25 / 40)
    truth = n * share / -math.expm1(-55 / 40)
    found = np.array([fitted(falling(n, seed)).expected() for seed in range(toys)])
    error = found.std(ddof=1) / math.sqrt(toys)
    assert abs(found.mean() - truth) < 4 * error  # a false alarm in 16,000
    assert error < 0.01 * truth, "the test could not see a bias of some per cent"


def test_what_is_in_the_region_is_not_seen() -> None:
    mass = falling(3000, 1)
    peak = np.random.default_rng(2).uniform(*REGION, 5000)
    beyond = np.array([10.0, 500.0])
    assert fitted(np.concatenate((mass, peak, beyond))).coefficients == fitted(mass).coefficients


def test_samples_are_in_the_region_and_follow_the_fit() -> None:
    found = fitted(falling(3000, 1))
    masses = found.sample(50_000, rng=np.random.default_rng(3))
    assert masses.dtype == np.float32
    assert masses.min() >= REGION[0]
    assert masses.max() < REGION[1]
    grid = np.linspace(*REGION, 41)
    whole = area(*REGION, *found.coefficients)
    below = [area(REGION[0], at, *found.coefficients) / whole for at in grid]
    assert kstest(masses, lambda m: np.interp(m, grid, below)).pvalue > FALSE_ALARM
    assert len(found.sample(0, rng=np.random.default_rng(1))) == 0


def test_the_upper_edge_belongs_to_the_sideband() -> None:
    class Last(np.random.Generator):
        """Draws the largest number below one."""

        def random(self, size: int) -> NDArray[np.float64]:  # type: ignore[override]
            return np.full(size, np.nextafter(1.0, 0.0))

    masses = fitted(falling(3000, 1)).sample(3, rng=Last(np.random.PCG64(1)))
    assert (masses < REGION[1]).all()
    assert (masses > REGION[1] - 1e-4).all()


@pytest.mark.parametrize(
    "region",
    [
        *((100.0, 130.0), (105.0, 130.0), (120.0, 160.0), (120.0, 170.0)),
        *((130.0, 120.0), (125.0, 125.0), (math.nan, 130.0)),
    ],
)
def test_a_region_outside_of_the_window(region: tuple[float, float]) -> None:
    with pytest.raises(DataError, match="must lie inside the window"):
        MassFit.fit(falling(1000, 1), window=WINDOW, region=region)


def test_sidebands_with_too_few_events() -> None:
    mass = falling(3000, 1)
    for empty in (mass[mass < REGION[1]], mass[mass >= REGION[0]]):
        with pytest.raises(DataError, match="some on both sides"):
            fitted(empty)
    low, high = mass[mass < REGION[0]], mass[mass >= REGION[1]]
    few = np.concatenate((low[: MIN_EVENTS - 10], high[:9]))
    with pytest.raises(DataError, match="90 below and 9 above"):
        fitted(few)
    assert fitted(np.concatenate((few, high[9:10]))).sideband == MIN_EVENTS


def test_the_margins_make_it_fit_the_release() -> None:
    """With the task's margins the continuum of the release is what the fit says.

    All 120,000 events, of which an instance of the data has a quarter: chi2 of 20 bins below its
    quantile of 1 - 1e-3, the region's events within 2 %: the sidebands know them to 1 %.
    """
    table = pq.read_table(datasets_root() / "diphoton/v1/continuum.parquet", columns=["m_gg"])
    mass = table["m_gg"].to_numpy().astype(np.float64)
    settings = CathodeSettings.model_validate(DIPHOTON.hunt.detector.settings)
    kept = sideband_fit(mass, settings, window=WINDOW, region=REGION)
    whole = MassFit.fit(mass, window=WINDOW, region=REGION)
    assert sideband_chi2(kept, mass) < chi2.ppf(1 - 1e-3, 20 - 3)
    assert sideband_chi2(whole, mass) > 100
    inside = ((mass >= REGION[0]) & (mass < REGION[1])).sum()
    assert kept.expected() == pytest.approx(inside, rel=0.02)


def sideband_chi2(fit: MassFit, mass: NDArray[np.float64]) -> float:
    """Pearson's, in 8 bins below and 12 above the region."""
    (low, high), (a, b) = fit.window, fit.coefficients
    bins = np.linspace(low, REGION[0], 9), np.linspace(REGION[1], high, 13)
    seen, parts = [], []
    for lo, hi in (pair for at in bins for pair in itertools.pairwise(at)):
        steps = np.linspace(lo, hi, 200)
        x = (2 * steps - low - high) / (high - low)
        parts.append(np.trapezoid(np.exp(a * x + b * x * x), steps))
        seen.append(((mass >= lo) & (mass < hi)).sum())
    expected = fit.sideband * np.array(parts) / sum(parts)
    return float(((np.array(seen) - expected) ** 2 / expected).sum())
