"""`diadem figure` and `diadem table`: figures and tables of the papers, from results."""

from __future__ import annotations

from dataclasses import dataclass, replace
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from reproduce.cli import options
from reproduce.cli.naming import FIGURE, TABLE, Name

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from reproduce.cli.computing import Asked
    from reproduce.entry import Entry
    from reproduce.inputs import Place


@dataclass(frozen=True, kw_only=True)
class _Kind:
    """What the two commands differ in.

    Attributes:
        name: Of the command; with an s, of the folder of its files.
        help: What it does.
        examples: Of names.
        names: All that can be made.
    """

    name: str
    names: Name
    help: str
    examples: tuple[str, ...]

    def registered(self) -> Mapping[str, Entry[Any]]:
        """Return what can be made, by its name; drawing is imported only when it is needed."""
        module = import_module(f"reproduce.{self.name}s")
        found: Mapping[str, Entry[Any]] = getattr(module, f"{self.name}s".upper())
        return found

    def command(self) -> click.Command:
        """Return the command."""
        examples = "".join(f"  diadem {self.name} {words}\n" for words in self.examples)

        @click.command(self.name, help=self.help, epilog=f"\b\nExamples:\n{examples}")
        @click.argument("name", required=False, type=self.names)
        @click.option("--list", "listed", is_flag=True, help=f"List the {self.name}s and end.")
        @options.profile
        @options.results
        @click.option(
            "--output",
            type=click.Path(path_type=Path, file_okay=False),
            help="Folder of the files.  [default: beside the results]",
        )
        @click.option(
            "--events",
            type=click.IntRange(min=1),
            help="Rows of this number of training events, where rows of several are there.",
        )
        @_computing
        def command(
            *,
            name: str | None,
            listed: bool,
            profile: str | None,
            results: Path,
            output: Path | None,
            events: int | None,
            compute: bool,
            **how: Any,
        ) -> None:
            from reproduce.cli.computing import Asked
            from reproduce.inputs import Place

            if listed:
                _print_registered(self.registered())
                return
            entry = self.chosen(name)
            place = Place(
                results=results,
                profile=_profile_or_default(profile),
                task=entry.task,
                events=events,
            )
            asked = Asked(allowed=compute, options=how)
            _make(entry, place, output or place.folder / f"{self.name}s", asked)

        return command

    def chosen(self, name: str | None) -> Entry[Any]:
        """Return a registered figure or table.

        Raises:
            click.UsageError: None is named.
        """
        if name is None:
            message = f"Which {self.name}? `diadem {self.name} --list` names them."
            raise click.UsageError(message)
        return self.registered()[name]


def _computing(command: Callable[..., None]) -> Callable[..., None]:
    """Add the options of how missing results are computed."""
    added = (
        options.compute,
        options.data,
        options.store,
        options.device,
        options.workers,
        options.scheduler,
    )
    for option in reversed(added):
        command = option(command)
    return command


def _make(entry: Entry[Any], place: Place, folder: Path, asked: Asked) -> None:
    """Make a figure or table, and say what was written and what is missing in it.

    Raises:
        DiademError: Something that it needs is not there, or nothing can be written.
        click.UsageError: A number of events is given to what has no choice of it.
    """
    from reproduce.cli.computing import ensure
    from reproduce.cli.writable import require_folder
    from reproduce.writing import write

    if place.events is not None:
        if not entry.source.sized:
            message = f"{entry.name} has one set of training events: leave --events out."
            raise click.UsageError(message)
        entry = replace(entry, name=f"{entry.name}-events-{place.events}")
    require_folder(folder)
    ensure(entry, place, asked)
    found = entry.source.read(place)
    made = entry.make(found)
    for path in write(entry, made, folder):
        click.echo(str(path))
    for note in made.notes:
        click.echo(f"Incomplete: {note}", err=True)


def _profile_or_default(name: str | None) -> str:
    """Return a given name unchanged (others may have made the results), or that of params.yaml.

    Raises:
        DiademError: The default cannot be read.
    """
    from reproduce.profiles import load_profile

    return load_profile()[0] if name is None else name


def _print_registered(registered: Mapping[str, Entry[Any]]) -> None:
    from reproduce.cli.output import console, escaped, table

    listed = table("", ("name", "reproduces", "what it needs"))
    for name, entry in registered.items():
        listed.add_row(*map(escaped, (name, entry.reproduces, entry.needs)))
    console().print(listed)


figure = _Kind(
    name="figure",
    names=FIGURE,
    help="""Draw a figure of a paper as PNG and PDF, with its numbers (CSV) and caption (Markdown).

    Reads below RESULTS/PROFILE/TASK and writes RESULTS/PROFILE/TASK/figures. What it needs and
    is not there is computed first, after saying what that is and how long it took elsewhere.
    """,
    examples=(
        "--list",
        "sic-id",
        "latent-tsne --profile smoke --results my-results",
        "adc-dimension --profile reference --device cuda",
        "adc-roc-si --no-compute",
    ),
).command()

table = _Kind(
    name="table",
    names=TABLE,
    help="""Make a table of a paper as Markdown and, with all digits, as CSV; ours beside theirs.

    Reads below RESULTS/PROFILE/TASK and writes RESULTS/PROFILE/TASK/tables. What it needs and
    is not there is computed first, after saying what that is and how long it took elsewhere.
    """,
    examples=(
        "--list",
        "adc-2",
        "processes",
        "adc-2 --profile reference --output pages",
        "confusion --no-compute",
    ),
).command()
