"""Latents in a Parquet file: footer and page headers are looked at before data is unpacked.

What remains after these looks is left to Arrow's reader. It is memory-safe as far as its authors
made it so: nothing here protects from a fault in it.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, BinaryIO

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from benchmark.submissions.findings import Refused, fault, quoted
from benchmark.submissions.limits import require_size
from benchmark.submissions.parquet_pages import Chunk, check_pages
from benchmark.submissions.reading import opened

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

ID = "event_id"
MAX_FOOTER = 2**24
_MAGIC = b"PAR1"
_TYPES = {ID: ("uint64",)}
_FLOATS = ("float", "double")
_CODECS = ("UNCOMPRESSED", "SNAPPY", "GZIP", "ZSTD", "LZ4", "LZ4_RAW", "BROTLI")
_BROKEN = (OSError, ValueError, LookupError, TypeError, OverflowError, pa.ArrowException)


def read_parquet(
    path: Path, rows: int, dimensions: int
) -> tuple[NDArray[np.uint64], NDArray[np.floating[Any]]]:
    """Return ids (n,) and values (n, d) of a file, in its order.

    Args:
        path: The file.
        rows: Events that it must have.
        dimensions: Of the latents: columns z1 to zd.

    Raises:
        Refused: It is no such file, has other columns, types or rows, or would unpack to more
            than these can need.
    """
    with opened(path) as stream:
        size = require_size(stream, path.name, rows, dimensions)
        footer = _require_ends(stream, path.name, size)
        try:
            file = pq.ParquetFile(
                stream,
                pre_buffer=False,
                thrift_string_size_limit=MAX_FOOTER,
                thrift_container_size_limit=1_000_000,
            )
            _check_columns(file, path.name, dimensions)
            for chunk in _chunks(file.metadata, path.name, rows, size - footer):
                check_pages(stream, chunk)
            return _data(file, path.name, rows, dimensions)
        except Refused:
            raise
        except _BROKEN as error:
            found = f"{type(error).__name__}: {error}"
            raise _bad(path.name, "no Parquet file that can be read", found) from error


def _bad(where: str, what: str, found: object = "", expected: str = "") -> Refused:
    text = quoted(found) if found else ""
    return fault(code="bad_parquet", what=what, where=where, found=text, expected=expected)


def _require_ends(stream: BinaryIO, where: str, size: int) -> int:
    """Return how many bytes the footer takes, its length and magic included.

    Raises:
        Refused: The file does not begin and end as Parquet, or its footer is too long.
    """
    start = stream.read(4)
    stream.seek(max(size - 8, 0))
    end = stream.read(8)
    if size < 12 or start != _MAGIC or end[4:] != _MAGIC:
        raise _bad(where, "not a Parquet file", start, "one that is not encrypted")
    length = int.from_bytes(end[:4], "little")
    if length > min(MAX_FOOTER, size - 12):
        found = f"{length:,} bytes in a file of {size:,}"
        expected = f"at most {MAX_FOOTER:,}, inside the file"
        raise fault(
            code="footer_size",
            what="a footer of a bad size",
            where=where,
            found=found,
            expected=expected,
        )
    return length + 8


def _check_columns(file: pq.ParquetFile, where: str, dimensions: int) -> None:
    """Look at names and types, as the footer has them.

    Raises:
        Refused: They are not event_id and z1 to zd.
    """
    expected = [ID, *(f"z{k + 1}" for k in range(dimensions))]
    names = file.schema_arrow.names if file.metadata.num_columns < 1000 else []
    latents = [name for name in names if re.fullmatch(r"z[1-9][0-9]{0,3}", name)]
    if sorted(names) != sorted(expected):
        alike = sorted(names) == sorted([ID, *(f"z{k + 1}" for k in range(len(latents)))])
        raise fault(
            code="wrong_dimensions" if alike else "wrong_columns",
            what="other dimensions than submission.yaml says" if alike else "other columns",
            where=where,
            found=quoted(", ".join(names[:12])) + f" ({file.metadata.num_columns} columns)",
            expected=f"{ID} and z1 to z{dimensions}",
            remedy="" if alike else "With pandas: to_parquet(..., index=False).",
        )
    for k, name in enumerate(names):
        kind, column = str(file.schema_arrow.field(name).type), file.metadata.schema.column(k)
        wanted = _TYPES.get(name, _FLOATS)
        flat = column.max_repetition_level == 0 and column.max_definition_level <= 1
        if kind not in wanted or not flat or column.path != name:
            raise fault(
                code="wrong_type",
                what="a column of a wrong type",
                where=f"{where}, {quoted(name)}",
                found=quoted(kind),
                expected=" or ".join(wanted),
            )


def _chunks(metadata: pq.FileMetaData, where: str, rows: int, size: int) -> list[Chunk]:
    """Return where each column of each row group lies.

    Raises:
        Refused: The rows are not as many as they should be, or columns lie outside the file, in
            its footer, or in each other.
    """
    groups = [metadata.row_group(k) for k in range(min(metadata.num_row_groups, 64 + rows // 256))]
    counts = [group.num_rows for group in groups]
    if metadata.num_rows != rows or sum(counts) != rows or min(counts, default=1) < 1:
        found = f"{metadata.num_rows:,} in {metadata.num_row_groups:,} row groups"
        raise fault(
            code="wrong_rows",
            what="another number of events",
            where=where,
            found=found,
            expected=f"{rows:,}",
        )
    found_chunks = []
    for group in groups:
        for k in range(metadata.num_columns):
            column = group.column(k)
            if column.file_path or column.compression not in _CODECS:
                raise _bad(
                    where, "data elsewhere, or packed in an unknown way", column.compression
                )
            starts = [column.data_page_offset]
            if column.has_dictionary_page and column.dictionary_page_offset:
                starts.append(column.dictionary_page_offset)
            name = f"{where}, {column.path_in_schema}"
            found_chunks.append(
                Chunk(name, min(starts), column.total_compressed_size, group.num_rows)
            )
    end = len(_MAGIC)
    for chunk in sorted(found_chunks, key=lambda chunk: chunk.start):
        if chunk.start < end or chunk.length < 1 or chunk.start + chunk.length > size:
            raise _bad(where, "columns outside of the file, or in each other")
        end = chunk.start + chunk.length
    return found_chunks


def _data(
    file: pq.ParquetFile, where: str, rows: int, dimensions: int
) -> tuple[NDArray[np.uint64], NDArray[np.floating[Any]]]:
    """Read the columns, one after the other."""
    names = [f"z{k + 1}" for k in range(dimensions)]
    ids = np.asarray(_column(file, ID, where, rows))
    double = any(str(file.schema_arrow.field(name).type) == "double" for name in names)
    values = np.empty((rows, dimensions), dtype=np.float64 if double else np.float32)
    for k, name in enumerate(names):
        values[:, k] = _column(file, name, where, rows)
    return ids, values


def _column(file: pq.ParquetFile, name: str, where: str, rows: int) -> NDArray[Any]:
    column = file.read(columns=[name], use_threads=False).column(0)
    if column.null_count or len(column) != rows:
        found = f"{column.null_count} of {len(column)}"
        raise fault(
            code="missing_values", what="empty fields", where=f"{where}, {name}", found=found
        )
    values: NDArray[Any] = column.to_numpy()
    return values
