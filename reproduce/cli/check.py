"""`diadem check`: is every result there that the pipeline says it made?"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from reproduce.cli import options

if TYPE_CHECKING:
    from reproduce.pipeline import Fault, State

_FAILED = 2


@click.command(epilog="\b\nExamples:\n  diadem check\n  diadem check --profile reference")
@options.profile
@click.option(
    "--root",
    type=click.Path(path_type=Path, exists=True, file_okay=False),
    default=Path(),
    help="Folder that holds dvc.yaml and dvc.lock.  [default: this one]",
)
@click.pass_context
def check(ctx: click.Context, profile: str | None, root: Path) -> None:
    """Check that every output of dvc.yaml is there, not empty, with the content of dvc.lock.

    `dvc repro --allow-missing` does not look at that. Outputs that DVC keeps in its cache and not
    in the repository, such as latents, may be missing in a fresh clone; it is said whether a
    remote has them, or cannot be reached, or none is configured. Exit code 2 if any other is
    missing, empty or changed, or a stage is out of date.
    """
    from reproduce.pipeline import look
    from reproduce.workplace import working_at

    with working_at(profile, root, begin=False) as place:
        if not told(look(place)):
            ctx.exit(_FAILED)


def told(state: State) -> bool:
    """Print what is wrong and how to mend it; return whether nothing is."""
    for name in sorted(state.stale):
        click.echo(
            f"out of date: stage {name} depends on what changed; `dvc repro {name}` makes it again"
        )
    if state.faults:
        _show(state.faults)
    for one in state.away:
        click.echo(one.words())
    if state.faults:
        click.echo(
            f"{len(state.faults)} of {state.outputs} outputs are missing or changed: they are not "
            "what the pipeline made. Make them again with `dvc repro STAGE`, or take them back "
            "with `git checkout -- FILE`. A result is never edited: change what makes it."
        )
    if state.faults or state.stale:
        return False
    here = state.outputs - len(state.away)
    click.echo(f"all {here} outputs here are those of dvc.lock")
    return True


def _show(faults: tuple[Fault, ...]) -> None:
    from reproduce.cli.output import console, escaped, table

    shown = table("Results that are not what dvc.lock says", ("file", "what", "stage"))
    for fault in faults:
        shown.add_row(*map(escaped, (fault.path, fault.what, fault.stage)))
    console().print(shown)
