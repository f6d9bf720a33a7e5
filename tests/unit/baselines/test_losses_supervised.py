from __future__ import annotations

import math

import pytest
import torch
from torch import Tensor

from baselines.losses_supervised import supervised_contrastive, unit_gaussian_kl
from baselines.pairs import ANCHORS
from benchmark.errors import DiademError

FLOAT64 = 1e-12  # both sides in float64; they differ in the order of sums only
FLOAT32 = 2e-5  # relative; sums of a few hundred float32 terms of size 1 / temperature
BF16 = 2.0**-7  # relative; a bfloat16 carries 8 bits
LABELS = {
    "groups": [3, -1, 3, 5, -1, 3, 5, -1, -1],
    "singles": [3, -1, 8, 5, -1, 3, 7, 9, 0],
    "one group": [4] * 9,
    "one pair": [1, 2, 3, 4, 5, 6, 7, 8, 1],
}
each_case = pytest.mark.parametrize("case", LABELS)


def batch(case: str = "groups", d: int = 3) -> tuple[Tensor, Tensor]:
    """Vectors in float64 that share a direction, so that similarities differ from 0."""
    rng = torch.Generator().manual_seed(1)
    z = 1 + torch.randn(9, d, generator=rng, dtype=torch.float64)
    return z * torch.rand(9, 1, generator=rng, dtype=torch.float64), torch.tensor(LABELS[case])


def similarity(a: Tensor, b: Tensor) -> float:
    dot = sum(float(x) * float(y) for x, y in zip(a, b, strict=True))
    return dot / math.sqrt(sum(float(x) ** 2 for x in a) * sum(float(y) ** 2 for y in b))


def by_loop(z: Tensor, labels: Tensor, temperature: float) -> float:
    """L_out of arXiv:2004.11362 anchor by anchor, pair by pair."""
    losses = []
    for i in range(len(z)):
        others = [a for a in range(len(z)) if a != i]
        positives = [p for p in others if labels[p] == labels[i]]
        if not positives:
            continue
        exponent = {a: math.exp(similarity(z[i], z[a]) / temperature) for a in others}
        total = sum(exponent.values())
        terms = [math.log(exponent[p] / total) for p in positives]
        losses.append(-sum(terms) / len(positives))
    return sum(losses) / len(losses)


def plain(z: Tensor, labels: Tensor, temperature: float) -> Tensor:
    """The same with (N, N) tensors, for autograd to differentiate."""
    unit = torch.nn.functional.normalize(z, dim=1)
    logits = unit @ unit.T / temperature
    own = torch.eye(len(z), dtype=torch.bool)
    positive = (labels[:, None] == labels) & ~own
    logs = logits - logits.masked_fill(own, -math.inf).logsumexp(dim=1, keepdim=True)
    number = positive.sum(dim=1)
    anchor = number > 0
    return -((logs * positive).sum(dim=1)[anchor] / number[anchor]).mean()


@each_case
@pytest.mark.parametrize("temperature", [0.05, 0.5, 3.0])
def test_a_loop_over_pairs(case: str, temperature: float) -> None:
    z, labels = batch(case)
    wanted = by_loop(z, labels, temperature)
    found = float(supervised_contrastive(z, labels, temperature))
    assert found == pytest.approx(wanted, rel=FLOAT64, abs=FLOAT64)
    single = supervised_contrastive(z.float(), labels, temperature)
    assert single.dtype == torch.float32
    assert float(single) == pytest.approx(wanted, rel=FLOAT32, abs=FLOAT32)


@each_case
def test_gradients(case: str) -> None:
    z, labels = batch(case)
    z.requires_grad_()
    assert torch.autograd.gradcheck(lambda x: supervised_contrastive(x, labels, 0.3), z)
    assert torch.autograd.gradcheck(lambda x: supervised_contrastive(x, labels, 0.3) ** 2, z)


@pytest.mark.parametrize("n", [ANCHORS, 2 * ANCHORS + 7])
def test_more_anchors_than_one_block(n: int) -> None:
    rng = torch.Generator().manual_seed(2)
    z = torch.randn(n, 6, generator=rng, dtype=torch.float64).requires_grad_()
    labels = torch.randint(0, n // 3, (n,), generator=rng)  # groups of any size, and singles
    assert (torch.bincount(labels) == 1).any()
    found, wanted = supervised_contrastive(z, labels, 0.2), plain(z, labels, 0.2)
    torch.testing.assert_close(found, wanted, rtol=FLOAT64, atol=FLOAT64)
    gradients = torch.autograd.grad(found, z), torch.autograd.grad(wanted, z)
    torch.testing.assert_close(*gradients, rtol=FLOAT64, atol=FLOAT64)


def test_one_positive_is_the_loss_of_two_views() -> None:
    """With pairs as labels it is NT-Xent (arXiv:2002.05709), whose sum holds the positive too."""
    z, _ = batch()
    z = z[:8]
    found = supervised_contrastive(z, torch.tensor([0, 1, 2, 3, 0, 1, 2, 3]), 0.5)
    unit = torch.nn.functional.normalize(z, dim=1)
    logits = (unit @ unit.T / 0.5).fill_diagonal_(-math.inf)
    wanted = torch.nn.functional.cross_entropy(logits, (torch.arange(8) + 4) % 8)
    torch.testing.assert_close(found, wanted, rtol=FLOAT64, atol=FLOAT64)


@each_case
def test_order_names_and_length_do_not_count(case: str) -> None:
    z, labels = batch(case)
    rng = torch.Generator().manual_seed(3)
    order = torch.randperm(9, generator=rng)
    scale = torch.rand(9, 1, generator=rng, dtype=torch.float64) + 0.1
    names = torch.randperm(20, generator=rng) * 2**55 - 2**58  # as large as labels may be
    value = supervised_contrastive(z, labels, 0.1)
    changed = supervised_contrastive((scale * z)[order], names[labels + 1][order], 0.1)
    torch.testing.assert_close(changed, value, rtol=FLOAT64, atol=FLOAT64)


def test_without_a_positive_nothing_is_learned() -> None:
    z, _ = batch()
    z.requires_grad_()
    value = supervised_contrastive(z, torch.arange(9), 0.1)
    assert float(value.detach()) == 0
    assert not torch.autograd.grad(value, z)[0].any()


def test_an_event_alone_is_a_negative_but_no_anchor() -> None:
    z, labels = batch("one pair")
    z.requires_grad_()
    pair = [0, 8]
    value = supervised_contrastive(z, labels, 0.5)
    unit = torch.nn.functional.normalize(z.detach(), dim=1)
    logits = (unit[pair] @ unit.T / 0.5).index_put_((torch.arange(2), torch.tensor(pair)), INF)
    wanted = torch.nn.functional.cross_entropy(logits, torch.tensor([8, 0]))
    torch.testing.assert_close(value.detach(), wanted, rtol=FLOAT64, atol=FLOAT64)
    assert torch.autograd.grad(value, z)[0].any(dim=1).all()


INF = torch.tensor(-math.inf, dtype=torch.float64)


@pytest.mark.parametrize("case", ["opposite", "collapsed", "zero", "one zero", "tiny", "large"])
def test_extreme_vectors_give_finite_values(case: str) -> None:
    z = torch.zeros(6, 4)
    z[:, 0] = 1 if case == "collapsed" else torch.tensor([1.0, -1.0, 1.0, -1.0, 1.0, -1.0])
    z *= {"zero": 0.0, "tiny": 1e-15, "large": 1e15}.get(case, 1.0)
    if case == "one zero":
        z[2] = 0
    z.requires_grad_()
    value = supervised_contrastive(z, torch.tensor([0, 0, 1, 1, 2, 0]), 0.01)
    assert value.isfinite()
    gradient = torch.autograd.grad(value, z)[0]
    assert gradient.isfinite().all()
    if case in {"zero", "tiny"}:
        assert not gradient.any()


def test_a_collapsed_batch_has_the_entropy_of_its_others() -> None:
    value = supervised_contrastive(torch.ones(6, 4), torch.tensor([0, 0, 1, 1, 2, 0]), 0.01)
    # Exponents are 100, of which float32 keeps 1e-5.
    assert float(value) == pytest.approx(math.log(5), abs=1e-4)


def test_half_precision_and_autocast_compute_in_float32() -> None:
    z, labels = batch(d=16)
    half = z.bfloat16()
    wanted = supervised_contrastive(half.float(), labels, 0.1)
    assert torch.equal(supervised_contrastive(half, labels, 0.1), wanted)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        leaf = half.float().requires_grad_()
        assert torch.equal(supervised_contrastive(leaf, labels, 0.1), wanted)
        kl = unit_gaussian_kl(half.float(), half.float())
    assert torch.equal(kl, unit_gaussian_kl(half, half))
    exact = torch.autograd.grad(supervised_contrastive(leaf, labels, 0.1), leaf)[0]
    rounded = torch.autograd.grad(
        supervised_contrastive(half.requires_grad_(), labels, 0.1), half
    )[0]
    torch.testing.assert_close(rounded.float(), exact, rtol=BF16, atol=1e-6)


def test_bad_input() -> None:
    z, labels = batch()
    for temperature in (0.0, -1.0, math.nan, math.inf):
        with pytest.raises(DiademError, match="bad temperature"):
            supervised_contrastive(z, labels, temperature)
    for vectors, names in (
        (z, labels[:-1]),
        (z, labels[:, None]),
        (z[0], labels),
        (z[:, :0], labels),
        (z[..., None], labels),
    ):
        with pytest.raises(DiademError, match="vectors and labels do not match"):
            supervised_contrastive(vectors, names, 0.1)
    for dtype in (torch.int32, torch.float32, torch.bool):
        with pytest.raises(DiademError, match=r"bad labels.*expected torch\.int64"):
            supervised_contrastive(z, labels.to(dtype), 0.1)
    for n in (0, 1):
        with pytest.raises(DiademError, match=rf"too few events.*found {n}.*at least 2"):
            supervised_contrastive(z[:n], labels[:n], 0.1)


def test_divergence_is_that_of_torch() -> None:
    rng = torch.Generator().manual_seed(4)
    mean, logs = torch.randn(2, 9, 3, generator=rng, dtype=torch.float64)
    normal = torch.distributions.Normal(mean, torch.exp(logs / 2))
    unit = torch.distributions.Normal(torch.zeros_like(mean), torch.ones_like(mean))
    wanted = torch.distributions.kl_divergence(normal, unit).sum(dim=1).mean()
    torch.testing.assert_close(unit_gaussian_kl(mean, logs), wanted, rtol=FLOAT64, atol=FLOAT64)
    leaves = mean.requires_grad_(), logs.requires_grad_()
    assert torch.autograd.gradcheck(unit_gaussian_kl, leaves)


def test_divergence_near_the_unit_gaussian() -> None:
    """It is about the fourth part of the squared log-variance, far below rounding of 1."""
    value = unit_gaussian_kl(torch.zeros(5, 2), torch.full((5, 2), 1e-3))
    assert float(value) == pytest.approx(2 * (math.expm1(1e-3) - 1e-3) / 2, rel=1e-3)
    assert float(unit_gaussian_kl(torch.zeros(5, 2), torch.zeros(5, 2))) == 0


def test_divergence_refuses_bad_input() -> None:
    z = torch.zeros(5, 2)
    for other in (z[:4], z[:, :1], z[0]):
        with pytest.raises(DiademError, match="means and variances do not match"):
            unit_gaussian_kl(z, other)
    with pytest.raises(DiademError, match="means and variances do not match"):
        unit_gaussian_kl(z[:0], z[:0])
