from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import Tensor, nn

from baselines.losses import anomclr_plus
from baselines.networks.transformer import EventTransformer
from benchmark.errors import DiademError

FLOAT64 = 1e-11  # float64 on both sides, in another order, through four layers
FLOAT32 = 1e-5  # the same in float32
BF16 = 0.1  # a bfloat16 carries 8 bits; four layers, then a sum over at most 6 objects
SLOTS = 6


def encoder(
    *, dimension: int = 16, heads: int = 4, layers: int = 4, dropout: float = 0.0
) -> EventTransformer:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(3)
        network = EventTransformer(
            dimension=dimension, heads=heads, layers=layers, dropout=dropout
        )
        return network.double()


def events(n: int = 12, *, seed: int = 4) -> tuple[Tensor, Tensor]:
    """Events of 1 to 6 objects in any of the slots; what no object holds is NaN."""
    rng = torch.Generator().manual_seed(seed)
    mask = torch.rand(n, SLOTS, generator=rng) < 0.5
    mask[:, 2] = True
    mask[0] = True
    x = torch.randn(n, SLOTS, 7, generator=rng, dtype=torch.float64)
    return x.masked_fill(~mask[..., None], torch.nan), mask


def reference(network: EventTransformer) -> nn.TransformerEncoder:
    """PyTorch's encoder with the same weights."""
    width, layers = network.embed.out_features, len(network.layers)
    first: Any = network.layers[0]
    layer = nn.TransformerEncoderLayer(width, first.heads, width, dropout=0.0, batch_first=True)
    plain = nn.TransformerEncoder(layer, layers, enable_nested_tensor=False)
    plain.to(network.embed.weight.dtype)
    names = {
        "project.": "self_attn.in_proj_",
        "merge.": "self_attn.out_proj.",
        "feed.0.": "linear1.",
        "feed.3.": "linear2.",
        "norms.0.": "norm1.",
        "norms.1.": "norm2.",
    }
    state = {}
    for name, value in network.layers.state_dict().items():
        number, rest = name.split(".", 1)
        old = next(old for old in names if rest.startswith(old))
        state[f"layers.{number}.{names[old]}{rest.removeprefix(old)}"] = value
    plain.load_state_dict(state)
    return plain


@pytest.mark.parametrize("heads", [1, 4])
def test_the_encoder_of_pytorch(heads: int) -> None:
    network = encoder(heads=heads)
    x, mask = events()
    plain = reference(network)
    tokens = network.embed(x.nan_to_num(0.0))
    wanted = plain(tokens, src_key_padding_mask=~mask).masked_fill(~mask[..., None], 0).sum(dim=1)
    torch.testing.assert_close(network(x, mask), wanted, rtol=FLOAT64, atol=FLOAT64)
    _, one, _, two = network.head
    head = two(one(wanted.relu()).relu())
    torch.testing.assert_close(network.head(wanted), head, rtol=FLOAT64, atol=FLOAT64)


def test_one_event_by_hand() -> None:
    network = encoder(dimension=4, heads=2, layers=1)
    layer: Any = network.layers[0]
    x = torch.randn(3, 7, dtype=torch.float64, generator=torch.Generator().manual_seed(5))
    tokens = network.embed(x)
    query, key, value = layer.project(tokens).split(4, dim=1)
    parts = []
    for head in (slice(0, 2), slice(2, 4)):
        weight = torch.softmax(query[:, head] @ key[:, head].T / 2**0.5, dim=1)
        parts.append(weight @ value[:, head])
    tokens = layer.norms[0](tokens + layer.merge(torch.cat(parts, dim=1)))
    tokens = layer.norms[1](tokens + layer.feed(tokens))
    result = network(x[None], torch.ones(1, 3, dtype=torch.bool))
    torch.testing.assert_close(result[0], tokens.sum(dim=0), rtol=FLOAT64, atol=FLOAT64)


@pytest.mark.parametrize(("dtype", "near"), [(torch.float64, FLOAT64), (torch.float32, FLOAT32)])
def test_an_event_does_not_see_its_batch(dtype: torch.dtype, near: float) -> None:
    network = encoder().to(dtype).eval()
    x, mask = events()
    x = x.to(dtype)
    whole = network(x, mask)
    assert whole.dtype == dtype
    order = torch.randperm(len(x), generator=torch.Generator().manual_seed(6))
    torch.testing.assert_close(network(x[order], mask[order]), whole[order], rtol=near, atol=near)
    alone = torch.cat([network(x[i : i + 1], mask[i : i + 1]) for i in range(len(x))])
    torch.testing.assert_close(alone, whole, rtol=near, atol=near)


def test_slots_and_padding_do_not_count() -> None:
    network = encoder()
    x, mask = events()
    whole = network(x, mask)
    order = torch.randperm(SLOTS, generator=torch.Generator().manual_seed(7))
    torch.testing.assert_close(
        network(x[:, order], mask[:, order]), whole, rtol=FLOAT64, atol=FLOAT64
    )
    assert torch.equal(network(x.nan_to_num(1e6), mask), whole)
    wider = torch.cat([x, x], dim=1), torch.cat([mask, torch.zeros_like(mask)], dim=1)
    assert torch.equal(network(*wider), whole)


@pytest.mark.parametrize("n", [0, 1, 3])
def test_events_without_an_object(n: int) -> None:
    network = encoder()
    x, mask = events()
    nothing = torch.full((n, SLOTS, 7), torch.nan, dtype=torch.float64)
    empty = network(nothing, torch.zeros(n, SLOTS, dtype=torch.bool))
    assert torch.equal(empty, torch.zeros(n, 16, dtype=torch.float64))
    assert network.head(empty).isfinite().all()
    mixed = torch.cat([nothing, x]), torch.cat([torch.zeros(n, SLOTS, dtype=torch.bool), mask])
    result = network(*mixed)
    assert not result[:n].any()
    torch.testing.assert_close(result[n:], network(x, mask), rtol=FLOAT64, atol=FLOAT64)
    gradients = torch.autograd.grad(network.head(result).sum(), list(network.parameters()))
    assert all(gradient.isfinite().all() for gradient in gradients)


def test_gradients_reach_every_weight_and_no_padding() -> None:
    network = encoder(dropout=0.1)
    x, mask = events(30)
    x.requires_grad_()
    first, second, third = network.head(network(x, mask)).split(10)
    loss = anomclr_plus(first, second, third, 0.1)
    names, weights = zip(*network.named_parameters(), strict=True)
    of_x, *gradients = torch.autograd.grad(loss, [x, *weights])
    for name, gradient in zip(names, gradients, strict=True):
        assert gradient.isfinite().all(), name
        assert gradient.any(), name
    assert of_x.isfinite().all()
    assert torch.equal(of_x.abs().sum(dim=2) > 0, mask)


def test_gradients_against_finite_differences() -> None:
    network = encoder(dimension=4, heads=2)
    x, mask = events(3)
    x = x.nan_to_num(0.0).requires_grad_()
    assert torch.autograd.gradcheck(lambda x: network(x, mask), [x], fast_mode=True)


def test_dropout_acts_in_training_only() -> None:
    network = encoder(dropout=0.5)
    x, mask = events()
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(8)
        assert not torch.equal(network(x, mask), network(x, mask))
        network.eval()
        assert torch.equal(network(x, mask), network(x, mask))
        torch.testing.assert_close(network(x, mask), encoder()(x, mask))


def test_autocast() -> None:
    network = encoder().float()
    x, mask = events()
    wanted = network(x.float(), mask)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        result = network(x.float(), mask)
        total = network.head(result).float().sum()
    assert result.dtype == torch.float32
    torch.testing.assert_close(result, wanted, rtol=BF16, atol=BF16)
    gradients = torch.autograd.grad(total, list(network.parameters()))
    assert all(gradient.isfinite().all() for gradient in gradients)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"dimension": 10}, "found dimension 10, heads 4"),
        *[({name: 0}, f"bad {name}") for name in ("features", "dimension", "heads", "layers")],
        ({"head_layers": -1}, "bad head_layers"),
        ({"dropout": 1.0}, "bad dropout"),
        ({"dropout": -0.1}, "bad dropout"),
    ],
)
def test_bad_settings(settings: dict[str, int], message: str) -> None:
    with pytest.raises(DiademError, match=message):
        EventTransformer(**settings)


def test_bad_input() -> None:
    network = encoder()
    x, mask = events()
    for wrong in (x[..., :6], x[0]):
        with pytest.raises(DiademError, match="bad objects"):
            network(wrong, mask)
    for mistaken in (mask[1:], mask[:, 1:], mask.float()):
        with pytest.raises(DiademError, match="bad mask"):
            network(x, mistaken)
