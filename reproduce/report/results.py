"""The result rows of a profile, and what they hold for a selection."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import pandas as pd

from benchmark.errors import DataError, complaint
from benchmark.hunt.sensitivity import BELOW, NOT_REACHED
from benchmark.results import read_rows, summarise
from reproduce.inputs import REMEDY, there

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from numpy.typing import NDArray

    from reproduce.report.schema import Select

TASKS = ("cms_adc", "diphoton")
SYSTEMATIC = {"significance_improvement_at_background": "ensemble_spread"}
"""Metrics whose systematic error is the value of another one, at the same place."""
POOLED = ("discovery_strength",)
"""Metrics with one row for all instances; its error holds their spread."""
NOTHING = "no result rows"
_PLACE = ("embedding", "regime", "variant", "signal", "metric")


@dataclass(frozen=True, kw_only=True)
class Measured:
    """What the rows say of a selection.

    Attributes:
        value: Mean over the trainings; NaN where there is none.
        statistical: Error from the test events.
        spread: Standard deviation over trainings; NaN with one.
        systematic: Standard deviation over the ensembles of a training; NaN where there is none.
        trainings: How many.
        independent: How many of them do not share an embedding (see `summarise`).
        n_train: Events that were trained on, the fewest.
        n_sig: Test events of the signal, the fewest.
        n_bkg: Test events of the background, the fewest.
        missing: Why there is no value; empty where there is one.
        end: "above" or "below" where the value lies beyond what was tried, else empty.
        limit: Where what was tried ends; NaN unless the value lies beyond.
        row: Of the summary, for comparisons; None where there is none.
        each: Values of the trainings.
    """

    value: float = math.nan
    statistical: float = math.nan
    spread: float = math.nan
    systematic: float = math.nan
    trainings: int = 0
    independent: int = 0
    n_train: int = 0
    n_sig: int = 0
    n_bkg: int = 0
    missing: str = ""
    end: str = ""
    limit: float = math.nan
    row: Mapping[str, Any] | None = field(default=None, compare=False)
    each: tuple[float, ...] = ()

    @property
    def uncertainty(self) -> float:
        """All known parts in quadrature: of one training, not of the mean; NaN for none."""
        parts = [self.statistical, self.spread, self.systematic]
        known = [part for part in parts if not math.isnan(part)]
        return math.hypot(*known) if known else math.nan

    @property
    def pooled(self) -> bool:
        """Whether the error holds the spread though there is one row."""
        return self.row is not None and self.row["metric"] in POOLED

    @property
    def single(self) -> bool:
        """Whether the spread over trainings is unknown."""
        return self.independent < 2 and not self.pooled


@dataclass(frozen=True, kw_only=True)
class File:
    """A file of rows, as the report names it: its place, and where its rows come from."""

    path: str
    rows: int
    task: str
    task_digest: str
    release: str
    profile: str
    commit: str
    trained: tuple[int, int]


@dataclass(frozen=True, kw_only=True)
class Results:
    """All rows of a profile.

    Attributes:
        rows: By task; a task without rows has none.
        summary: `benchmark.results.summarise` of them, by task.
        files: That they are from.
    """

    rows: Mapping[str, pd.DataFrame]
    summary: Mapping[str, pd.DataFrame]
    files: tuple[File, ...]

    @cached_property
    def _places(self) -> Mapping[tuple[str, str], Mapping[Any, Any]]:
        """Where the rows of each place lie, by kind of frame and task: there are many claims."""
        kinds = {"rows": self.rows, "summary": self.summary}
        return {
            (kind, task): frame.groupby(list(_PLACE), sort=False).indices
            for kind, frames in kinds.items()
            for task, frame in frames.items()
        }

    def _held(self, kind: Literal["rows", "summary"], task: str, select: Select) -> pd.DataFrame:
        frame = (self.rows if kind == "rows" else self.summary)[task]
        place = tuple(getattr(select, name) or "" for name in _PLACE)
        return _chosen(frame.iloc[self._places[kind, task].get(place, [])], select)

    def measured(self, task: str, select: Select) -> Measured:
        """Return what the rows hold for a selection."""
        if task not in self.summary:
            return Measured(missing=f"{NOTHING} of the task {task}")
        found = self._held("summary", task, select)
        if found.empty:
            return Measured(missing=f"{NOTHING} of {words(select)}")
        if len(found) > 1:
            return Measured(missing=f"rows of several releases or task versions: {words(select)}")
        row = {str(key): value for key, value in found.iloc[0].items()}
        own = self._held("rows", task, select)
        return Measured(
            value=row["value"],
            statistical=row["statistical"],
            spread=row["spread"],
            systematic=self._systematic(task, select, row["strength"]),
            trainings=row["n_trainings"],
            independent=row["n_independent"],
            n_train=row["n_train"],
            n_sig=row["n_sig"],
            n_bkg=row["n_bkg"],
            row=row,
            each=tuple(own["value"]),
            **_reason(row["reason"]),
        )

    def _systematic(self, task: str, select: Select, strength: float) -> float:
        metric = SYSTEMATIC.get(select.metric or "")
        if metric is None:
            return math.nan
        there = None if math.isnan(strength) else strength
        beside = select.model_copy(update={"metric": metric, "strength": there})
        found = self._held("summary", task, beside)
        return float(found["value"].iloc[0]) if len(found) == 1 else math.nan


def read_results(
    folder: Path, metrics: Iterable[str], *, tasks: tuple[str, ...] = TASKS
) -> Results:
    """Return the rows of a profile.

    Args:
        folder: The profile's, with a folder for each task.
        metrics: Those that are wanted; others are left out.
        tasks: Likewise.

    Raises:
        DataError: There is no file of rows at all, or one is not valid.
    """
    wanted = sorted({*metrics, *SYSTEMATIC.values()})
    paths = [path for task in tasks for path in sorted((folder / task / "rows").glob("*.csv"))]
    if not paths:
        message = complaint("no result rows here", where=str(folder), remedy=REMEDY)
        raise DataError(message)
    held: dict[str, list[pd.DataFrame]] = {}
    files = []
    for path in paths:
        rows = read_rows(there(path))
        files.append(_file(path.relative_to(folder).as_posix(), rows))
        chosen = rows[rows["metric"].isin(wanted)]
        if len(chosen):
            held.setdefault(path.parts[-3], []).append(chosen)
    joined = {task: pd.concat(parts, ignore_index=True) for task, parts in held.items()}
    summary = {task: summary_of(frame) for task, frame in joined.items()}
    return Results(rows=joined, summary=summary, files=tuple(files))


def summary_of(rows: pd.DataFrame) -> pd.DataFrame:
    """Return the summary of rows; those of two releases or task versions stay apart."""
    origins = rows.groupby(["task", "task_digest", "release", "profile"], sort=True)
    return pd.concat([summarise(part) for _, part in origins], ignore_index=True)


def _file(path: str, rows: pd.DataFrame) -> File:
    first = rows.iloc[0]
    return File(
        path=path,
        rows=len(rows),
        commit=", ".join(sorted(rows["commit"].unique())),
        trained=(int(rows["n_train"].min()), int(rows["n_train"].max())),
        **{key: str(first[key]) for key in ("task", "task_digest", "release", "profile")},
    )


def _chosen(frame: pd.DataFrame, select: Select) -> pd.DataFrame:
    """Return the rows of a working point and a strength; a null stands for one not named."""
    at, strength = (frame[name].to_numpy(dtype="float64") for name in ("at", "strength"))
    kept = _same(at, select.at)
    if select.strength == "largest":
        largest = float(np.nanmax(strength[kept], initial=-math.inf))
        kept = kept & (strength == largest)
    else:
        kept = kept & _same(strength, select.strength)
    held: pd.DataFrame = frame.loc[kept]
    return held


def _same(values: NDArray[np.float64], wanted: float | None) -> NDArray[np.bool_]:
    return np.isnan(values) if wanted is None else np.isclose(values, wanted)


def _reason(reason: str) -> dict[str, Any]:
    """Return why a value is missing, or at which end of the strengths tried it lies."""
    for start, end in ((NOT_REACHED, "above"), (BELOW, "below")):
        if reason.startswith(start):
            limit = reason.removeprefix(start).partition(",")[0]
            return {"end": end, "limit": float(limit), "missing": ""}
    return {"missing": reason}


def words(select: Select) -> str:
    """Return a selection as people write it.

    Example:
        >>> from reproduce.report.schema import Select
        >>> words(Select(embedding="raw", metric="auc", signal="leptoquark"))
        'raw, leptoquark, auc'
    """
    names = (select.embedding, select.regime, select.variant, select.signal, select.metric)
    parts = [name for name in names if name]
    parts += [f"at {select.at:g}"] if select.at is not None else []
    strength = select.strength
    if strength is not None:
        shown = strength if isinstance(strength, str) else f"{strength:g}"
        parts.append(f"strength {shown}")
    return ", ".join(parts)
