"""Reconstructed objects before any selection: what a detector, real or simulated, hands over."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any

import awkward as ak
import numpy as np

from benchmark.errors import DataError, complaint

FIELDS: dict[str, tuple[str, ...]] = {
    "photons": ("pt", "eta", "phi", "iso"),
    "electrons": ("pt", "eta", "phi", "iso"),
    "muons": ("pt", "eta", "phi", "iso"),
    "jets": ("pt", "eta", "phi", "mass", "btag"),
    "large_jets": ("pt", "eta", "phi", "mass", "tau1", "tau2", "tau3", "tau4"),
    "met": ("pt", "phi"),
}
"""The fields of each collection; it may have more."""


@dataclass(frozen=True, eq=False, kw_only=True)
class RecoObjects:
    """All reconstructed objects of n events.

    Each collection is an awkward array of records, `n * var * {fields}`, in which pT falls inside
    an event (`collection` builds one); MET is `n * {pt, phi}`. The fields are those of `FIELDS`,
    in GeV and rad. `iso` is the sum of pT in the cone over the pT of the object; `btag` is 0 or 1.

    Attributes:
        photons: Identified photons.
        electrons: Identified electrons.
        muons: Identified muons.
        jets: Small jets.
        large_jets: Large jets with N-subjettiness.
        met: Missing transverse momentum.

    Raises:
        DataError: A field is missing, the numbers of events differ, or pT rises in an event.

    Example:
        >>> photons = collection("photons", pt=[[30.0, 50.0]], eta=[[0, 1]], phi=[[2, 3]], iso=0)
        >>> photons.pt.tolist(), photons.eta.tolist()
        ([[50.0, 30.0]], [[1, 0]])
    """

    photons: Any
    electrons: Any
    muons: Any
    jets: Any
    large_jets: Any
    met: Any

    def __post_init__(self) -> None:
        """Check fields, lengths and order."""
        for name, wanted in FIELDS.items():
            array = getattr(self, name)
            _require_fields(name, array, wanted)
            if len(array) != len(self):
                message = complaint(
                    "number of events differs",
                    where=f"collection {name}",
                    found=str(len(array)),
                    expected=f"{len(self)}, as met",
                )
                raise DataError(message)
            if name != "met":
                _require_order(name, array.pt)

    def __len__(self) -> int:
        """Return the number of events."""
        return len(self.met)

    def __getitem__(self, rows: Any) -> RecoObjects:
        """Return the chosen events: a slice, a boolean mask or row numbers."""
        return RecoObjects(**{f.name: getattr(self, f.name)[rows] for f in fields(self)})


def collection(name: str, *, events: int = 0, **values: Any) -> Any:
    """Return a collection for `RecoObjects`, with pT falling inside each event.

    Args:
        name: Name of the collection, a key of `FIELDS`.
        events: Number of events, only read when no values are given: then all are empty.
        **values: One array a field, `n * var * number`, or one number for all objects.

    Raises:
        DataError: A field is missing, or the fields do not have the same shape.
    """
    if not values:
        none = ak.unflatten(np.zeros(0), np.zeros(events, dtype=np.int64))
        values = dict.fromkeys(FIELDS[name], none)
    try:
        zipped = ak.zip({k: v if np.isscalar(v) else ak.Array(v) for k, v in values.items()})
    except (ValueError, TypeError) as error:
        shapes = "the fields have different shapes"
        message = complaint(shapes, where=f"collection {name}")
        raise DataError(message) from error
    _require_fields(name, zipped, FIELDS[name])
    if name == "met":
        return zipped
    return zipped[ak.argsort(zipped.pt, axis=1, ascending=False, stable=True)]


def _require_fields(name: str, array: Any, wanted: tuple[str, ...]) -> None:
    """Refuse an array of records that lacks one of the `wanted` fields."""
    missing = [field for field in wanted if field not in ak.fields(array)]
    if missing:
        message = complaint(
            f"field {missing[0]} is missing",
            where=f"collection {name}",
            found=", ".join(ak.fields(array)) or "no fields",
            expected=", ".join(wanted),
        )
        raise DataError(message)


def _require_order(name: str, pt: Any) -> None:
    """Refuse an event in which an object is harder than the one before."""
    rises = ak.any(pt[:, 1:] > pt[:, :-1], axis=1)
    if ak.any(rises):
        message = complaint(
            "pT rises inside an event",
            where=f"collection {name}, event {int(np.flatnonzero(rises)[0])}",
            remedy="Build it with benchmark.reco.collection, which sorts.",
        )
        raise DataError(message)
