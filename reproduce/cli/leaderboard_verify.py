"""`diadem leaderboard verify`: an encoder on events that nobody has seen."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from reproduce.cli import options
from reproduce.cli.farming import placed


@click.command(
    epilog="\b\nExamples:\n"
    "  head -c 32 /dev/urandom > secret.seed\n"
    "  diadem leaderboard verify my-encoder/submission --seed-file secret.seed\n"
    "  diadem leaderboard verify my-encoder/submission --seed-file secret.seed --scale 0.02"
)
@click.argument("folder", type=click.Path(path_type=Path), metavar="FOLDER")
@click.option(
    "--seed-file",
    type=click.Path(path_type=Path, dir_okay=False),
    required=True,
    help="Random bytes that only the maintainer has.",
)
@click.option(
    "--scale",
    type=click.FloatRange(0, 1, min_open=True),
    default=0.1,
    show_default=True,
    help="Private events, as a fraction of the release's; at least 200 of a signal's mass point "
    "and 4,000 of the background, in the release's proportions.",
)
@click.option(
    "--entry",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Its result file.  [default: RESULTS/PROFILE/leaderboard/entries/TASK/NAME.json]",
)
@options.profile
@options.results
@options.data
@options.store
@options.device
@options.workers
@options.scheduler
def verify(
    folder: Path,
    seed_file: Path,
    scale: float,
    entry: Path | None,
    results: Path,
    **chosen: Any,
) -> None:
    """Measure an encoder that was scored on events simulated from a secret seed.

    It is trained on nothing new: flows and classifiers are those of the scoring, the events that
    results are measured on are not. If the private score is not clearly below the published one,
    the result file says "verified encoder"; else it gets a flag. The private rows are added.
    """
    from benchmark.checksums import as_written
    from benchmark.submissions.folder import open_folder
    from benchmark.submissions.result_file import read_scored, write_scored
    from reproduce.cli.submit_scoring import Request
    from reproduce.cli.verifying import Private, run
    from reproduce.cli.writable import require_file
    from reproduce.profiles import load_profile

    submission = open_folder(folder).submission
    profile, _ = load_profile(chosen["profile"])
    place = results / profile / "leaderboard" / "entries" / submission.task
    path = entry or place / f"{submission.name}.json"
    scored = read_scored(as_written(path))
    require_file(path)
    request = Request(
        folder=folder,
        profile=profile,
        data=chosen["data"],
        store=chosen["store"],
        **placed(chosen),
    )
    verified, found = run(request, scored, Private(seed_file, scale))
    write_scored(path, verified)
    click.echo(
        f"{submission.name}: {verified.status}; private over published score {found.ratio:.3f} "
        f"+- {found.error * found.ratio:.3f} over {found.signals} signals"
    )
    click.echo(str(path))
