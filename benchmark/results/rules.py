"""The columns of result rows and the rules that they keep."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from enum import Enum
from typing import TYPE_CHECKING, NoReturn

import numpy as np
import pandas as pd

from benchmark.errors import DataError, complaint

if TYPE_CHECKING:
    from numpy.typing import NDArray

Place = Callable[[int], str]
"""Names the place of a row for messages."""


class Kind(Enum):
    """What a column holds."""

    NAME = "text that is not empty"
    TEXT = "text"
    COUNT = "a whole number from 0 to 2^53"
    NUMBER = "a finite number or an empty field"


COLUMNS: Mapping[str, Kind] = {
    "task": Kind.NAME,
    "task_digest": Kind.NAME,
    "release": Kind.NAME,
    "profile": Kind.NAME,
    "commit": Kind.NAME,
    "embedding": Kind.NAME,
    "variant": Kind.TEXT,
    "regime": Kind.NAME,
    "signal": Kind.NAME,
    "strength": Kind.NUMBER,
    "embedding_seed": Kind.COUNT,
    "detector_seed": Kind.COUNT,
    "n_train": Kind.COUNT,
    "metric": Kind.NAME,
    "at": Kind.NUMBER,
    "value": Kind.NUMBER,
    "err_lo": Kind.NUMBER,
    "err_hi": Kind.NUMBER,
    "n_sig": Kind.COUNT,
    "n_bkg": Kind.COUNT,
    "reason": Kind.TEXT,
}
"""Columns in the order of the files; n_train counts the events that were trained on."""
_NOT_KEY = ("commit", "n_train", "value", "err_lo", "err_hi", "n_sig", "n_bkg", "reason")
KEY = tuple(name for name in COLUMNS if name not in _NOT_KEY)
"""Columns that name a row; no two rows share them all."""
TRAINING = ("embedding_seed", "detector_seed")
"""Columns that tell the trainings of one method apart."""
ONE_EACH = ("task", "task_digest", "release", "profile")
"""Columns that have one value in all rows: others would not be comparable."""
METRICS: Mapping[str, str] = {
    "auc": "",
    "background_rejection": "eps_s",
    "significance_improvement": "eps_s",
    "background_efficiency": "eps_s",
    "signal_efficiency": "eps_b",
    "significance_improvement_at_background": "eps_b",
    "ensemble_spread": "eps_b",
    "discovery_strength": "eps_b",
    "sculpting_auc": "",
    "mass_sculpting": "eps_b",
    "mass_sculpting_p": "eps_b",
    "assigned:": "",
    "assigned_process:": "",
    "mean_diagonal": "",
    "mean_diagonal_signals": "",
    "mass_r2": "",
    "flow_auc": "",
    "latent_mean:": "",
    "latent_width:": "",
    "latent_kolmogorov:": "",
    "latent_kl": "",
}
"""Metrics, and what their working point `at` is; empty where they have none.

A name that ends in ":" takes an argument after it: "assigned:zprime", "latent_mean:3".
"""
_CLASS, _DIMENSION = re.compile(r"[A-Za-z]\w*", re.ASCII), re.compile(r"[1-9][0-9]*")
ARGUMENTS: Mapping[str, re.Pattern[str]] = {
    "assigned:": _CLASS,
    "assigned_process:": _CLASS,
    "latent_mean:": _DIMENSION,
    "latent_width:": _DIMENSION,
    "latent_kolmogorov:": _DIMENSION,
}
"""What the argument of a metric looks like: the name of a class, or a dimension from 1 on."""
_DIGITS = 9  # round-trips every float32
_VARIANT = re.compile(r"[^=;\s]+=[^=;\s]+(;[^=;\s]+=[^=;\s]+)*")
_METRICS_IN_WORDS = ", ".join(
    name + {_CLASS: "CLASS", _DIMENSION: "DIMENSION"}[ARGUMENTS[name]]
    if name in ARGUMENTS
    else name
    for name in METRICS
)
_LARGEST = 2**53  # larger whole numbers are not exact in float64


def format_variant(parameters: Mapping[str, object]) -> str:
    """Return the `variant` of a method's parameters: sorted key=value joined by ";".

    Example:
        >>> format_variant({"events": 8000, "augmentations": "add+split"})
        'augmentations=add+split;events=8000'
    """
    return ";".join(f"{key}={parameters[key]}" for key in sorted(parameters))


def require_columns(names: list[str], where: str) -> None:
    """Refuse unknown, missing and repeated columns.

    Raises:
        DataError: The names are not those of `COLUMNS` in some order.
    """
    unknown = [name for name in names if name not in COLUMNS]
    missing = [name for name in COLUMNS if name not in names]
    repeated = sorted({name for name in names if names.count(name) > 1})
    faults = (("unknown", unknown), ("missing", missing), ("repeated", repeated))
    for what, found in faults:
        if found:
            message = complaint(
                f"{what} column",
                where=where,
                found=", ".join(map(repr, found)),
                expected="each once of " + ", ".join(COLUMNS),
            )
            raise DataError(message)


def typed(frame: pd.DataFrame, place: Place) -> pd.DataFrame:
    """Return the canonical columns with their types; NaN for null, numbers of 9 digits.

    Args:
        frame: All columns of `COLUMNS`, numbers as such or as text; NaN, None and "" are null.
        place: Names the place of a row.

    Raises:
        DataError: A value is not of its column's kind; the message names row and column.
    """
    columns = {
        name: _text(frame[name], name, place)
        if kind in (Kind.NAME, Kind.TEXT)
        else _number(frame[name], name, place)
        for name, kind in COLUMNS.items()
    }
    return pd.DataFrame(columns)


def check_rows(rows: pd.DataFrame, place: Place, where: str) -> None:
    """Check what typed rows must be together.

    Args:
        rows: As `typed` returns them.
        place: Names the place of a row.
        where: Names them all.

    Raises:
        DataError: A rule is broken; the message names row and column.
    """
    if rows.empty:
        raise DataError(complaint("no result row", where=where, expected="at least one"))
    _check_metric(rows, place)
    _check_null(rows, place)
    variant = rows["variant"]
    bad = [bool(text) and not _sorted_variant(text) for text in variant]
    _refuse(np.array(bad), variant, place, "sorted key=value joined by ';'")
    for name in ONE_EACH:
        other = (rows[name] != rows[name].iloc[0]).to_numpy()
        remedy = "Rows of one task, release and profile only can be read together."
        _refuse(other, rows[name], place, f"{rows[name].iloc[0]!r} as in {place(0)}", remedy)
    _check_unique(rows, place)


def _check_metric(rows: pd.DataFrame, place: Place) -> None:
    metric, at = rows["metric"], rows["at"]
    points = metric.map({name: _working_point(name) for name in metric.unique()})
    _refuse(points.isna().to_numpy(), metric, place, _METRICS_IN_WORDS)
    pointless = (points == "").to_numpy()
    _refuse(pointless & at.notna().to_numpy(), at, place, "an empty field for this metric")
    outside = ~((at > 0) & (at <= 1)).to_numpy()
    _refuse(~pointless & outside, at, place, "a working point in (0, 1] for this metric")


def _working_point(metric: str) -> str | None:
    """Return what `at` is of a metric with its argument; None where there is no such metric."""
    stem, colon, argument = metric.partition(":")
    pattern = ARGUMENTS.get(stem + colon)
    if colon and (pattern is None or not pattern.fullmatch(argument)):
        return None
    return METRICS.get(stem + colon)


def _check_null(rows: pd.DataFrame, place: Place) -> None:
    null = rows["value"].isna().to_numpy()
    reason = rows["reason"]
    empty = (reason == "").to_numpy()
    _refuse(null & empty, reason, place, "a reason, as the value is null")
    _refuse(~null & ~empty, reason, place, "no reason, as there is a value")
    for name in ("err_lo", "err_hi"):
        error = rows[name]
        lone = null != error.isna().to_numpy()
        _refuse(lone, error, place, "an error where there is a value, and only there")
        _refuse((error < 0).to_numpy(), error, place, "an error >= 0")


def _check_unique(rows: pd.DataFrame, place: Place) -> None:
    again = rows.duplicated(list(KEY)).to_numpy()
    if again.any():
        row = int(again.argmax())
        same = rows[list(KEY)].eq(rows[list(KEY)].iloc[row]) | rows[list(KEY)].isna()
        first = int(same.all(axis=1).to_numpy().argmax())
        message = complaint(
            "two rows of one result",
            where=place(row),
            found=f"the key of {place(first)}",
            expected="each of " + ", ".join(KEY) + " together once",
        )
        raise DataError(message)


def _text(column: pd.Series, name: str, place: Place) -> pd.Series:
    filled = column.astype("object").where(column.notna(), "")
    known = [isinstance(value, str) and value.isprintable() for value in filled]
    _refuse(~np.array(known, dtype=bool), filled, place, "text of one line", column=name)
    if COLUMNS[name] is Kind.NAME:
        _refuse((filled == "").to_numpy(), filled, place, Kind.NAME.value, column=name)
    return filled.astype("str")


def _number(column: pd.Series, name: str, place: Place) -> pd.Series:
    kind = COLUMNS[name]
    raw = column.astype("object")
    null = (column.isna() | (raw == "")).to_numpy()
    values = pd.to_numeric(raw.where(~null, np.nan), errors="coerce").astype("float64")
    array = values.to_numpy()
    bad = ~null & ~np.isfinite(array)
    if kind is Kind.COUNT:
        whole = (array >= 0) & (array <= _LARGEST) & (array == np.floor(array))
        _refuse(~whole, column, place, kind.value, column=name)
        return values.astype("int64")
    _refuse(bad, column, place, kind.value, column=name)
    # As a file holds them: what is checked and summarised is what is read back.
    return pd.Series([float(f"{x:.{_DIGITS}g}") for x in array], index=values.index)


def _sorted_variant(text: str) -> bool:
    keys = [part.partition("=")[0] for part in text.split(";")]
    return bool(_VARIANT.fullmatch(text)) and keys == sorted(set(keys))


def _refuse(
    bad: NDArray[np.bool_],
    values: pd.Series,
    place: Place,
    expected: str,
    remedy: str = "",
    *,
    column: str = "",
) -> None:
    if bad.any():
        row = int(bad.argmax())
        _raise(f"{place(row)}, column {column or values.name}", values.iloc[row], expected, remedy)


def _raise(where: str, found: object, expected: str, remedy: str) -> NoReturn:
    shown = repr(found) if isinstance(found, str) else str(found)
    if shown in ("''", "None", "nan"):
        shown = "nothing"
    message = complaint("bad value", where=where, found=shown, expected=expected, remedy=remedy)
    raise DataError(message)
