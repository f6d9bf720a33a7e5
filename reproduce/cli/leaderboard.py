"""`diadem leaderboard`: where submissions stand."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from reproduce.cli.leaderboard_baselines import baselines
from reproduce.cli.leaderboard_verify import verify

if TYPE_CHECKING:
    from benchmark.leaderboard import Board


@click.group(epilog="\b\nExample:\n  diadem leaderboard build")
def leaderboard() -> None:
    """Rank submitted embeddings."""


@leaderboard.command(
    epilog="\b\nExamples:\n"
    "  diadem leaderboard build\n"
    "  diadem leaderboard build --profile reference\n"
    "  diadem leaderboard build --entries my-entries --output my-board"
)
@click.option(
    "--profile", help="Sizes of the run to read.  [default: the one that dvc repro runs]"
)
@click.option(
    "--results",
    type=click.Path(path_type=Path, file_okay=False),
    default=Path("results"),
    show_default=True,
    help="Folder of all results.",
)
@click.option(
    "--entries",
    type=click.Path(path_type=Path, file_okay=False),
    help="Folder of the result files, TASK/NAME.json.  "
    "[default: RESULTS/PROFILE/leaderboard/entries]",
)
@click.option(
    "--output",
    type=click.Path(path_type=Path, file_okay=False),
    help="Folder of the files.  [default: RESULTS/PROFILE/leaderboard]",
)
def build(profile: str | None, results: Path, entries: Path | None, output: Path | None) -> None:
    """Make the board of all result files that `diadem submit score` wrote.

    Writes board.md, board.csv, board.json and index.html (one file, for any browser), all or
    none. A pure function of the result files: it measures nothing. Results of two profiles,
    releases or versions of a task are refused.
    """
    from benchmark.leaderboard import build as build_board
    from reproduce.cli.writable import require_folder
    from reproduce.leaderboard.writing import ENTRIES, result_files, write_board

    name = profile or _default_profile()
    home = results / name / "leaderboard"
    board = build_board(result_files(entries or home / ENTRIES))
    _require_profile(board, profile)
    folder = output or home
    require_folder(folder)
    for path in write_board(board, folder):
        click.echo(str(path))
    _show(board)


def _default_profile() -> str:
    from reproduce.profiles import load_profile  # slow

    return load_profile()[0]


def _require_profile(board: Board, profile: str | None) -> None:
    """Refuse result files that lie in another profile's folder."""
    from benchmark.errors import DataError, complaint

    if profile is not None and board.profile != profile:
        message = complaint(
            "result files of another profile",
            found=board.profile,
            expected=profile,
            remedy=f"`diadem leaderboard build --profile {board.profile}` makes their board.",
        )
        raise DataError(message)


def _show(board: Board) -> None:
    """Print the ranks."""
    from reproduce.cli.output import console, table
    from reproduce.leaderboard.texts import DASH, value_and_errors

    for task in board.tasks:
        shown = table(
            f"{task.task} ({board.profile} profile)",
            ("entry", "status"),
            ("rank", "68 %", task.label, "up", "down"),
        )
        for entry in task.entries:
            place = entry.place
            rank = f"{place.rank}{'=' if place.tied else ''}" if place else DASH
            span = f"{place.low}{DASH}{place.high}" if place else ""
            status = "yardstick" if entry.yardstick else entry.status
            shown.add_row(entry.name, status, rank, span, *value_and_errors(entry.standing))
        console().print(shown)


leaderboard.add_command(baselines)
leaderboard.add_command(verify)
