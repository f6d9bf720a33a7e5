"""Latents that somebody sent: what a file says of itself is looked at before its data."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from benchmark.submissions.findings import Finding, Refused, fault, quoted
from benchmark.submissions.parquet_latents import read_parquet
from benchmark.submissions.safetensors_latents import read_safetensors

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from benchmark.submissions.folder import SubmissionFolder

LARGEST = 1e6
"""Largest absolute value of a latent: in float32 their squares still have a sum."""
_READERS = {".parquet": read_parquet, ".safetensors": read_safetensors}


def read_values(folder: SubmissionFolder, wanted: NDArray[np.uint64]) -> NDArray[np.float32]:
    """Return the latents of some events, float32 (n, d), in the order of `wanted`.

    Args:
        folder: A submission of kind "latents".
        wanted: uint64 (n,), unique: the events that must be there, and no other.

    Raises:
        Refused: The file is none, is too large, has other columns or dimensions than
            `submission.yaml` says, lacks events, has others or one twice, or a latent is not
            finite or too large.
    """
    reader = _READERS.get(folder.payload.suffix)
    if reader is None:
        raise fault(
            code="kind_mismatch", what="no file of latents", where=quoted(folder.payload.name)
        )
    ids, values = reader(folder.payload, len(wanted), folder.submission.dimensions)
    name = folder.payload.name
    order = _order(ids, wanted, name)
    check_values(values, name)
    found: NDArray[np.float32] = values[order].astype(np.float32, copy=False)
    return found


def _order(ids: NDArray[np.uint64], wanted: NDArray[np.uint64], name: str) -> NDArray[np.intp]:
    """Return the rows of the wanted events.

    Raises:
        Refused: The ids are not those.
    """
    by_id = np.argsort(ids, kind="stable")
    ordered = ids[by_id]
    faults: list[Finding] = []
    twice = ordered[1:][ordered[1:] == ordered[:-1]]
    missing = np.setdiff1d(wanted, ordered)
    extra = np.setdiff1d(ordered, wanted)
    for code, what, found in (
        ("duplicate_ids", "events that occur twice", twice),
        ("missing_ids", "published events are missing", missing),
        ("extra_ids", "events that are not published", extra),
    ):
        if len(found):
            shown = f"{len(found):,}, the first of them {int(found[0])}"
            error = fault(code=code, what=what, where=f"{name}, event_id", found=shown)
            faults += error.findings
    if faults:
        raise Refused(faults)
    return by_id[np.searchsorted(ordered, wanted)]


def check_values(values: NDArray[np.floating], name: str) -> None:
    """Refuse values that are not finite or too large.

    Raises:
        Refused: There are such.
    """
    with np.errstate(invalid="ignore"):
        inside = np.abs(values) <= LARGEST  # not so where it is no number
    if inside.all():
        return
    row, column = (int(place) for place in np.argwhere(~inside)[0])
    value = float(values[row, column])
    finite = np.isfinite(value)
    raise fault(
        code="too_large_values" if finite else "not_finite",
        what=f"{np.count_nonzero(~inside):,} bad values",
        where=f"{name}, row {row}, dimension {column + 1}",
        found=f"{value:g}",
        expected=f"finite numbers, at most {LARGEST:g} in size",
    )
