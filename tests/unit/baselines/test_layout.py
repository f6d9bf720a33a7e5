from __future__ import annotations

import pytest
import torch
from torch import Tensor

from baselines.networks.layout import Layout


def masks(n: int, *, seed: int = 1) -> Tensor:
    rng = torch.Generator().manual_seed(seed)
    return torch.rand(n, 11, generator=rng) < torch.rand(n, 1, generator=rng)


@pytest.mark.parametrize("merge", [0, 16, 1000])
@pytest.mark.parametrize("n", [0, 1, 7, 200])
def test_every_object_is_computed_once(n: int, merge: int) -> None:
    mask = masks(n)
    x = torch.arange(1, 11 * n + 1).reshape(n, 11, 1)
    layout = Layout.packed(mask, merge=merge)
    tokens = layout.gather(x)
    assert sorted(tokens[tokens > 0].tolist()) == x[mask].flatten().tolist()
    events = torch.cat([part.sum(dim=1) for part in layout.split(tokens)])
    assert torch.equal(layout.restore(events), torch.where(mask[..., None], x, 0).sum(dim=1))
    for group, part in zip(layout.groups, layout.split(tokens), strict=True):
        filled = torch.ones_like(part[..., 0] > 0) if group.filled is None else group.filled
        assert torch.equal(part[..., 0] > 0, filled)


def test_few_events_join_others() -> None:
    mask = torch.arange(11) < torch.tensor([1] * 50 + [2] * 50 + [5, 6, 7])[:, None]
    packed = Layout.packed(mask, merge=3)
    assert [(group.events, group.length) for group in packed.groups] == [(50, 1), (50, 2), (3, 7)]
    empty = sum(int((~group.filled).sum()) for group in packed.groups if group.filled is not None)
    assert empty == 3
    alone = Layout.packed(mask, merge=0)
    assert [group.events for group in alone.groups] == [50, 50, 1, 1, 1]
    assert all(group.filled is None for group in alone.groups)


def test_all_slots_in_their_order() -> None:
    mask = masks(20)
    layout = Layout.padded(mask)
    x = torch.ones(20, 11, 3)
    assert torch.equal(layout.gather(x).reshape(20, 11, 3), x * mask[..., None])
    assert layout.restore(x) is x
