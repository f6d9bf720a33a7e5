from __future__ import annotations

import math

import pytest
import torch
from torch import Tensor

from baselines.networks import pair_features as module
from baselines.networks.pair_features import CENTRES, SCALES, pair_features

FLOAT64 = 1e-9  # the reference subtracts large energies: 1e-16 of E^2 / m^2 < 1e7
FLOAT32 = 2e-5  # eight digits, with sinh and cosh of up to ten between


def objects(n: int = 400, *, seed: int = 1) -> Tensor:
    """Objects all over the phase space, a fifth of them without eta, some without mass."""
    uniform = torch.rand(n, 5, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)
    pt = 10 ** (1 + 2 * uniform[:, 0])
    has_eta = (uniform[:, 4] > 0.2).double()
    eta = (uniform[:, 1] * 5 - 2.5) * has_eta
    mass = (uniform[:, 3] * 0.3 * pt - 5).clamp(min=0) * has_eta
    return torch.stack((pt, eta, (2 * uniform[:, 2] - 1) * math.pi, mass, has_eta), dim=1)


def slow(one: list[float], two: list[float]) -> list[float]:
    """The features of one pair, from four-vectors."""
    flat = not (one[4] and two[4])
    vectors = []
    for pt, eta, phi, mass, _ in (one, two):
        pz = 0.0 if flat else pt * math.sinh(eta)
        px, py = pt * math.cos(phi), pt * math.sin(phi)
        vectors.append((math.sqrt(px**2 + py**2 + pz**2 + mass**2), px, py, pz))
    e, px, py, pz = (a + b for a, b in zip(*vectors, strict=True))
    d_eta = 0.0 if flat else abs(one[1] - two[1])
    d_phi = abs(math.remainder(one[2] - two[2], 2 * math.pi))
    dr = max(math.hypot(d_eta, d_phi), module.DR_FLOOR)
    softer = min(one[0], two[0])
    raw = (
        d_eta,
        d_phi,
        math.log(dr),
        math.log(max(softer * dr, module.KT_FLOOR)),
        math.log(max(softer / (one[0] + two[0]), module.Z_FLOOR)),
        math.log(max(e**2 - px**2 - py**2 - pz**2, module.MASS2_FLOOR)),
    )
    return [(x - c) / s for x, c, s in zip(raw, CENTRES, SCALES, strict=True)]


def test_against_four_vectors() -> None:
    first, second = objects(), objects(seed=2)
    rows = zip(first.tolist(), second.tolist(), strict=True)
    wanted = torch.tensor([slow(*row) for row in rows], dtype=torch.float64)
    result = pair_features(first, second)
    torch.testing.assert_close(result, wanted, rtol=FLOAT64, atol=FLOAT64)
    single = pair_features(first.float(), second.float())
    torch.testing.assert_close(single.double(), wanted, rtol=FLOAT32, atol=FLOAT32)


def test_the_pair_is_unordered() -> None:
    first, second = objects(), objects(seed=2)
    assert torch.equal(pair_features(first, second), pair_features(second, first))


def test_a_small_mass_between_large_energies() -> None:
    """Two light objects, forward and close: float32 must keep their mass of a few GeV."""
    eta, phi = 4.5, 3.14
    first = torch.tensor([800.0, eta, phi, 1.0, 1.0], dtype=torch.float64)
    second = torch.tensor([700.0, eta + 1e-2, -phi, 2.0, 1.0], dtype=torch.float64)
    single = pair_features(first.float(), second.float()).double()
    torch.testing.assert_close(single, pair_features(first, second), rtol=0, atol=1e-4)


def test_angles_wrap() -> None:
    edge = torch.tensor(math.pi)  # in float32 above pi
    first = torch.stack((torch.tensor(50.0), edge * 0, edge, edge * 0, torch.tensor(1.0)))
    second = first.clone()
    second[2] = -edge
    raw = pair_features(first, second) * torch.tensor(SCALES) + torch.tensor(CENTRES)
    assert 0 <= raw[1] < 1e-6
    assert raw[2].item() == pytest.approx(math.log(module.DR_FLOOR))


def test_extremes_are_finite() -> None:
    none = torch.zeros(5)
    far = torch.tensor([7000.0, 10.0, math.pi, 500.0, 1.0])
    back = torch.tensor([7000.0, -10.0, -math.pi, 500.0, 1.0])
    for first in (none, far, back):
        for second in (none, far, back):
            assert pair_features(first, second).isfinite().all()


def test_no_pair_at_all() -> None:
    assert pair_features(torch.zeros(0, 5), torch.zeros(0, 5)).shape == (0, module.FEATURES)
