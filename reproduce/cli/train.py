"""`diadem train`: embeddings of the diphoton task, in the regimes, to latents of all events."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from reproduce.cli import options
from reproduce.cli.farming import placed
from reproduce.cli.naming import EMBEDDING


@click.command(
    epilog="\b\nExamples:\n"
    "  diadem train signal_aware --regime ep:-8\n"
    "  diadem train signal_aware --regime ip:zprime/400 --set beta=0.1 --output latents\n"
    "  diadem train signal_aware supervised haxad_vae raw9 random --output latents\n"
    "  diadem train my_module:Pca6 --regime id --profile smoke\n"
    "  diadem train signal_aware --seed 7 --output another-run\n"
    "  diadem train signal_aware --store /shared/store --scheduler tcp://10.0.0.1:8786"
)
@click.argument("embeddings", nargs=-1, required=True, type=EMBEDDING, metavar="EMBEDDING...")
@click.option(
    "--regime",
    "regimes",
    multiple=True,
    metavar="REGIME",
    help="id, ip:PROCESS/POINT, ep:PROCESS (or ep:GROUP) or background.  "
    "[default: those of the profile, or of the embedding]",
)
@options.profile
@options.settings
@options.data
@click.option(
    "--output",
    type=click.Path(path_type=Path, file_okay=False),
    help="Folder for the latents, EMBEDDING/REGIME.parquet.  [default: they stay in the store]",
)
@options.store
@options.seed
@options.device
@options.workers
@options.scheduler
def train(embeddings: tuple[str, ...], regimes: tuple[str, ...], **chosen: Any) -> None:
    """Train each EMBEDDING in each regime and write the latents of all events.

    EMBEDDING is a registered one (diadem list) or your own class as module:Class. It sees what
    its regime allows of the encoder half: labelled events, none of the test part and none of the
    pseudo-data. Finished trainings are kept: an interrupted command goes on where it was.
    """
    from reproduce.cli.training import Request, run
    from reproduce.cli.writable import refuse_of_record, require_folder
    from reproduce.contestants import parse_settings

    refuse_of_record(chosen["output"], seed=chosen["seed"])
    if chosen["output"] is not None:
        require_folder(chosen["output"])
    request = Request(
        embeddings=embeddings,
        regimes=regimes,
        profile=chosen["profile"],
        settings=parse_settings(chosen["settings"]),
        data=chosen["data"],
        store=chosen["store"],
        seed=chosen["seed"],
        **placed(chosen),
    )
    run(request, chosen["output"])
