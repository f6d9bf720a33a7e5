"""`diadem train`: embeddings of the diphoton task, in the regimes, to latents of all events."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from reproduce.cli.evaluate import STORE, workers_for


@click.command(
    epilog="\b\nExamples:\n"
    "  diadem train signal_aware --regime ep:-8\n"
    "  diadem train signal_aware --regime ip:zprime/400 --set beta=0.1 --output latents\n"
    "  diadem train signal_aware supervised haxad_vae raw9 random --output latents\n"
    "  diadem train my_module:Pca6 --regime id --profile smoke"
)
@click.argument("embeddings", nargs=-1, required=True, metavar="EMBEDDING...")
@click.option(
    "--regime",
    "regimes",
    multiple=True,
    metavar="REGIME",
    help="id, ip:PROCESS/POINT, ep:PROCESS (or ep:GROUP) or background.  "
    "[default: those of the profile, or of the embedding]",
)
@click.option("--profile", help="Of params.yaml.  [default: the one that dvc repro runs]")
@click.option("--set", "settings", multiple=True, metavar="NAME=VALUE", help="Change a setting.")
@click.option(
    "--data",
    type=click.Path(path_type=Path, file_okay=False),
    help="Folder of event files.  [default: the bundled release]",
)
@click.option(
    "--output",
    type=click.Path(path_type=Path, file_okay=False),
    help="Folder for the latents, EMBEDDING/REGIME.parquet.  [default: they stay in the store]",
)
@click.option(
    "--store",
    type=click.Path(path_type=Path, file_okay=False),
    default=STORE,
    show_default=True,
    help="Folder of finished trainings, to go on from and to reuse.",
)
@click.option("--device", type=click.Choice(["auto", "cpu", "cuda"]), default="auto")
@click.option(
    "--workers",
    type=click.IntRange(1),
    help="Trainings at a time.  [default: one a core, or one with a GPU]",
)
def train(embeddings: tuple[str, ...], regimes: tuple[str, ...], **options: Any) -> None:
    """Train each EMBEDDING in each regime and write the latents of all events.

    EMBEDDING is a registered one (diadem list) or your own class as module:Class. It sees what
    its regime allows of the encoder half: labelled events, none of the test part and none of the
    pseudo-data. Finished trainings are kept: an interrupted command goes on where it was.
    """
    from reproduce.cli.training import Request, run
    from reproduce.cli.writable import require_folder
    from reproduce.contestants import parse_settings

    if options["output"] is not None:
        require_folder(options["output"])
    request = Request(
        embeddings=embeddings,
        regimes=regimes,
        profile=options["profile"],
        settings=parse_settings(options["settings"]),
        data=options["data"],
        store=options["store"],
        device=options["device"],
        workers=options["workers"] or workers_for(options["device"]),
    )
    run(request, options["output"])
