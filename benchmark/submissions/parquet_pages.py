"""The headers of the pages in a Parquet file, read by hand before anything is unpacked.

The footer says how large a column is when unpacked, but only the page headers decide how much
memory a reader takes, and nothing holds the two together in a file that was made to harm. So each
header is read first: thrift's compact protocol, of which a few kinds of values suffice.
Source: github.com/apache/parquet-format, parquet.thrift, struct PageHeader.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, BinaryIO

from benchmark.submissions.findings import Refused, fault

_HEADER = 65_536  # bytes of a page header at most; it may hold a smallest and a largest value
_MAX_DEPTH = 4
_UNPACKED, _PACKED = 2, 3  # fields of a page header
_DATA_KINDS = (5, 8)  # fields of a page header: of data pages, version 1 and 2
_TRUE, _FALSE, _BYTE, _DOUBLE, _BINARY, _LIST, _SET, _STRUCT = 1, 2, 3, 7, 8, 9, 10, 12
_INTEGERS = (4, 5, 6)


@dataclass(frozen=True)
class Chunk:
    """Where one column of a row group lies in its file.

    Attributes:
        name: For messages.
        start: First byte.
        length: Bytes.
        rows: Of the row group.
    """

    name: str
    start: int
    length: int
    rows: int

    @property
    def most_bytes(self) -> int:
        """Bytes of the unpacked pages at most: a dictionary of all values, and their indices."""
        return 65_536 + 16 * self.rows

    @property
    def most_pages(self) -> int:
        """Pages at most: writers put thousands of rows into one."""
        return 64 + self.rows // 16


def check_pages(stream: BinaryIO, chunk: Chunk) -> None:
    """Look at every page header of a column.

    Raises:
        Refused: A header is damaged, pages leave the column's bytes, there are too many, they
            hold another number of values than the row group has rows, or they would unpack to
            more than such a column can have.
    """
    place, end = chunk.start, chunk.start + chunk.length
    unpacked = pages = values = 0
    while place < end:
        stream.seek(place)
        header, length = _header(stream.read(min(_HEADER, end - place)), chunk)
        sizes = (header.get(_UNPACKED, -1), header.get(_PACKED, -1))
        place += length + sizes[1]
        if min(sizes) < 0 or place > end:
            raise _damaged(chunk, "pages outside of their column")
        unpacked += sizes[0]
        pages += 1
        if unpacked > chunk.most_bytes or pages > chunk.most_pages:
            raise fault(
                code="archive_bomb",
                what="a column that unpacks to more than it can hold",
                where=chunk.name,
                found=f"{unpacked:,} bytes in {pages:,} pages",
                expected=f"at most {chunk.most_bytes:,} in {chunk.most_pages:,}",
            )
        values += _values(header)
    if values != chunk.rows:
        raise _damaged(chunk, f"{values:,} values for {chunk.rows:,} rows")


def _values(header: dict[int, Any]) -> int:
    """Return the number of values in a page; 0 of a dictionary."""
    found = [header[kind].get(1, 0) for kind in _DATA_KINDS if isinstance(header.get(kind), dict)]
    return max(found, default=0)


def _damaged(chunk: Chunk, found: str) -> Refused:
    return fault(code="bad_parquet", what="damaged pages", where=chunk.name, found=found)


def _header(content: bytes, chunk: Chunk) -> tuple[dict[int, Any], int]:
    """Return the fields of a page header and its length."""
    reader = _Compact(content)
    try:
        return reader.struct(0), reader.place
    except (IndexError, ValueError) as error:
        raise _damaged(chunk, f"no page header ({error})") from error


class _Compact:
    """Values of thrift's compact protocol."""

    def __init__(self, content: bytes) -> None:
        self._content = content
        self.place = 0

    def struct(self, depth: int) -> dict[int, Any]:
        """Return the integers and structs of a struct by number of the field."""
        if depth > _MAX_DEPTH:
            message = "too deep"
            raise ValueError(message)
        found: dict[int, Any] = {}
        number = 0
        while head := self._byte():
            step, kind = head >> 4, head & 15
            number = number + step if step else self._integer()
            found[number] = kind == _TRUE if kind in (_TRUE, _FALSE) else self._value(kind, depth)
        return found

    def _value(self, kind: int, depth: int) -> Any:
        if kind in _INTEGERS:
            return self._integer()
        if kind in (_TRUE, _FALSE, _BYTE):  # in a list a truth value has a byte
            return self._byte()
        if kind == _DOUBLE:
            return self._skip(8)
        if kind == _BINARY:
            return self._skip(self._varint())
        if kind in (_LIST, _SET):
            return self._items(depth)
        if kind == _STRUCT:
            return self.struct(depth + 1)
        message = f"kind {kind}"
        raise ValueError(message)

    def _items(self, depth: int) -> None:
        head = self._byte()
        count = self._varint() if head >> 4 == 15 else head >> 4
        if depth > _MAX_DEPTH or count > len(self._content):
            message = "too long"
            raise ValueError(message)
        for _ in range(count):
            self._value(head & 15, depth + 1)

    def _byte(self) -> int:
        self.place += 1
        return self._content[self.place - 1]

    def _skip(self, count: int) -> None:
        self.place += count
        if self.place > len(self._content):
            message = "cut off"
            raise IndexError(message)

    def _varint(self) -> int:
        value = shift = 0
        while True:
            byte = self._byte()
            value |= (byte & 127) << shift
            shift += 7
            if byte < 128:
                return value
            if shift > 63:
                message = "a number too long"
                raise ValueError(message)

    def _integer(self) -> int:
        value = self._varint()
        return (value >> 1) ^ -(value & 1)
