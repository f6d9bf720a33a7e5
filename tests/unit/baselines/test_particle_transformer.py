from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import Tensor

from baselines.diphoton_inputs import DiphotonInputs, EventInputs
from baselines.networks.particle_transformer import ParticleTransformer
from benchmark.errors import DiademError
from benchmark.schema import DIPHOTON
from benchmark.table import ARRAYS, EventTable
from tests.plain_transformer import PlainTransformer, random_inputs, tensors_of
from tests.tables import random_table

FLOAT64 = 1e-10  # float64 on both sides, in another order, through all blocks
FLOAT32 = 1e-5  # the same in float32
BF16 = 0.1  # a bfloat16 carries 8 bits; outputs are of order one
WAYS = pytest.mark.parametrize("packed", [True, False])


def network(
    *, packed: bool | None = None, dropout: float = 0.0, heads: int = 4
) -> ParticleTransformer:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(3)
        made = ParticleTransformer(
            outputs=5, width=16, heads=heads, pair_width=8, dropout=dropout, packed=packed
        )
        # As after some training: a token near zero would hide what reads it.
        torch.nn.init.normal_(made.token)
        return made.double()


def mixed(n: int = 40) -> EventInputs:
    """Events of 1 to 11 objects, some of them with holes, and three without an object."""
    made = random_inputs(n)
    mask = made.mask & (torch.rand(n, 11, generator=torch.Generator().manual_seed(4)) < 0.8)
    mask[:3] = False
    objects, kinematics = (x.masked_fill(~mask[..., None], 0) for x in made[:2])
    return made._replace(objects=objects, kinematics=kinematics, mask=mask)


def gradients(made: ParticleTransformer, outputs: Tensor) -> tuple[Tensor, ...]:
    """Slopes of every weight; zero where the outputs do not depend on it."""
    weights = list(made.parameters())
    return torch.autograd.grad(
        outputs.square().sum(), weights, allow_unused=True, materialize_grads=True
    )


def test_the_size_of_the_paper() -> None:
    made = ParticleTransformer(outputs=12)
    number = sum(weight.numel() for weight in made.parameters())
    assert number == pytest.approx(1.1e6, rel=0.1)
    assert (len(made.blocks), len(made.class_blocks)) == (4, 2)


@WAYS
@pytest.mark.parametrize("heads", [1, 4])
def test_the_attention_of_pytorch(*, packed: bool, heads: int) -> None:
    made, inputs = network(packed=packed, heads=heads), mixed()
    plain = PlainTransformer(made)(inputs)
    torch.testing.assert_close(made(inputs), plain, rtol=FLOAT64, atol=FLOAT64)


@pytest.mark.parametrize(("dtype", "near"), [(torch.float64, FLOAT64), (torch.float32, FLOAT32)])
def test_the_two_ways_agree(dtype: torch.dtype, near: float) -> None:
    inputs = mixed()
    inputs = EventInputs(*(x if x.dtype == torch.bool else x.to(dtype) for x in inputs))
    made = network(packed=True).to(dtype), network(packed=False).to(dtype)
    both = [one(inputs) for one in made]
    assert both[0].dtype == dtype
    torch.testing.assert_close(both[0], both[1], rtol=near, atol=near)
    slopes = [gradients(one, outputs) for one, outputs in zip(made, both, strict=True)]
    for one, other in zip(*slopes, strict=True):
        torch.testing.assert_close(one, other, rtol=near, atol=near * float(one.abs().max() + 1))


def test_the_way_is_that_of_the_device() -> None:
    made, inputs = network(), mixed()
    assert torch.equal(made(inputs), network(packed=True)(inputs))
    assert not torch.equal(made(inputs), network(packed=False)(inputs))  # last digits differ


def test_the_padded_way_reads_no_value() -> None:
    """Tensors without data: whatever needed a value, and so made a GPU wait, would fail."""
    made, events = network(packed=False).float().to("meta"), random_table(DIPHOTON, 4)
    arrays = (torch.from_numpy(x) for x in (events.objects, events.mask, events.features))
    inputs = DiphotonInputs.fit(events).tensors(*(x.to("meta") for x in arrays))
    assert made(inputs).shape == (4, 5)
    with pytest.raises(NotImplementedError):
        network(packed=True).float().to("meta")(inputs)


def test_the_padded_way_can_be_compiled() -> None:
    made, inputs = network(packed=False), mixed()
    compiled = torch.compile(made, backend="eager", fullgraph=True)
    torch.testing.assert_close(compiled(inputs), made(inputs), rtol=FLOAT64, atol=FLOAT64)


@WAYS
def test_an_event_does_not_see_its_batch(*, packed: bool) -> None:
    made, inputs = network(packed=packed), mixed()
    whole = made(inputs)
    order = torch.randperm(40, generator=torch.Generator().manual_seed(6))
    other = made(EventInputs(*(x[order] for x in inputs)))
    torch.testing.assert_close(other, whole[order], rtol=FLOAT64, atol=FLOAT64)
    alone = [made(EventInputs(*(x[i : i + 1] for x in inputs))) for i in range(40)]
    torch.testing.assert_close(torch.cat(alone), whole, rtol=FLOAT64, atol=FLOAT64)
    assert made(EventInputs(*(x[:0] for x in inputs))).shape == (0, 5)


@WAYS
def test_the_order_of_objects_does_not_count(*, packed: bool) -> None:
    made, inputs = network(packed=packed), mixed()
    order = torch.randperm(11, generator=torch.Generator().manual_seed(7))
    turned = inputs._replace(
        objects=inputs.objects[:, order],
        kinematics=inputs.kinematics[:, order],
        mask=inputs.mask[:, order],
    )
    torch.testing.assert_close(made(turned), made(inputs), rtol=FLOAT64, atol=FLOAT64)


@WAYS
def test_padding_is_not_read(*, packed: bool) -> None:
    made, inputs = network(packed=packed), mixed()
    empty = ~inputs.mask[..., None]
    noise = [x.masked_fill(empty, garbage) for x in inputs[:2] for garbage in (1e6, torch.nan)]
    whole = made(inputs)
    for objects, kinematics in zip(noise[:2], noise[2:], strict=True):
        objects.requires_grad_()
        dirty = inputs._replace(objects=objects, kinematics=kinematics)
        outputs = made(dirty)
        assert torch.equal(outputs, whole)
        (slope,) = torch.autograd.grad(outputs.sum(), [objects], retain_graph=True)
        assert torch.equal(slope.abs().sum(dim=2) > 0, inputs.mask)
        for one, other in zip(
            gradients(made, outputs), gradients(made, made(inputs)), strict=True
        ):
            assert torch.equal(one, other)


def test_padded_slots_of_a_table_are_not_read() -> None:
    events = random_table(DIPHOTON, 30)
    inputs = DiphotonInputs.fit(events)
    objects, mask, features = (
        torch.from_numpy(x).clone() for x in (events.objects, events.mask, events.features)
    )
    objects[~mask] = torch.nan
    for clean, dirty in zip(
        tensors_of(events, inputs), inputs.tensors(objects, mask, features), strict=True
    ):
        assert torch.equal(clean, dirty)


def test_the_diphoton_mass_is_not_seen() -> None:
    events = random_table(DIPHOTON, 30)
    arrays: dict[str, Any] = {name: getattr(events, name) for name in ARRAYS}
    features = events.features.copy()
    features[:, 2:] = 3  # only pT(gg) and dR(gg) enter
    other = EventTable(
        schema=DIPHOTON, **arrays | {"m_gg": arrays["m_gg"] + 9, "features": features}
    )
    fitted = [DiphotonInputs.fit(table) for table in (events, other)]
    assert fitted[0] == fitted[1]
    made = network().float()
    outputs = [made(tensors_of(table, fitted[0])) for table in (events, other)]
    assert torch.equal(*outputs)


@WAYS
@pytest.mark.parametrize("n", [0, 1, 3])
def test_events_without_an_object(*, packed: bool, n: int) -> None:
    made, inputs = network(packed=packed), random_inputs(3)
    nothing = inputs._replace(mask=torch.zeros_like(inputs.mask))
    outputs = made(EventInputs(*(x[:n] for x in nothing)))
    assert outputs.shape == (n, 5)
    assert outputs.isfinite().all()
    assert all(slope.isfinite().all() for slope in gradients(made, outputs))


@WAYS
def test_gradients_reach_every_weight(*, packed: bool) -> None:
    made = network(packed=packed, dropout=0.1)
    for (name, _), slope in zip(
        made.named_parameters(), gradients(made, made(mixed())), strict=True
    ):
        assert slope.isfinite().all(), name
        assert slope.any(), name


@WAYS
def test_gradients_against_finite_differences(*, packed: bool) -> None:
    made, inputs = network(packed=packed), mixed(6)
    inputs.objects.requires_grad_()

    def outputs(objects: Tensor, *weights: Tensor) -> Tensor:
        named = dict(zip((name for name, _ in made.named_parameters()), weights, strict=True))
        result: Tensor = torch.func.functional_call(
            made, named, (inputs._replace(objects=objects),)
        )
        return result

    weights = list(made.parameters())
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(9)
        assert torch.autograd.gradcheck(outputs, (inputs.objects, *weights), fast_mode=True)


@WAYS
def test_dropout_acts_in_training_only(*, packed: bool) -> None:
    made, inputs = network(packed=packed, dropout=0.5), mixed()
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(8)
        assert not torch.equal(made(inputs), made(inputs))
        made.eval()
        torch.testing.assert_close(made(inputs), network()(inputs), rtol=FLOAT64, atol=FLOAT64)


@WAYS
def test_autocast(*, packed: bool) -> None:
    made, inputs = network(packed=packed).float(), mixed()
    inputs = EventInputs(*(x if x.dtype == torch.bool else x.float() for x in inputs))
    wanted = made(inputs)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        outputs = made(inputs)
    assert outputs.dtype == torch.float32
    torch.testing.assert_close(outputs, wanted, rtol=BF16, atol=BF16)
    assert all(slope.isfinite().all() for slope in gradients(made, outputs))


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"width": 10}, "found width 10, heads 8"),
        *[({name: 0}, f"bad {name}") for name in ("features", "width", "heads", "layers")],
        *[({name: 0}, f"bad {name}") for name in ("outputs", "class_layers", "pair_width")],
        ({"expansion": -1}, "bad expansion"),
        ({"dropout": 1.0}, "bad dropout"),
    ],
)
def test_bad_settings(settings: dict[str, Any], message: str) -> None:
    with pytest.raises(DiademError, match=message):
        ParticleTransformer(**{"outputs": 2} | settings)


def test_bad_input() -> None:
    made, inputs = network(), mixed()
    for name in ("objects", "kinematics", "event"):
        wrong = inputs._replace(**{name: getattr(inputs, name)[..., 1:]})
        with pytest.raises(DiademError, match=f"bad {name}"):
            made(wrong)
    with pytest.raises(DiademError, match="bad mask"):
        made(inputs._replace(mask=inputs.mask.double()))
