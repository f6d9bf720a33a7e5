"""The weak classifier: blind without signal, right with one, and never scored by what it saw."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from benchmark.detectors.cathode_settings import WeakSettings
from benchmark.detectors.weak_classifier import MIN_EVENTS, WeakClassifier, _folds
from benchmark.errors import DataError, DiademError

if TYPE_CHECKING:
    from numpy.typing import NDArray

KINDS = ("xgboost", "hist")
both = pytest.mark.parametrize("kind", KINDS)


def gaussian(n: int, seed: int, centre: float = 0.0, width: float = 1.0) -> NDArray[np.float32]:
    rng = np.random.default_rng(seed)
    return (centre + width * rng.normal(size=(n, 2))).astype(np.float32)


def classifier(kind: str, **settings: Any) -> WeakClassifier:
    return WeakClassifier(WeakSettings.model_validate({"kind": kind, "trees": 60, **settings}))


@both
def test_without_signal_nothing_is_told_apart(kind: str) -> None:
    """Out of fold the AUC is 0.5; five standard errors of the Mann-Whitney statistic."""
    n, m = 2000, 4000
    made = classifier(kind).fit(gaussian(n, 1), gaussian(m, 2), seed=1)
    scores = np.concatenate((made.data_scores, made.sample_scores))
    auc = roc_auc_score(np.repeat((1, 0), (n, m)), scores)
    error = math.sqrt((n + m + 1) / (12 * n * m))
    assert abs(auc - 0.5) < 5 * error


@both
def test_a_signal_is_found(kind: str) -> None:
    """A tenth of the data is a narrow bump: the optimum is known, its AUC is nearly reached."""
    data = np.concatenate((gaussian(3600, 1), gaussian(400, 3, centre=2.0, width=0.3)))
    made = classifier(kind).fit(data, gaussian(8000, 2), seed=1)
    signal, background = gaussian(4000, 4, centre=2.0, width=0.3), gaussian(4000, 5)

    def log_ratio(x: NDArray[np.float32]) -> NDArray[np.float64]:
        bump = -((x - 2.0) ** 2).sum(axis=1) / (2 * 0.3**2) - 2 * math.log(0.3)
        return np.asarray(bump + (x**2).sum(axis=1) / 2, dtype=np.float64)

    target = np.repeat((1, 0), (4000, 4000))
    both_sides = np.concatenate((signal, background))
    found = roc_auc_score(target, made.score_samples(both_sides))
    best = roc_auc_score(target, log_ratio(both_sides))
    assert best - 0.02 < found < best + 0.005


@both
def test_no_event_is_scored_by_a_model_that_saw_it(kind: str) -> None:
    """Trees that may learn every event by heart still cannot tell noise apart."""
    by_heart = {"trees": 100, "boosting": {"rate": 0.5, "depth": 12, "min_weight": 1e-6}}
    data, samples = gaussian(600, 1), gaussian(600, 2)
    made = classifier(kind, **by_heart).fit(data, samples, seed=1)
    target = np.repeat((1, 0), (600, 600))
    out = np.concatenate((made.data_scores, made.sample_scores))
    inside = made.score_samples(np.concatenate((data, samples)))
    error = math.sqrt(1201 / (12 * 600 * 600))
    assert abs(roc_auc_score(target, out) - 0.5) < 5 * error
    assert roc_auc_score(target, inside) > 0.6, "seen events betray themselves"


@both
def test_the_seed_fixes_all(kind: str) -> None:
    data, samples = gaussian(300, 1), gaussian(500, 2)
    first = classifier(kind).fit(data, samples, seed=1)
    again = classifier(kind).fit(data, samples, seed=1)
    np.testing.assert_array_equal(first.data_scores, again.data_scores)
    other = classifier(kind).fit(data, samples, seed=2)
    assert not np.array_equal(first.data_scores, other.data_scores)


def test_more_samples_weigh_less_each() -> None:
    """Ten times as many samples as data: the mean score of equal densities stays at even odds."""
    made = classifier("xgboost").fit(gaussian(1000, 1), gaussian(10_000, 2), seed=1)
    # Unweighted it would be log(1 / 10) = -2.3.
    assert abs(float(made.data_scores.mean())) < 0.3


@both
def test_a_weight_of_two_is_the_event_twice(kind: str) -> None:
    """With its copy in the same fold. Bins of trees are quantiles, alike but not the same."""
    data, samples = gaussian(800, 1, centre=0.5), gaussian(1000, 2)
    fold = np.arange(800) % 5, np.arange(1000) % 5
    double = samples[:, 0] < 0
    weighted = classifier(kind, trees=5).fit(
        data, samples, seed=1, folds=fold, sample_weight=np.where(double, 2.0, 1.0)
    )
    twice = np.concatenate((samples, samples[double]))
    copied = classifier(kind, trees=5).fit(
        data, twice, seed=1, folds=(fold[0], np.concatenate((fold[1], fold[1][double])))
    )
    plain = classifier(kind, trees=5).fit(data, samples, seed=1, folds=fold)
    change = np.abs(weighted.data_scores - plain.data_scores).mean()
    off = np.abs(weighted.data_scores - copied.data_scores).mean()
    assert off < 0.3 * change, f"{off:.3g} off, of a change of {change:.3g}"


def test_only_ratios_of_weights_count() -> None:
    """Each side has half of all weight, whatever its sum; up to roundings of float32 gradients."""
    data, samples = gaussian(500, 1), gaussian(700, 2)
    weight = np.random.default_rng(3).choice([1.0, 2.0], 700)
    first, second = (
        classifier("xgboost").fit(data, samples, seed=1, sample_weight=scale * weight)
        for scale in (1.0, 4.0)
    )
    np.testing.assert_allclose(first.data_scores, second.data_scores, rtol=1e-5, atol=1e-6)


def test_weights_move_the_ratio() -> None:
    """Samples on the left weigh thrice: data look less like samples on the right."""
    data, samples = gaussian(4000, 1), gaussian(4000, 2)
    weight = np.where(samples[:, 0] < 0, 3.0, 1.0)
    made = classifier("xgboost").fit(data, samples, seed=1, sample_weight=weight)
    left, right = data[:, 0] < -0.3, data[:, 0] > 0.3
    apart = made.data_scores[right].mean() - made.data_scores[left].mean()
    # Few trees do not reach all of it: 0.87 to 1.02 with five seeds.
    assert math.log(3) - 0.35 < apart < math.log(3) + 0.1


@both
def test_given_folds_keep_an_event_from_its_models(kind: str) -> None:
    """A unique event is planted: the model of its fold, and it alone, is the same as without."""
    data, samples = gaussian(300, 1), gaussian(300, 2)
    fold = np.arange(300) % 5, np.arange(300) % 5
    by_heart = {"boosting": {"rate": 0.5, "depth": 8, "min_weight": 1e-6}}
    probe = np.concatenate((gaussian(50, 3), np.full((1, 2), 40.0, dtype=np.float32)))
    row = 12  # of fold 2
    changed = data.copy()
    changed[row] = 40.0
    first, second = (
        classifier(kind, **by_heart).fit(values, samples, seed=1, folds=fold)
        for values in (data, changed)
    )
    # The model of fold 1 stops by fold 2, and may stop there without it as well.
    for k in (0, 2, 3, 4):
        one, other = (m.score_samples(probe, fold=np.full(51, k)) for m in (first, second))
        assert np.array_equal(one, other) == (k == fold[0][row]), f"fold {k}"
    own = second.score_samples(changed[row : row + 1], fold=np.array([2]))
    assert second.data_scores[row] == own[0]


def test_bad_weights_and_folds() -> None:
    good = gaussian(200, 1)
    fold = np.arange(200) % 5
    for weight in (np.ones(199), np.zeros(200), np.full(200, np.nan), np.ones((200, 1))):
        with pytest.raises(DataError, match=r"bad weights of samples.*200 positive numbers"):
            WeakClassifier().fit(good, good, seed=1, sample_weight=weight)
    few = np.where(np.arange(200) < MIN_EVENTS - 1, 0, 1 + np.arange(200) % 4)
    for bad in (fold[:199], fold % 4, fold + 1, few):
        with pytest.raises(DataError, match=r"bad folds of the samples.*5 folds of 20 or more"):
            WeakClassifier().fit(good, good, seed=1, folds=(fold, bad))


def test_folds_are_equal_parts() -> None:
    fold = _folds(103, 5, seed=1)
    counts = np.bincount(fold)
    assert len(counts) == 5
    assert counts.max() - counts.min() <= 1
    assert not np.array_equal(fold, np.arange(103) % 5)


def test_bad_input() -> None:
    good = gaussian(200, 1)
    with pytest.raises(DataError, match="do not match"):
        WeakClassifier().fit(good, good[:, :1], seed=1)
    with pytest.raises(DataError, match="do not match"):
        WeakClassifier().fit(good[:, 0], good[:, 0], seed=1)
    with pytest.raises(DataError, match=rf"too few samples for 5 folds.*{5 * MIN_EVENTS}"):
        WeakClassifier().fit(good, good[:50], seed=1)
    bad = good.copy()
    bad[3, 1] = np.nan
    with pytest.raises(DataError, match="data, row 3: a value that is not finite"):
        WeakClassifier().fit(bad, good, seed=1)
    with pytest.raises(DiademError, match="not fitted"):
        _ = WeakClassifier().data_scores
    with pytest.raises(DiademError, match="not fitted"):
        WeakClassifier().score_samples(good)
