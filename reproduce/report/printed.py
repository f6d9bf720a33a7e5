"""The numbers of the papers that stand in `reproduce/published`, found by a claim's columns."""

from __future__ import annotations

from functools import cache
from importlib import resources
from typing import TYPE_CHECKING, Any

import yaml

from benchmark.errors import DataError, complaint
from reproduce.published import load_statements, load_table, load_values

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from reproduce.report.schema import Select

Key = tuple[tuple[str, Any], ...]
"""Columns and values that name a number."""


def printed(name: str, select: Select, where: str) -> dict[str, Any]:
    """Return value and error (None for none) of a published number.

    Args:
        name: Of the file without ending.
        select: Columns that find it.
        where: Names the claim in messages.

    Raises:
        DataError: There is no such file, or not one number of these columns.
    """
    given = select.given()
    found = [
        number
        for key, number in numbers_of(name).items()
        if all(given.get(column) == value for column, value in key)
    ]
    if len(found) != 1:
        message = complaint(
            "not one published number",
            where=f"{where}, published.file {name}",
            found=f"{len(found)} of these columns",
            expected="one",
        )
        raise DataError(message)
    value, error = found[0]
    return {"value": value, "error": error}


@cache
def numbers_of(name: str) -> Mapping[Key, tuple[float, float | None]]:
    """Return all numbers of a published file: columns to value and error (None for none).

    Raises:
        DataError: There is no such file.

    Example:
        >>> list(numbers_of("sac_fig_3").values())
        [(0.504, 0.002)]
    """
    file = resources.files("reproduce.published").joinpath(f"{name}.yaml")
    if not file.is_file():
        message = complaint("no such file of published numbers", found=repr(name))
        raise DataError(message)
    content = yaml.safe_load(file.read_text(encoding="utf-8"))
    (kind,) = set(content) & set(_KINDS)
    return _KINDS[kind](name)


def _table(name: str) -> dict[Key, tuple[float, float | None]]:
    columns = ("metric", "signal", "embedding")
    return {
        tuple(zip(columns, key, strict=True)): (number.value, number.error)
        for key, number in load_table(name).numbers.items()
    }


def _values(name: str) -> dict[Key, tuple[float, float | None]]:
    columns = ("embedding", "regime", "signal", "metric", "at")
    return {
        tuple((c, getattr(said, c)) for c in columns): (said.value, said.error)
        for said in load_values(name).values
    }


def _statements(name: str) -> dict[Key, tuple[float, float | None]]:
    columns = ("embedding", "signal", "metric")
    return {
        tuple((c, getattr(said, c)) for c in columns): (said.difference, None)
        for said in load_statements(name).statements
    }


_KINDS: Mapping[str, Callable[[str], dict[Key, tuple[float, float | None]]]] = {
    "numbers": _table,
    "values": _values,
    "statements": _statements,
}
