"""The rules of the event table; each broken one is an error that names column and row."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from benchmark.errors import DataError, complaint
from benchmark.schema import MET

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from benchmark.schema import EventSchema
    from benchmark.table import EventTable

MAX_ETA = 10.0
# The float32 nearest to pi lies above it: an angle rounded to float32 may reach exactly that.
MAX_PHI = np.float32(np.pi)
# Rows checked at a time: the object block of so many events stays in the processor's cache.
CHUNK = 8192

Values = Any
IsBad = Callable[[Values], Any]


@dataclass(frozen=True)
class Rule:
    """What a quantity must be, for the message, and which values break it."""

    expected: str
    is_bad: IsBad
    remedy: str = ""


_NOT_NEGATIVE = Rule("a value >= 0", lambda x: x < 0)
_ETA = Rule(f"|eta| <= {MAX_ETA:g}", lambda x: np.abs(x) > MAX_ETA)
_PHI = Rule(
    "|phi| <= pi", lambda x: np.abs(x) > MAX_PHI, "Wrap the angle into [-pi, pi], in radians."
)
_FLAG = Rule("0 or 1", lambda x: (x != 0) & (x != 1))
_COUNT = Rule("a whole number >= 0", lambda x: (x < 0) | (x != np.floor(x)))
_FINITE = Rule("a finite number", lambda x: ~np.isfinite(x), "Drop the event or mend its source.")
_RULES = {"eta": _ETA, "phi": _PHI, "btag": _FLAG}


def rule_for(quantity: str) -> Rule:
    """Return the rule of an object feature, or of an event feature by the start of its name."""
    kind = quantity.split("_")[0]
    return _COUNT if kind == "n" else _RULES.get(kind, _NOT_NEGATIVE)


def check_table(table: EventTable, *, first_row: int = 0) -> None:
    """Check every rule of `EventTable`.

    Args:
        table: The table.
        first_row: Added to the row numbers in messages, for a part of a longer file.

    Raises:
        DataError: A rule is broken.
    """
    _check_layout(table)
    for start in range(0, len(table), CHUNK):
        rows = slice(start, start + CHUNK)
        _check_objects(
            table.schema, table.objects[rows], table.mask[rows], first_row=first_row + start
        )
    _check_event_columns(table, first_row)
    check_unique(table.event_id, first_row=first_row)


def check_unique(event_id: NDArray[np.uint64], *, first_row: int = 0) -> None:
    """Check that no event id occurs twice.

    Raises:
        DataError: One does; the message names both rows.
    """
    ordered = np.sort(event_id)
    twice = np.flatnonzero(ordered[1:] == ordered[:-1])
    if len(twice):
        value = ordered[twice[0]]
        first, second = np.flatnonzero(event_id == value)[:2] + first_row
        message = complaint(
            "the same event occurs twice",
            where=f"column event_id, row {second}",
            found=f"id {value} again, as in row {first}",
            expected="unique ids",
            remedy="Was a file or a shard read twice?",
        )
        raise DataError(message)


def _check_layout(table: EventTable) -> None:
    """Check type and shape of each array."""
    schema = table.schema
    if np.ndim(table.event_id) != 1:
        message = complaint("wrong shape", where="column event_id", expected="one dimension")
        raise DataError(message)
    n = len(table.event_id)
    layout: dict[str, tuple[str, tuple[int, ...]]] = {
        "objects": ("float32", (n, schema.slots, len(schema.features))),
        "mask": ("bool", (n, schema.slots)),
        "features": ("float32", (n, len(schema.event_features))),
        "event_id": ("uint64", (n,)),
        "process": ("str", (n,)),
        "point": ("str", (n,)),
        "weight": ("float32", (n,)),
        "shard": ("int32", (n,)),
        "seed": ("int64", (n,)),
    }
    if schema.has_m_gg:
        layout["m_gg"] = ("float32", (n,))
    elif table.m_gg is not None:
        message = complaint(
            "not a column of this schema", where="column m_gg", expected=f"None for {schema.name}"
        )
        raise DataError(message)
    for name, (dtype, shape) in layout.items():
        _check_array(name, getattr(table, name), dtype, shape)


def _check_array(name: str, array: object, dtype: str, shape: tuple[int, ...]) -> None:
    if not isinstance(array, np.ndarray):
        message = complaint(
            "not a NumPy array", where=f"column {name}", found=type(array).__name__
        )
        raise DataError(message)
    found = "str" if array.dtype.kind == "U" else array.dtype.name
    if found != dtype:
        message = complaint(
            "wrong type",
            where=f"column {name}",
            found=found,
            expected=dtype,
            remedy=f"Convert it with .astype({dtype!r}).",
        )
        raise DataError(message)
    if array.shape != shape:
        message = complaint(
            "wrong shape", where=f"column {name}", found=str(array.shape), expected=str(shape)
        )
        raise DataError(message)


def _check_objects(
    schema: EventSchema, objects: NDArray[np.float32], mask: NDArray[np.bool_], *, first_row: int
) -> None:
    """Check the object columns of some consecutive rows."""
    finite = np.isfinite(objects)
    if not finite.all():
        row, slot, feature = np.argwhere(~finite)[0]
        column = f"{schema.slot_names[slot]}_{schema.features[feature]}"
        _refuse(column, objects[:, slot, feature], _FINITE, first_row=first_row, row=int(row))
    _check_padding(schema, objects, mask, first_row)
    for column, slot, feature in schema.cells:
        values = objects[:, slot, feature]
        _apply(column, values, rule_for(schema.features[feature]), first_row)
    pt = objects[:, :, schema.feature_index("pt")]
    for kind in schema.types:
        slots = schema.type_slice(kind.name)
        _check_slots(schema, slots, pt[:, slots], mask[:, slots], first_row=first_row)


def _check_padding(
    schema: EventSchema, objects: NDArray[np.float32], mask: NDArray[np.bool_], first_row: int
) -> None:
    """Check that absent objects, and features that a type does not have, are zero."""
    has = np.zeros((schema.slots, len(schema.features)), dtype=np.bool_)
    for _, slot, feature in schema.cells:
        has[slot, feature] = True
    stray = (objects != 0) & ~(mask[:, :, None] & has)
    if stray.any():
        row, slot, feature = np.argwhere(stray)[0]
        name = schema.slot_names[slot]
        why = f"{name} does not have this feature" if mask[row, slot] else "the slot is empty"
        message = complaint(
            f"not zero though {why}",
            where=f"column {name}_{schema.features[feature]}, row {first_row + row}",
            found=f"{objects[row, slot, feature]:g}",
            expected="0",
        )
        raise DataError(message)


def _check_slots(
    schema: EventSchema,
    slots: slice,
    pt: NDArray[np.float32],
    mask: NDArray[np.bool_],
    *,
    first_row: int,
) -> None:
    """Check presence and order of the slots of one object type."""
    names = schema.slot_names[slots]
    if names == (MET,):
        _refuse_first("met", ~mask, "the MET slot is empty", "a mask that is True", first_row)
        return
    columns = [f"{name}_pt" for name in names]
    _refuse_first(columns, mask & (pt == 0), "pT of a present object is zero", "pt > 0", first_row)
    _refuse_first(
        list(names[1:]),
        mask[:, 1:] & ~mask[:, :-1],
        "a hole before this slot",
        "the slots of a type filled from the first on",
        first_row,
    )
    _refuse_first(
        columns[1:],
        pt[:, 1:] > pt[:, :-1],
        "harder than the slot before",
        "pT falling from slot to slot",
        first_row,
    )


def _refuse_first(
    columns: str | list[str], bad: NDArray[np.bool_], what: str, expected: str, first_row: int
) -> None:
    """Raise for the first True of `bad` (rows, columns)."""
    if bad.any():
        row, column = np.argwhere(bad)[0]
        name = columns if isinstance(columns, str) else columns[column]
        message = complaint(what, where=f"column {name}, row {first_row + row}", expected=expected)
        raise DataError(message)


def _check_event_columns(table: EventTable, first_row: int) -> None:
    """Check weight, mass, features of the event and the labels."""
    columns = {"weight": table.weight}
    for index, name in enumerate(table.schema.event_features):
        columns[name] = table.features[:, index]
    if table.m_gg is not None:
        columns["m_gg"] = table.m_gg
    for name, values in columns.items():
        _apply(name, values, _FINITE, first_row)
        positive = Rule("a mass > 0", lambda x: x <= 0) if name == "m_gg" else None
        _apply(name, values, positive or rule_for(name), first_row)
    unnamed = table.process == ""
    _apply("process", unnamed, Rule("a name", lambda x: x), first_row)


def _apply(column: str, values: Values, rule: Rule, first_row: int) -> None:
    bad = rule.is_bad(values)
    if bad.any():
        _refuse(column, values, rule, first_row=first_row, row=int(np.flatnonzero(bad)[0]))


def _refuse(column: str, values: Values, rule: Rule, *, first_row: int, row: int) -> None:
    value = values[row]
    found = "an empty name" if values.dtype.kind == "b" else f"{value:g}"
    message = complaint(
        "bad value",
        where=f"column {column}, row {first_row + row}",
        found=found,
        expected=rule.expected,
        remedy=rule.remedy,
    )
    raise DataError(message)
