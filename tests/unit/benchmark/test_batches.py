"""Orders and batches."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from benchmark.batches import Batches, as_tensor, epoch_order
from benchmark.errors import DataError

EPOCHS = 2000


def test_an_order_is_a_permutation_fixed_by_seed_and_epoch() -> None:
    order = epoch_order(100, seed=1, epoch=0)
    assert torch.equal(order.sort().values, torch.arange(100))
    assert torch.equal(order, epoch_order(100, seed=1, epoch=0))
    assert not torch.equal(order, epoch_order(100, seed=1, epoch=1))
    assert not torch.equal(order, epoch_order(100, seed=2, epoch=0))
    assert not torch.equal(order, epoch_order(100, seed=1, epoch=0, weight=torch.ones(100)))


def test_weighted_orders_have_the_expected_counts() -> None:
    weight = torch.tensor([0.0, 0.3, 1.0, 2.5, 0.7, 0.0])
    expected = weight.double() * 6 / weight.sum()
    counts = torch.stack(
        [
            torch.bincount(epoch_order(6, seed=1, epoch=epoch, weight=weight), minlength=6)
            for epoch in range(EPOCHS)
        ]
    ).double()
    assert bool((counts >= expected.floor()).all())
    assert bool((counts <= expected.ceil()).all())
    # A count is one of two neighbours, so its variance is at most 1/4; 5 standard deviations of
    # the mean over epochs are a false alarm in 1 of 300 000 fits, and the seed is fixed.
    assert float((counts.mean(dim=0) - expected).abs().max()) < 5 * 0.5 / EPOCHS**0.5


def test_equal_weights_give_each_event_once() -> None:
    for epoch in range(50):
        order = epoch_order(1000, seed=3, epoch=epoch, weight=torch.full((1000,), 0.1))
        # Rounding of the sum may turn a tooth to its neighbour at an edge, no more.
        assert len(set(order.tolist())) >= 999


@pytest.mark.parametrize(
    "weight",
    [torch.ones(3), torch.tensor([1.0, -1]), torch.tensor([1, torch.nan]), torch.zeros(2)],
)
def test_refuses_bad_weights(weight: torch.Tensor) -> None:
    with pytest.raises(DataError, match="bad event weights"):
        epoch_order(2, seed=1, epoch=0, weight=weight)


@pytest.mark.parametrize(("n", "size"), [(10, 3), (9, 3), (2, 5), (1, 1)])
@pytest.mark.parametrize("drop_last", [False, True])
def test_batches_follow_the_order(n: int, size: int, *, drop_last: bool) -> None:
    x, y = torch.arange(n), torch.arange(n) * 10
    order = epoch_order(n, seed=1, epoch=0)
    batches = Batches((x, y), size, order=order, drop_last=drop_last)
    found = list(batches)
    assert len(found) == len(batches)
    seen = torch.cat([a for a, _ in found])
    assert torch.equal(seen, order[: len(seen)])
    assert all(torch.equal(a * 10, b) for a, b in found)
    dropped = n % size if drop_last and n >= size else 0
    assert len(seen) == n - dropped
    assert torch.equal(torch.cat([a for a, _ in batches]), seen), "can be iterated again"


def test_batches_without_an_order_are_views() -> None:
    x = torch.arange(10)
    first, *_ = (batch for (batch,) in Batches((x,), 4))
    assert first.data_ptr() == x.data_ptr()


def test_refuses_what_makes_no_batches() -> None:
    for tensors, size in [((), 2), ((torch.ones(2), torch.ones(3)), 2), ((torch.ones(2),), 0)]:
        with pytest.raises(DataError, match="no batches"):
            Batches(tensors, size)


def test_a_read_only_array_is_not_copied() -> None:
    x = np.ones((3, 2), dtype=np.float32)
    x.flags.writeable = False
    assert as_tensor(x).data_ptr() == x.ctypes.data
