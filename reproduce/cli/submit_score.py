"""`diadem submit score`: the task's full protocol on a submission."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from reproduce.cli import options
from reproduce.cli.farming import placed

if TYPE_CHECKING:
    from benchmark.submissions.result_file import ScoredSubmission


@click.command(
    epilog="\b\nExamples:\n"
    "  diadem submit score my-embedding/submission\n"
    "  diadem submit score my-embedding/submission --profile smoke --output result.json\n"
    "  diadem submit score my-embedding/submission --scheduler tcp://10.0.0.1:8786"
)
@click.argument("folder", type=click.Path(path_type=Path), metavar="FOLDER")
@options.profile
@click.option(
    "--output",
    type=click.Path(path_type=Path, dir_okay=False),
    help="The result file.  [default: RESULTS/PROFILE/leaderboard/entries/TASK/NAME.json]",
)
@options.results
@click.option(
    "--yardsticks",
    is_flag=True,
    help="Also run the detectors with a perfect background and with labels on these latents.",
)
@click.option(
    "--replace",
    is_flag=True,
    help="Put the result in the place of another submission's of the same name.",
)
@options.data
@options.store
@options.device
@options.workers
@options.scheduler
def score(folder: Path, output: Path | None, results: Path, **chosen: Any) -> None:
    """Score a submission: check it, run its task's protocol, write one result file.

    Nothing of what the submission says of its own quality is used. Finished searches are kept, so
    that an interrupted scoring goes on where it was. `diadem leaderboard build` makes the board.
    """
    from benchmark.submissions.folder import open_folder
    from benchmark.submissions.result_file import write_scored
    from reproduce.cli.submit_scoring import Request, run
    from reproduce.cli.writable import require_file
    from reproduce.profiles import load_profile

    submission = open_folder(folder).submission
    profile, _ = load_profile(chosen["profile"])
    place = results / profile / "leaderboard" / "entries" / submission.task
    path = output or place / f"{submission.name}.json"
    require_file(path)
    if not chosen["replace"]:
        _require_own(path, folder)
    scored = run(
        Request(
            folder=folder,
            profile=profile,
            yardsticks=chosen["yardsticks"],
            data=chosen["data"],
            store=chosen["store"],
            **placed(chosen),
        )
    )
    write_scored(path, scored)
    _show(scored)
    click.echo(str(path))


def _require_own(path: Path, folder: Path) -> None:
    """Refuse to write over the result of another submission: names are given once.

    Raises:
        DiademError: It is there, or the file there is none.
    """
    from benchmark.errors import DiademError, complaint
    from benchmark.submissions.result_file import read_scored
    from benchmark.submissions.scoring import folder_digest

    if not path.is_file():
        return
    held = read_scored(path)
    if held.submission_digest != folder_digest(folder):
        message = complaint(
            "another submission's result",
            where=str(path),
            found=f"{held.submission.name} {held.submission.version} by "
            + ", ".join(held.submission.authors),
            expected="none of this name, or of the same files",
            remedy="Choose another name or --output; if it is yours, give --replace.",
        )
        raise DiademError(message)


def _show(scored: ScoredSubmission) -> None:
    """Print the primary number of each signal."""
    from benchmark.leaderboard.rules import rules
    from reproduce.cli.output import console, number, table

    rule = rules()[scored.task]
    rows, point = scored.frame(), rule.primary
    chosen = rows[(rows["metric"] == point.metric) & (rows["variant"] == rule.variant)]
    for name in ("at", "strength"):
        if getattr(point, name) is not None:
            chosen = chosen[chosen[name] == getattr(point, name)]
    shown = table(
        f"{scored.submission.name}, {scored.status}", ("signal", "regime"), (point.label,)
    )
    for signal in rule.signals:
        own = chosen[chosen["signal"] == signal]
        regime = str(own["regime"].iloc[0]) if len(own) else ""
        shown.add_row(signal, regime, number(own["value"].mean(), own["value"].std()))
    console().print(shown)
    for flag in scored.flags:
        click.echo(f"Flag: {flag.message}", err=True)
