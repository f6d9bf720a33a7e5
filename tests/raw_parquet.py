"""A Parquet writer that writes whatever it is told, true or not.

Thrift's compact protocol, of which integers, texts, lists and structs suffice. Columns are
required, plain, one page a column.
"""

from __future__ import annotations

import gzip
import struct
from dataclasses import dataclass, replace

INT64, FLOAT = 2, 4
UINT_64 = 14  # converted type
GZIP = 2
_I32, _I64, _BINARY, _LIST, _STRUCT = 5, 6, 8, 9, 12


@dataclass(frozen=True)
class Column:
    """One column as it is told.

    Attributes:
        name: Of the column.
        kind: Physical type.
        data: Its values, plain.
        values: Number of values that the page says.
        unpacked: Size that the page says; None for the true one.
        packed: Size of the packed page that the page says; None for the true one.
        gzipped: Whether it is packed.
        converted: Converted type.
        pages: How often the page is written.
    """

    name: str
    kind: int
    data: bytes
    values: int
    unpacked: int | None = None
    packed: int | None = None
    gzipped: bool = False
    converted: int | None = None
    pages: int = 1


def varint(number: int) -> bytes:
    out = bytearray()
    while number > 127:
        out.append(number & 127 | 128)
        number >>= 7
    return bytes([*out, number])


def zigzag(number: int) -> bytes:
    return varint(number << 1 if number >= 0 else (-number << 1) - 1)


def fields(*entries: tuple[int, int, bytes]) -> bytes:
    """A struct of (number, type, bytes), by rising number."""
    out, last = b"", 0
    for number, kind, content in entries:
        out += bytes([(number - last) << 4 | kind]) + content
        last = number
    return out + b"\0"


def listed(kind: int, items: list[bytes]) -> bytes:
    head = (
        bytes([len(items) << 4 | kind])
        if len(items) < 15
        else bytes([0xF0 | kind]) + varint(len(items))
    )
    return head + b"".join(items)


def text(content: str) -> bytes:
    return varint(len(content.encode())) + content.encode()


def page(column: Column) -> bytes:
    body = gzip.compress(column.data, mtime=0) if column.gzipped else column.data
    data_page = fields(
        (1, _I32, zigzag(column.values)),
        (2, _I32, zigzag(0)),
        (3, _I32, zigzag(3)),
        (4, _I32, zigzag(3)),
    )
    header = fields(
        (1, _I32, zigzag(0)),
        (2, _I32, zigzag(len(column.data) if column.unpacked is None else column.unpacked)),
        (3, _I32, zigzag(len(body) if column.packed is None else column.packed)),
        (5, _STRUCT, data_page),
    )
    return (header + body) * column.pages


def raw_parquet(
    columns: list[Column], rows: int, *, offsets: dict[str, int] | None = None
) -> bytes:
    """The bytes of a file.

    Args:
        columns: In order.
        rows: That the footer says.
        offsets: Where the footer says that columns begin, if not the truth.
    """
    content, chunks = b"PAR1", []
    for column in columns:
        start, body = len(content), page(column)
        content += body
        start = (offsets or {}).get(column.name, start)
        meta = fields(
            (1, _I32, zigzag(column.kind)),
            (2, _LIST, listed(_I32, [zigzag(0), zigzag(3)])),
            (3, _LIST, listed(_BINARY, [text(column.name)])),
            (4, _I32, zigzag(GZIP if column.gzipped else 0)),
            (5, _I64, zigzag(rows)),
            (6, _I64, zigzag(len(body))),
            (7, _I64, zigzag(len(body))),
            (9, _I64, zigzag(start)),
        )
        chunks.append(fields((2, _I64, zigzag(start)), (3, _STRUCT, meta)))
    group = fields(
        (1, _LIST, listed(_STRUCT, chunks)),
        (2, _I64, zigzag(len(content))),
        (3, _I64, zigzag(rows)),
    )
    schema = [fields((4, _BINARY, text("schema")), (5, _I32, zigzag(len(columns))))]
    schema += [_element(column) for column in columns]
    footer = fields(
        (1, _I32, zigzag(1)),
        (2, _LIST, listed(_STRUCT, schema)),
        (3, _I64, zigzag(rows)),
        (4, _LIST, listed(_STRUCT, [group])),
    )
    return content + footer + struct.pack("<I", len(footer)) + b"PAR1"


def _element(column: Column) -> bytes:
    entries = [
        (1, _I32, zigzag(column.kind)),
        (3, _I32, zigzag(0)),
        (4, _BINARY, text(column.name)),
    ]
    if column.converted is not None:
        entries.append((6, _I32, zigzag(column.converted)))
    return fields(*entries)


def changed(columns: list[Column], name: str, **changes: object) -> list[Column]:
    """Columns of which one is changed."""
    return [replace(c, **changes) if c.name == name else c for c in columns]  # type: ignore[arg-type]
