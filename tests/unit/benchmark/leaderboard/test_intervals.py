from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pytest

from benchmark.leaderboard.building import place_all
from benchmark.leaderboard.cells import Samples
from benchmark.leaderboard.intervals import (
    geometric_mean,
    interval,
    rank_interval,
    ranks,
    replicas_of,
)
from benchmark.leaderboard.rules import Rule, rules
from benchmark.seeds import rng_for

if TYPE_CHECKING:
    from numpy.typing import NDArray

DIPHOTON, ADC = rules()["diphoton"], rules()["cms_adc"]
EXACT = 1e-12  # relative: the same sums in another order
# A mean of 10,000 draws has an error of one percent of the width; four of these.
REPLICAS, LOOSE = 10_000, 0.04


def samples(
    seed: int, signals: int = 9, k: int = 3, spread: float = 0.1, error: float = 0.05
) -> list[Samples]:
    """Cells of an entry with k repetitions."""
    rng = np.random.default_rng(seed)
    return [
        Samples(
            values=values,
            err_lo=error * values,
            err_hi=2 * error * values,
        )
        for values in 5 * np.exp(rng.normal(0, spread, (signals, k)))
    ]


def names(k: int) -> tuple[tuple[int, int], ...]:
    return tuple((0, number) for number in range(k))


def slow_replicas(
    rule: Rule, name: str, cells: list[Samples], k: int, replicas: int
) -> NDArray[np.float64]:
    """The documented model, one number after the other."""
    labels = [number for pair in names(k) for number in pair]
    whose = [] if rule.shared_repetitions else [name]
    draws = rng_for("leaderboard", rule.task, "repetitions", *whose, *labels)
    events = rng_for("leaderboard", rule.task, "test events", name)
    counts = [draws.multinomial(k - 1, [1 / k] * k) for _ in range(replicas)]
    made = np.empty((replicas, len(cells)))
    for r in range(replicas):
        common = events.standard_normal() if rule.shared_signals else 0.0
        for s, cell in enumerate(cells):
            mean = sum(c * v for c, v in zip(counts[r], cell.values, strict=True)) / (k - 1)
            z = common if rule.shared_signals else events.standard_normal()
            errors = cell.err_hi if z >= 0 else cell.err_lo
            made[r, s] = mean * math.exp(z * errors.mean() / cell.values.mean())
    return made


@pytest.mark.parametrize("rule", [DIPHOTON, ADC], ids=lambda rule: rule.task)
@pytest.mark.parametrize("k", [2, 3, 5])
def test_replicas_are_the_documented_ones(rule: Rule, k: int) -> None:
    cells = samples(1, len(rule.signals), k)
    fast = replicas_of(rule, "a", cells, names(k), replicas=50)
    np.testing.assert_allclose(fast, slow_replicas(rule, "a", cells, k, 50), rtol=EXACT)


def test_a_lone_repetition_has_the_error_of_test_events_only() -> None:
    cells = samples(2, k=1)
    drawn = replicas_of(DIPHOTON, "a", cells, names(1), replicas=REPLICAS)
    low, high = np.quantile(np.log(drawn / cells[0].values)[:, 0], [0.15866, 0.84134])
    assert low == pytest.approx(-0.05, abs=LOOSE * 0.05)
    assert high == pytest.approx(0.1, abs=LOOSE * 0.1)


@pytest.mark.parametrize("k", [2, 3, 4])
def test_the_variance_over_repetitions_is_the_unbiased_one(k: int) -> None:
    # On the average over entries, as each has few values; without errors of test events.
    ratios = []
    for seed in range(40):
        cells = samples(seed, 1, k, spread=0.05, error=0.0)
        drawn = replicas_of(ADC, f"entry-{seed}", cells, names(k), replicas=2000)
        ratios.append(drawn.var() / (cells[0].values.var(ddof=1) / k))
    # Each ratio: exact but for 2000 draws (kurtosis up to 3): 3 percent, over 40 half a percent.
    assert np.mean(ratios) == pytest.approx(1.0, abs=0.03)


def test_instances_are_shared_by_entries_and_detectors_are_not() -> None:
    for rule, shared in ((DIPHOTON, True), (ADC, False)):
        cells = samples(3, len(rule.signals), error=0.0)
        one = replicas_of(rule, "one", cells, names(3), replicas=200)
        other = replicas_of(rule, "other", cells, names(3), replicas=200)
        assert bool((one == other).all()) is shared


@pytest.mark.parametrize(("rule", "together"), [(DIPHOTON, False), (ADC, True)])
def test_errors_of_test_events_over_signals(rule: Rule, together: bool) -> None:
    cells = samples(4, len(rule.signals), k=1)
    drawn = np.log(replicas_of(rule, "a", cells, names(1), replicas=REPLICAS))
    correlation = np.corrcoef(drawn[:, 0], drawn[:, 1])[0, 1]
    assert correlation == pytest.approx(1.0 if together else 0.0, abs=LOOSE)


def test_zero_stays_zero_and_nothing_is_negative() -> None:
    zero = Samples(values=np.zeros(3), err_lo=np.zeros(3), err_hi=np.full(3, 0.1))
    wide = Samples(values=np.full(3, 0.1), err_lo=np.full(3, 0.2), err_hi=np.full(3, 0.2))
    drawn = replicas_of(DIPHOTON, "a", [zero, wide], names(3), replicas=500)
    assert (drawn[:, 0] == 0).all()
    assert (drawn[:, 1] > 0).all()
    assert (geometric_mean(drawn) == 0).all()


def test_geometric_mean_against_logarithms() -> None:
    values = np.random.default_rng(5).uniform(0.1, 10, (20, 9))
    slow = [math.exp(math.fsum(math.log(v) for v in line) / 9) for line in values]
    np.testing.assert_allclose(geometric_mean(values), slow, rtol=EXACT)


def test_ranks_against_counting() -> None:
    values = np.random.default_rng(6).integers(0, 5, (7, 30)).astype(np.float64)
    slow = [[1 + sum(o > v for o in column) for v in column] for column in values.T]
    np.testing.assert_array_equal(ranks(values).T, slow)


def test_intervals_hold_the_measured_value() -> None:
    drawn = np.linspace(0, 1, 1001)
    assert interval(drawn, 0.5) == pytest.approx((0.1587, 0.8413), abs=1e-3)
    assert interval(drawn, 2.0)[1] == 2.0
    assert rank_interval(np.array([2, 2, 3, 3, 3]), 1) == (1, 3)


def test_places_against_counting() -> None:
    rng = np.random.default_rng(7)
    values = np.array([5.0, 4.9, 3.0, 3.0, 1.0])
    replicas = values[:, None] * np.exp(rng.normal(0, 0.05, (5, 400)))
    places = place_all(values, replicas)
    assert [place.rank for place in places] == [1, 2, 3, 3, 5]
    for k, place in enumerate(places):
        drawn = sorted(1 + sum(replicas[:, r] > replicas[k, r]) for r in range(400))
        # The values with 15.87 % and 84.13 % of 400 replicas at or below them: the 64th, 337th.
        assert (place.low, place.high) == (min(drawn[63], place.rank), drawn[336])
    assert [place.tied_below for place in places] == [True, False, True, False, False]
    assert [place.tied_above for place in places] == [False, True, False, True, False]


def test_one_entry_alone_is_first_without_ties() -> None:
    (place,) = place_all(np.array([2.0]), np.full((1, 10), 2.0))
    assert (place.rank, place.low, place.high, place.tied) == (1, 1, 1, False)


def test_equals_are_told_apart_as_often_as_one_sigma_says() -> None:
    # Two entries of one truth: they look different by more than one standard deviation of the
    # difference in 32 % of experiments. 300 of them: an error of 2.7 %; three of these.
    rng = np.random.default_rng(8)
    apart = 0
    for _ in range(300):
        means = np.sort(rng.normal(5, 0.1, 2))[::-1]
        drawn = means[:, None] + rng.normal(0, 0.1, (2, 1000))
        apart += not place_all(means, drawn)[0].tied
    assert apart / 300 == pytest.approx(0.317, abs=0.081)


def test_replicas_hang_on_the_name_and_the_task_alone() -> None:
    cells = samples(9)
    first = replicas_of(DIPHOTON, "a", cells, names(3), replicas=20)
    again = replicas_of(DIPHOTON, "a", cells, names(3), replicas=20)
    renamed = replicas_of(replace(DIPHOTON, task="x"), "a", cells, names(3), replicas=20)
    np.testing.assert_array_equal(first, again)
    assert not np.array_equal(first, renamed)
