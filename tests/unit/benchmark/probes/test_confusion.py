"""Confusion matrices against a slow count, and their intervals."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from benchmark.errors import DataError
from benchmark.probes.confusion import confusion, wilson
from benchmark.probes.sample import balanced_weight

ROWS = ("background", "s", "t")
CLASSES = (*ROWS, "u")
ROUNDING = 1e-12
ONE_SIGMA = float(2 * stats.norm.cdf(1) - 1)


def drawn(n: int, seed: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    truth = rng.choice(ROWS, size=n, p=[0.6, 0.3, 0.1])
    stratum = np.where(truth == "background", rng.choice(["x", "y"], size=n, p=[0.8, 0.2]), "1")
    return truth, stratum, rng.choice(CLASSES, size=n)


def test_shares_are_those_of_a_slow_count() -> None:
    truth, stratum, assigned = drawn(300, 1)
    found = confusion(truth, stratum, assigned, rows=ROWS, classes=CLASSES)
    for r, true in enumerate(ROWS):
        strata = sorted(set(stratum[truth == true]))
        for c, name in enumerate(CLASSES):
            shares = [
                np.mean(
                    [
                        a == name
                        for t, s, a in zip(truth, stratum, assigned, strict=True)
                        if (t, s) == (true, part)
                    ]
                )
                for part in strata
            ]
            assert found.share[r, c] == pytest.approx(np.mean(shares), rel=ROUNDING)
        weight = balanced_weight(truth, stratum)[truth == true]
        assert found.effective[r] == pytest.approx(weight.sum() ** 2 / (weight**2).sum())
        assert found.events[r] == (truth == true).sum()
    np.testing.assert_allclose(found.share.sum(axis=1), 1, rtol=ROUNDING)


@pytest.mark.parametrize(("k", "n"), [(0, 12), (1, 12), (6, 12), (12, 12), (31, 1000)])
def test_the_interval_is_wilsons(k: int, n: int) -> None:
    wanted = stats.binomtest(k, n).proportion_ci(confidence_level=ONE_SIGMA, method="wilson")
    assert wilson(k / n, float(n)) == pytest.approx((wanted.low, wanted.high), abs=ROUNDING)


def test_perfect_and_hopeless() -> None:
    truth, stratum, _ = drawn(300, 2)
    right = confusion(truth, stratum, truth, rows=ROWS, classes=CLASSES)
    assert right.share[:, :3].tolist() == np.eye(3).tolist()
    cell, other = right.cell("s", "s"), right.cell("s", "u")
    assert (cell.value, cell.err_hi) == (1.0, 0.0)
    assert (other.value, other.err_lo) == (0.0, 0.0)
    assert cell.err_lo is not None
    assert 0 < cell.err_lo < 0.1
    constant = confusion(truth, stratum, np.full(300, "s"), rows=ROWS, classes=CLASSES)
    mean = constant.mean_diagonal(ROWS, merged="background")
    assert mean.value == pytest.approx(1 / 3, rel=ROUNDING)
    assert mean.n_bkg == (truth == "background").sum()
    assert mean.n_sig == (truth != "background").sum()
    assert constant.mean_diagonal(("s", "t"), merged="background").n_bkg == 0


def test_the_error_of_the_mean_covers_the_truth_and_not_the_spread_of_classes() -> None:
    """Of 400 repetitions 68 % cover: a binomial error of 2.3 %, so 4.5 of them for a false alarm
    in 100,000. The classes' own shares differ by much more than the error.
    """
    truth_shares, n = np.array([0.9, 0.5, 0.15]), 120
    truth = np.repeat(ROWS, n)
    rng = np.random.default_rng(3)
    covered, widths = 0, []
    for _ in range(400):
        right = rng.random(3 * n) < np.repeat(truth_shares, n)
        assigned = np.where(right, truth, "u")
        found = confusion(truth, np.full(3 * n, ""), assigned, rows=ROWS, classes=CLASSES)
        mean = found.mean_diagonal(ROWS, merged="background")
        assert mean.value is not None
        assert mean.err_lo is not None
        assert mean.err_hi is not None
        off = mean.value - truth_shares.mean()
        covered += -mean.err_hi <= off <= mean.err_lo
        widths.append(mean.err_lo)
    assert covered / 400 == pytest.approx(ONE_SIGMA, abs=4.5 * 0.023)
    assert max(widths) < 0.1 * truth_shares.std()


def test_too_few_events_are_null_and_say_so() -> None:
    truth = np.repeat(ROWS, [40, 40, 9])
    found = confusion(truth, np.full(89, ""), truth, rows=ROWS, classes=CLASSES)
    cell = found.cell("t", "t")
    assert cell.value is None
    assert cell.reason == "9 effective test events; at least 10 needed"
    assert found.cell("s", "s").value == 1
    mean = found.mean_diagonal(ROWS, merged="background")
    assert mean.reason == f"t: {cell.reason}"
    assert found.mean_diagonal(("s",), merged="background").value == 1


def test_a_row_without_events_and_an_unknown_class_are_refused() -> None:
    truth = np.repeat(ROWS, 5)
    with pytest.raises(DataError, match="no event of the class u"):
        confusion(truth, truth, truth, rows=CLASSES, classes=CLASSES)
    with pytest.raises(DataError, match="no such class; found v"):
        confusion(truth, truth, np.full(15, "v"), rows=ROWS, classes=CLASSES)
