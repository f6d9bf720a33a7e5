"""What ensembles of classifiers are worth, against loops."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from benchmark.hunt.ensembles import ensembles, measure
from benchmark.metrics.measurement import MIN_BACKGROUND

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from benchmark.hunt.ensembles import Key
    from benchmark.metrics import Measurement

SIC, SPREAD = "significance_improvement_at_background", "ensemble_spread"
CURVE, POINTS = (0.01, 0.1, 0.5), (0.01, 0.1)
CHOSEN = [(0, 1), (0, 2), (1, 2)]
# Sums of float64 in another order.
ROUNDING = 1e-9


def scores(n: int, m: int, seed: int = 1, apart: float = 1.5) -> tuple[Any, Any]:
    """Of three classifiers that agree in part, on signal and background."""
    rng = np.random.default_rng(seed)
    found = []
    for count, centre in ((n, apart), (m, 0.0)):
        shared = rng.normal(centre, 1, count)
        found.append(np.stack([shared + 0.7 * rng.normal(size=count) for _ in range(3)]))
    return found[0], found[1]


def measured(
    signal: NDArray[np.float64], background: NDArray[np.float64], **changes: Any
) -> dict[Key, Measurement]:
    options: dict[str, Any] = {
        "weight": np.ones(background.shape[1]),
        "chosen": CHOSEN,
        "curve": CURVE,
        "working_points": POINTS,
        "replicas": 50,
        "seed": 1,
    }
    return measure(signal, background, **{**options, **changes})


def slow_efficiency(signal: Any, background: Any, weight: Any, eps_b: float) -> float:
    """Walk down the scores till a fraction of the background has passed; ties are of its side.

    The last background event passes in part, and with it no more signal.
    """
    order = np.argsort(-background)
    left = eps_b * weight.sum()
    for k in order:
        left -= weight[k]
        if left <= 0:
            break
    return sum(1 for s in signal if s > background[k]) / len(signal)


def test_it_is_the_slow_way() -> None:
    """Means and spreads over ensembles, with weights that differ."""
    signal, background = scores(300, 2000)
    weight = np.random.default_rng(2).choice([0.5, 1.0, 2.0], 2000)
    found = measured(signal, background, weight=weight)
    for eps_b in CURVE:
        each = np.array(
            [
                slow_efficiency(
                    (signal[a] + signal[b]) / 2, (background[a] + background[b]) / 2, weight, eps_b
                )
                for a, b in CHOSEN
            ]
        )
        # Whether the event at the cut passes in part or not: one signal event, at most.
        one = 1 / 300 + ROUNDING
        efficiency = found["signal_efficiency", eps_b].value
        assert efficiency == pytest.approx(each.mean(), abs=one)
        if eps_b in POINTS:
            sic = found[SIC, eps_b]
            assert efficiency is not None
            assert sic.value == pytest.approx(efficiency / math.sqrt(eps_b))
            spread = found[SPREAD, eps_b]
            expected = each.std(ddof=1) / math.sqrt(eps_b)
            assert spread.value == pytest.approx(expected, abs=2 * one / math.sqrt(eps_b))
            assert spread.value is not None
            assert spread.err_lo == pytest.approx(spread.value / math.sqrt(2 * 2))
    assert set(found) == {
        ("auc", None),
        *(("signal_efficiency", at) for at in CURVE),
        *((name, at) for name in (SIC, SPREAD) for at in POINTS),
    }


def test_the_auc_is_the_slow_one() -> None:
    """Pairs counted one by one; the mean over ensembles."""
    signal, background = scores(40, 60)
    found = measured(signal, background, curve=(0.5,), working_points=())
    each = []
    for a, b in CHOSEN:
        s, t = signal[a] + signal[b], background[a] + background[b]
        each.append(sum(float(x > y) + 0.5 * float(x == y) for x in s for y in t) / (40 * 60))
    assert found["auc", None].value == pytest.approx(np.mean(each), abs=ROUNDING)


def test_the_interval_is_of_the_test_events() -> None:
    """At 10 % of 4000 events the binomial error of eps_s is known; the interval to a third."""
    signal, background = scores(2000, 4000)
    found = measured(signal, background, replicas=200)["signal_efficiency", 0.1]
    assert found.value is not None
    assert found.err_lo is not None
    assert found.err_hi is not None
    binomial = math.sqrt(found.value * (1 - found.value) / 2000)
    width = (found.err_lo + found.err_hi) / 2
    # The cut moves with the background: up to a half more. The ensembles share some of both.
    assert 0.6 * binomial < width < 2.0 * binomial
    assert found.n_sig == pytest.approx(found.value * 2000, abs=1)
    assert found.n_bkg == pytest.approx(400, abs=1)


def test_too_few_background_events_give_null() -> None:
    """At 1 % of 2000 events 20 define the cut, of 500 five; by weight there can be fewer."""
    signal, background = scores(300, 2000)
    assert measured(signal, background)[SIC, 0.01].value is not None
    for changes in ({"background": background[:, :500]}, {"weight": _one_heavy(background)}):
        found = measured(signal, **{"background": background, **changes})
        for name in ("signal_efficiency", SIC, SPREAD):
            null = found[name, 0.01]
            assert null.value is None
            assert f"at least {MIN_BACKGROUND:g} needed" in null.reason
        assert found["auc", None].value is not None


def _one_heavy(background: NDArray[np.float64]) -> NDArray[np.float64]:
    """The event of the highest score weighs a tenth of all."""
    weight = np.ones(background.shape[1])
    weight[np.argmax(background.mean(axis=0))] = 300.0
    return weight


def test_no_signal_passing_is_known_well() -> None:
    """Zero, with an upper end: an expectation of 1.14 events shows none in 32 % of cases."""
    signal, background = scores(300, 2000)
    found = measured(signal - 100, background)
    for at in POINTS:
        sic = found[SIC, at]
        assert (sic.value, sic.err_lo, sic.n_sig) == (0.0, 0.0, 0)
        assert sic.err_hi == pytest.approx(1.14 / 300 / math.sqrt(at))
        assert found[SPREAD, at].value == 0.0
    assert math.exp(-1.14) == pytest.approx(0.32, abs=0.001)


def test_ensembles_are_different_pairs() -> None:
    rng = np.random.default_rng(1)
    found = ensembles(4, 4, rng=rng)
    assert len(set(found)) == len(found) == 4
    assert all(a < b for a, b in found)
    assert len(ensembles(4, 10, rng=rng)) == 6
    assert ensembles(1, 10, rng=rng) == [(0,)]
    draws = {tuple(ensembles(4, 2, rng=np.random.default_rng(k))) for k in range(30)}
    assert len(draws) > 5, "random"


def test_one_ensemble_has_no_spread() -> None:
    signal, background = scores(300, 2000)
    found = measured(signal, background, chosen=[(0, 1)])
    assert found[SIC, 0.1].value is not None
    assert found[SPREAD, 0.1].reason == "one ensemble has no spread"
