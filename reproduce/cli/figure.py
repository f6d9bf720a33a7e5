"""`diadem figure`: a figure of a paper, from result rows."""

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
  diadem figure --list
  diadem figure adc-roc-si
  diadem figure adc-dimension --profile reference --output pages
"""


@click.command(epilog=_EXAMPLES)
@click.argument("name", required=False)
@click.option("--list", "listed", is_flag=True, help="List the figures and end.")
@row_options
def figure(
    *,
    name: str | None,
    listed: bool,
    profile: str | None,
    results: Path,
    output: Path | None,
    events: int | None,
) -> None:
    """Draw a figure of a paper as PNG and PDF, with its numbers (CSV) and caption (Markdown).

    Reads RESULTS/PROFILE/TASK/rows and writes RESULTS/PROFILE/TASK/figures.
    """
    from reproduce.figures import FIGURES

    if listed:
        print_registered(FIGURES)
        return
    if name is None:
        message = "Which figure? `diadem figure --list` names them."
        raise click.UsageError(message)
    from reproduce.figures.writing import write_figure

    profile = profile_or_default(profile)
    chosen = FIGURES[known(name, FIGURES, "figure")]
    rows = rows_of(chosen, profile=profile, results=results, output=output, events=events)
    chosen = named(chosen, events)
    drawn = chosen.draw(rows)
    folder = output or results / profile / chosen.task / "figures"
    assumed = assumed_in(rows, chosen.published)
    paths = write_figure(chosen, drawn, folder, assumed=assumed)
    say(paths, drawn.notes)
