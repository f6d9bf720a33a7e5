"""Event tables in Parquet files: one flat column a value, readable by any other tool.

Object columns are called "<slot>_<feature>": jet1_pt, met_phi. The mask is one uint32 a row, slot
0 in the lowest bit. The name and the version of the schema stand in the metadata of the file.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from benchmark.arrow import (
    SCHEMA_KEY,
    VERSION_KEY,
    arrow_schema,
    event_arrays,
    to_arrays,
    to_arrow,
)
from benchmark.digest import ContentDigest
from benchmark.errors import DataError, complaint
from benchmark.files import atomic_path
from benchmark.schema import SCHEMAS
from benchmark.table import EventTable, require_schema
from benchmark.validation import check_table

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from benchmark.schema import EventSchema

Paths = str | os.PathLike[str] | Sequence[str | os.PathLike[str]]
BATCH = 65_536


@dataclass(frozen=True)
class EventFile:
    """What is known of an event file without reading its events.

    Attributes:
        path: The file.
        schema: Its schema.
        n_events: Number of events.
        metadata: What the writer noted: provenance, versions.
    """

    path: Path
    schema: EventSchema
    n_events: int
    metadata: dict[str, str]


def write_events(
    tables: EventTable | Iterable[EventTable],
    path: str | os.PathLike[str],
    *,
    metadata: Mapping[str, str] | None = None,
    row_group_size: int = BATCH,
) -> int:
    """Write events to a Parquet file, all or nothing.

    A stream is written as it comes, holding one row group in memory. Row groups do not depend on
    how the stream was cut, so the same events in the same order give the same bytes.

    Args:
        tables: One table, or tables of one schema.
        path: The file; an older one is replaced only when the new one is whole.
        metadata: Notes kept with the file.
        row_group_size: Events a row group.

    Returns:
        Number of events written.

    Raises:
        DataError: There is no table, or the schemas differ.
        DiademError: The disk is full or the folder cannot be written.
    """
    stream = iter([tables] if isinstance(tables, EventTable) else tables)
    first = next(stream, None)
    if first is None:
        message = complaint("no table to write", where=str(path), expected="at least one table")
        raise DataError(message)
    schema = first.schema
    layout = arrow_schema(schema, metadata or {})
    written = 0
    with atomic_path(path) as temporary, _writer(temporary, layout) as writer:
        for group in _regroup(first, stream, row_group_size):
            writer.write_table(to_arrow(group, layout), row_group_size=row_group_size)
            written += len(group)
    return written


def _writer(path: Path, layout: pa.Schema) -> pq.ParquetWriter:
    floats = [field.name for field in layout if field.type == pa.float32()]
    others = [field.name for field in layout if field.type != pa.float32()]
    # Splitting floats by byte lets zstd find the zero bytes of rounded mantissas and empty slots.
    return pq.ParquetWriter(
        path,
        layout,
        compression="zstd",
        compression_level=9,
        use_dictionary=[name for name in others if name != "event_id"],
        use_byte_stream_split=floats,
    )


def _regroup(first: EventTable, rest: Iterator[EventTable], size: int) -> Iterator[EventTable]:
    """Yield the same events in tables of `size`, the last one shorter."""
    waiting, n = [first], len(first)
    for table in rest:
        require_schema(table, first.schema)
        waiting.append(table)
        n += len(table)
        if n >= size:
            joined = EventTable.concat(waiting)
            full = n - n % size
            for start in range(0, full, size):
                yield joined.select(slice(start, start + size))
            waiting, n = [joined.select(slice(full, n))], n - full
    yield from _last(EventTable.concat(waiting), size)


def _last(table: EventTable, size: int) -> Iterator[EventTable]:
    for start in range(0, len(table), size):
        yield table.select(slice(start, start + size))


def open_events(path: str | os.PathLike[str]) -> EventFile:
    """Return what is known of an event file without reading its events.

    Raises:
        DataError: The file is missing, is not Parquet, or holds something else than events.
    """
    with _opened(path) as file:
        return _describe(Path(path), file)


def read_events(paths: Paths, *, processes: Iterable[str] | None = None) -> EventTable:
    """Return the events of one or several files of one schema, validated.

    Args:
        paths: A file or files, read in the order given.
        processes: Keep these processes only; a name that no file holds gives no events.

    Raises:
        DataError: A file is not an event file of this version, or breaks a rule of `EventTable`.
    """
    return EventTable.concat(
        list(_batches(_listed(paths), BATCH, processes=processes, empty=True))
    )


def iter_events(
    paths: Paths, batch_size: int = BATCH, *, processes: Iterable[str] | None = None
) -> Iterator[EventTable]:
    """Yield the events in validated tables of at most `batch_size`, in the order of the files.

    Only some batches are in memory at a time. That ids are unique is checked within each batch.

    Raises:
        DataError: As `read_events`.
    """
    return _batches(_listed(paths), batch_size, processes=processes, empty=False)


def read_columns(
    paths: Paths, columns: Sequence[str], *, processes: Iterable[str] | None = None
) -> dict[str, NDArray[Any]]:
    """Return only some columns, without reading the others; values are not validated.

    Args:
        paths: A file or files of one schema.
        columns: Names of `EventSchema.columns()`, such as ("event_id", "process", "m_gg").
        processes: Keep these processes only.

    Returns:
        One array (n,) for each column; process and point as str.

    Raises:
        DataError: A column is unknown, or a file is not an event file.
    """
    wanted = None if processes is None else sorted(set(processes))
    parts = []
    for path in _listed(paths):
        with _opened(path) as file:
            known = _describe(path, file).schema.columns()
            unknown = [name for name in columns if name not in known]
            if unknown:
                message = complaint("no such column", where=str(path), found=", ".join(unknown))
                raise DataError(message)
            needed = [*columns, *(["process"] if wanted is not None else [])]
            table = file.read(columns=list(dict.fromkeys(needed)))
            parts.append(table if wanted is None else _keep(table, wanted))
    joined = pa.concat_tables(parts).combine_chunks()
    return to_arrays(joined.select(list(columns)))


def digest_of(paths: Paths) -> str:
    """Return the digest of the events of one or several files, streaming.

    It equals `read_events(paths).digest()`, whatever the order and the layout of the files.

    Raises:
        DataError: As `iter_events`.
    """
    listed = _listed(paths)
    content = ContentDigest(open_events(listed[0]).schema)
    for table in iter_events(listed):
        content.update(table)
    return content.hexdigest()


def _listed(paths: Paths) -> list[Path]:
    if isinstance(paths, (str, os.PathLike)):
        return [Path(paths)]
    if not paths:
        message = complaint("no event file given", expected="at least one path")
        raise DataError(message)
    return [Path(path) for path in paths]


@contextmanager
def _opened(path: str | os.PathLike[str]) -> Iterator[pq.ParquetFile]:
    """Open a Parquet file; whatever goes wrong in reading it names the file."""
    try:
        # With pre_buffer, its default, pyarrow holds the whole file while batches are read.
        with pq.ParquetFile(path, pre_buffer=False) as file:
            yield file
    except FileNotFoundError as error:
        message = complaint("there is no such file", where=str(path))
        raise DataError(message) from error
    except (pa.ArrowException, OSError) as error:
        message = complaint(
            "not a whole Parquet file",
            where=str(path),
            found=str(error).partition("\n")[0],
            remedy="It may be truncated: fetch or make it again.",
        )
        raise DataError(message) from error


def _describe(path: Path, file: pq.ParquetFile) -> EventFile:
    """Return the schema and the notes of an open file, or say why it is no event file."""
    layout = file.schema_arrow
    notes = {
        key.decode(errors="replace"): text.decode(errors="replace")
        for key, text in (layout.metadata or {}).items()
    }
    name, version = notes.pop(SCHEMA_KEY, ""), notes.pop(VERSION_KEY, "")
    schema = SCHEMAS.get(name)
    if schema is None or version != str(schema.version):
        message = complaint(
            "not an event file of this version of DIADEM",
            where=str(path),
            found=f"schema {name!r} version {version!r}" if name else "no schema in the metadata",
            expected=", ".join(f"{s.name} version {s.version}" for s in SCHEMAS.values()),
            remedy="Bring other data in with `diadem data import`.",
        )
        raise DataError(message)
    expected = arrow_schema(schema, {})
    found = {field.name: field.type for field in layout}
    for field in expected:
        if found.get(field.name) != field.type:
            message = complaint(
                "missing column" if field.name not in found else "wrong type",
                where=f"{path}, column {field.name}",
                found=str(found.get(field.name, "nothing")),
                expected=str(field.type),
            )
            raise DataError(message)
    if len(found) != len(expected):
        extra = ", ".join(sorted(set(found) - set(expected.names)))
        message = complaint(f"unknown column {extra}", where=str(path))
        raise DataError(message)
    return EventFile(path, schema, file.metadata.num_rows, notes)


def _batches(
    paths: list[Path], size: int, *, processes: Iterable[str] | None, empty: bool
) -> Iterator[EventTable]:
    """Yield validated batches of all files; with `empty`, at least one, even of no event."""
    wanted = None if processes is None else sorted(set(processes))
    schema: EventSchema | None = None
    for path in paths:
        with _opened(path) as file:
            own = _describe(path, file).schema
            if schema is not None and own != schema:
                message = complaint(
                    "files of different schemas cannot be read together",
                    where=str(path),
                    found=own.name,
                    expected=schema.name,
                )
                raise DataError(message)
            if schema is None and empty:
                yield _table(own, arrow_schema(own, {}).empty_table(), path, 0)
            schema = own
            first_row = 0
            for batch in file.iter_batches(size, columns=list(own.columns())):
                rows = pa.Table.from_batches([batch])
                # Rows are numbered as in the file: the whole batch is checked, then cut.
                table = _table(own, rows, path, first_row)
                first_row += len(table)
                yield table if wanted is None else table.select(np.isin(table.process, wanted))


def _table(schema: EventSchema, rows: pa.Table, path: Path, first_row: int) -> EventTable:
    try:
        table = EventTable.unchecked(schema, event_arrays(schema, rows, first_row))
        check_table(table, first_row=first_row)
    except DataError as error:
        message = f"{path}: {error}"
        raise DataError(message) from error
    return table


def _keep(table: pa.Table, processes: list[str]) -> pa.Table:
    names = table["process"].cast(pa.string())
    return table.filter(pc.is_in(names, value_set=pa.array(processes, pa.string())))
