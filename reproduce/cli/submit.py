"""`diadem submit`: bring an embedding of your own."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from reproduce.cli.naming import TASK
from reproduce.cli.submit_export import export
from reproduce.cli.submit_score import score

_REFUSED = 2


@click.group(epilog="\b\nExample:\n  diadem submit template my-embedding --task diphoton")
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


@submit.command(
    epilog="\b\nExamples:\n"
    "  diadem submit events --task diphoton\n"
    "  diadem submit events --task diphoton --training --output training.parquet"
)
@click.option("--task", type=TASK, required=True, help="Of the submission.")
@click.option("--training", is_flag=True, help="Write the events to learn from instead.")
@click.option(
    "--data",
    type=click.Path(path_type=Path, file_okay=False),
    help="Folder of events.  [default: the bundled release of the task]",
)
@click.option(
    "--output",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Parquet file.  [default: TASK-events.parquet or TASK-training.parquet]",
)
@click.option("--force", is_flag=True, help="Replace the file.")
def events(task: str, training: bool, **chosen: Any) -> None:
    """Write the published evaluation events: those that a submission has to embed.

    One flat column a value, without labels. Latents are needed for every event_id in the file.
    Events to learn from have labels for diphoton: what is used of them is for `trained_on`.
    """
    from benchmark.events import write_events
    from benchmark.submissions.published import open_published, write_published
    from benchmark.submissions.training import training_events
    from reproduce.cli.output import refuse_overwriting
    from reproduce.cli.writable import require_file

    data: Path | None = chosen["data"]
    path: Path = chosen["output"] or Path(f"{task}-{'training' if training else 'events'}.parquet")
    refuse_overwriting(path, force=chosen["force"])
    require_file(path)
    if training:
        number = write_events(training_events(task, data, regime="id"), path)
    else:
        number = write_published(open_published(task, data), path)
    click.echo(f"{path}: {number:,} events")


@submit.command(
    epilog="\b\nExamples:\n"
    "  diadem submit template my-embedding --task diphoton\n"
    "  diadem submit template my-encoder --task cms_adc --kind encoder"
)
@click.argument("folder", type=click.Path(path_type=Path, file_okay=False), metavar="FOLDER")
@click.option("--task", type=TASK, required=True, help="Of the submission.")
@click.option(
    "--kind",
    type=click.Choice(["latents", "encoder"]),
    default="latents",
    show_default=True,
    help="What is submitted.",
)
def template(folder: Path, task: str, kind: str) -> None:
    """Write a folder to start from, with an embedding that works: a PCA.

    make.py makes the latents or the encoder; the folder `submission` in it is what is submitted.
    """
    from benchmark.files import atomic_folder
    from reproduce.cli.output import refuse_overwriting
    from reproduce.cli.submit_template import starting_files

    refuse_overwriting(folder, force=False)
    with atomic_folder(folder) as made:
        for name, text in starting_files(task, kind).items():
            path = made / name
            path.parent.mkdir(exist_ok=True)
            path.write_text(text, encoding="utf-8")
    click.echo(f"{folder}: run `python {folder / 'make.py'}`, then")
    click.echo(f"`diadem submit check {folder / 'submission'}`")


submit.add_command(export)
submit.add_command(score)
