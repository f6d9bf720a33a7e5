"""The flows against slow references, numerical integrals and a density that is known."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import torch
from pydantic import ValidationError
from zuko.transforms import MonotonicRQSTransform

from benchmark.detectors.flows import FLOWS, make_flow
from benchmark.detectors.flows.bulk import BulkFlow, SplineFlow
from benchmark.detectors.flows.coupling import Coupling
from benchmark.detectors.flows.protocol import MIN_EVENTS, ConditionalFlow, FlowSettings, Scaling
from benchmark.detectors.flows.spline import MIN_BIN, MIN_SLOPE, spline
from benchmark.errors import DataError, DiademError

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from torch import Tensor

TINY = FlowSettings(layers=2, hidden=(8,), epochs=3, batch_size=64)
TOY = FlowSettings(layers=2, epochs=20, learning_rate=5e-3)
DOUBLE = 1e-10  # float64 has 1e-16; the inverse solves a quadratic equation, which takes digits
# Single precision, 6e-8, that the training enlarges step by step: members beside one another go
# through other orders of summation than alone.
BULK = 1e-3

each_flow = pytest.mark.parametrize("name", FLOWS)


def toy(n: int, seed: int) -> tuple[NDArray[np.float32], NDArray[np.float64], NDArray[np.float64]]:
    """Correlated Gaussians that move and widen with the mass; latents, masses, log density."""
    rng = np.random.default_rng(seed)
    mass = rng.uniform(100, 180, n)
    mean, width = toy_moments(mass)
    z = rng.normal(size=(n, 2))
    mixed = np.stack([z[:, 0], 0.6 * z[:, 0] + 0.8 * z[:, 1]], axis=1)
    log_density = -(z**2).sum(axis=1) / 2 - math.log(2 * math.pi * 0.8)
    return (mean + width * mixed).astype(np.float32), mass, log_density - np.log(width).sum(axis=1)


def toy_moments(mass: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    at = (mass - 140) / 40
    return np.stack([at, -at / 2], axis=1), np.exp(0.3 * at)[:, None] * np.array([1.0, 2.0])


def random_weights(coupling: Coupling, members: int = 2) -> Tensor:
    """Weights in double precision with which no spline is flat."""
    rows = torch.stack([coupling.first_weights(seed) for seed in range(members)]).double()
    rng = torch.Generator().manual_seed(5)
    return rows + 0.1 * torch.randn(rows.shape, generator=rng, dtype=torch.float64)


def normal(*shape: int, seed: int = 1) -> Tensor:
    rng = torch.Generator().manual_seed(seed)
    return torch.randn(shape, generator=rng, dtype=torch.float64)


def plain_spline(x: float, raw: list[float], bound: float) -> tuple[float, float]:
    """Equations 4 and 5 of arXiv:1906.04032, one number at a time."""
    if not -bound < x < bound:
        return x, 0.0
    bins = (len(raw) + 1) // 3

    def knots(part: list[float]) -> list[float]:
        found, powers = [-bound], [math.exp(value) for value in part]
        for power in powers:
            share = MIN_BIN + (1 - MIN_BIN * bins) * power / sum(powers)
            found.append(found[-1] + 2 * bound * share)
        return found

    across, up = knots(raw[:bins]), knots(raw[bins : 2 * bins])
    unit = math.log(math.expm1(1 - MIN_SLOPE))
    slopes = [1.0, *(MIN_SLOPE + math.log1p(math.exp(u + unit)) for u in raw[2 * bins :]), 1.0]
    k = max(number for number in range(bins) if across[number] <= x)
    width, height = across[k + 1] - across[k], up[k + 1] - up[k]
    s, d0, d1, t = height / width, slopes[k], slopes[k + 1], (x - across[k]) / width
    below = s + (d1 + d0 - 2 * s) * t * (1 - t)
    y = up[k] + height * (s * t**2 + d0 * t * (1 - t)) / below
    slope = s**2 * (d1 * t**2 + 2 * s * t * (1 - t) + d0 * (1 - t) ** 2) / below**2
    return y, math.log(slope)


def test_spline_against_one_number_at_a_time() -> None:
    x, raw = 3 * normal(3, 40), 2 * normal(3, 14, 40, seed=2)
    y, log_slope = spline(x, raw, bound=4.0)
    for row in range(3):
        for event in range(40):
            expected = plain_spline(float(x[row, event]), raw[row, :, event].tolist(), 4.0)
            found = (float(y[row, event]), float(log_slope[row, event]))
            assert found == pytest.approx(expected, abs=DOUBLE)
    assert bool((x.abs() > 4).any())


def test_spline_against_zuko() -> None:
    x, raw = 2 * normal(500), normal(14, 500, seed=2)
    y, log_slope = spline(x, raw, bound=5.0)
    theirs = MonotonicRQSTransform(torch.zeros(5), torch.zeros(5), torch.zeros(4))
    shares = MIN_BIN + (1 - MIN_BIN * 5) * raw[:10].reshape(2, 5, 500).softmax(1)
    knots = 10 * torch.cat([torch.zeros(2, 1, 500), shares.cumsum(1)], dim=1) - 5
    theirs.horizontal, theirs.vertical = knots.transpose(1, 2)
    unit = math.log(math.expm1(1 - MIN_SLOPE))
    inner = MIN_SLOPE + torch.nn.functional.softplus(raw[10:] + unit)
    ends = torch.ones(1, 500)
    theirs.derivatives = torch.cat([ends, inner, ends]).T
    expected = theirs.call_and_ladj(x)
    torch.testing.assert_close(y, expected[0], rtol=0, atol=DOUBLE)
    torch.testing.assert_close(log_slope, expected[1], rtol=0, atol=DOUBLE)


@pytest.mark.parametrize("inverse", [False, True])
def test_gradient_of_the_spline(inverse: bool) -> None:
    x, raw = (3 * normal(2, 12)).requires_grad_(), normal(2, 11, 12, seed=2).requires_grad_()
    assert torch.autograd.gradcheck(
        lambda a, b: spline(a, b, bound=5.0, inverse=inverse), (x, raw)
    )


def test_spline_at_its_ends_and_far_away() -> None:
    x = torch.tensor([-1e30, -5.0, 0.0, 5.0, 1e30])
    raw = 30 * normal(11, 5).float()
    for inverse in (False, True):
        y, log_slope = spline(x, raw, bound=5.0, inverse=inverse)
        assert bool(torch.isfinite(y).all() and torch.isfinite(log_slope).all())
        assert torch.equal(y[[0, 1, 3, 4]], x[[0, 1, 3, 4]])


@pytest.mark.parametrize("columns", [1, 2, 3, 6])
def test_the_flow_inverts(columns: int) -> None:
    coupling = Coupling.of(columns, FlowSettings())
    weights, x, mass = random_weights(coupling), normal(2, columns, 300), normal(2, 1, 300)
    z, _ = coupling.to_base(weights, x, mass)
    assert float((z - x).abs().mean()) > 0.1  # it does something
    torch.testing.assert_close(coupling.from_base(weights, z, mass), x, rtol=0, atol=DOUBLE)


@pytest.mark.parametrize("columns", [1, 2, 5])
def test_jacobian_against_autograd(columns: int) -> None:
    coupling = Coupling.of(columns, FlowSettings(layers=4))
    weights, x, mass = random_weights(coupling, 1), normal(6, columns), normal(6, 1)
    for event, at in zip(x, mass, strict=True):

        def base(point: Tensor, at: Tensor = at) -> Tensor:
            return coupling.to_base(weights, point.reshape(1, -1, 1), at.reshape(1, 1, 1))[0]

        found_jacobian = torch.func.jacrev(base)(event)
        jacobian = found_jacobian.reshape(columns, columns)
        expected = torch.linalg.slogdet(jacobian).logabsdet
        z, found = coupling.to_base(weights, event.reshape(1, -1, 1), at.reshape(1, 1, 1))
        assert float(found) == pytest.approx(float(expected), abs=DOUBLE)
        both = torch.cat([event, at]).reshape(1, -1, 1)
        log_prob = expected - (z.square() + math.log(2 * math.pi)).sum() / 2
        assert float(coupling.log_prob(weights, both)) == pytest.approx(
            float(log_prob), abs=DOUBLE
        )


def test_any_two_dimensions_are_taken_apart() -> None:
    for columns in (2, 3, 6, 8):
        bits = (columns - 1).bit_length()
        layers = Coupling.of(columns, FlowSettings(layers=2 * bits)).layers
        pairs = {(i, j) for layer in layers for i in layer.kept for j in layer.moved}
        assert len(pairs) == columns * (columns - 1)


@each_flow
def test_density_integrates_to_one(name: str) -> None:
    x, mass, _ = toy(400, 1)
    columns = 2
    flow = make_flow(name, TINY, device="cpu").fit(x * np.float32(3) + 7, mass, seed=1)
    side, step = np.linspace(-40, 54, 236, retstep=True)
    grid = np.stack(np.meshgrid(*[side] * columns), -1).reshape(-1, columns).astype(np.float32)
    log_prob = flow.log_prob(grid, np.full(len(grid), 125.0))
    # The density is smooth at the step of 0.4, a tenth of its width; float32 adds 1e-6.
    assert np.exp(log_prob).sum() * step**columns == pytest.approx(1, abs=2e-3)


@pytest.mark.parametrize("name", ["spline", "zuko_coupling"])
def test_known_density(name: str) -> None:
    x, mass, _ = toy(10_000, 1)
    flow = make_flow(name, TOY, device="cpu").fit(x, mass, seed=1)
    fresh, at, truth = toy(20_000, 2)
    # Asked for; the difference itself has a standard error of 0.001 on 20,000 events.
    assert abs(float((truth - flow.log_prob(fresh, at)).mean())) < 0.02


def test_samples_have_the_conditional_moments() -> None:
    x, mass, _ = toy(10_000, 1)
    flow = SplineFlow(TOY, device="cpu").fit(x, mass, seed=1)
    n = 10_000
    for at in (110.0, 125.0, 170.0):
        drawn = flow.sample(np.full(n, at), rng=np.random.default_rng(3))
        mean, width = toy_moments(np.array([at]))
        # Five standard errors of the 10,000 / 8 or so events nearby that it learned from; those of
        # the sample itself are a third of them.
        assert (abs(drawn.mean(axis=0) - mean[0]) < 5 * width[0] / math.sqrt(n / 8)).all()
        assert (abs(drawn.std(axis=0) / width[0] - 1) < 5 / math.sqrt(2 * n / 8)).all()


@each_flow
def test_same_seed_same_flow(name: str) -> None:
    x, mass, _ = toy(300, 1)
    state = torch.get_rng_state()
    first, again, other = (
        make_flow(name, TINY, device="cpu").fit(x, mass, seed=seed) for seed in (1, 1, 2)
    )
    assert torch.equal(torch.get_rng_state(), state)
    assert isinstance(first, ConditionalFlow)
    np.testing.assert_array_equal(first.log_prob(x, mass), again.log_prob(x, mass))
    assert not np.allclose(first.log_prob(x, mass), other.log_prob(x, mass))
    drawn = [flow.sample(mass, rng=np.random.default_rng(4)) for flow in (first, again)]
    np.testing.assert_array_equal(drawn[0], drawn[1])
    assert drawn[0].dtype == np.float32


@each_flow
def test_units_of_the_latents_are_theirs(name: str) -> None:
    x, mass, _ = toy(300, 1)
    plain = make_flow(name, TINY, device="cpu").fit(x, mass, seed=1)
    scaled = make_flow(name, TINY, device="cpu").fit(x * np.float32(8), mass / 1000, seed=1)
    found = scaled.log_prob(x * np.float32(8), mass / 1000) + 2 * math.log(8)
    np.testing.assert_allclose(found, plain.log_prob(x, mass), atol=BULK)


def test_a_member_in_bulk_is_what_it_is_alone() -> None:
    events = [toy(n, n)[:2] for n in (300, 300, 450, 200)]  # other lengths of an epoch, too
    events[1] = events[0]
    bulk = BulkFlow(TINY, device="cpu").fit_many(events, seeds=[1, 2, 3, 4])
    x, mass, _ = toy(100, 9)
    found = [member.log_prob(x, mass) for member in bulk.members]
    for number, pair in enumerate(events):
        alone = SplineFlow(TINY, device="cpu").fit(*pair, seed=number + 1)
        np.testing.assert_allclose(found[number], alone.log_prob(x, mass), atol=BULK)
    assert not np.allclose(found[0], found[1], atol=10 * BULK)


def test_each_member_stops_by_itself() -> None:
    many, few = toy(4000, 1)[:2], toy(MIN_EVENTS, 2)[:2]
    settings = FlowSettings(
        layers=2, hidden=(16,), epochs=12, patience=2, batch_size=256, learning_rate=0.02
    )
    bulk = BulkFlow(settings, device="cpu").fit_many([few, many, few], seeds=[1, 2, 3])
    epochs = [member.epochs for member in bulk.members]
    assert len(set(epochs)) > 1
    x, mass, _ = toy(100, 9)
    for member, pair, seed in zip(bulk.members, (few, many, few), (1, 2, 3), strict=True):
        alone = SplineFlow(settings, device="cpu").fit(*pair, seed=seed)
        assert alone.epochs == member.epochs
        # More steps and a high rate enlarge the roundings.
        np.testing.assert_allclose(member.log_prob(x, mass), alone.log_prob(x, mass), atol=0.02)


def test_the_best_weights_are_kept() -> None:
    x, mass, _ = toy(MIN_EVENTS, 2)
    settings = FlowSettings(
        layers=2, hidden=(32,), epochs=60, patience=60, batch_size=32, learning_rate=0.02
    )
    never = SplineFlow(settings, device="cpu").fit(x, mass, seed=1)
    stopped = SplineFlow(settings.model_copy(update={"patience": 2}), device="cpu")
    stopped.fit(x, mass, seed=1)
    # The weights of the last epoch would fit the 80 events far better than any others.
    assert never.held_out_loss < 2 * math.log(2 * math.pi)
    assert stopped.epochs < never.epochs == 60
    assert abs(stopped.held_out_loss - never.held_out_loss) < 0.3


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"latents": np.full((200, 2), np.nan, np.float32)}, "row 0: a value is not finite"),
        ({"latents": np.ones((200, 2))}, "expected float32"),
        ({"latents": np.ones((200,), np.float32)}, "expected float32"),
        ({"latents": np.ones((200, 2), np.float32)}, "latent dimension 0 is constant"),
        ({"latents": np.eye(200, 2, dtype=np.float32) * 1e-9 + 1}, "dimension 0 is constant"),
        ({"mass": np.full(200, 125.0)}, "the mass is constant"),
        ({"mass": np.full(200, np.inf)}, "row 0: a mass is not finite"),
        ({"mass": np.ones(199)}, "bad masses"),
        ({"latents": np.ones((50, 2), np.float32), "mass": np.ones(50)}, "too few events"),
    ],
)
@each_flow
def test_bad_input(name: str, change: dict[str, Any], message: str) -> None:
    x, mass, _ = toy(200, 1)
    good: dict[str, Any] = {"latents": x, "mass": mass}
    with pytest.raises(DataError, match=message):
        make_flow(name, TINY, device="cpu").fit(**(good | change), seed=1)


@each_flow
def test_bad_use(name: str) -> None:
    x, mass, _ = toy(200, 1)
    flow = make_flow(name, TINY, device="cpu")
    with pytest.raises(DiademError, match="not fitted"):
        flow.log_prob(x, mass)
    with pytest.raises(DiademError, match="not fitted"):
        flow.sample(mass, rng=np.random.default_rng(1))
    flow.fit(x, mass, seed=1)
    with pytest.raises(DataError, match=r"expected float32 \(n, 2\)"):
        flow.log_prob(x[:, :1], mass)
    with pytest.raises(DataError, match="a mass is not finite"):
        flow.sample(np.array([125.0, np.nan]), rng=np.random.default_rng(1))
    assert flow.sample(np.array([]), rng=np.random.default_rng(1)).shape == (0, 2)


def test_bad_use_of_many() -> None:
    x, mass, _ = toy(200, 1)
    bulk = BulkFlow(TINY, device="cpu")
    with pytest.raises(DiademError, match="not fitted"):
        _ = bulk.members
    with pytest.raises(DataError, match="one seed a flow"):
        bulk.fit_many([(x, mass)], seeds=[1, 2])
    with pytest.raises(DataError, match="one seed a flow"):
        bulk.fit_many([], seeds=[])
    with pytest.raises(DataError, match=r"flow 1: .*\(n, 2\)"):
        bulk.fit_many([(x, mass), (x[:, :1], mass)], seeds=[1, 2])
    with pytest.raises(DiademError, match="no such flow"):
        make_flow("maf")


def test_settings_are_checked_and_digested() -> None:
    assert FlowSettings().digest() != FlowSettings(epochs=9).digest()
    assert FlowSettings.model_validate({"hidden": [8]}).hidden == (8,)
    bad: dict[str, Any]
    for bad in ({"bins": 1}, {"epochs": "9"}, {"width": 3}, {"held_out": 1.0}, {"hidden": []}):
        with pytest.raises(ValidationError):
            FlowSettings.model_validate(bad)


def test_scaling_goes_back() -> None:
    x, mass, _ = toy(200, 1)
    scaling = Scaling.fit(x, mass, where="here")
    scaled = scaling.scaled(x, mass)
    np.testing.assert_allclose(scaled.std(axis=0), 1, rtol=1e-5)
    np.testing.assert_allclose(scaling.restored(scaled[:, :2]), x, rtol=1e-5, atol=1e-5)
    np.testing.assert_array_equal(scaling.scaled_mass(mass), scaled[:, 2])
