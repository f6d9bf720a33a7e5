from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from baselines.balanced_order import Strata, balanced_order
from benchmark.errors import DataError

if TYPE_CHECKING:
    from numpy.typing import NDArray

PLAN: dict[str, int] = {"steps": 40, "batch_size": 29, "seed": 5, "epoch": 2}


def table(sizes: dict[str, dict[str, int]]) -> tuple[NDArray[Any], NDArray[Any]]:
    """Columns `process` and `point` of events in mixed order."""
    rows = [
        (group, point)
        for group, points in sizes.items()
        for point in points
        for _ in range(points[point])
    ]
    rng = np.random.default_rng(1)
    mixed = [rows[k] for k in rng.permutation(len(rows))]
    return np.array([group for group, _ in mixed]), np.array([point for _, point in mixed])


UNEVEN = {
    "ttH": {"": 500},
    "zprime": {"200": 3, "300": 100, "500": 40},
    "stop": {"400": 60, "1000": 1},
    "ggF": {"": 7},
}


def spread(counts: Counter[Any], names: list[Any]) -> int:
    """The largest count less the smallest; what does not occur counts 0."""
    found = [counts[name] for name in names]
    return max(found) - min(found)


def test_strata_are_the_rows_of_a_table() -> None:
    process, point = table(UNEVEN)
    strata = Strata.of(process, point)
    assert strata.groups == ("ggF", "stop", "ttH", "zprime")
    assert strata.points == (("",), ("1000", "400"), ("",), ("200", "300", "500"))
    assert len(strata) == len(process)
    for group, points, parts in zip(strata.groups, strata.points, strata.rows, strict=True):
        for name, rows in zip(points, parts, strict=True):
            wanted = [k for k in range(len(process)) if (process[k], point[k]) == (group, name)]
            assert rows.tolist() == wanted
    assert [strata.groups[k] for k in strata.labels()] == process.tolist()


def check_balance(
    process: NDArray[Any], point: NDArray[Any], order: list[int], batch_size: int
) -> None:
    """Every promise on counts, by counting."""
    groups = sorted(set(process))
    points = {name: sorted(set(point[process == name])) for name in groups}
    batches = [order[k : k + batch_size] for k in range(0, len(order), batch_size)]
    for rows in [*batches, order]:
        assert spread(Counter(process[row] for row in rows), groups) <= 1
        for name in groups:
            inside = Counter(point[row] for row in rows if process[row] == name)
            assert spread(inside, points[name]) <= 1
    times = Counter(order)
    for name in groups:
        for place in points[name]:
            rows = np.flatnonzero((process == name) & (point == place)).tolist()
            assert spread(times, rows) <= 1, "an event came again before another came at all"


def test_counts_of_groups_points_and_events() -> None:
    process, point = table(UNEVEN)
    order = balanced_order(Strata.of(process, point), **PLAN)
    assert order.dtype == torch.int64
    assert order.shape == (40 * 29,)
    check_balance(process, point, order.tolist(), 29)


@settings(max_examples=40, deadline=None)
@given(
    sizes=st.lists(st.lists(st.integers(1, 9), min_size=1, max_size=4), min_size=1, max_size=5),
    extra=st.integers(0, 20),
    steps=st.integers(1, 6),
    seed=st.integers(0, 2**40),
)
def test_counts_whatever_the_table(
    sizes: list[list[int]], extra: int, steps: int, seed: int
) -> None:
    named = {
        f"p{g}": {str(k): number for k, number in enumerate(points)}
        for g, points in enumerate(sizes)
    }
    process, point = table(named)
    size = len(sizes) + extra
    order = balanced_order(
        Strata.of(process, point), steps=steps, batch_size=size, seed=seed, epoch=0
    )
    check_balance(process, point, order.tolist(), size)


def test_the_odd_event_rotates() -> None:
    process, point = table(UNEVEN)
    order = balanced_order(Strata.of(process, point), **PLAN)
    winners = []
    for batch in order.reshape(40, 29):
        counts = Counter(process[batch.numpy()])
        winners += [name for name in counts if counts[name] == 8]  # 29 = 4 * 7 + 1
    assert Counter(winners) == dict.fromkeys(UNEVEN, 10)


def test_each_pass_over_a_point_is_another_permutation() -> None:
    process, point = table({"a": {"": 30}, "b": {"": 30}})
    order = balanced_order(Strata.of(process, point), steps=3, batch_size=60, seed=1, epoch=0)
    passes = [order.reshape(3, 60)[k].numpy() for k in range(3)]
    for part in passes:
        assert sorted(part) == list(range(60))
    ranked = [part[process[part] == "a"].tolist() for part in passes]
    # Two random permutations of 30 agree with a probability of 4e-33.
    assert ranked[0] != ranked[1]
    assert ranked[1] != ranked[2]


def test_all_events_are_as_likely() -> None:
    """Of 10 events 4 are drawn in each of 2000 epochs: a binomial count of 800 +- 22 each."""
    process, point = table({"a": {"": 10}})
    strata = Strata.of(process, point)
    times = np.zeros(10)
    for epoch in range(2000):
        order = balanced_order(strata, steps=1, batch_size=4, seed=1, epoch=epoch)
        times += np.bincount(order, minlength=10)
    # Five standard deviations: false in 1 of 1.7 million for each event; the seed is fixed.
    assert np.abs(times - 800).max() < 5 * np.sqrt(2000 * 0.4 * 0.6)


def test_a_pure_function_of_its_arguments() -> None:
    strata = Strata.of(*table(UNEVEN))
    before = torch.random.get_rng_state()
    first = balanced_order(strata, **PLAN)
    assert torch.equal(first, balanced_order(Strata.of(*table(UNEVEN)), **PLAN))
    assert torch.equal(before, torch.random.get_rng_state())
    for change in ("seed", "epoch"):
        other = balanced_order(strata, **{**PLAN, change: PLAN[change] + 1})
        assert not torch.equal(first, other)


def test_points_that_other_groups_have_change_nothing_within_a_group() -> None:
    """The events of a point come in an order of its own."""
    both = Strata.of(*table({"a": {"": 50}, "b": {"1": 20, "2": 5}}))
    rows = {k for part in both.rows[0] for k in part.tolist()}
    order = balanced_order(both, steps=5, batch_size=20, seed=1, epoch=0).tolist()
    mine = [both.rows[0][0].tolist().index(k) for k in order if k in rows]
    alone = Strata.of(*table({"a": {"": 50}}))
    wanted = balanced_order(alone, steps=5, batch_size=10, seed=1, epoch=0)
    assert mine == [alone.rows[0][0].tolist().index(k) for k in wanted.tolist()]


def test_bad_input() -> None:
    strata = Strata.of(*table(UNEVEN))
    for change in ({"steps": 0}, {"batch_size": 3}, {"batch_size": 0}):
        with pytest.raises(DataError, match=r"no balanced batches.*4 processes"):
            balanced_order(strata, **{**PLAN, **change})
    none = np.array([], dtype=np.str_)
    for process, point in ((none, none), (np.array(["a"]), none), (np.array("a"), np.array(""))):
        with pytest.raises(DataError, match="no events to order"):
            Strata.of(process, point)
