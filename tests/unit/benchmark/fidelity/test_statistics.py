"""Errors are what repeated experiments scatter by."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from benchmark.fidelity.statistics import Estimate, efficiency, mean, median_and_s68

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

EXPERIMENTS = 400
# The scatter of 400 experiments is known to 3.5 %; the error itself to 4 % and a little bias.
AGREEMENT = 0.2


def test_s68_of_a_gaussian_is_its_sigma() -> None:
    values = np.random.default_rng(1).normal(3.0, 2.0, 200_000)
    centre, width = median_and_s68(values)
    assert centre.value == pytest.approx(3.0, abs=5 * centre.error)
    assert width.value == pytest.approx(2.0, abs=5 * width.error)


def test_errors_of_quantiles_are_the_scatter_of_experiments() -> None:
    rng = np.random.default_rng(2)
    results = [median_and_s68(rng.standard_normal(300)) for _ in range(EXPERIMENTS)]
    for k in (0, 1):
        scatter = np.std([result[k].value for result in results])
        typical = np.mean([result[k].error for result in results])
        assert typical == pytest.approx(scatter, rel=AGREEMENT)


def test_errors_of_efficiencies_are_the_scatter_of_experiments() -> None:
    rng = np.random.default_rng(3)
    passed = rng.binomial(200, 0.8, EXPERIMENTS)
    typical = np.mean([efficiency(int(k), 200).error for k in passed])
    assert typical == pytest.approx(np.std(passed / 200), rel=AGREEMENT)


def test_an_efficiency_of_one_has_an_error() -> None:
    assert efficiency(50, 50).error > 0.01


def test_mean_and_its_error() -> None:
    values = np.arange(20.0)
    assert mean(values).value == 9.5
    assert mean(values).error == pytest.approx(np.std(values, ddof=1) / np.sqrt(20))


@pytest.mark.parametrize("estimate", [mean, lambda v: median_and_s68(v)[1]])
def test_a_few_values_give_nothing(estimate: Callable[[NDArray[np.float64]], Estimate]) -> None:
    assert np.isnan(estimate(np.zeros(3)).value)


def test_errors_do_not_change_from_call_to_call() -> None:
    values = np.random.default_rng(4).standard_normal(50)
    assert median_and_s68(values) == median_and_s68(values)
