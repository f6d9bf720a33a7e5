"""`diadem reproduce`: the pipeline stage by stage, with how far it is and what is to go."""

from __future__ import annotations

import fnmatch
import time
from pathlib import Path
from typing import TYPE_CHECKING

import click

from reproduce.cli import options

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from reproduce.pipeline import Away, State
    from reproduce.times import StageTime

GROUPS = {
    "figures": "figure-*",
    "tables": "table-*",
    "metrics": "metrics-*",
    "releases": "describe@*",
}
"""Words for several stages."""
_FAILED = 2


@click.command(
    epilog="\b\nExamples:\n"
    "  diadem reproduce\n"
    "  diadem reproduce figures tables\n"
    "  diadem reproduce --profile reference\n"
    "  diadem reproduce report --dry-run\n"
    "  diadem reproduce 'figure-search@*'"
)
@click.argument("targets", nargs=-1)
@options.profile
@click.option("--dry-run", is_flag=True, help="Say what would be run, and end.")
@click.option(
    "--root",
    type=click.Path(path_type=Path, exists=True, file_okay=False),
    default=Path(),
    help="Folder that holds dvc.yaml and dvc.lock.  [default: this one]",
)
@click.pass_context
def reproduce(
    ctx: click.Context, targets: tuple[str, ...], *, profile: str | None, dry_run: bool, root: Path
) -> None:
    """Bring results up to date as `dvc repro` does, and check them.

    TARGETS are stages (`dvc stage list`), patterns of their names, or the words figures, tables,
    metrics, releases and report; none means all. It says which stage runs, which of how many, and
    how long the rest took when it was measured (results/PROFILE/times.json). Latents that are not
    in this clone are only fetched, or made again, if a stage that runs reads them. A run that was
    killed goes on where it was when started again. Exit code 2 if a stage fails, or a result is
    not what the pipeline says.

    Another profile than that of params.yaml has a lock file of its own,
    results/PROFILE/dvc.lock: nothing of the other becomes out of date.
    """
    from reproduce.workplace import working_at

    with working_at(profile, root, begin=not dry_run) as place:
        if not _brought_up_to_date(place, targets, dry_run=dry_run) and not targets:
            ctx.exit(_FAILED)


def _brought_up_to_date(root: Path, targets: tuple[str, ...], *, dry_run: bool) -> bool:
    """Run what is out of date; return whether every result is then the one of the lock file."""
    from reproduce.cli.check import told
    from reproduce.pipeline import look

    state = look(root)
    wanted = chosen(targets, state) if targets else None
    runs, times = state.to_run(wanted), _times(root)
    needed = state.needed(runs)
    for line in _plan(state, runs, times):
        click.echo(line)
    if dry_run:
        for one in needed:
            click.echo(one.words())
        return True
    missing = {one.stage for one in _brought(root, needed)}
    later = missing.union(*(state.follows[name] for name in missing))
    kept = state.order if wanted is None else state.upstream(wanted)
    names = [name for name in kept if name in later.union(runs)]
    _run(root, names, missing | state.deleted, times)
    return told(look(root))


def chosen(targets: Sequence[str], state: State) -> tuple[str, ...]:
    """Return the stages that targets name.

    Raises:
        click.UsageError: One names none.
    """
    found: list[str] = []
    names = tuple(state.follows)
    for target in targets:
        pattern = GROUPS.get(target, target)
        held = [n for n in names if n.startswith(f"{target}@") or fnmatch.fnmatch(n, pattern)]
        if not held:
            from benchmark.naming import unknown

            known = sorted({*GROUPS, *(name.partition("@")[0] for name in names)})
            raise click.UsageError(unknown("stage", target, known))
        found += held
    return tuple(dict.fromkeys(found))


def _times(root: Path) -> dict[str, StageTime]:
    from reproduce.profiles import load_profile
    from reproduce.times import read_times

    return read_times(root / "results" / load_profile()[0])


def _plan(state: State, runs: Sequence[str], times: Mapping[str, StageTime]) -> list[str]:
    if not runs:
        return ["nothing changed: every stage is up to date"]
    lines = [f"  {name} ({_took(times.get(name))})" for name in runs]
    return [
        f"{len(runs)} of {len(state.order)} stages are out of date, or read from one that is:",
        *lines,
        f"in all {_left(runs, times)}, less where finished work is kept{_measured(runs, times)}",
    ]


def _took(took: StageTime | None) -> str:
    from reproduce.cli.progress import duration

    return f"took {duration(took.seconds)}" if took else "time not measured yet"


def _left(names: Iterable[str], times: Mapping[str, StageTime]) -> str:
    """Return how long stages take at most, by what was measured."""
    from reproduce.cli.progress import duration

    held = [times.get(name) for name in names]
    known = [took.seconds for took in held if took]
    said = [f"at most {duration(sum(known))}"] if known else []
    if len(known) < len(held):
        said.append(f"{len(held) - len(known)} whose time was never measured")
    return " and ".join(said)


def _measured(names: Iterable[str], times: Mapping[str, StageTime]) -> str:
    """Return on what the times were measured, in brackets; empty without times."""
    where = {times[name].where() for name in names if name in times}
    return f" (as measured on {', '.join(sorted(where))})" if where else ""


def _brought(root: Path, needed: Sequence[Away]) -> tuple[Away, ...]:
    """Bring what a stage will read and is not here; return what has to be made again."""
    from reproduce.pipeline import fetch

    reachable = [one for one in needed if one.within_reach]
    for one in needed:
        click.echo(one.words())
    if reachable:
        click.echo(f"bringing {', '.join(one.path for one in reachable)}")
        fault = fetch(root, [one.path for one in reachable])
        if not fault:
            return tuple(one for one in needed if not one.within_reach)
        click.echo(f"that failed: {fault}")
    return tuple(needed)


def _run(
    root: Path, names: Sequence[str], again: set[str], times: Mapping[str, StageTime]
) -> None:
    """Run stages one by one, and say before each how far it is.

    Args:
        root: Of the pipeline.
        names: In their order.
        again: Those of them whose results are not here and must be.
        times: That stages took before.

    Raises:
        DiademError: One failed.
    """
    from reproduce.cli.progress import duration
    from reproduce.pipeline import run

    began = time.monotonic()
    for k, name in enumerate(names):
        click.echo(f"stage {k + 1} of {len(names)}: {name}; to go {_left(names[k:], times)}")
        start = time.monotonic()
        run(root, name, may_lack=name not in again)
        click.echo(f"stage {k + 1} of {len(names)} took {duration(time.monotonic() - start)}")
    if names:
        click.echo(f"done after {duration(time.monotonic() - began)}")
