"""What `diadem figure` and `diadem table` share: where rows are, and where files go."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import click

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    import pandas as pd

    from reproduce.figures.figure import Figure
    from reproduce.tables.table import Table

Entry = TypeVar("Entry", "Figure", "Table")
_OPTIONS = (
    click.option(
        "--profile", help="Sizes of the run to read.  [default: the one that dvc repro runs]"
    ),
    click.option(
        "--results",
        type=click.Path(path_type=Path, file_okay=False),
        default=Path("results"),
        show_default=True,
        help="Folder of all results.",
    ),
    click.option(
        "--output",
        type=click.Path(path_type=Path, file_okay=False),
        help="Folder of the files.  [default: beside the rows]",
    ),
    click.option(
        "--events",
        type=click.IntRange(min=1),
        help="Rows of this number of training events, where rows of several are there.",
    ),
)


def row_options(command: Callable[..., None]) -> Callable[..., None]:
    """Add the options that say which rows to read and where to write."""
    for option in reversed(_OPTIONS):
        command = option(command)
    return command


def profile_or_default(name: str | None) -> str:
    """Return a given name unchanged (others may have made the rows), or that of params.yaml.

    Raises:
        DiademError: The default cannot be read.
    """
    from reproduce.profiles import load_profile

    return load_profile()[0] if name is None else name


def rows_of(
    entry: Figure | Table,
    *,
    profile: str,
    results: Path,
    output: Path | None,
    events: int | None,
) -> pd.DataFrame:
    """Return the rows of an entry's task, after a look whether `output` can be written.

    Raises:
        DiademError: There are no rows, or nothing can be written.
        click.UsageError: A number of events is given to what takes all of them.
    """
    from reproduce.cli.writable import require_folder
    from reproduce.rows import of_events, read_folder

    if entry.every_size and events is not None:
        message = f"{entry.name} takes every number of training events: leave --events out."
        raise click.UsageError(message)
    rows = read_folder(results / profile / entry.task / "rows")
    if not entry.every_size:
        rows = of_events(rows, events)
    if entry.task == "cms_adc":
        rows = _expecting(rows, profile)
    require_folder(output if output is not None else results / profile / entry.task)
    return rows


def _expecting(rows: pd.DataFrame, profile: str) -> pd.DataFrame:
    """Return rows that know how many trainings their profile asks for, if it is known here."""
    from benchmark.errors import DiademError
    from reproduce.profiles import load_profile
    from reproduce.rows import with_expected

    try:
        asked = load_profile(profile)[1].cms_adc
    except DiademError:  # rows of others, made with a profile of their own
        return rows
    held = asked.protocol
    return with_expected(
        rows,
        alone=held.detector_trainings_alone,
        learned=held.embedding_trainings * held.detector_trainings,
        scanned=math.prod(asked.scans.trainings),
    )


def assumed_in(rows: pd.DataFrame, published: str) -> list[str]:
    """Return the names of the assumed values that rows depend on."""
    from benchmark.cards import load_card
    from reproduce.published import load_table
    from reproduce.saving import assumed_values

    return assumed_values(load_card(str(rows["task"].iloc[0])), load_table(published))


def print_registered(registered: Mapping[str, Figure] | Mapping[str, Table]) -> None:
    """Print what can be made."""
    from reproduce.cli.output import console, escaped, table

    listed = table("", ("name", "reproduces", "rows that it needs"))
    for name, entry in registered.items():
        listed.add_row(*map(escaped, (name, entry.reproduces, entry.needs)))
    console().print(listed)


def known(name: str, registered: Mapping[str, object], kind: str) -> str:
    """Return a registered name.

    Raises:
        click.UsageError: It is not registered.
    """
    if name in registered:
        return name
    message = f"No {kind} {name!r}. There are: {', '.join(registered)}."
    raise click.UsageError(message)


def named(entry: Entry, events: int | None) -> Entry:
    """Return a figure or table, its files named after the number of training events if given."""
    return entry if events is None else replace(entry, name=f"{entry.name}-events-{events}")


def say(paths: list[Path], notes: tuple[str, ...]) -> None:
    """Say what was written, and on stderr what is missing in it."""
    for path in paths:
        click.echo(str(path))
    for note in notes:
        click.echo(f"Incomplete: {note}", err=True)
