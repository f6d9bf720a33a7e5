"""`diadem tune`: the scan of the hyper-parameters that the SAC paper leaves open."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from reproduce.cli import options
from reproduce.cli.farming import placed

if TYPE_CHECKING:
    import pandas as pd


@click.command(
    epilog="\b\nExamples:\n"
    "  diadem tune --profile smoke\n"
    "  diadem tune --regime background --output results/quick/diphoton"
)
@options.profile
@click.option(
    "--regime",
    "regimes",
    multiple=True,
    default=("id", "background"),
    show_default=True,
    metavar="REGIME",
    help="Regimes to go through; beta is chosen for each.",
)
@options.data
@click.option(
    "--output",
    type=click.Path(path_type=Path, file_okay=False),
    help="Folder of the results; rows/tuning.csv is made in it.  [default: nothing is written]",
)
@options.store
@options.device
@options.workers
@options.scheduler
def tune(regimes: tuple[str, ...], **chosen: Any) -> None:
    """Train the signal-aware encoder at every point of the profile's scan, and measure it.

    Temperature, learning rate and beta are scanned. Measured, on the validation part alone: how
    well a linear classifier tells the nine classes apart by the latents, and how far these are
    from the unit Gaussian. The values that the results are made with stand in
    baselines/signal_aware.yaml, chosen by this table.
    """
    from reproduce.cli.output import told
    from reproduce.cli.tuning import Request, run
    from reproduce.cli.writable import require_folder

    if chosen["output"] is not None:
        require_folder(chosen["output"])
    request = Request(
        regimes=regimes,
        profile=chosen["profile"],
        data=chosen["data"],
        store=chosen["store"],
        **placed(chosen),
    )
    _show(run(request, chosen["output"]))
    told(chosen["output"], "rows/tuning.csv")


def _show(rows: pd.DataFrame) -> None:
    from reproduce.cli.output import console, escaped, number, table

    shown = table("On validation events", ("regime", "variant"), ("accuracy", "mean KL"))
    keys = ["regime", "variant"]
    # The rows of the latents alone name no probe.
    divergence = rows[rows["metric"] == "latent_kl"].groupby(keys)["value"].mean().to_dict()
    for row in rows[rows["metric"] == "mean_diagonal"].to_dict("records"):
        named = str(row["variant"]).split(";")
        variant = ";".join(part for part in named if not part.startswith("probe="))
        mean = divergence[row["regime"], variant]
        shown.add_row(row["regime"], escaped(variant), number(row["value"]), number(mean))
    console().print(shown)
