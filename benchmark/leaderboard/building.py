"""From result files to the board: a pure function."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from benchmark.errors import DataError, complaint
from benchmark.leaderboard.board import Board, Entry, Place, TaskBoard, Yardline
from benchmark.leaderboard.entries import entry_of, measure
from benchmark.leaderboard.intervals import rank_interval, ranks
from benchmark.leaderboard.rules import Point, rules
from benchmark.submissions.result_file import read_scored

if TYPE_CHECKING:
    import os
    from collections.abc import Iterable, Iterator, Sequence

    import pandas as pd
    from numpy.typing import NDArray

    from benchmark.leaderboard.entries import Measured
    from benchmark.leaderboard.rules import Rule, Yardstick
    from benchmark.submissions.result_file import ScoredSubmission


@dataclass(frozen=True, kw_only=True, eq=False)
class _Read:
    """A result file that was read."""

    path: Path
    scored: ScoredSubmission
    rows: pd.DataFrame


def build(files: Iterable[str | os.PathLike[str]]) -> Board:
    """Return the board of result files; their order does not matter.

    Raises:
        DataError: There is none; one is not valid; two are of different profiles, releases or
            specifications of a task; two are of one task and name; or a task is unknown, or its
            specification is not the present one.
    """
    read = sorted(map(_read, files), key=lambda one: (one.scored.submission.name, str(one.path)))
    if not read:
        message = complaint(
            "no result file of a submission",
            expected="at least one",
            remedy="`diadem submit score FOLDER` writes them.",
        )
        raise DataError(message)
    _one_only(read, "profile")
    known = rules()
    for one in read:
        _require_known(one, known)
    by_task = {name: [one for one in read if one.scored.task == name] for name in known}
    boards = [_task_board(known[name], held) for name, held in by_task.items() if held]
    return Board(profile=read[0].scored.profile, tasks=tuple(boards))


def _read(path: str | os.PathLike[str]) -> _Read:
    scored = read_scored(path)
    return _Read(path=Path(path), scored=scored, rows=scored.frame())


def _one_only(read: Sequence[_Read], field: str) -> None:
    """Refuse result files that differ in a field."""
    first = read[0]
    for other in read[1:]:
        values = [getattr(one.scored, field) for one in (first, other)]
        if values[0] != values[1]:
            message = complaint(
                f"two values of {field} on one board",
                where=f"{first.path} and {other.path}",
                found=f"{values[0]} and {values[1]}",
                expected="results of one profile, and of each task one digest and release",
                remedy="Score the older submission again, or remove its result file.",
            )
            raise DataError(message)


def _require_known(one: _Read, known: dict[str, Rule]) -> None:
    if one.scored.task not in known:
        message = complaint(
            "unknown task",
            where=str(one.path),
            found=one.scored.task,
            expected=" or ".join(known),
        )
        raise DataError(message)


def _task_board(rule: Rule, read: Sequence[_Read]) -> TaskBoard:
    for field in ("task_digest", "release"):
        _one_only(read, field)
    first = read[0]
    if first.scored.task_digest != rule.digest:
        message = complaint(
            f"results of another specification of {rule.task}",
            where=str(first.path),
            found=first.scored.task_digest,
            expected=rule.digest,
            remedy="Score the submissions again.",
        )
        raise DataError(message)
    _require_unique(read)
    entries = [entry_of(rule, one.scored, one.rows) for one in read]
    return TaskBoard(
        task=rule.task,
        title=rule.title,
        task_digest=rule.digest,
        release=first.scored.release,
        label=rule.primary.label,
        words=rule.words,
        repetition=rule.repetition,
        signals=rule.signals,
        entries=_ordered(entries),
        yardsticks=tuple(_yardlines(rule, read, [entry for entry, _ in entries])),
    )


def _require_unique(read: Sequence[_Read]) -> None:
    seen: dict[str, _Read] = {}
    for one in read:
        name = one.scored.submission.name
        if name in seen:
            message = complaint(
                f"two results of {name}",
                where=f"{seen[name].path} and {one.path}",
                expected="one of each submission and task",
            )
            raise DataError(message)
        seen[name] = one


def _ordered(entries: Sequence[tuple[Entry, Measured]]) -> tuple[Entry, ...]:
    """Return ranked entries from the best, then unranked ones, then yardsticks."""
    ranked = [
        (entry, measured.replicas, measured.standing.value)
        for entry, measured in entries
        if measured.replicas is not None and not entry.yardstick
    ]
    ranked.sort(key=lambda one: (-(one[2] or 0.0), one[0].name))
    placed: list[Entry] = []
    if ranked:
        values = np.array([value for _, _, value in ranked], dtype=np.float64)
        places = place_all(values, np.stack([replicas for _, replicas, _ in ranked]))
        placed = [
            replace(entry, place=place)
            for (entry, _, _), place in zip(ranked, places, strict=True)
        ]
    names = {entry.name for entry in placed}
    others = [entry for entry, _ in entries if entry.name not in names]
    return (*placed, *sorted(others, key=lambda entry: (entry.yardstick, entry.name)))


def place_all(values: NDArray[np.float64], replicas: NDArray[np.float64]) -> list[Place]:
    """Return the place of each entry.

    Two neighbours are tied where the 68 % intervals of their ranks overlap.

    Args:
        values: Primary numbers (entries,), from the largest.
        replicas: Of them (entries, n); a column is one replica of all entries.
    """
    best = ranks(values)
    drawn = ranks(replicas)
    ends = [rank_interval(row, int(rank)) for row, rank in zip(drawn, best, strict=True)]
    tied = [ends[k][1] >= ends[k + 1][0] for k in range(len(ends) - 1)]
    return [
        Place(
            rank=int(best[k]),
            low=ends[k][0],
            high=ends[k][1],
            tied_above=k > 0 and tied[k - 1],
            tied_below=k < len(tied) and tied[k],
        )
        for k in range(len(ends))
    ]


def _yardlines(rule: Rule, read: Sequence[_Read], entries: Sequence[Entry]) -> Iterator[Yardline]:
    """Yield each yardstick, or why it is missing."""
    by_name = {entry.name: entry for entry in entries}
    for yardstick in rule.yardsticks:
        kind, words = yardstick.kind, yardstick.own or yardstick.words
        lines = [
            Yardline(kind=kind, words=words, entry=name, standing=by_name[name].standing)
            for name in yardstick.names
            if name in by_name
        ]
        lines += _by_variant(rule, read, yardstick)
        yield from lines or [Yardline(kind=kind, words=words, reason=yardstick.missing)]


def _by_variant(rule: Rule, read: Sequence[_Read], yardstick: Yardstick) -> Iterator[Yardline]:
    strength = rule.primary.strength if yardstick.strength else None
    point = Point(
        label=rule.primary.label,
        metric=rule.primary.metric,
        at=rule.primary.at,
        strength=strength,
    )
    for one in read:
        if yardstick.variant and (one.rows["variant"] == yardstick.variant).any():
            measured = measure(rule, one.scored, one.rows, yardstick.variant, point)
            yield Yardline(
                kind=yardstick.kind,
                words=yardstick.words,
                entry=one.scored.submission.name,
                standing=measured.standing,
            )
