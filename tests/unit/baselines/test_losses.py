from __future__ import annotations

import math
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest
import torch

from baselines.losses import anomclr, anomclr_plus, clr
from baselines.pairs import ANCHORS
from benchmark.errors import DiademError

if TYPE_CHECKING:
    from torch import Tensor

FLOAT64 = 1e-12  # both sides in float64; they differ in the order of sums only
FLOAT32 = 2e-5  # relative; sums of a few hundred float32 terms of size 1 / temperature
BF16 = 2.0**-7  # relative; a bfloat16 carries 8 bits

Loss = Callable[..., Any]
VIEWS: dict[Loss, int] = {clr: 2, anomclr: 3, anomclr_plus: 3}
each_loss = pytest.mark.parametrize("loss", VIEWS, ids=lambda loss: loss.__name__)
with_negatives = pytest.mark.parametrize("loss", [clr, anomclr], ids=lambda loss: loss.__name__)


def views(loss: Loss, n: int = 5, d: int = 3, *, seed: int = 1) -> list[Tensor]:
    """Views in float64 of events that share a direction, so that similarities differ from 0."""
    rng = torch.Generator().manual_seed(seed)
    event = torch.randn(n, d, generator=rng, dtype=torch.float64)
    spread = torch.randn(VIEWS[loss], n, d, generator=rng, dtype=torch.float64)
    return list(3 * event + spread)


def similarity(a: Tensor, b: Tensor) -> float:
    dot = sum(float(x) * float(y) for x, y in zip(a, b, strict=True))
    square_a, square_b = sum(float(x) ** 2 for x in a), sum(float(x) ** 2 for x in b)
    return dot / math.sqrt(square_a * square_b)


def clr_by_loop(z: Tensor, z_pos: Tensor, temperature: float) -> float:
    """Eq. 2 anchor by anchor, pair by pair."""
    both, total = [z, z_pos], 0.0
    for view in (0, 1):
        for i in range(len(z)):
            anchor = both[view][i]
            negatives = [
                math.exp(similarity(anchor, other[j]) / temperature)
                for other in both
                for j in range(len(z))
                if j != i
            ]
            positive = math.exp(similarity(anchor, both[1 - view][i]) / temperature)
            total -= math.log(positive / sum(negatives))
    return total / (2 * len(z))


def anomclr_by_loop(z: Tensor, z_pos: Tensor, z_neg: Tensor, temperature: float) -> float:
    """Eq. 4 is Eq. 2 with the anomaly pair taken off the positive pair in the exponent."""
    pairs = [similarity(a, b) / temperature for a, b in zip(z, z_neg, strict=True)]
    return clr_by_loop(z, z_pos, temperature) + sum(pairs) / len(pairs)


def anomclr_plus_by_loop(z: Tensor, z_pos: Tensor, z_neg: Tensor, temperature: float) -> float:
    total = 0.0
    for i in range(len(z)):
        ratio = similarity(z[i], z_pos[i]) - similarity(z[i], z_neg[i])
        total -= math.log(math.exp(ratio / temperature))
    return total / len(z)


LOOPS: dict[Loss, Callable[..., float]] = {
    clr: clr_by_loop,
    anomclr: anomclr_by_loop,
    anomclr_plus: anomclr_plus_by_loop,
}


@each_loss
@pytest.mark.parametrize("temperature", [0.05, 0.5, 3.0])
@pytest.mark.parametrize("n", [2, 5, 9])
def test_a_loop_over_pairs(loss: Loss, temperature: float, n: int) -> None:
    inputs = views(loss, n)
    wanted = LOOPS[loss](*inputs, temperature)
    assert float(loss(*inputs, temperature)) == pytest.approx(wanted, rel=FLOAT64, abs=FLOAT64)
    single = loss(*[z.float() for z in inputs], temperature)
    assert single.dtype == torch.float32
    assert float(single) == pytest.approx(wanted, rel=FLOAT32, abs=FLOAT32)


@with_negatives
def test_more_anchors_than_one_block(loss: Loss) -> None:
    n = ANCHORS // 2 + 7  # the last block is a short one, and partners lie in other blocks
    inputs = [z.requires_grad_() for z in views(loss, n)]
    value = loss(*inputs, 0.2)
    unit = torch.nn.functional.normalize(torch.cat(inputs[:2]), dim=1)
    logits = unit @ unit.T / 0.2
    own = torch.eye(n, dtype=torch.bool).repeat(2, 2)
    plain = logits.masked_fill(own, -math.inf).logsumexp(dim=1).mean() - similarities(inputs[:2])
    plain = plain + (similarities(inputs[::2]) if loss is anomclr else 0)
    torch.testing.assert_close(value, plain, rtol=FLOAT64, atol=FLOAT64)
    gradients = torch.autograd.grad(value, inputs), torch.autograd.grad(plain, inputs)
    torch.testing.assert_close(*gradients, rtol=FLOAT64, atol=FLOAT64)


def similarities(pair: list[Tensor]) -> Tensor:
    return torch.nn.functional.cosine_similarity(pair[0], pair[1]).mean() / 0.2


@each_loss
def test_gradients(loss: Loss) -> None:
    inputs = [z.requires_grad_() for z in views(loss)]
    assert torch.autograd.gradcheck(lambda *z: loss(*z, 0.3), inputs)
    assert torch.autograd.gradcheck(lambda *z: loss(*z, 0.3) ** 2, inputs)


@each_loss
def test_order_of_events_and_length_of_vectors_do_not_count(loss: Loss) -> None:
    inputs = views(loss, 20)
    rng = torch.Generator().manual_seed(2)
    order = torch.randperm(20, generator=rng)
    scale = torch.rand(20, 1, generator=rng, dtype=torch.float64) + 0.1
    value = loss(*inputs, 0.1)
    changed = loss(*[scale * z[order] for z in inputs], 0.1)
    torch.testing.assert_close(changed, value, rtol=FLOAT64, atol=FLOAT64)


@each_loss
@pytest.mark.parametrize("case", ["opposite", "collapsed", "zero", "one zero", "tiny", "large"])
def test_extreme_vectors_give_finite_values(loss: Loss, case: str) -> None:
    z = torch.zeros(6, 4)
    z[:, 0] = torch.tensor([1.0, -1.0, 1.0, -1.0, 1.0, -1.0])
    factor = {"zero": 0.0, "tiny": 1e-15, "large": 1e15}.get(case, 1.0)
    z = factor * (z.abs() if case == "collapsed" else z)
    if case == "one zero":
        z[2] = 0
    inputs = [z, -z, z][: VIEWS[loss]] if case == "opposite" else [z, z, -z][: VIEWS[loss]]
    inputs = [view.clone().requires_grad_() for view in inputs]
    value = loss(*inputs, 0.01)
    assert value.isfinite()
    gradients = torch.autograd.grad(value, inputs)
    assert all(gradient.isfinite().all() for gradient in gradients)
    if case in {"zero", "tiny"}:
        assert not any(gradient.any() for gradient in gradients)


def test_the_positive_pair_is_no_negative() -> None:
    # With one other event at right angles the denominator is exp(0) + exp(0).
    value = clr(torch.eye(2), torch.eye(2), 0.01)
    assert float(value) == pytest.approx(math.log(2) - 100)


def test_no_event_reaches_another_in_anomclr_plus() -> None:
    first, second, third = views(anomclr_plus, 4)
    rows = [slice(i, i + 1) for i in range(4)]
    parts = [anomclr_plus(first[i], second[i], third[i], 0.1) for i in rows]
    whole = anomclr_plus(first, second, third, 0.1)
    torch.testing.assert_close(torch.stack(parts).mean(), whole, rtol=FLOAT64, atol=FLOAT64)


@each_loss
def test_half_precision_and_autocast_compute_in_float32(loss: Loss) -> None:
    half = [z.bfloat16() for z in views(loss, 20, 16)]
    wanted = loss(*[z.float() for z in half], 0.1)
    assert torch.equal(loss(*half, 0.1), wanted)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        leaves = [z.float().requires_grad_() for z in half]
        assert torch.equal(loss(*leaves, 0.1), wanted)
    gradients = torch.autograd.grad(loss(*leaves, 0.1), leaves)
    halves = [z.requires_grad_() for z in half]
    rounded = torch.autograd.grad(loss(*halves, 0.1), halves)
    for exact, near in zip(gradients, rounded, strict=True):
        torch.testing.assert_close(near.float(), exact, rtol=BF16, atol=1e-6)


@with_negatives
def test_one_event_has_no_negative(loss: Loss) -> None:
    with pytest.raises(DiademError, match=r"too few events.*found 1.*at least 2.*negative"):
        loss(*views(loss, 1), 0.1)


@each_loss
def test_bad_input(loss: Loss) -> None:
    inputs = views(loss)
    for temperature in (0.0, -1.0, math.nan, math.inf):
        with pytest.raises(DiademError, match="bad temperature"):
            loss(*inputs, temperature)
    for wrong in (inputs[0][:-1], inputs[0][:, :-1], inputs[0][0], inputs[0][..., None]):
        with pytest.raises(DiademError, match="the views do not match"):
            loss(*inputs[:-1], wrong, 0.1)
    with pytest.raises(DiademError, match="the views do not match"):
        loss(*[z[:, :0] for z in inputs], 0.1)
    with pytest.raises(DiademError, match="too few events"):
        loss(*[z[:0] for z in inputs], 0.1)
