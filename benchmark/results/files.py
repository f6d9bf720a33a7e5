"""Result rows in CSV files.

In memory a null is NaN; in a file it is an empty field, never "nan", infinity or 0.
"""

from __future__ import annotations

import csv
import io
import os
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd

from benchmark.checksums import written_paths
from benchmark.errors import DataError, complaint
from benchmark.results.rules import COLUMNS, KEY, check_rows, require_columns, typed

if TYPE_CHECKING:
    from collections.abc import Iterable

Pathlike = str | os.PathLike[str]


def validate_rows(frame: pd.DataFrame, *, where: str = "result rows") -> pd.DataFrame:
    """Return the rows with canonical columns, types and order.

    Args:
        frame: The columns of `COLUMNS` in any order; nulls are NaN, None or "". Not changed.
        where: Names the rows in messages; rows count from 0.

    Returns:
        A new frame, sorted by `KEY`, its numbers rounded to 9 digits as in a file.

    Raises:
        DataError: A column is unknown or missing; a value is of the wrong kind, not finite, or out
            of range; a value is null without a reason or has one; two rows share a key; or tasks,
            task digests, releases or profiles are mixed.
    """
    require_columns(list(frame.columns), where)

    def place(row: int) -> str:
        return f"{where}, row {row}"

    rows = typed(frame.reset_index(drop=True), place)
    check_rows(rows, place, where)
    return _sorted(rows)


def write_rows(frame: pd.DataFrame, path: Pathlike) -> None:
    """Write result rows as CSV, whole or not at all; equal rows give equal bytes.

    Their checksum is noted beside them (`benchmark.checksums`).

    Args:
        frame: As for `validate_rows`; the order of its rows and columns does not matter.
        path: The file; a missing folder is made.

    Raises:
        DataError: A row is not valid; nothing is written.
        DiademError: The file cannot be written.
    """
    rows = validate_rows(frame, where=f"rows for {os.fspath(path)}")
    with written_paths([path]) as (temporary,):
        put_rows(rows, temporary)


def put_rows(frame: pd.DataFrame, path: Pathlike) -> None:
    """Write result rows as `write_rows` does, where the caller sees to it that they are whole.

    Raises:
        DataError: A row is not valid; nothing is written.
        OSError: The file cannot be written.
    """
    rows = validate_rows(frame, where=f"rows for {os.fspath(path)}")
    rows.to_csv(path, index=False, float_format="%.9g", lineterminator="\n")


def read_rows(paths: Pathlike | Iterable[Pathlike]) -> pd.DataFrame:
    """Return the rows of one file or of several together, as `validate_rows` does.

    Raises:
        DataError: A file is missing or not a CSV, a row breaks a rule of `validate_rows` (the
            message names file, line and column), or the files do not belong together.
    """
    given = [paths] if isinstance(paths, (str, os.PathLike)) else paths
    files = [Path(path) for path in given]
    if not files:
        raise DataError(complaint("no result file", expected="at least one CSV of result rows"))
    tables = [_read(path) for path in files]
    places = [
        _line(path, row)
        for path, table in zip(files, tables, strict=True)
        for row in range(len(table))
    ]
    rows = pd.concat(tables, ignore_index=True)
    check_rows(rows, places.__getitem__, ", ".join(map(str, files)))
    return _sorted(rows)


def _read(path: Path) -> pd.DataFrame:
    """Return the typed rows of one file, not yet checked against each other."""
    try:
        text = path.read_text(encoding="utf-8")
        # pandas would fill short lines and take a surplus field for an index.
        lines = list(csv.reader(io.StringIO(text), strict=True))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        message = complaint("not a file of result rows", where=str(path), found=str(error))
        raise DataError(message) from error
    header, *rows = lines or [[]]
    require_columns(header, str(path))
    for row, fields in enumerate(rows):
        if len(fields) != len(COLUMNS):
            message = complaint(
                "not a row of results",
                where=_line(path, row),
                found=f"{len(fields)} fields",
                expected=f"{len(COLUMNS)} fields",
            )
            raise DataError(message)
    return typed(pd.DataFrame(rows, columns=header, dtype="str"), lambda row: _line(path, row))


def _line(path: Path, row: int) -> str:
    # Line 1 is the header; no field holds a line break.
    return f"{path}, line {row + 2}"


def _sorted(rows: pd.DataFrame) -> pd.DataFrame:
    return rows.sort_values(list(KEY), na_position="first", ignore_index=True)
