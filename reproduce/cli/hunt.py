"""`diadem hunt`: look for injected signals in pseudo-data, on the latents of any embedding."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from reproduce.cli import options
from reproduce.cli.farming import placed

if TYPE_CHECKING:
    import pandas as pd

    from benchmark.hunt.plan import Plan


@click.command(
    epilog="\b\nExamples:\n"
    "  diadem hunt results/quick/diphoton/latents --output results/quick/diphoton\n"
    "  diadem hunt latents/signal_aware/id.parquet --signal zprime/400 --strength 1 --strength 2\n"
    "  diadem hunt latents --dry-run\n"
    "  diadem hunt latents --instances 10 --scheduler tcp://10.0.0.1:8786\n"
    "  diadem hunt latents/signal_aware --flows-per injection --signal zprime/200"
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
@click.option(
    "--signal",
    "signals",
    multiple=True,
    metavar="PROCESS/POINT",
    help="Look for this one; may be repeated.  [default: the profile's]",
)
@click.option(
    "--strength",
    "strengths",
    multiple=True,
    type=click.FloatRange(0, min_open=True),
    help="S/sqrt(B) in the signal region; may be repeated.  [default: the profile's]",
)
@click.option(
    "--instances",
    type=click.IntRange(1),
    help="Random instances of the data.  [default: the profile's]",
)
@click.option(
    "--flows-per",
    type=click.Choice(["instance", "injection"]),
    default="instance",
    show_default=True,
    help="Train flows once for an instance of the data, or anew with each injected signal.",
)
@click.option(
    "--masses",
    type=click.Choice(["sideband", "region"]),
    help="Draw the samples' masses from a fit to the sidebands, or from the signal region's own."
    "  [default: the task's]",
)
@click.option(
    "--resonant",
    type=click.Choice(["simulated", "none"]),
    help="Whether simulated Higgs events are part of the background.  [default: the task's]",
)
@click.option(
    "--data",
    type=click.Path(path_type=Path, file_okay=False),
    help="Folder of the release that the latents are of.  [default: the bundled one]",
)
@click.option("--dry-run", is_flag=True, help="Say how much work it is, and do none of it.")
@options.store
@options.device
@options.workers
@options.scheduler
def hunt(latents: tuple[Path, ...], **chosen: Any) -> None:
    """Look for signals in pseudo-data with CATHODE, on latents as `diadem train` writes them.

    Standard Model events are drawn by their cross sections and a signal is injected; flows learn
    the sidebands of m_gg, and classifiers look for the difference in the signal region. Writes
    rows/hunt.csv and hunt.json, points/sculpting.csv and points/latent-1d.csv.
    """
    from reproduce.cli.hunting import FILES, Request, planned, run
    from reproduce.cli.output import told

    request = Request(
        latents=latents,
        profile=chosen["profile"],
        signals=chosen["signals"],
        strengths=chosen["strengths"],
        instances=chosen["instances"],
        per_injection=chosen["flows_per"] == "injection",
        changes={k: chosen[k] for k in ("masses", "resonant") if chosen[k]},
        data=chosen["data"],
        store=chosen["store"],
        **placed(chosen),
    )
    if chosen["dry_run"]:
        _count(*planned(request))
        return
    _show(run(request, chosen["output"]))
    told(chosen["output"], *FILES)


def _count(plan: Plan, said: dict[str, Any]) -> None:
    """Print how much work a plan is."""
    from reproduce.cli.output import print_pairs

    encoders, flows, classifiers = (said[name] for name in ("encoders", "flows", "classifiers"))
    searches = len(plan.hunts) + len(plan.sculpting)
    print_pairs(
        {
            "flows": f"{len(plan.templates) * flows:,} in {len(plan.templates):,} pieces of work",
            "searches": f"{searches:,}, {len(plan.sculpting):,} of them without signal",
            "classifiers": f"{searches * encoders * classifiers:,}, of five fits each",
            "luminosity": f"{said['luminosity']:g}/fb",
        }
    )


def _show(rows: pd.DataFrame) -> None:
    """Print the improvement at the largest strength and the strength of a discovery."""
    from benchmark.hunt.outcome import DISCOVERY, SIC
    from reproduce.cli.output import console, escaped, number, table

    points = sorted(rows.loc[rows["metric"] == SIC, "at"].dropna().unique())
    columns = tuple(f"{what} {at:.1%}" for at in points for what in ("SIC", "5 sigma"))
    shown = table("Searches", ("embedding", "regime", "signal"), columns)
    hunts = rows[rows["metric"].isin((SIC, DISCOVERY))]
    for names, cell in hunts.groupby(["embedding", "variant", "regime", "signal"], sort=False):
        embedding, variant, regime, signal = map(str, names)
        cells = []
        for at in points:
            here = cell[cell["at"] == at]
            sic = here[here["metric"] == SIC]
            largest = sic[sic["strength"].isna() | (sic["strength"] == sic["strength"].max())]
            cells.append(number(largest["value"].mean(), largest["value"].std()))
            found = here[here["metric"] == DISCOVERY]
            cells.append(_strength(found.iloc[0]) if len(found) else "")
        shown.add_row(escaped(f"{embedding} {variant}"), escaped(regime), signal, *cells)
    console().print(shown)


def _strength(row: pd.Series[Any]) -> str:
    """Return a strength with its error, or the bound that the strengths of the scan give."""
    import pandas as pd

    from benchmark.hunt.sensitivity import BELOW, NOT_REACHED
    from reproduce.cli.output import number

    for reason, sign in ((BELOW, "<"), (NOT_REACHED, ">")):
        if row["reason"].startswith(reason):
            return f"{sign} {row['reason'].removeprefix(reason).strip()}"
    if pd.isna(row["value"]):
        return ""
    return number(row["value"], (row["err_lo"] + row["err_hi"]) / 2)
