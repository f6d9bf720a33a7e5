"""`diadem submit export`: a baseline as a submission, by the path that everybody takes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from reproduce.cli import options
from reproduce.cli.naming import TASK


@click.command(
    epilog="\b\nExamples:\n"
    "  diadem submit export signal_aware --regime id --kind encoder --output sac-id\n"
    "  diadem submit export results/quick/diphoton/latents/raw9/background.parquet "
    "--output raw9\n"
    "  diadem submit export anomclr_plus --set dimension=64 --kind encoder --output aclr"
)
@click.argument("embedding", metavar="EMBEDDING|FILE")
@click.option(
    "--regime", metavar="REGIME", help="Of the diphoton task: what it is trained in, such as id."
)
@click.option(
    "--kind",
    type=click.Choice(["latents", "encoder"]),
    default="latents",
    show_default=True,
    help="What is submitted.",
)
@click.option(
    "--output",
    type=click.Path(path_type=Path, file_okay=False),
    required=True,
    help="Folder of the submission; there must be none yet.",
)
@click.option("--name", default="", help="On the board.  [default: of embedding and regime]")
@click.option(
    "--number",
    type=click.IntRange(0),
    default=0,
    show_default=True,
    help="Repetition of the training.",
)
@click.option("--task", type=TASK, help="Of your own module:Class.")
@options.profile
@options.settings
@options.data
@options.store
@options.device
def export(embedding: str, output: Path, **chosen: Any) -> None:
    """Turn a baseline into a submission: latents, or an encoder that the suite runs.

    EMBEDDING is a registered one (diadem list), or your own as module:Class for latents; it is
    trained if it is not kept. FILE is one of latents that the pipeline made. What it was trained
    on is written as its regime says.
    """
    from reproduce.cli.submit_exporting import Request, run
    from reproduce.cli.writable import require_folder
    from reproduce.contestants import parse_settings

    if output.exists():
        message = f"{output} exists already. Choose another --output, or remove it."
        raise click.UsageError(message)
    require_folder(output.absolute().parent)
    settings = parse_settings(chosen.pop("settings"))
    name = run(Request(embedding=embedding, settings=settings, **chosen), output)
    click.echo(f"{output}: the submission {name}; try `diadem submit check {output}`")
