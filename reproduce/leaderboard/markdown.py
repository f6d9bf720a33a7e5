"""The board as Markdown."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reproduce.leaderboard.texts import (
    DASH,
    REGIMES,
    for_markdown,
    short,
    typographic,
    value_and_errors,
)
from reproduce.notation import markdown

if TYPE_CHECKING:
    from benchmark.leaderboard import Board, Cell, Entry, Standing, TaskBoard

_LETTERS = 60  # of a title


def render_markdown(board: Board) -> str:
    """Return the board as Markdown; equal boards give equal texts."""
    parts = [
        "# DIADEM leaderboard\n",
        f"Profile **{for_markdown(board.profile)}**. Simulation. Errors are 68 % intervals. "
        "With details, filters and curves: [index.html](index.html); for programs: "
        "[board.csv](board.csv), [board.json](board.json).\n",
    ]
    parts += [_task(task) for task in board.tasks]
    parts += ["## How to read it\n", _legend()]
    return "\n".join(parts)


def _task(task: TaskBoard) -> str:
    notes = _Notes()
    header = ["rank", "entry", "status", "d", f"**{task.label}**"]
    header += [for_markdown(signal) for signal in task.signals]
    lines = [_entry(entry, notes) for entry in (*task.ranked, *task.unranked)]
    lines += [
        [
            DASH,
            _yardstick(line.kind, line.entry),
            "yardstick",
            DASH,
            _full(line.standing) if line.standing else DASH,
            *(_cell(cell, notes) for cell in (line.standing.cells if line.standing else ())),
            *([notes.mark(line.reason)] * len(task.signals) if line.standing is None else []),
        ]
        for line in task.yardsticks
    ]
    parts = [
        f"## {task.task}: {for_markdown(typographic(task.title))}\n",
        f"Ranked by the {task.words}. Release {for_markdown(task.release)}, "
        f"task digest `{task.task_digest}`.\n",
        markdown(header, lines, left=3),
    ]
    parts += [f"{notes.text()}\n"] if notes.held else []
    flags = [
        f"- {for_markdown(entry.name)}: {for_markdown(message)}"
        for entry in task.entries
        for _, message in entry.flags
    ]
    parts += ["Flags:\n", "\n".join(flags) + "\n"] if flags else []
    return "\n".join(parts)


class _Notes:
    """Reasons of blank cells, numbered in the order in which they are met."""

    def __init__(self) -> None:
        self.held: list[str] = []

    def mark(self, reason: str) -> str:
        if reason not in self.held:
            self.held.append(reason)
        return f"{DASH} \\[{self.held.index(reason) + 1}\\]"

    def text(self) -> str:
        return "\n".join(
            f"- \\[{k}\\] blank: {for_markdown(reason)}" for k, reason in enumerate(self.held, 1)
        )


def _entry(entry: Entry, notes: _Notes) -> list[str]:
    place = entry.place
    rank = DASH
    if place is not None:
        tied = " =" if place.tied else ""
        rank = f"{place.rank}{tied} ({place.low}{DASH}{place.high})"
    title = str(entry.submission["title"])
    title = title if len(title) <= _LETTERS else f"{title[:_LETTERS]}..."
    flagged = f", {len(entry.flags)} flagged" if entry.flags else ""
    return [
        rank,
        f"**{for_markdown(entry.name)}** {for_markdown(title)}",
        f"{entry.status}{flagged}",
        str(entry.dimensions),
        _full(entry.standing),
        *(_cell(cell, notes) for cell in entry.standing.cells),
    ]


def _yardstick(kind: str, entry: str) -> str:
    return f"{kind}: {for_markdown(entry)}" if entry else kind


def _full(standing: Standing) -> str:
    value, up, down = value_and_errors(standing)
    return f"**{value}** +{up} \u2212{down}" if up else value


def _cell(cell: Cell, notes: _Notes) -> str:
    value, error = short(cell)
    tag = REGIMES.get(cell.regime, (cell.regime,))[0]
    if cell.reason:
        return f"{notes.mark(cell.reason)} {tag}".rstrip()
    return f"{value} \u00b1 {error} {tag}".rstrip()


def _legend() -> str:
    tags = "\n".join(f"- {tag}: {words}" for tag, words in REGIMES.values())
    return (
        f"{tags}\n\n"
        "The regime is computed for every signal from what the entry says it was trained on. In "
        'brackets after a rank: its 68 % interval. "=": the intervals of this entry and of a '
        "neighbour in rank overlap, that is, they differ by less than about one standard "
        "deviation. An entry with a blank cell is not ranked: a blank is never "
        "averaged over. Self-reported latents: the submitter made the latents of the published "
        "events, and the suite everything after. Encoder: the suite ran the submitted network "
        "itself. Verified encoder: and also on events of a seed that is kept secret.\n"
    )
