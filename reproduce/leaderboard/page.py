"""The board as one HTML page that needs no other file, address or font."""

from __future__ import annotations

import base64
import hashlib
import re
from functools import cache
from importlib import resources
from typing import TYPE_CHECKING, Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from reproduce.leaderboard.panels import curve_panels, dots, top_of
from reproduce.leaderboard.texts import (
    REGIMES,
    plain,
    safe_link,
    short,
    typographic,
    value_and_errors,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from benchmark.leaderboard import Board, Cell, Entry, TaskBoard

_FOLDER = "templates"


def render_page(board: Board) -> str:
    """Return the page; equal boards give equal texts.

    Every text is escaped, and the page's policy allows only the script and the style that come
    with it, by their digests: what slipped through would still not run.
    """
    style, script = _asset("board.css"), _asset("board.js")
    policy = "; ".join(
        (
            "default-src 'none'",
            f"script-src '{_digest(script)}'",
            f"style-src '{_digest(style)}'",
            "base-uri 'none'",
            "form-action 'none'",
        )
    )
    return (
        _environment()
        .get_template("board.html.j2")
        .render(
            board=board,
            policy=policy,
            # Ours: the only texts that are not escaped.
            style=Markup(style),
            script=Markup(script),
            tasks=[_task(task) for task in board.tasks],
            regimes=REGIMES,
            seen=_seen(board),
        )
    )


def _asset(name: str) -> str:
    path = resources.files("reproduce.leaderboard").joinpath(_FOLDER, name)
    return path.read_text(encoding="utf-8")


def _digest(text: str) -> str:
    """Return what a Content-Security-Policy calls a text by."""
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()


def _task(task: TaskBoard) -> dict[str, Any]:
    top, notes = top_of(task), _notes(task)
    return {
        "board": task,
        "notes": {reason: _letter(k) for k, reason in enumerate(notes)},
        "entries": [_entry(entry, task, top) for entry in task.entries],
        "names": {entry.name for entry in task.entries},
    }


def _entry(entry: Entry, task: TaskBoard, top: float) -> dict[str, Any]:
    return {
        "entry": entry,
        "about": entry.submission,
        "link": safe_link(str(entry.submission["code_url"])),
        "panels": curve_panels(entry, top),
        "dots": dots(entry, task, top),
    }


def _notes(task: TaskBoard) -> list[str]:
    """Return the reasons of blank cells, in the order of the board, each once."""
    standings = [entry.standing for entry in task.entries]
    standings += [line.standing for line in task.yardsticks if line.standing]
    found = (cell.reason for standing in standings for cell in standing.cells if cell.reason)
    return list(dict.fromkeys(found))


def _letter(k: int) -> str:
    """Return the name of a footnote: a to z, then aa.

    Example:
        >>> _letter(0), _letter(25), _letter(26)
        ('a', 'z', 'aa')
    """
    letters = ""
    k += 1
    while k:
        k, rest = divmod(k - 1, 26)
        letters = chr(ord("a") + rest) + letters
    return letters


def _seen(board: Board) -> Mapping[str, list[Any]]:
    """Return what can be filtered by."""
    entries = [entry for task in board.tasks for entry in task.entries]
    cells = [cell.regime for entry in entries for cell in entry.standing.cells]
    return {
        "regimes": [name for name in REGIMES if name in cells],
        "dimensions": sorted({entry.dimensions for entry in entries}),
        "statuses": sorted({entry.status for entry in entries}),
    }


def _wrapped(name: str) -> Markup:
    """Return a name that may break after "_", "-" and "/"; escaped."""
    parts = re.split(r"(?<=[_/-])", str(plain(name)))
    return Markup("<wbr>").join(parts)


def _sort_value(held: Cell | Any) -> str:
    """Return the number to sort by; empty for a blank, which stands last."""
    return "" if held.value is None else f"{held.value:.9g}"


def _finished(value: Any) -> Any:
    """Return what is about to be escaped and written, without characters that cannot be seen."""
    return value if isinstance(value, Markup) else plain(value)


@cache
def _environment() -> Environment:
    made = Environment(
        loader=PackageLoader("reproduce.leaderboard", _FOLDER),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=_finished,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    made.filters.update(
        typographic=typographic,
        short=short,
        full=value_and_errors,
        wrapped=_wrapped,
        sort_value=_sort_value,
    )
    return made
