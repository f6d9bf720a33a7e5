"""What `diadem figure` and `diadem table` need is computed by the commands of the pipeline."""

from __future__ import annotations

import sys
import time
from contextlib import redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from benchmark.errors import DataError, DiademError, complaint
from reproduce.cli.farming import REUSED
from reproduce.cli.progress import duration
from reproduce.inputs import there
from reproduce.profiles import load_profile
from reproduce.stages import RESULTS, is_there, producers, stages
from reproduce.times import measured, note

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from reproduce.entry import Entry
    from reproduce.inputs import Place
    from reproduce.stages import Stage
    from reproduce.times import Time


@dataclass(frozen=True, kw_only=True)
class Asked:
    """How a user wants what is missing to be computed.

    Attributes:
        allowed: Whether it may be.
        options: Of the commands that do it, by parameter; those that are not None are passed to
            each command that has them.
    """

    allowed: bool
    options: Mapping[str, Any]


def ensure(entry: Entry[Any], place: Place, asked: Asked) -> None:
    """Compute the result files that a figure or table reads, where they are missing.

    Raises:
        DiademError: They are, and nothing may or can be computed; one that is there was edited; or
            the work fails.
        KeyboardInterrupt: Ctrl-C; finished work is kept.
    """
    paths = [
        f"{RESULTS}/{place.profile}/{place.task}/{file}" for file in entry.source.files(place)
    ]
    missing = [path for path in paths if not is_there(path, place.results)]
    if not missing:
        _refuse_idle(asked, paths)
        return
    for path in paths:  # before hours are spent on what lies beside an edited one
        if path not in missing:
            there(Path(_own(path, place)))
    known = stages(place.profile)
    makers = producers(missing, known, place.results)
    _require(asked, missing, makers, place)
    load_profile(place.profile)
    times = measured(place.profile, place.results)
    _say(f"not there yet: {', '.join(_own(path, place) for path in missing)}")
    for line in _plan(makers, times, place):
        _say(line)
    for k, stage in enumerate(makers):
        _say(f"stage {k + 1} of {len(makers)}: {_shown(stage, place)}")
        start = time.monotonic()
        run(stage, place, asked.options)
        _say(f"stage {k + 1} of {len(makers)} took {duration(time.monotonic() - start)}")


def run(stage: Stage, place: Place, options: Mapping[str, Any]) -> None:
    """Run the command of a stage in this process, as the shell would.

    What it prints goes to stderr: stdout is for what was asked for. Its time is noted if it found
    nothing in the store.

    Args:
        stage: Of the pipeline.
        place: Where the results are, and of which profile.
        options: Values for those of its options that have these names.
    """
    first, verb, *words = stage.words(place.results)
    root = click.get_current_context().find_root()
    command = root.command.commands.get(verb) if isinstance(root.command, click.Group) else None
    if first != root.command.name or command is None:
        message = complaint(
            "this cannot be computed here",
            where=stage.name,
            found=stage.command,
            remedy=f"Run `dvc repro {stage.name}`.",
        )
        raise DiademError(message)
    for parameter in command.params:
        if (value := options.get(parameter.name or "")) is not None:
            words += [parameter.opts[0], str(value)]
    start = time.monotonic()
    with redirect_stdout(sys.stderr), command.make_context(verb, words, parent=root) as inner:
        inner.meta[REUSED] = 0
        command.invoke(inner)
        if not inner.meta[REUSED]:
            note(stage.name, time.monotonic() - start, place.profile, place.results)


def _require(asked: Asked, missing: Sequence[str], makers: Sequence[Stage], place: Place) -> None:
    """Refuse to compute where the user does not want it.

    Raises:
        DataError: With what is missing, and the commands that make it.
    """
    if asked.allowed:
        return
    message = complaint(
        "no results here",
        where=", ".join(_own(path, place) for path in missing),
        remedy="Make them with "
        + ", then ".join(f"`{_shown(stage, place)}`" for stage in makers)
        + "; or leave out --no-compute, run `dvc repro`, or name another --profile or --results.",
    )
    raise DataError(message)


def _refuse_idle(asked: Asked, paths: Sequence[str]) -> None:
    """Refuse events of one's own that would not be looked at.

    Raises:
        click.UsageError: There are.
    """
    if asked.options.get("data") is not None:
        why = "the results are there already" if paths else "nothing is computed for this"
        message = f"--data is for what is computed, and {why}: name another --results."
        raise click.UsageError(message)


def _plan(makers: Sequence[Stage], times: Mapping[str, Time], place: Place) -> list[str]:
    """Return what will be run and how long it takes, one line for each and one for all."""
    lines, known = [], 0.0
    for stage in makers:
        took = times.get(stage.name)
        known += took.seconds if took else 0.0
        said = f"{duration(took.seconds)} on {took.where()}" if took else "time not measured yet"
        lines.append(f"  {_shown(stage, place)} ({said})")
    if known:
        least = "" if all(stage.name in times for stage in makers) else "at least "
        lines.append(f"in all {least}{duration(known)}, less where finished work is kept")
    return lines


def _shown(stage: Stage, place: Place) -> str:
    return " ".join(stage.words(place.results))


def _own(path: str, place: Place) -> str:
    return str(Path(place.results, *Path(path).parts[1:]))


def _say(line: str) -> None:
    click.echo(line, err=True)
