"""`diadem metrics`: the headline numbers of a task, for `dvc metrics show`."""

from __future__ import annotations

from pathlib import Path

import click

TASKS = ("cms_adc", "diphoton")


@click.command(epilog="\b\nExamples:\n  diadem metrics diphoton\n  dvc metrics show --md")
@click.argument("task", type=click.Choice(TASKS))
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
def metrics(task: str, profile: str | None, results: Path) -> None:
    """Write the headline numbers of a task, with uncertainties, from its result rows.

    Writes RESULTS/PROFILE/TASK/metrics.json; `dvc metrics show` prints those that are there.
    """
    from reproduce.cli.writable import require_folder
    from reproduce.headlines import write_headlines
    from reproduce.profiles import load_profile

    name = load_profile()[0] if profile is None else profile
    folder = results / name
    require_folder(folder / task)
    click.echo(str(write_headlines(folder, task)))
