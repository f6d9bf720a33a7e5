"""`diadem evaluate`: an embedding through the whole of a task, to result rows."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from reproduce.cli import options
from reproduce.cli.farming import placed
from reproduce.cli.naming import EMBEDDING, TASKS, Name

if TYPE_CHECKING:
    import pandas as pd

_TASK = Name("task", lambda: TASKS[:1], checked=True)  # the other's verbs are train, probe, hunt


@click.command(
    epilog="\b\nExamples:\n"
    "  diadem evaluate raw anomclr_plus\n"
    "  diadem evaluate anomclr_plus --set dimension=40 --profile smoke\n"
    "  diadem evaluate anomclr_plus --vary augmentations --vary dimension\n"
    "  diadem evaluate my_module:Pca6\n"
    "  diadem evaluate anomclr_plus --seed 7 --output again.csv\n"
    "  diadem evaluate raw --data folder-of-official-files"
)
@click.argument("embeddings", nargs=-1, required=True, type=EMBEDDING, metavar="EMBEDDING...")
@click.option(
    "--task", type=_TASK, default=TASKS[0], show_default=True, help="Whose protocol is run."
)
@options.profile
@options.settings
@click.option(
    "--vary",
    multiple=True,
    type=click.Choice(["augmentations", "dimension", "events"]),
    help="Go through the profile's values of a setting, in place of one evaluation.",
)
@options.data
@click.option(
    "--output", type=click.Path(path_type=Path, dir_okay=False), help="CSV of result rows."
)
@options.store
@options.seed
@options.device
@options.workers
@options.scheduler
def evaluate(embeddings: tuple[str, ...], task: str, **chosen: Any) -> None:
    """Train each EMBEDDING as often as the profile asks, detect, measure, write result rows.

    EMBEDDING is a registered one (diadem list) or your own class as module:Class. Finished
    trainings are kept: an interrupted command goes on where it was.
    """
    from reproduce.cli.evaluating import Request, run
    from reproduce.cli.output import told
    from reproduce.cli.writable import refuse_of_record, require_file
    from reproduce.contestants import parse_settings

    del task  # there is one
    refuse_of_record(chosen["output"], seed=chosen["seed"])
    if chosen["output"] is not None:
        require_file(chosen["output"])
    request = Request(
        embeddings=embeddings,
        profile=chosen["profile"],
        settings=parse_settings(chosen["settings"]),
        vary=chosen["vary"],
        data=chosen["data"],
        store=chosen["store"],
        seed=chosen["seed"],
        **placed(chosen),
    )
    rows = run(request, chosen["output"])
    _show(rows)
    told(chosen["output"])


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
