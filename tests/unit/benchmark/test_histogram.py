"""Histograms against slow counts, and edges that several groups share."""

from __future__ import annotations

import numpy as np
import pytest

from benchmark.histogram import TAIL, Histogram, common_edges

ROUNDING = 1e-9


def test_a_histogram_is_a_slow_count() -> None:
    rng = np.random.default_rng(1)
    x, weight, edges = rng.normal(size=100), rng.random(100), np.linspace(-1, 1, 6)
    found = Histogram.of(x, weight, edges)
    for k in range(5):
        inside = [w for v, w in zip(x, weight, strict=True) if edges[k] <= v < edges[k + 1]]
        assert found.events[k] == len(inside)
        scale = weight.sum() * 0.4
        assert found.density[k] == pytest.approx(sum(inside) / scale, rel=ROUNDING)
        error = np.sqrt(sum(w * w for w in inside)) / scale
        assert found.error[k] == pytest.approx(error, rel=ROUNDING)
    empty = Histogram.of(np.array([]), np.array([]), edges)
    assert (empty.density == 0).all()
    assert (empty.events == 0).all()


def test_common_edges_hold_all_but_the_tails() -> None:
    rng = np.random.default_rng(2)
    parts = [rng.normal(place, 1.0, 2_000).astype(np.float32) for place in (-3.0, 4.0)]
    edges = common_edges([*parts, np.zeros(0, np.float32)], 12)
    assert np.allclose(np.diff(edges), np.diff(edges)[0])
    for part in parts:
        outside = ((part < edges[0]) | (part > edges[-1])).mean()
        assert outside <= TAIL + 1 / len(part)
    assert edges[0] == pytest.approx(np.quantile(parts[0].astype(float), TAIL))


def test_common_edges_of_one_value_or_none() -> None:
    assert common_edges([np.full(3, 3.0)], 4).tolist() == [2.5, 2.75, 3.0, 3.25, 3.5]
    assert common_edges([], 1).tolist() == [-0.5, 0.5]
