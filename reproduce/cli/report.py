"""`diadem report`: what was reproduced, claim by claim."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from reproduce.cli import options

if TYPE_CHECKING:
    from reproduce.report.pages import Report


@click.command(
    epilog="\b\nExamples:\n"
    "  diadem report\n"
    "  diadem report --profile reference\n"
    "  diadem report --results my-results --output page"
)
@options.profile
@options.results
@click.option(
    "--output",
    type=click.Path(path_type=Path, file_okay=False),
    help="Folder of the files.  [default: RESULTS/PROFILE/report]",
)
def report(profile: str | None, results: Path, output: Path | None) -> None:
    """Judge every claim of both papers from the result rows that are there.

    Writes report.html (one file, for any browser), report.md, claims.csv and
    claims-comparisons.csv. A claim whose rows are missing is "not testable"; rows that are missing
    altogether are an error.
    """
    from reproduce.cli.writable import require_folder
    from reproduce.profiles import load_profile
    from reproduce.report.pages import make_report, write_report

    name = load_profile()[0] if profile is None else profile
    folder = output or results / name / "report"
    made = make_report(results / name, name)
    require_folder(folder)
    for path in write_report(made, folder):
        click.echo(str(path))
    _show(made)


def _show(made: Report) -> None:
    """Print how many claims were reproduced."""
    from reproduce.cli.output import console, table
    from reproduce.report.verdicts import VERDICTS

    shown = table(f"Claims ({made.profile} profile)", ("paper",), tuple(VERDICTS.values()))
    for key, counts in made.tally().items():
        arxiv = next(p.arxiv for name, p in made.claims.papers.items() if name == key)
        shown.add_row(f"arXiv:{arxiv}", *(f"{count}" for count in counts.values()))
    console().print(shown)
