"""The strength of a discovery against a slow search, and what is said where there is none."""

from __future__ import annotations

import numpy as np
import pytest

from benchmark.errors import DataError
from benchmark.hunt.sensitivity import BELOW, NOT_REACHED, TARGET, discovery_strength

GRID = np.array([0.5, 1, 1.5, 2, 3, 4, 5])
FINE = 400_001
STEP = (GRID[-1] - GRID[0]) / (FINE - 1)  # how near the slow search comes
SEEDS = 200


def slow(significance: np.ndarray) -> float:
    """First of many strengths at which the interpolated significance is enough; inf for none."""
    for strength in np.linspace(GRID[0], GRID[-1], 1001):
        if np.interp(strength, GRID, significance) >= TARGET:
            break
    else:
        return float("inf")
    fine = np.linspace(GRID[0], GRID[-1], FINE)
    return float(fine[np.argmax(np.interp(fine, GRID, significance) >= TARGET)])


@pytest.mark.parametrize("seed", range(0, SEEDS, 10))
def test_as_a_slow_search_finds_it(seed: int) -> None:
    for k in range(seed, seed + 10):
        rng = np.random.default_rng(k)
        sic = rng.uniform(0, 1) + np.cumsum(rng.normal(0.15, 0.4, len(GRID))).clip(min=0)
        error = rng.uniform(0, 0.5, len(GRID))
        found = discovery_strength(GRID, sic, error)
        wanted, early, late = (slow(GRID * (sic + x * error)) for x in (0, 1, -1))
        if wanted == float("inf"):
            assert found.reason == f"{NOT_REACHED} 5"
        elif wanted == GRID[0]:
            assert found.reason == f"{BELOW} 0.5"
        else:
            assert found.value == pytest.approx(wanted, abs=STEP)
            assert found.err_lo == pytest.approx(wanted - early, abs=2 * STEP)
            assert found.err_hi == pytest.approx(min(late, GRID[-1]) - wanted, abs=2 * STEP)


def test_the_cases_of_the_slow_search_are_mixed() -> None:
    """The test above sees all three ends."""
    reasons = set()
    for k in range(SEEDS):
        rng = np.random.default_rng(k)
        sic = rng.uniform(0, 1) + np.cumsum(rng.normal(0.15, 0.4, len(GRID))).clip(min=0)
        reasons.add(discovery_strength(GRID, sic, np.zeros(len(GRID))).reason)
    assert {"", f"{NOT_REACHED} 5"} <= reasons
    assert discovery_strength(GRID, [11.0] * 7, [0.0] * 7).reason == f"{BELOW} 0.5"


def test_between_two_strengths() -> None:
    # 4 at strength 2, 12 at strength 4: 5 stands an eighth of the way.
    found = discovery_strength([2, 4], [2, 3], [0.25, 1])
    assert found.value == pytest.approx(2.25)
    # With errors 4.5 and 16; less them 3.5 and 8.
    assert found.err_lo == pytest.approx(2.25 - (2 + 2 * 0.5 / 11.5))
    assert found.err_hi == pytest.approx(2 + 2 * 1.5 / 4.5 - 2.25)
    assert (found.n_sig, found.n_bkg) == (0, 0)


def test_intervals_end_with_the_grid() -> None:
    found = discovery_strength([1, 2], [4, 3], [2, 2])
    assert found.value == pytest.approx(1.5)
    assert found.err_lo == pytest.approx(0.5)  # 6 at the smallest strength already
    assert found.err_hi == pytest.approx(0.5)  # 2 at the largest one


def test_the_first_crossing_counts() -> None:
    assert discovery_strength([1, 2, 3], [1, 4, 1], [0] * 3).value == pytest.approx(1 + 4 / 7)


def test_strengths_without_a_value_are_left_out() -> None:
    nan = float("nan")
    found = discovery_strength([1, 2, 3], [1, nan, 3], [0, nan, 0], n_sig=7, n_bkg=11)
    assert found.value == pytest.approx(2)
    assert (found.n_sig, found.n_bkg) == (7, 11)
    none = discovery_strength([1, 2], [nan, nan], [nan, nan])
    assert none.reason == "no significance improvement at any strength"
    above = discovery_strength([1, 2, 3], [1, 1, nan], [0, 0, nan])
    assert above.reason == "not reached up to 2, no significance improvement above"


@pytest.mark.parametrize(
    ("strengths", "sic", "error"),
    [
        ([], [], []),
        ([1, 2], [1], [1, 1]),
        ([1, 2], [1, 1], [1]),
        ([[1, 2]], [[1, 1]], [[1, 1]]),
        ([2, 1], [1, 1], [1, 1]),
        ([0, 1], [1, 1], [1, 1]),
        ([1, float("nan")], [1, 1], [1, 1]),
        ([1, 2], [1, -1], [1, 1]),
        ([1, 2], [1, float("inf")], [1, 1]),
        ([1, 2], [1, 1], [1, -1]),
        ([1, 2], [1, 1], [1, float("nan")]),
    ],
)
def test_what_does_not_fit_is_refused(
    strengths: list[float], sic: list[float], error: list[float]
) -> None:
    with pytest.raises(DataError, match="expected"):
        discovery_strength(strengths, sic, error)
