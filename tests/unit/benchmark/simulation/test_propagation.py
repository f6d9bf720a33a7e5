from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from benchmark.simulation.detector_card import Cylinder
from benchmark.simulation.propagation import charge_of, propagate

Array = NDArray[np.float64]
CYLINDER = Cylinder(radius=1.15, half_length=3.51)
STEP = 1e-3  # m of transverse path
# Fourth order in STEP / (bending radius >= 0.08 m), 2e4 steps: a few 1e-9 at worst.
TOLERANCE = 1e-7


def lorentz(state: Array, charge: Array, field: float) -> Array:
    """Derivative of (x, y, z, px, py, pz) by transverse path: dp/dt = q v x B, B along z."""
    px, py, pz = state[3:]
    pt = np.hypot(px, py)
    turn = 0.299792458 * charge * field / pt
    return np.stack([px / pt, py / pt, pz / pt, turn * py, -turn * px, 0 * pz])


def advance(state: Array, charge: Array, field: float, step: Array) -> Array:
    """One Runge-Kutta step of fourth order."""
    k1 = lorentz(state, charge, field)
    k2 = lorentz(state + step / 2 * k1, charge, field)
    k3 = lorentz(state + step / 2 * k2, charge, field)
    k4 = lorentz(state + step * k3, charge, field)
    return state + step / 6 * (k1 + 2 * k2 + 2 * k3 + k4)


def left(state: Array) -> NDArray[np.bool_]:
    beyond = np.abs(state[2]) >= CYLINDER.half_length
    return np.asarray(beyond | (np.hypot(state[0], state[1]) >= CYLINDER.radius))


def integrate(state: Array, charge: Array, field: float) -> Array:
    """Positions where particles leave the cylinder: small steps, then bisection of the last."""
    moving = np.ones(state.shape[1], dtype=bool)
    for _ in range(20_000):
        if not moving.any():
            break
        new = advance(state[:, moving], charge[moving], field, np.asarray(STEP))
        rows = np.flatnonzero(moving)
        out = left(new)
        state[:, rows[~out]] = new[:, ~out]
        moving[rows[out]] = False
    assert not moving.any()
    low, high = np.zeros(state.shape[1]), np.full(state.shape[1], STEP)
    for _ in range(40):
        middle = (low + high) / 2
        out = left(advance(state, charge, field, middle))
        low, high = np.where(out, low, middle), np.where(out, middle, high)
    return advance(state, charge, field, high)[:3]


def particles(n: int, seed: int) -> tuple[Array, Array, NDArray[np.int64]]:
    """Loopers (bending radius 0.08 m) to straight ones, displaced vertices, all charges."""
    rng = np.random.default_rng(seed)
    pt, phi = 0.1 * 10 ** rng.uniform(0, 3.7, n), rng.uniform(-np.pi, np.pi, n)
    eta = rng.uniform(0.4, 3.5, n) * rng.choice([-1, 1], n)  # slower ones would loop too long
    momentum = np.stack([pt * np.cos(phi), pt * np.sin(phi), pt * np.sinh(eta)])
    rho, angle = rng.uniform(0, 1.0, n) * rng.integers(0, 2, n), rng.uniform(-np.pi, np.pi, n)
    vertex = np.stack([rho * np.cos(angle), rho * np.sin(angle), rng.uniform(-2, 2, n)])
    return momentum, vertex, rng.integers(-1, 2, n)


@pytest.mark.parametrize("field", [2.0, 3.8, 0.0])
def test_against_the_integrated_lorentz_force(field: float) -> None:
    momentum, vertex, charge = particles(150, seed=1)
    arrival = propagate(momentum, vertex, charge, cylinder=CYLINDER, field=field)
    x, y, z = integrate(np.concatenate([vertex, momentum]), charge.astype(float), field)
    assert arrival.inside.all()
    np.testing.assert_allclose(arrival.eta, np.arcsinh(z / np.hypot(x, y)), atol=TOLERANCE)
    turned = arrival.phi - np.arctan2(y, x)
    np.testing.assert_allclose(np.exp(1j * turned), 1, atol=TOLERANCE)


def test_loopers_are_among_the_particles_above() -> None:
    momentum, _, charge = particles(150, seed=1)
    radius = np.hypot(momentum[0], momentum[1]) / (0.299792458 * 2.0)
    assert np.count_nonzero((2 * radius < CYLINDER.radius) & (charge != 0)) > 10
    assert np.count_nonzero((radius > CYLINDER.radius) & (charge != 0)) > 10
    assert set(charge) == {-1, 0, 1}


def test_a_positive_particle_turns_clockwise() -> None:
    momentum, vertex = np.array([[5.0] * 3, [0.0] * 3, [1.0] * 3]), np.zeros((3, 3))
    charge = np.array([1, 0, -1])
    phi = propagate(momentum, vertex, charge, cylinder=CYLINDER, field=2.0).phi
    assert phi[0] < 0 == phi[1] < phi[2]
    # a chord of length L turns by asin(L / 2R) half of the bend
    expected = np.arcsin(CYLINDER.radius / (2 * 5.0 / (0.299792458 * 2.0)))
    assert phi[2] == pytest.approx(expected) == -phi[0]


@pytest.mark.parametrize("vertex", [(1.2, 0, 0), (0, -1.15, 0), (0, 0, 3.6), (0, 0, -3.51)])
def test_particles_born_outside_are_never_inside(vertex: tuple[float, float, float]) -> None:
    start = np.array(vertex, dtype=float).reshape(3, 1)
    for charge in (-1, 0, 1):
        for momentum in ([[-1.0], [0.5], [0.1]], [[1.0], [0.0], [-9.0]]):
            arrival = propagate(
                np.array(momentum), start, np.array([charge]), cylinder=CYLINDER, field=2.0
            )
            assert not arrival.inside[0]


def test_special_directions_are_finite() -> None:
    momentum = np.array([[1.0, 0, 0, 0.1], [0, 0, 0, 0], [0, 5.0, -5.0, 0]])
    charge = np.array([0, 0, 1, 1])  # central, along the beam twice, looper without pz
    arrival = propagate(momentum, np.zeros((3, 4)), charge, cylinder=CYLINDER, field=2.0)
    assert np.isfinite(arrival.eta).all()
    assert np.isfinite(arrival.phi).all()
    assert arrival.eta[0] == 0 == arrival.phi[0]
    assert arrival.eta[1] > 9 > -9 > arrival.eta[2]


def test_no_particles() -> None:
    none = np.zeros((3, 0))
    arrival = propagate(none, none, np.zeros(0, np.int64), cylinder=CYLINDER, field=2.0)
    assert len(arrival.eta) == len(arrival.phi) == len(arrival.inside) == 0


def test_charges() -> None:
    codes = [
        11,
        -11,
        13,
        211,
        -211,
        321,
        2212,
        -2212,
        3112,
        3222,
        3312,
        3334,
        22,
        2112,
        130,
        -3122,
    ]
    charges = [-1, 1, -1, 1, -1, 1, 1, -1, -1, 1, -1, -1, 0, 0, 0, 0]
    assert charge_of(np.array(codes, dtype=np.int32)).tolist() == charges
