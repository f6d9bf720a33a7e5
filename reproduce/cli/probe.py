"""`diadem probe`: what the latents of embeddings know."""

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
    "  diadem probe results/quick/diphoton/latents\n"
    "  diadem probe latents/signal_aware/id.parquet --output my-probes\n"
    "  diadem probe latents --tsne-events 500 --workers 1"
)
@click.argument(
    "latents",
    nargs=-1,
    required=True,
    type=click.Path(path_type=Path),
    metavar="FOLDER_OR_PARQUET...",
)
@options.profile_of_latents
@click.option(
    "--output",
    type=click.Path(path_type=Path, file_okay=False),
    help="Folder of the results; rows/ and points/ are made in it.  [default: nothing is written]",
)
@options.store
@options.workers
@options.scheduler
@click.option(
    "--tsne-events",
    type=click.IntRange(1),
    help="Test events of each process in a map.  [default: the profile's]",
)
def probe(latents: tuple[Path, ...], **chosen: Any) -> None:
    """Measure what the latents of a task's embeddings know.

    Each file of latents, or all below a folder, is probed by classifiers of the nine classes, by
    a regression of m_gg and by a comparison with the unit Gaussian; maps are made for figures.
    Writes rows/probes.csv and points/tsne.csv.
    """
    from reproduce.cli.output import told
    from reproduce.cli.probing import Request, run

    request = Request(
        latents=latents,
        profile=chosen["profile"],
        store=chosen["store"],
        **placed(chosen),
        tsne_events=chosen["tsne_events"],
    )
    _show(run(request, chosen["output"]))
    told(chosen["output"], "rows/probes.csv", "points/tsne.csv")


# Signal, metric and probe of each column of the table; of probes one suffices.
_NUMBERS = {
    "mean diagonal: BDT": ("all", "mean_diagonal", "bdt"),
    "linear": ("all", "mean_diagonal", "linear"),
    "own": ("all", "mean_diagonal", "own"),
    "background kept": ("background", "assigned:background", "own or bdt"),
    "R2 continuum": ("continuum", "mass_r2", "bdt"),
    "R2 background": ("background", "mass_r2", "bdt"),
}


def _show(rows: pd.DataFrame) -> None:
    """Print the few numbers that say most of each training."""
    from benchmark.probes.rows import split_variant
    from benchmark.results import validate_rows
    from reproduce.cli.output import console, escaped, table

    shown = table("What latents know", ("embedding", "regime"), (*_NUMBERS, "largest KL", "of"))
    valid = validate_rows(rows)
    parts = [split_variant(variant) for variant in valid["variant"]]
    valid = valid.assign(own=[own for own, _ in parts], probe=[probe for _, probe in parts])
    for _, of_one in valid.groupby(["embedding", "own", "embedding_seed", "regime"]):
        first = of_one.iloc[0]
        again = f"#{first['embedding_seed']}" if first["embedding_seed"] else ""
        name = " ".join(filter(None, (first["embedding"], first["own"], again)))
        cells = [_cell(of_one, *wanted) for wanted in _NUMBERS.values()]
        shown.add_row(escaped(name), escaped(first["regime"]), *cells, *_kl(of_one))
    console().print(shown)


def _cell(rows: pd.DataFrame, signal: str, metric: str, probe: str) -> str:
    from reproduce.cli.output import number

    row = rows[(rows["signal"] == signal) & (rows["metric"] == metric)]
    row = row[row["probe"].isin(probe.split(" or "))]
    error = (row["err_lo"] + row["err_hi"]) / 2
    return number(row["value"].iloc[0], error.iloc[0]) if len(row) else "-"


def _kl(rows: pd.DataFrame) -> tuple[str, str]:
    """Return the largest divergence and its process."""
    from reproduce.cli.output import escaped, number

    kl = rows[rows["metric"] == "latent_kl"].dropna(subset="value").sort_values("value")
    return (number(kl["value"].iloc[-1]), escaped(kl["signal"].iloc[-1])) if len(kl) else ("-", "")
