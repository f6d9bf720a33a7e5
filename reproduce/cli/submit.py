"""`diadem submit`: bring an embedding of your own."""

from __future__ import annotations

from pathlib import Path

import click

_REFUSED = 2
_TASKS = ("diphoton", "cms_adc")


@click.group()
def submit() -> None:
    """Submit an embedding that was made anywhere, as latents or as an encoder."""


@submit.command(
    epilog="\b\nExamples:\n"
    "  diadem submit check my-embedding\n"
    "  diadem submit check my-embedding --json report.json"
)
@click.argument("folder", type=click.Path(path_type=Path), metavar="FOLDER")
@click.option(
    "--data",
    type=click.Path(path_type=Path, file_okay=False),
    help="Folder of events.  [default: the bundled release of the submission's task]",
)
@click.option(
    "--json",
    "output",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Also write the report to this file.",
)
@click.pass_context
def check(ctx: click.Context, folder: Path, data: Path | None, output: Path | None) -> None:
    """Check a submission: is it whole, safe, and what it says it is?

    Faults refuse it: the exit code is 2. Flags do not: the leaderboard shows them.
    """
    from benchmark.submissions.check import check as check_submission
    from reproduce.cli.submit_report import show, write_json
    from reproduce.cli.writable import require_file

    if output is not None:
        require_file(output)
    report = check_submission(
        folder, data=data, tell=lambda text: click.echo(f"checking: {text}", err=True)
    )
    show(report, folder)
    if output is not None:
        write_json(report, output)
        click.echo(str(output))
    if report.faults:
        ctx.exit(_REFUSED)


@submit.command(epilog="\b\nExample:\n  diadem submit events --task diphoton --output events")
@click.option("--task", type=click.Choice(_TASKS), required=True)
@click.option(
    "--data",
    type=click.Path(path_type=Path, file_okay=False),
    help="Folder of events.  [default: the bundled release of the task]",
)
@click.option(
    "--output",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Parquet file.  [default: TASK-events.parquet]",
)
@click.option("--force", is_flag=True, help="Replace the file.")
def events(task: str, data: Path | None, output: Path | None, force: bool) -> None:
    """Write the published evaluation events: those that a submission has to embed.

    One flat column a value, without labels. Latents are needed for every event_id in the file.
    """
    from benchmark.submissions.published import open_published, write_published
    from reproduce.cli.output import refuse_overwriting
    from reproduce.cli.writable import require_file

    path = output or Path(f"{task}-events.parquet")
    refuse_overwriting(path, force=force)
    require_file(path)
    number = write_published(open_published(task, data), path)
    click.echo(f"{path}: {number:,} events")
