"""The metrics against scikit-learn, against loops over pairs, and by their symmetries."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from sklearn.metrics import roc_auc_score
from sklearn.metrics import roc_curve as sklearn_roc_curve

from benchmark.errors import DataError
from benchmark.metrics import (
    auc,
    background_efficiency,
    background_rejection,
    roc_curve,
    signal_efficiency,
    significance_improvement,
)

# Sums of at most a few hundred weights of order 1 in float64: rounding is some 1e-14.
EXACT = 1e-12
POINTS = np.array([0.01, 0.1, 0.3, 0.5, 0.77, 0.999])

Sample = tuple[Any, Any, Any, Any]


def sample(seed: int, *, levels: int = 0, n_sig: int = 80, n_bkg: int = 300) -> Sample:
    """Scores and weights of both classes; scores with ties if `levels` is given."""
    rng = np.random.default_rng(seed)
    sig, bkg = rng.normal(0.8, 1.2, n_sig), rng.normal(0.0, 1.0, n_bkg)
    if levels:
        sig, bkg = np.round(sig * levels) / levels, np.round(bkg * levels) / levels
    return sig, bkg, rng.exponential(1.0, n_sig), rng.exponential(1.0, n_bkg)


def slow_auc(sig: Any, bkg: Any, w_sig: Any, w_bkg: Any) -> float:
    """P(s_sig > s_bkg) + P(s_sig = s_bkg) / 2 over all pairs."""
    won = total = 0.0
    for s, w in zip(sig, w_sig, strict=True):
        for b, v in zip(bkg, w_bkg, strict=True):
            won += w * v * (1.0 if s > b else 0.5 if s == b else 0.0)
            total += w * v
    return won / total


def slow_efficiency(target: float, own: Any, other: Any, w_own: Any, w_other: Any) -> float:
    """Fraction of `other` that passes the cut which keeps `target` of `own`, ties shared out."""
    kept = lost = 0.0
    for score in sorted(set(own), reverse=True):
        tie = float(w_own[own == score].sum() / w_own.sum())
        if kept + tie >= target:
            above = w_other[other > score].sum() / w_other.sum()
            level = w_other[other == score].sum() / w_other.sum()
            return float(above + level * (target - kept) / tie)
        kept += tie
        lost = float(w_other[other >= score].sum() / w_other.sum())
    return lost


@pytest.mark.parametrize("levels", [0, 1, 5])
@pytest.mark.parametrize("weighted", [False, True])
def test_against_scikit_learn(levels: int, weighted: bool) -> None:
    sig, bkg, w_sig, w_bkg = sample(3, levels=levels)
    weights: Any = {"weight_sig": w_sig, "weight_bkg": w_bkg} if weighted else {}
    labels = np.repeat([1, 0], [len(sig), len(bkg)])
    scores = np.concatenate([sig, bkg])
    theirs = np.concatenate([w_sig, w_bkg]) if weighted else None
    assert auc(sig, bkg, **weights) == pytest.approx(
        roc_auc_score(labels, scores, sample_weight=theirs), abs=EXACT
    )
    fpr, tpr, thresholds = sklearn_roc_curve(
        labels, scores, sample_weight=theirs, drop_intermediate=False
    )
    ours = roc_curve(sig, bkg, **weights)
    np.testing.assert_array_equal(ours.threshold, thresholds)
    np.testing.assert_allclose(ours.signal_efficiency, tpr, atol=EXACT)
    np.testing.assert_allclose(ours.background_efficiency, fpr, atol=EXACT)
    # Straight lines between the points; the points asked for lie on no vertical step.
    if weighted:
        eps_b = background_efficiency(sig, bkg, POINTS, **weights)
        np.testing.assert_allclose(eps_b, np.interp(POINTS, tpr, fpr), atol=EXACT)
        eps_s = signal_efficiency(sig, bkg, POINTS, **weights)
        np.testing.assert_allclose(eps_s, np.interp(POINTS, fpr, tpr), atol=EXACT)


@pytest.mark.parametrize("levels", [0, 1, 5])
def test_against_loops_over_pairs(levels: int) -> None:
    sig, bkg, w_sig, w_bkg = sample(4, levels=levels, n_sig=40, n_bkg=90)
    weights: Any = {"weight_sig": w_sig, "weight_bkg": w_bkg}
    assert auc(sig, bkg, **weights) == pytest.approx(slow_auc(sig, bkg, w_sig, w_bkg), abs=EXACT)
    slow = [slow_efficiency(at, sig, bkg, w_sig, w_bkg) for at in POINTS]
    np.testing.assert_allclose(
        background_efficiency(sig, bkg, POINTS, **weights), slow, atol=EXACT
    )
    slow = [slow_efficiency(at, bkg, sig, w_bkg, w_sig) for at in POINTS]
    np.testing.assert_allclose(signal_efficiency(sig, bkg, POINTS, **weights), slow, atol=EXACT)


def test_a_step_is_taken_at_its_better_end() -> None:
    # The curve goes (0, 0), (0, 1/2), (1/2, 1/2), (1/2, 1), (1, 1) in (eps_b, eps_s).
    sig, bkg = [4.0, 2.0], [3.0, 1.0]
    assert background_efficiency(sig, bkg, [0.5, 0.500001, 1.0]).tolist() == [0.0, 0.5, 0.5]
    assert signal_efficiency(sig, bkg, [0.4, 0.5]).tolist() == [0.5, 1.0]


@pytest.mark.parametrize("n", [3, 7, 10, 30, 49, 1000])
def test_rounding_does_not_jump_a_step(n: int) -> None:
    """Passing k of n equal signal events is the efficiency k/n, whatever k/n rounds to."""
    sig = np.arange(n, 0, -1) * 2.0
    bkg = sig - 1
    k = np.arange(1, n)
    for weight in (None, np.full(n, np.float32(0.1))):
        weights: Any = {"weight_sig": weight, "weight_bkg": weight}
        for at in (k / n, k * (1 / n), 1 - (n - k) / n):
            eps_b = background_efficiency(sig, bkg, at, **weights)
            np.testing.assert_allclose(eps_b, (k - 1) / n, atol=EXACT)
            eps_s = signal_efficiency(sig, bkg, at, **weights)
            np.testing.assert_allclose(eps_s, (k + 1) / n, atol=EXACT)


def test_constant_scores_are_a_coin() -> None:
    rng = np.random.default_rng(1)
    weights: Any = {"weight_sig": rng.random(37), "weight_bkg": rng.random(101)}
    sig, bkg = np.full(37, 0.2), np.full(101, 0.2)
    assert auc(sig, bkg, **weights) == 0.5
    np.testing.assert_array_equal(background_efficiency(sig, bkg, POINTS, **weights), POINTS)
    np.testing.assert_array_equal(signal_efficiency(sig, bkg, POINTS, **weights), POINTS)


def test_rejection_and_improvement() -> None:
    assert float(background_rejection(0.25)) == 4.0
    assert significance_improvement([0.5, 0.3], [0.25, 0.09]).tolist() == [1.0, 1.0]
    with pytest.raises(DataError, match="not positive"):
        background_rejection([0.1, 0.0])


# Symmetries. Levels of 1/8 make ties likely; the maps below keep them apart and together.
_SCORES = hnp.arrays(
    np.float64, st.integers(1, 25), elements=st.integers(-20, 20).map(lambda k: k / 8)
)
_SEEDS = st.integers(0, 2**16)


def weights_for(sig: Any, bkg: Any, seed: int) -> dict[str, Any]:
    rng = np.random.default_rng(seed)
    return {
        "weight_sig": rng.uniform(0.1, 2, len(sig)),
        "weight_bkg": rng.uniform(0.1, 2, len(bkg)),
    }


def numbers(sig: Any, bkg: Any, weights: dict[str, Any]) -> Any:
    eps_b = background_efficiency(sig, bkg, POINTS, **weights)
    return np.array(
        [auc(sig, bkg, **weights), *eps_b, *signal_efficiency(sig, bkg, POINTS, **weights)]
    )


@settings(deadline=None, max_examples=60, derandomize=True)
@given(_SCORES, _SCORES, _SEEDS)
def test_a_monotone_map_changes_nothing(sig: Any, bkg: Any, seed: int) -> None:
    weights = weights_for(sig, bkg, seed)
    mapped = numbers(np.exp(sig) - 7, np.exp(bkg) - 7, weights)
    np.testing.assert_array_equal(mapped, numbers(sig, bkg, weights))


@settings(deadline=None, max_examples=60, derandomize=True)
@given(_SCORES, _SCORES, _SEEDS)
def test_turned_scores_turn_the_area(sig: Any, bkg: Any, seed: int) -> None:
    weights = weights_for(sig, bkg, seed)
    swapped = {"weight_sig": weights["weight_bkg"], "weight_bkg": weights["weight_sig"]}
    area = auc(sig, bkg, **weights)
    assert auc(-sig, -bkg, **weights) == pytest.approx(1 - area, abs=EXACT)
    assert auc(bkg, sig, **swapped) == pytest.approx(1 - area, abs=EXACT)


@settings(deadline=None, max_examples=60, derandomize=True)
@given(_SCORES, _SCORES, _SEEDS)
def test_the_order_of_events_does_not_count(sig: Any, bkg: Any, seed: int) -> None:
    weights = weights_for(sig, bkg, seed)
    rng = np.random.default_rng(seed)
    i, j = rng.permutation(len(sig)), rng.permutation(len(bkg))
    moved = {"weight_sig": weights["weight_sig"][i], "weight_bkg": weights["weight_bkg"][j]}
    # A target that lies on a step by chance may round to either side: only the area is compared.
    assert auc(sig[i], bkg[j], **moved) == pytest.approx(auc(sig, bkg, **weights), abs=EXACT)
    plain = numbers(sig, bkg, {})
    np.testing.assert_allclose(numbers(sig[i], bkg[j], {}), plain, atol=EXACT)


@settings(deadline=None, max_examples=60, derandomize=True)
@given(_SCORES, _SCORES, _SEEDS)
def test_an_event_twice_is_twice_its_weight(sig: Any, bkg: Any, seed: int) -> None:
    rng = np.random.default_rng(seed)
    counts, others = rng.integers(1, 4, len(sig)), rng.integers(0, 3, len(bkg))
    others[0] += 1  # at least one event of positive weight
    weighted = numbers(sig, bkg, {"weight_sig": counts, "weight_bkg": others})
    repeated = numbers(np.repeat(sig, counts), np.repeat(bkg, others), {})
    np.testing.assert_allclose(weighted, repeated, atol=EXACT)


def test_float32_scores_keep_their_ties() -> None:
    sig, bkg, _, _ = sample(5, levels=3)
    as_float32 = auc(sig.astype(np.float32), bkg.astype(np.float32))
    assert as_float32 == auc(sig, bkg)


GOOD = np.array([0.0, 1.0, 2.0])


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"scores_sig": [0.0, np.nan, np.nan]}, ["2 of 3 rows", "signal", "nan in row 1"]),
        ({"scores_bkg": [np.inf, 0.0, 0.0]}, ["1 of 3 rows", "background", "inf in row 0"]),
        ({"scores_bkg": []}, ["no background event"]),
        ({"scores_sig": []}, ["no signal event"]),
        ({"weight_sig": np.zeros(3)}, ["no signal event", "positive weight"]),
        ({"scores_sig": np.zeros((3, 1))}, ["shape (3, 1)", "shape (n,)"]),
        ({"scores_sig": np.array(["a"])}, ["real numbers"]),
        ({"weight_sig": np.ones(2)}, ["differ in length", "3 scores and 2 weights"]),
        ({"weight_bkg": [1.0, -0.5, 1.0]}, ["negative", "-0.5 in row 1"]),
        ({"weight_bkg": [1.0, np.nan, 1.0]}, ["not finite", "weights of the background"]),
    ],
)
@pytest.mark.parametrize("function", [auc, roc_curve])
def test_bad_input(function: Any, arguments: dict[str, Any], words: list[str]) -> None:
    scores = {"scores_sig": GOOD, "scores_bkg": GOOD}
    with pytest.raises(DataError) as error:
        function(**{**scores, **arguments})
    assert all(word in str(error.value) for word in words), str(error.value)


@pytest.mark.parametrize("at", [0.0, -0.1, 1.1, np.nan, [[0.1]]])
def test_bad_working_point(at: Any) -> None:
    for function in (background_efficiency, signal_efficiency):
        with pytest.raises(DataError, match="working point"):
            function(GOOD, GOOD, at)
    with pytest.raises(DataError, match=r"\(0, 1\)"):
        signal_efficiency(GOOD, GOOD, 1.0)
