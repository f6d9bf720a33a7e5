"""`diadem check`: is every result there that the pipeline says it made?"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

_FAILED = 2


@click.command(epilog="\b\nExample:\n  diadem check")
@click.option(
    "--root",
    type=click.Path(path_type=Path, exists=True, file_okay=False),
    default=Path(),
    help="Folder that holds dvc.yaml and dvc.lock.  [default: this one]",
)
@click.pass_context
def check(ctx: click.Context, root: Path) -> None:
    """Check that every output of dvc.yaml is there, with the content that dvc.lock says.

    `dvc repro --allow-missing` does not look at that. Outputs that DVC keeps in its cache and not
    in the repository, such as latents, may be missing in a fresh clone. Exit code 2 if any other
    is missing or changed, or a stage is out of date.
    """
    from reproduce.cli.output import console, escaped, table

    faults, kept_away, total = _outputs(root)
    stale = _stale(root)
    for stage in stale:
        click.echo(
            f"out of date: stage {stage} depends on what changed; `dvc repro` makes it again"
        )
    if faults:
        shown = table("Results that are not what dvc.lock says", ("file", "what"))
        for file, what in sorted(faults.items()):
            shown.add_row(escaped(file), what)
        console().print(shown)
    for file in sorted(kept_away):
        click.echo(f"not in this clone: {file}; `dvc repro` makes it again")
    if faults:
        click.echo(
            f"{len(faults)} of {total} outputs are missing or changed. "
            "Make them again with `dvc repro --force STAGE`, or take them back with git."
        )
        ctx.exit(_FAILED)
    if stale:
        ctx.exit(_FAILED)
    click.echo(f"all {total - len(kept_away)} outputs here are those of dvc.lock")


def _stale(root: Path) -> list[str]:
    """Return the stages of which a dependency or a parameter is not the one of dvc.lock."""
    from dvc.repo import Repo

    found = set()
    with Repo(str(root)) as repo:
        for stage in repo.index.stages:
            if not stage.frozen and any(_changed(dep) for dep in stage.deps):
                found.add(getattr(stage, "name", None) or stage.addressing)
    return sorted(found)


def _changed(dep: Any) -> bool:
    """Return whether a dependency changed; one that only the cache keeps may be away."""
    states = dep.status()
    return any(state not in ("deleted", "not in cache") for state in _leaves(states))


def _leaves(states: Any) -> list[str]:
    if isinstance(states, dict):
        return [leaf for state in states.values() for leaf in _leaves(state)]
    return [str(states)]


def _outputs(root: Path) -> tuple[dict[str, str], list[str], int]:
    """Return faults by file, cached outputs that are not here, and the number of outputs.

    Raises:
        DiademError: There is no pipeline in the folder.
    """
    from dvc.exceptions import DvcException
    from dvc.repo import Repo

    from benchmark.errors import DiademError, complaint

    faults, kept_away, total = {}, [], 0
    try:
        with Repo(str(root)) as repo:
            for out in repo.index.outs:
                total += 1
                found = out.status()
                if out.use_cache and not out.exists and out.hash_info:
                    kept_away.append(str(out))
                elif found:
                    faults[str(out)] = ", ".join(sorted(set(map(str, found.values()))))
    except DvcException as error:
        message = complaint("no pipeline to check", where=str(root), found=str(error))
        raise DiademError(message) from error
    return faults, kept_away, total
