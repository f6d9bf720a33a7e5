"""`diadem leaderboard baselines`: the suite's own entries, by the path that everybody takes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from reproduce.cli import options
from reproduce.cli.farming import placed
from reproduce.cli.naming import TASK


@click.command(
    epilog="\b\nExamples:\n"
    "  diadem leaderboard baselines\n"
    "  diadem leaderboard baselines --task diphoton --profile reference"
)
@click.option("--task", type=TASK, help="Of this task alone.")
@options.profile
@options.results
@click.option(
    "--output",
    type=click.Path(path_type=Path, file_okay=False),
    help="Folder of the result files.  [default: RESULTS/PROFILE/leaderboard/entries]",
)
@options.store
@options.device
@options.workers
@options.scheduler
def baselines(task: str | None, results: Path, output: Path | None, **chosen: Any) -> None:
    """Export the profile's baselines as submissions, check and score them.

    Latents of the diphoton task are those in RESULTS/PROFILE/diphoton/latents; encoders of the
    CMS-ADC task are trained where they are not kept.
    """
    from reproduce.cli.boarding import Request, run
    from reproduce.cli.writable import require_folder
    from reproduce.profiles import load_profile

    profile, _ = load_profile(chosen["profile"])
    folder = output or results / profile / "leaderboard" / "entries"
    require_folder(folder)
    request = Request(
        task=task,
        profile=profile,
        latents=results / profile / "diphoton" / "latents",
        store=chosen["store"],
        **placed(chosen),
    )
    for path in run(request, folder):
        click.echo(str(path))
