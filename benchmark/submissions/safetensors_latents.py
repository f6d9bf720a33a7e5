"""Latents in a safetensors file, read by hand: a header of JSON, then plain numbers.

The library would trust the header as far as its own rules go; here it must say exactly what is
expected, so that two slices of the file's bytes are all that is left to read.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, BinaryIO

import numpy as np

from benchmark.submissions.findings import Refused, fault, quoted
from benchmark.submissions.limits import require_size
from benchmark.submissions.reading import opened

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

MAX_HEADER = 8192
_TYPES: dict[str, np.dtype[Any]] = {
    "F32": np.dtype("<f4"),
    "F64": np.dtype("<f8"),
    "U64": np.dtype("<u8"),
}
_KINDS = {"event_id": ("U64",), "latents": ("F32", "F64")}
_FORM = 'tensors "event_id" (U64, n) and "latents" (F32 or F64, n x d)'


def read_safetensors(
    path: Path, rows: int, dimensions: int
) -> tuple[NDArray[np.uint64], NDArray[np.floating[Any]]]:
    """Return ids (n,) and values (n, d) of a file.

    Args:
        path: The file.
        rows: Events that it must have.
        dimensions: Of the latents.

    Raises:
        Refused: It is no such file, or has other tensors, types or shapes.
    """
    with opened(path) as stream:
        size = require_size(stream, path.name, rows, dimensions)
        header, start = _header(stream, path.name, size)
        places = _places(header, path.name, rows, dimensions, size - start)
        found = {}
        for name, (kind, shape, begin) in places.items():
            stream.seek(start + begin)
            found[name] = np.fromfile(stream, kind, int(np.prod(shape))).reshape(shape)
    return found["event_id"], found["latents"]


def _bad(where: str, what: str, found: object = "", expected: str = _FORM) -> Refused:
    return fault(
        code="bad_safetensors",
        what=what,
        where=where,
        found=quoted(found) if found else "",
        expected=expected,
    )


def _header(stream: BinaryIO, where: str, size: int) -> tuple[dict[str, Any], int]:
    """Return the header and where the numbers begin.

    Raises:
        Refused: It is too long, longer than the file, or no JSON of two tensors.
    """
    length = int.from_bytes(stream.read(8), "little")
    if size < 8 or length > min(MAX_HEADER, size - 8):
        found = f"{length:,} bytes in a file of {size:,}"
        expected = f"at most {MAX_HEADER:,}, inside the file"
        raise fault(
            code="header_size",
            what="a header of a bad size",
            where=where,
            found=found,
            expected=expected,
        )
    try:
        header = json.loads(stream.read(length).decode("utf-8"), object_pairs_hook=_pairs)
    except (ValueError, RecursionError) as error:
        raise _bad(where, "the header is no JSON", type(error).__name__) from error
    if not isinstance(header, dict):
        raise _bad(where, "the header is no mapping", header)
    header.pop("__metadata__", None)
    return header, 8 + length


def _pairs(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        message = "a name stands twice"
        raise ValueError(message)
    return found


def _places(
    header: dict[str, Any], where: str, rows: int, dimensions: int, size: int
) -> dict[str, tuple[np.dtype[Any], tuple[int, ...], int]]:
    """Return type, shape and first byte of each tensor.

    Raises:
        Refused: They are not the ones expected, or do not fill the file.
    """
    if set(header) != set(_KINDS):
        raise _bad(where, "other tensors", ", ".join(sorted(header)))
    found: dict[str, tuple[np.dtype[Any], tuple[int, ...], int]] = {}
    spans: list[tuple[int, ...]] = []
    for name, kinds in _KINDS.items():
        entry = header[name]
        if not isinstance(entry, dict) or set(entry) != {"dtype", "shape", "data_offsets"}:
            raise _bad(where, f"a damaged entry of {name}", entry)
        if entry["dtype"] not in kinds:
            raise fault(
                code="wrong_type",
                what="a tensor of a wrong type",
                where=f"{where}, {name}",
                found=quoted(entry["dtype"]),
                expected=" or ".join(kinds),
            )
        shape, offsets = entry["shape"], entry["data_offsets"]
        if not (_whole(shape) and _whole(offsets) and len(offsets) == 2):
            raise _bad(where, f"a damaged entry of {name}", entry)
        _require_shape(shape, name, where, rows, dimensions)
        kind = _TYPES[entry["dtype"]]
        if offsets[1] - offsets[0] != kind.itemsize * int(np.prod(shape)):
            raise _bad(where, f"the bytes of {name} do not fit its shape", offsets)
        found[name] = (kind, tuple(shape), offsets[0])
        spans.append(tuple(offsets))
    (first, second) = sorted(spans)
    if first[0] != 0 or first[1] != second[0] or second[1] != size:
        raise _bad(where, "the tensors overlap or do not fill the file", spans)
    return found


def _whole(numbers: object) -> bool:
    """Return whether something is a short list of natural numbers."""
    return (
        isinstance(numbers, list)
        and len(numbers) <= 2
        and all(type(number) is int and 0 <= number < 2**48 for number in numbers)
    )


def _require_shape(shape: list[int], name: str, where: str, rows: int, dimensions: int) -> None:
    expected = [rows] if name == "event_id" else [rows, dimensions]
    if shape == expected:
        return
    rows_differ = shape[:1] != expected[:1]
    raise fault(
        code="wrong_rows" if rows_differ else "wrong_dimensions",
        what="another number of events"
        if rows_differ
        else "other dimensions than submission.yaml says",
        where=f"{where}, {name}",
        found=quoted(shape),
        expected=str(expected),
    )
