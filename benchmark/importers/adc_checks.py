"""What the particles of an official ADC2021 file must be.

Three decisions where the layout is silent:

- Empty rows (pT, eta and phi zero) may carry class 0 or the class of their kind. MET may be
  empty: then it is zero.
- pT must fall within electrons, muons and jets. We do not sort: in an official file rising pT
  means damage, and an empty row before a filled one is the same fault.
- Angles may exceed pi by rounding alone (1e-6 rad); they are not wrapped.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from benchmark.errors import DataError, complaint
from benchmark.schema import CMS_ADC, MET
from benchmark.validation import MAX_ETA

if TYPE_CHECKING:
    from numpy.typing import NDArray

_CODES = {"met": 1, "electron": 2, "muon": 3, "jet": 4}
CLASSES = np.array([_CODES[kind] for kind in CMS_ADC.slot_types])
"""Class code of each of the 19 rows."""
# float32 holds angles near pi to 2.4e-7; 1e-6 leaves room for one more rounding on the way.
MAX_PHI = np.pi + 1e-6
MAX_PT = 13_000.0
"""GeV: the collision energy, which neither a particle nor MET can exceed."""
_COLUMNS = ("pT", "eta", "phi", "class")


def check_particles(
    values: NDArray[np.floating[Any]], *, where: str, first_event: int = 0
) -> None:
    """Check all rules of the layout.

    Args:
        values: Shape (n, 19, 4).
        where: File and dataset, for messages.
        first_event: Number of the first event in the file, for messages.

    Raises:
        DataError: A rule is broken; the message names event and row.
    """
    place = _Place(where, first_event)
    _check_values(values, place)
    _check_classes(values, place)
    pt = values[:, :, 0]
    rises = np.zeros(pt.shape, dtype=np.bool_)
    for kind in CMS_ADC.types:
        slots = CMS_ADC.type_slice(kind.name)
        if kind.name != MET:
            rises[:, slots][:, 1:] = pt[:, slots][:, 1:] > pt[:, slots][:, :-1]
    place.refuse(
        rises,
        pt,
        "pT is not ordered",
        expected="pT falling from row to row within a class, empty rows last",
        remedy="Sort the file, or find out what damaged it.",
    )


class _Place:
    """Where a part of the file lies; raises for the first fault in it."""

    def __init__(self, where: str, first_event: int) -> None:
        """Remember the file and the number of the part's first event."""
        self.where = where
        self.first_event = first_event

    def refuse(
        self,
        bad: NDArray[np.bool_],
        values: NDArray[Any],
        what: str,
        *,
        expected: str,
        remedy: str = "",
    ) -> None:
        """Raise for the first True of `bad`, (n, 19) or (n, 19, columns), if there is one."""
        if not bad.any():
            return
        index = tuple(np.argwhere(bad)[0])
        event, row = int(index[0]) + self.first_event, int(index[1])
        column = f", {_COLUMNS[index[2]]}" if bad.ndim == 3 else ""
        message = complaint(
            what,
            where=f"{self.where}, event {event}, row {row} ({CMS_ADC.slot_names[row]}){column}",
            found=f"{values[index]:.8g}",
            expected=expected,
            remedy=remedy,
        )
        raise DataError(message)


def _check_values(values: NDArray[np.floating[Any]], place: _Place) -> None:
    """Check each number for itself."""
    damaged = "Drop the event, or download the file again."
    place.refuse(
        ~np.isfinite(values),
        values,
        "not a finite number",
        expected="finite values",
        remedy=damaged,
    )
    pt, eta, phi = values[:, :, 0], values[:, :, 1], values[:, :, 2]
    place.refuse(pt < 0, pt, "negative pT", expected="pT >= 0", remedy=damaged)
    place.refuse(
        pt > MAX_PT,
        pt,
        "pT out of range",
        expected=f"pT <= {MAX_PT:g} GeV, the collision energy",
        remedy=f"Convert to GeV if it is MeV. {damaged}",
    )
    limit = f"|eta| <= {MAX_ETA:g}"
    place.refuse(np.abs(eta) > MAX_ETA, eta, "eta out of range", expected=limit, remedy=damaged)
    place.refuse(
        np.abs(phi) > MAX_PHI,
        phi,
        "phi out of range",
        expected="-pi <= phi <= pi, in radians",
        remedy="Wrap the angles; degrees are not understood.",
    )


def _check_classes(values: NDArray[np.floating[Any]], place: _Place) -> None:
    """Check that the class codes belong to their rows, and that empty rows are empty."""
    code = values[:, :, 3]
    own = code == CLASSES
    place.refuse(
        ~(own | (code == 0)),
        code,
        "class code does not match its row",
        expected="1 in row 0 (MET), 2 in rows 1-4 (electrons), 3 in rows 5-8 (muons), "
        "4 in rows 9-18 (jets), 0 in empty rows",
        remedy="Order the rows and number the classes as in the official files.",
    )
    stray = (values[:, :, :3] != 0).any(axis=2)
    place.refuse(
        (code == 0) & stray,
        values[:, :, 0],
        "class 0 (empty) in a row that is not zero",
        expected="pT, eta and phi zero, or the class of the row",
        remedy="Give the particle its class, or empty the row.",
    )
    no_pt = (values[:, :, 0].astype(np.float32) == 0) & stray  # as the event table will hold it
    no_pt[:, CMS_ADC.type_slice(MET)] = False  # MET of zero may have any angle
    place.refuse(
        no_pt,
        values[:, :, 1],
        "pT is zero but the angles are not",
        expected="an all-zero row",
        remedy="Empty the row, or download the file again.",
    )
