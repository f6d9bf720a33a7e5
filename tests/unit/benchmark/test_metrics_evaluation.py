"""Uncertainties, nulls and paired differences."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from scipy import stats

from benchmark.errors import DataError
from benchmark.metrics import (
    MIN_BACKGROUND,
    MIN_REPLICAS,
    Evaluation,
    Measurement,
    auc,
    background_efficiency,
    evaluate,
    paired_difference,
    signal_efficiency,
)

ONE_SIGMA = 0.6827
# Each coverage test fails by chance once in a thousand seeds.
FALSE_ALARM = 1e-3


def gaussians(seed: int, n_sig: int = 300, n_bkg: int = 3000) -> tuple[Any, Any]:
    rng = np.random.default_rng(seed)
    return rng.normal(1.0, 1.0, n_sig), rng.normal(0.0, 1.0, n_bkg)


def quick(sig: Any, bkg: Any, seed: int = 1, **options: Any) -> Evaluation:
    options = {"replicas": MIN_REPLICAS, **options}
    return evaluate(sig, bkg, rng=np.random.default_rng(seed), **options)


def test_values_are_those_of_the_functions() -> None:
    sig, bkg = gaussians(2)
    rng = np.random.default_rng(3)
    weights: Any = {"weight_sig": rng.random(len(sig)), "weight_bkg": rng.random(len(bkg))}
    found = quick(sig, bkg, grid=[0.2, 0.3], background_efficiencies=[0.01, 0.1], **weights)
    eps_b = background_efficiency(sig, bkg, [0.2, 0.3], **weights).tolist()
    eps_s = signal_efficiency(sig, bkg, [0.01, 0.1], **weights).tolist()
    values = {key: measurement.value for key, measurement in found.values.items()}
    assert values == {
        ("auc", None): auc(sig, bkg, **weights),
        ("background_rejection", 0.3): pytest.approx(1 / eps_b[1]),
        ("significance_improvement", 0.3): pytest.approx(0.3 / eps_b[1] ** 0.5),
        ("background_efficiency", 0.2): eps_b[0],
        ("background_efficiency", 0.3): eps_b[1],
        ("signal_efficiency", 0.01): eps_s[0],
        ("significance_improvement_at_background", 0.01): pytest.approx(eps_s[0] / 0.1),
        ("signal_efficiency", 0.1): eps_s[1],
        ("significance_improvement_at_background", 0.1): pytest.approx(eps_s[1] / 0.1**0.5),
    }
    assert list(found.curve()) == [0.2, 0.3]
    assert found["auc"].value == found.values["auc", None].value
    assert found.rows()[1]["metric"] == "background_rejection"
    assert set(found.rows()[0]) == {"metric", "at", *Measurement.__dataclass_fields__}
    with pytest.raises(DataError, match="2 values"):
        found["background_efficiency"]


def test_counts_of_events() -> None:
    sig, bkg = gaussians(2)
    found = quick(sig, bkg, background_efficiencies=[0.05])
    passing = int((bkg > np.sort(sig)[-90]).sum())
    assert (found["auc"].n_sig, found["auc"].n_bkg) == (300, 3000)
    one = found["background_rejection"]
    assert (one.n_sig, one.n_bkg) == (90, passing)
    other = found["signal_efficiency"]
    assert (other.n_sig, other.n_bkg) == (int((sig > np.sort(bkg)[-151]).sum()), 150)


def test_coverage() -> None:
    """The 68 % intervals hold the true values in 68 % of toys, within a binomial tolerance.

    True values: AUC = Phi(1 / sqrt(2)); eps_b at eps_s = Phi(-z) is Phi(-z - 1).
    """
    toys, rng = 250, np.random.default_rng(11)
    eps_b = stats.norm.sf(stats.norm.isf(0.5) + 1.0)
    truth = {
        "auc": stats.norm.cdf(np.sqrt(0.5)),
        "significance_improvement": 0.5 / np.sqrt(eps_b),
        "signal_efficiency": stats.norm.sf(stats.norm.isf(0.2) - 1.0),
    }
    hits = dict.fromkeys(truth, 0)
    for _ in range(toys):
        found = evaluate(
            rng.normal(1, 1, 200),
            rng.normal(0, 1, 400),
            signal_efficiency=0.5,
            background_efficiencies=[0.2],
            replicas=60,
            rng=rng,
        )
        for name, true in truth.items():
            m = found[name]
            assert m.value is not None
            assert m.err_lo is not None
            assert m.err_hi is not None
            hits[name] += m.value - m.err_lo <= true <= m.value + m.err_hi
    low, high = stats.binom.interval(1 - FALSE_ALARM, toys, ONE_SIGMA)
    assert all(low <= count <= high for count in hits.values()), (hits, low, high)


def test_errors_fall_with_the_root_of_the_events() -> None:
    small = quick(*gaussians(4, 200, 500), replicas=200)["auc"]
    large = quick(*gaussians(5, 3200, 8000), replicas=200)["auc"]
    # 16 times the events; the width of 200 replicas is known to 5 % and that of both to 7 %.
    ratio = width(small) / width(large)
    assert ratio == pytest.approx(4.0, rel=0.3)


def width(measurement: Measurement) -> float:
    assert measurement.err_lo is not None
    assert measurement.err_hi is not None
    return measurement.err_lo + measurement.err_hi


def test_weights_widen_the_interval() -> None:
    sig, bkg = gaussians(6, 500, 4000)
    rare = np.where(np.arange(500) % 10 == 0, 100.0, 0.01)  # 50 events carry all the weight
    few = quick(sig, bkg, weight_sig=rare, replicas=200)["auc"]
    every = quick(sig, bkg, replicas=200)["auc"]
    # A tenth of the events: about root 10; 2 is some ten standard deviations below.
    assert width(few) / width(every) > 2.0


def test_interval_against_a_plain_bootstrap() -> None:
    """Both ends, of a weighted and skew case, against drawing events and ranking them anew.

    Each end of 1000 replicas is known to 5 %, so the ratio to 7 %: 25 % is 3.5 sigma, which one of
    four comparisons exceeds by chance once in 500 seeds.
    """
    (sig, bkg), rng = gaussians(16, 200, 120), np.random.default_rng(17)
    w_sig, w_bkg = rng.uniform(0.2, 1.8, 200), rng.uniform(0.2, 1.8, 120)
    found = quick(
        sig, bkg, weight_sig=w_sig, weight_bkg=w_bkg, signal_efficiency=0.55, replicas=1000
    )
    slow: dict[str, list[float]] = {"auc": [], "background_rejection": []}
    for _ in range(1000):
        i, j = rng.integers(200, size=200), rng.integers(120, size=120)
        weights: Any = {"weight_sig": w_sig[i], "weight_bkg": w_bkg[j]}
        slow["auc"].append(auc(sig[i], bkg[j], **weights))
        eps_b = background_efficiency(sig[i], bkg[j], 0.55, **weights)
        slow["background_rejection"].append(1 / float(eps_b))
    for name, values in slow.items():
        low, high = np.quantile(values, [0.15866, 0.84134])
        measured = found[name]
        assert measured.value is not None
        assert measured.err_lo == pytest.approx(measured.value - low, rel=0.25), name
        assert measured.err_hi == pytest.approx(high - measured.value, rel=0.25), name


def test_replicas_hang_on_the_generator_alone() -> None:
    sig, bkg = gaussians(7)
    assert quick(sig, bkg, seed=1) == quick(sig, bkg, seed=1)
    assert quick(sig, bkg, seed=1) != quick(sig, bkg, seed=2)
    # A finer grid changes no other number: replicas are shared.
    assert quick(sig, bkg)["auc"] == quick(sig, bkg, grid=[0.1, 0.5])["auc"]
    assert quick(np.exp(sig), np.exp(bkg)) == quick(sig, bkg)


def test_constant_scores() -> None:
    found = quick(np.zeros(100), np.zeros(1000), background_efficiencies=[0.1])
    assert found["auc"] == Measurement(0.5, 0.0, 0.0, 100, 1000)
    rejection = found["background_rejection"]
    assert rejection == Measurement(1 / 0.3, 0.0, 0.0, 30, 300)
    assert found["signal_efficiency"].value == 0.1


@pytest.mark.parametrize(
    ("n_sig", "n_bkg", "words"),
    [(0, 100, "no signal event"), (100, 0, "no background event"), (0, 0, "and no background")],
)
def test_a_class_without_events_is_null(n_sig: int, n_bkg: int, words: str) -> None:
    found = quick(np.zeros(n_sig), np.ones(n_bkg), grid=[0.1])
    assert len(found.values) == 4
    for measurement in found.values.values():
        assert measurement.value is None
        assert words in measurement.reason
        assert (measurement.n_sig, measurement.n_bkg) == (n_sig, n_bkg)


def test_weights_of_zero_are_no_events() -> None:
    found = quick(*gaussians(8), weight_sig=np.zeros(300))
    assert "no signal event" in found["auc"].reason


def ladder(passing: int) -> tuple[Any, Any]:
    """100 signal events with score 1; so many background events above them."""
    return np.ones(100), np.concatenate([np.full(passing, 2.0), np.zeros(1000 - passing)])


def test_the_smallest_background_count() -> None:
    minimum = int(MIN_BACKGROUND)
    kept = quick(*ladder(minimum))["background_rejection"]
    assert kept.value == pytest.approx(1000 / minimum)
    assert kept.n_bkg == minimum
    lost = quick(*ladder(minimum - 1))["background_rejection"]
    assert (lost.value, lost.n_bkg) == (None, minimum - 1)
    assert "9 effective background events pass the cut; at least 10" in lost.reason
    assert quick(*ladder(0))["significance_improvement"].value is None
    assert quick(*ladder(0))["auc"].value == 1.0


def test_effective_counts_decide() -> None:
    sig, bkg = ladder(40)
    weights = np.ones(1000)
    weights[0] = 1000.0  # one event outweighs the other 39
    found = quick(sig, bkg, weight_bkg=weights)["background_rejection"]
    assert (found.value, found.n_bkg) == (None, 40)
    assert "1.08 effective background events" in found.reason


def test_the_smallest_signal_count() -> None:
    found = quick(*gaussians(9, n_sig=33), grid=[0.5])
    assert found["auc"].value is not None
    assert "9.9 effective signal events pass" in found["background_rejection"].reason
    assert found["background_efficiency"].value is not None


def test_tiny_weights_count_alike() -> None:
    sig, bkg = gaussians(10)
    tiny = quick(sig, bkg, weight_bkg=np.full(3000, 1e-200))
    assert tiny["auc"].value == pytest.approx(auc(sig, bkg))


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"signal_efficiency": 0.0}, "signal efficiency"),
        ({"grid": [0.5, 1.5]}, "1.5"),
        ({"grid": [0.5, 0.5]}, "twice"),
        ({"background_efficiencies": [1.0]}, "background efficiency"),
        ({"replicas": MIN_REPLICAS - 1}, "19"),
        ({"weight_sig": np.ones(2)}, "length"),
    ],
)
def test_bad_options(options: dict[str, Any], words: str) -> None:
    with pytest.raises(DataError, match=words):
        quick(*gaussians(1), **options)


def test_nan_scores_are_an_error() -> None:
    sig, bkg = gaussians(1)
    bkg[[5, 9]] = np.nan
    with pytest.raises(DataError, match="2 of 3000 rows are not finite"):
        quick(sig, bkg)


@pytest.mark.parametrize(
    "fields",
    [
        (1.0, None, None, 1, 1),
        (None, None, None, 1, 1),
        (1.0, 0.1, 0.1, 1, 1, "why"),
        (float("nan"), 0.1, 0.1, 1, 1),
        (1.0, -0.1, 0.1, 1, 1),
    ],
)
def test_a_measurement_is_whole_or_null(fields: tuple[Any, ...]) -> None:
    with pytest.raises(DataError, match="not a measurement"):
        Measurement(*fields)


def test_paired_difference_knows_the_correlation() -> None:
    sig, bkg = gaussians(12)
    rng = np.random.default_rng(13)
    near = sig + rng.normal(0, 0.1, len(sig)), bkg + rng.normal(0, 0.1, len(bkg))
    found = paired_difference((sig, bkg), near, rng=np.random.default_rng(1))
    one = quick(sig, bkg, replicas=200)
    assert found["auc"].value == pytest.approx(auc(sig, bkg) - auc(*near))
    difference = found["auc"]
    assert difference.err_lo is not None
    assert difference.err_hi is not None
    # Without the correlation it would be root 2 times that of one; here it is about a tenth.
    assert difference.err_lo + difference.err_hi < 0.5 * width(one["auc"])
    assert difference.mean == pytest.approx(difference.value, abs=width(one["auc"]))
    turned = paired_difference(near, (sig, bkg), rng=np.random.default_rng(1))["auc"]
    assert difference.mean is not None
    assert turned.mean == pytest.approx(-difference.mean)


def test_paired_difference_moves_the_generator_once() -> None:
    sig, bkg = gaussians(14)
    one, two = np.random.default_rng(1), np.random.default_rng(1)
    paired_difference((sig, bkg), (sig, bkg), replicas=MIN_REPLICAS, rng=one)
    evaluate(sig, bkg, replicas=MIN_REPLICAS, rng=two)
    assert one.random() == two.random()


def test_paired_difference_nulls_and_errors() -> None:
    sig, bkg = gaussians(15)
    rng = np.random.default_rng(1)
    empty = paired_difference((sig[:0], bkg), (sig[:0], bkg), rng=rng)
    assert "no signal event" in empty["auc"].reason
    perfect = paired_difference((sig, bkg), (sig + 99, bkg), rng=rng)
    assert perfect["background_rejection"].value is None
    assert "0 effective background events" in perfect["background_rejection"].reason
    assert perfect["auc"].value is not None
    with pytest.raises(DataError, match="different events"):
        paired_difference((sig, bkg), (sig, bkg[1:]), rng=rng)
