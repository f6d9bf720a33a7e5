"""Particles on their way to the calorimeter: straight lines and helices in a solenoid."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from benchmark.simulation.detector_card import Cylinder

_GEV_PER_TESLA_METRE = 0.299792458  # pT [GeV] = 0.2998 * |q| * B [T] * R [m]
# PDG code: charge in units of e, mass in GeV (Review of Particle Physics), of what lives long
_CHARGED = {
    11: (-1, 0.000511),
    13: (-1, 0.105658),
    15: (-1, 1.77693),
    211: (1, 0.139570),
    321: (1, 0.493677),
    2212: (1, 0.938272),
    3112: (-1, 1.197449),
    3222: (1, 1.18937),
    3312: (-1, 1.32171),
    3334: (-1, 1.67245),
}
_CODES = np.array(sorted(_CHARGED))
_CHARGES = np.array([_CHARGED[c][0] for c in _CODES])
_MASSES = np.array([_CHARGED[c][1] for c in _CODES])


def charge_of(pid: NDArray[np.int32]) -> NDArray[np.int64]:
    """Charge of long-lived particles from their PDG codes, in units of e."""
    row, known = _known(pid)
    return np.where(known, _CHARGES[row], 0) * np.sign(pid)


def mass_of(pid: NDArray[np.int32]) -> NDArray[np.float64]:
    """Mass (GeV) of long-lived charged particles from their PDG codes; 0 for all others.

    A truth record holds momenta in single precision, too coarse for the mass of a fast particle.
    """
    row, known = _known(pid)
    return np.where(known, _MASSES[row], 0.0)


def _known(pid: NDArray[np.int32]) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    code = np.abs(pid)
    row = np.minimum(np.searchsorted(_CODES, code), len(_CODES) - 1)
    return row, _CODES[row] == code


@dataclass(frozen=True)
class Arrival:
    """Where particles meet a cylinder around the beam, seen from the detector's centre.

    Attributes:
        eta, phi: direction of the point (rad).
        inside: whether the particle was born inside the cylinder (others never count).
    """

    eta: NDArray[np.float64]
    phi: NDArray[np.float64]
    inside: NDArray[np.bool_]


def propagate(
    momentum: NDArray[np.float64],
    vertex: NDArray[np.float64],
    charge: NDArray[np.int64],
    *,
    cylinder: Cylinder,
    field: float,
) -> Arrival:
    """Propagate particles to the surface of a cylinder.

    Args:
        momentum: (3, n) px, py, pz in GeV.
        vertex: (3, n) production point in m.
        charge: (n,) in units of e.
        cylinder: surface to reach.
        field: solenoid field along z, T.

    A helix of radius R = pT / (0.2998 |q| B) is followed to the wall or, where it curls inside, to
    the end cap.
    """
    half_length = cylinder.half_length
    px, py, pz = momentum
    pt = np.maximum(np.hypot(px, py), 1e-9)
    x, y, z = vertex
    inside = (np.hypot(x, y) < cylinder.radius) & (np.abs(z) < half_length)
    x, y, z = (np.where(inside, v, 0.0) for v in (x, y, z))
    # Transverse path length to the end cap.
    to_end = np.full(len(pz), np.inf)
    np.divide((np.copysign(half_length, pz) - z) * pt, pz, out=to_end, where=pz != 0)
    start = np.stack([px / pt, py / pt, x, y, to_end])
    end = np.empty((3, len(pz)))
    curved = np.flatnonzero((charge != 0) & (field > 0))
    straight = np.flatnonzero((charge == 0) | (field <= 0))
    end[:, straight] = _line(start[:, straight], cylinder.radius)
    bend = pt[curved] / (_GEV_PER_TESLA_METRE * field) if field > 0 else pt[curved]
    end[:, curved] = _helix(start[:, curved], np.sign(charge[curved]), bend, cylinder.radius)
    x_end, y_end, path = end
    rho = np.maximum(np.hypot(x_end, y_end), 1e-12)
    eta = np.arcsinh((z + pz / pt * path) / rho)
    return Arrival(eta, np.arctan2(y_end, x_end), inside)


def _line(start: NDArray[np.float64], radius: float) -> NDArray[np.float64]:
    """End point x, y and transverse path of straight lines; rows as in `propagate`."""
    ux, uy, x, y, to_end = start
    along = ux * x + uy * y
    path = -along + np.sqrt(np.maximum(radius**2 - (x**2 + y**2 - along**2), 0.0))
    path = np.minimum(path, to_end)
    return np.stack([x + ux * path, y + uy * path, path])


def _helix(
    start: NDArray[np.float64],
    sign: NDArray[np.int64],
    bend: NDArray[np.float64],
    radius: float,
) -> NDArray[np.float64]:
    """End point x, y and transverse path of helices of radius `bend` (m)."""
    ux, uy, x, y, to_end = start
    turn = -sign  # positive particles turn clockwise for a field along +z
    xc, yc = x - turn * bend * uy, y + turn * bend * ux
    rc, first = np.hypot(xc, yc), np.arctan2(y - yc, x - xc)
    cosine = (radius**2 - rc**2 - bend**2) / np.maximum(2 * rc * bend, 1e-12)
    opening = np.arccos(np.clip(cosine, -1, 1))
    ahead = turn * (np.arctan2(yc, xc) - first)
    near, far = ((ahead + way * opening) % (2 * np.pi) for way in (-1, 1))
    arc = np.where(np.abs(cosine) <= 1, bend * np.minimum(near, far), np.inf)
    arc = np.minimum(arc, to_end)
    arc = np.where(np.isfinite(arc), arc, 0.0)
    last = first + turn * arc / bend
    return np.stack([xc + bend * np.cos(last), yc + bend * np.sin(last), arc])
