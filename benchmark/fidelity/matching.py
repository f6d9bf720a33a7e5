"""Which reconstructed object belongs to which true one."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from benchmark.simulation.identification import pairs, wrap

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from benchmark.ragged import Ragged


def nearest(
    left: Ragged, right: Ragged, *, cone: float, same: str | None = None
) -> NDArray[np.int64]:
    """Return the row in `right` nearest to each object of `left`, -1 where none is in the cone.

    Args:
        left: Objects with eta and phi.
        right: Others of the same events.
        cone: Largest distance in (eta, phi), exclusive.
        same: A field in which both must agree.
    """
    rows, partners, distance2 = _distances(left, right)
    near = distance2 < cone**2
    if same is not None:
        near &= left[same][rows] == right[same][partners]
    rows, partners, distance2 = rows[near], partners[near], distance2[near]
    order = np.lexsort((distance2, rows))
    rows, partners = rows[order], partners[order]
    first = np.ones(len(rows), dtype=bool)
    first[1:] = rows[1:] != rows[:-1]
    result = np.full(len(left.event), -1)
    result[rows[first]] = partners[first]
    return result


def close(left: Ragged, right: Ragged, *, cone: float) -> NDArray[np.bool_]:
    """Return whether each object of `left` has one of `right` inside the cone."""
    return nearest(left, right, cone=cone) >= 0


def _distances(
    left: Ragged, right: Ragged
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float64]]:
    rows, partners = pairs(left.event, right.event)
    d_eta = left["eta"][rows] - right["eta"][partners]
    d_phi = wrap(left["phi"][rows] - right["phi"][partners])
    return rows, partners, d_eta**2 + d_phi**2
