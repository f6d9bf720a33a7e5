"""Noise: a function of the event and the salt alone, and normal."""

from __future__ import annotations

import numpy as np
from scipy.stats import kstest

from benchmark.mixing import splitmix64
from benchmark.noise import standard_normal

FALSE_ALARM = 1e-4  # for each Kolmogorov test; the ids are fixed, so it fails always or never
IDS = splitmix64(np.arange(20_000, dtype=np.uint64))


def test_the_event_and_the_salt_decide() -> None:
    """Not the other events, their order, or how many numbers are asked for."""
    noise = standard_normal(IDS, "a", 3)
    order = np.random.default_rng(1).permutation(len(IDS))[:100]
    np.testing.assert_array_equal(standard_normal(IDS[order], "a", 3), noise[order])
    np.testing.assert_array_equal(standard_normal(IDS, "a", 1), noise[:, :1])
    assert not np.isin(standard_normal(IDS, "b", 3), noise).any()


def test_it_is_normal() -> None:
    """Hashed ids and ids that count up, as those of a simulation might."""
    for ids in (IDS, np.arange(20_000, dtype=np.uint64)):
        for column in standard_normal(ids, "noise", 3).T:
            assert kstest(column, "norm").pvalue > FALSE_ALARM


def test_columns_and_salts_are_independent() -> None:
    """Correlations within five standard deviations, 1 / sqrt(n)."""
    both = np.column_stack((standard_normal(IDS, "a", 3), standard_normal(IDS, "b", 3)))
    correlation = np.corrcoef(both.T) - np.eye(6)
    assert np.abs(correlation).max() < 5 / np.sqrt(len(IDS))
    squares = np.corrcoef((both**2).T) - np.eye(6)
    assert np.abs(squares).max() < 5 / np.sqrt(len(IDS))


def test_it_is_finite_for_every_id() -> None:
    edges = np.array([0, 1, 2**63, 2**64 - 1], dtype=np.uint64)
    assert np.isfinite(standard_normal(edges, "noise", 2)).all()
    assert standard_normal(edges[:0], "noise", 2).shape == (0, 2)
