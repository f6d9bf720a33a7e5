"""`diadem table`: a table of a paper, from result rows."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from reproduce.cli.from_rows import (
    assumed_in,
    known,
    named,
    print_registered,
    profile_or_default,
    row_options,
    rows_of,
    say,
)

if TYPE_CHECKING:
    from pathlib import Path

_EXAMPLES = """\b
Examples:
  diadem table --list
  diadem table adc-2
  diadem table adc-2 --profile reference --output pages
"""


@click.command(epilog=_EXAMPLES)
@click.argument("name", required=False)
@click.option("--list", "listed", is_flag=True, help="List the tables and end.")
@row_options
def table(
    *,
    name: str | None,
    listed: bool,
    profile: str | None,
    results: Path,
    output: Path | None,
    events: int | None,
) -> None:
    """Make a table of a paper as Markdown, and with all digits as CSV, ours beside the paper's.

    Reads RESULTS/PROFILE/TASK/rows and writes RESULTS/PROFILE/TASK/tables.
    """
    from reproduce.tables import TABLES

    if listed:
        print_registered(TABLES)
        return
    if name is None:
        message = "Which table? `diadem table --list` names them."
        raise click.UsageError(message)
    from reproduce.tables.writing import write_table

    profile = profile_or_default(profile)
    chosen = TABLES[known(name, TABLES, "table")]
    rows = rows_of(chosen, profile=profile, results=results, output=output, events=events)
    chosen = named(chosen, events)
    made = chosen.make(rows)
    folder = output or results / profile / chosen.task / "tables"
    paths = write_table(chosen, made, folder, assumed=assumed_in(rows, chosen.published))
    say(paths, made.notes)
