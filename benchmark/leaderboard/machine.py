"""The board for programs: JSON and CSV."""

from __future__ import annotations

import csv
import io
import json
from dataclasses import asdict
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from benchmark.leaderboard.board import Board, Standing, TaskBoard

FORMAT = 1
COLUMNS = (
    *("task", "task_digest", "release", "profile", "entry", "role", "status", "dimensions"),
    *("rank", "rank_low", "rank_high", "tied", "signal", "regime", "value", "low", "high"),
    *("spread", "repetitions", "n_sig", "n_bkg", "reason"),
)
"""Of the CSV; the signal "all" is the geometric mean over all signals."""
ALL = "all"


def to_json(board: Board) -> str:
    """Return the whole board as JSON, in ASCII; equal boards give equal texts."""
    held = {"format": FORMAT, **asdict(board)}
    return json.dumps(held, indent=1, sort_keys=True, allow_nan=False) + "\n"


def to_csv(board: Board) -> str:
    """Return a line a cell, with the columns `COLUMNS`; nulls are empty fields.

    No text of a submitter is in it but the entry's name, which its schema holds to letters: what
    opens such a file in a spreadsheet can meet no formula.
    """
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow(COLUMNS)
    for task in board.tasks:
        for line in _lines(task):
            held: dict[str, object] = {"profile": board.profile, **line}
            writer.writerow([_field(held.get(name)) for name in COLUMNS])
    return stream.getvalue()


def _field(value: object) -> str:
    if value is None:
        return ""
    return f"{value:.9g}" if isinstance(value, float) else str(value)


def _lines(task: TaskBoard) -> Iterator[dict[str, object]]:
    origin = {name: getattr(task, name) for name in ("task", "task_digest", "release")}
    for entry in task.entries:
        place = entry.place
        role = "yardstick" if entry.yardstick else "ranked" if place else "unranked"
        head: dict[str, object] = {
            **origin,
            "entry": entry.name,
            "role": role,
            "status": entry.status,
            "dimensions": entry.dimensions,
        }
        ranks: dict[str, object] = {}
        if place is not None:
            ranks = {"rank": place.rank, "rank_low": place.low, "rank_high": place.high}
            ranks["tied"] = int(place.tied)
        yield from _standing(head, ranks, entry.standing)
    names = {entry.name for entry in task.entries if entry.yardstick}
    for line in task.yardsticks:
        head = {**origin, "entry": line.entry, "role": f"yardstick: {line.kind}"}
        if line.standing is None:
            yield {**head, "signal": ALL, "reason": line.reason}
        elif line.entry not in names:  # else it is above
            yield from _standing(head, {}, line.standing)


def _standing(
    head: dict[str, object], ranks: dict[str, object], standing: Standing
) -> Iterator[dict[str, object]]:
    means = {name: getattr(standing, name) for name in ("value", "low", "high", "reason")}
    yield {**head, **ranks, "signal": ALL, **means}
    for cell in standing.cells:
        yield {**head, **asdict(cell)}
