"""`diadem evaluate`: an embedding through the whole of a task, to result rows."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    import pandas as pd

STORE = Path(".diadem")


@click.command(
    epilog="\b\nExamples:\n"
    "  diadem evaluate raw anomclr_plus\n"
    "  diadem evaluate anomclr_plus --set dimension=40 --profile smoke\n"
    "  diadem evaluate anomclr_plus --vary augmentations --vary dimension\n"
    "  diadem evaluate my_module:Pca6\n"
    "  diadem evaluate raw --data folder-of-official-files"
)
@click.argument("embeddings", nargs=-1, required=True, metavar="EMBEDDING...")
@click.option("--task", type=click.Choice(["cms_adc"]), default="cms_adc", show_default=True)
@click.option("--profile", help="Of params.yaml.  [default: the one that dvc repro runs]")
@click.option("--set", "settings", multiple=True, metavar="NAME=VALUE", help="Change a setting.")
@click.option(
    "--vary",
    multiple=True,
    type=click.Choice(["augmentations", "dimension", "events"]),
    help="Go through the profile's values of a setting, in place of one evaluation.",
)
@click.option(
    "--data",
    type=click.Path(path_type=Path, file_okay=False),
    help="Folder of event files: official, or imported.  [default: the bundled release]",
)
@click.option(
    "--output", type=click.Path(path_type=Path, dir_okay=False), help="CSV of result rows."
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
def evaluate(embeddings: tuple[str, ...], task: str, **options: Any) -> None:
    """Train each EMBEDDING as often as the profile asks, detect, measure, write result rows.

    EMBEDDING is a registered one (diadem list) or your own class as module:Class. Finished
    trainings are kept: an interrupted command goes on where it was.
    """
    from reproduce.cli.evaluating import Request, run
    from reproduce.cli.output import told
    from reproduce.cli.writable import require_file
    from reproduce.contestants import parse_settings

    del task  # there is one
    if options["output"] is not None:
        require_file(options["output"])
    request = Request(
        embeddings=embeddings,
        profile=options["profile"],
        settings=parse_settings(options["settings"]),
        vary=options["vary"],
        data=options["data"],
        store=options["store"],
        device=options["device"],
        workers=options["workers"] or workers_for(options["device"]),
    )
    rows = run(request, options["output"])
    _show(rows)
    told(options["output"])


def workers_for(device: str) -> int:
    """Return how many trainings run at a time: one a core, or one with a GPU."""
    import torch

    return 1 if device == "cuda" or (device == "auto" and torch.cuda.is_available()) else _cores()


def _cores() -> int:
    return len(os.sched_getaffinity(0))


def _show(rows: pd.DataFrame) -> None:
    """Print the mean over trainings of each number that is no curve."""
    import pandas as pd

    from benchmark.results import summarise
    from reproduce.cli.output import console, escaped, number, table

    short = summarise(rows[rows["metric"] != "background_efficiency"])
    shown = table(
        "Means over trainings",
        ("embedding", "signal", "metric"),
        ("value", "spread", "bootstrap", "trainings", "background events"),
    )
    for row in short.to_dict("records"):
        at = "" if pd.isna(row["at"]) else f" at {row['at']:g}"
        value = f"- ({row['reason']})" if row["reason"] else number(row["value"])
        shown.add_row(
            escaped(f"{row['embedding']} {row['variant']}".strip()),
            escaped(row["signal"]),
            f"{row['metric']}{at}",
            escaped(value),
            number(row["spread"]),
            number(row["statistical"]),
            str(row["n_trainings"]),
            f"{row['n_bkg']:,}",
        )
    console().print(shown)
