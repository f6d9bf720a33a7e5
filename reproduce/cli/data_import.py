"""`diadem data import`: events that others made."""

from __future__ import annotations

import warnings
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import click

from reproduce.cli.naming import DATASET
from reproduce.cli.output import print_pairs, refuse_overwriting, size
from reproduce.cli.writable import require_file

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from benchmark.cards import DatasetCard
    from benchmark.events import EventTable

_ENDINGS = {".h5": "cms-adc", ".hdf5": "cms-adc", ".root": "delphes"}
_EXAMPLES = """\b
Examples:
  diadem data import background_for_training.h5 --dataset cms_adc --output background.parquet
  diadem data import run1.root run2.root --dataset diphoton --process mine --output mine.parquet
"""


@click.command(name="import", epilog=_EXAMPLES)
@click.argument(
    "files", nargs=-1, required=True, type=click.Path(path_type=Path, exists=True, dir_okay=False)
)
@click.option(
    "--format",
    "layout",
    type=click.Choice(["cms-adc", "delphes"]),
    help="Official HDF5, or Delphes ROOT. Without it, the ending of the first file tells.",
)
@click.option(
    "--dataset", type=DATASET, required=True, help="Name of a dataset, or path of a card."
)
@click.option("--process", help="Name for the events. Official files of the challenge need none.")
@click.option("--point", default="", help="Mass point of the events.")
@click.option(
    "--output",
    type=click.Path(path_type=Path, dir_okay=False),
    required=True,
    help="Parquet file of the events.",
)
@click.option("--force", is_flag=True, help="Replace an output that exists.")
def import_events(
    *,
    files: tuple[Path, ...],
    layout: str | None,
    dataset: str,
    process: str | None,
    point: str,
    output: Path,
    force: bool,
) -> None:
    """Turn the FILES of others into one event file, after the selection of the dataset.

    The official files of the challenge are selected already; events of Delphes files pass the
    selection of the card. Files are streamed: their size does not matter.
    """
    from benchmark.cards import load_card
    from benchmark.events import digest_of, write_events

    chosen = layout or _layout_of(files[0])
    card = load_card(dataset)
    require_file(output)
    _refuse_inputs(output, (*files, Path(dataset)))
    refuse_overwriting(output, force=force)
    source = _Source(card, files, process, point)
    stream = source.adc() if chosen == "cms-adc" else source.delphes()
    with _said_plainly():
        kept = write_events(_not_empty(stream, source), output, metadata=source.notes(chosen))
    print_pairs(
        {
            "read": f"{source.read:,} events of {len(files)} files",
            "kept": f"{kept:,} events ({kept / source.read:.1%})",
            "digest": digest_of(output),
            "output": f"{output}, {size(output.stat().st_size)}",
        }
    )


def _refuse_inputs(output: Path, inputs: Sequence[Path]) -> None:
    """End with a usage error where the output would replace what is read, by any of its names."""
    for path in inputs:
        if output.exists() and path.exists() and output.samefile(path):
            message = f"{output} is the input {path} itself. Choose another --output."
            raise click.UsageError(message)


def _layout_of(path: Path) -> str:
    if path.suffix.lower() not in _ENDINGS:
        message = f"{path}: the ending does not tell the format; add --format cms-adc or delphes."
        raise click.UsageError(message)
    return _ENDINGS[path.suffix.lower()]


@dataclass
class _Source:
    """Files to import and how far they were read."""

    card: DatasetCard
    files: Sequence[Path]
    process: str | None
    point: str
    read: int = 0
    rows: dict[str, int] = field(default_factory=dict)

    def notes(self, layout: str) -> dict[str, str]:
        names = ", ".join(path.name for path in self.files)
        return {"dataset": self.card.name, "imported": f"{layout}: {names}"}

    def adc(self) -> Iterator[EventTable]:
        """Yield the events of official files; a file goes on with the ids of the one before."""
        from benchmark.importers.cms_adc import iter_cms_adc, official_process

        _require_schema(self.card, "cms_adc")
        if self.point:
            message = "The official layout has no mass points: leave out --point."
            raise click.UsageError(message)
        for path in self.files:
            name = self.process or official_process(path)
            rows = self.rows.get(name, 0)
            for table in iter_cms_adc(path, process=name, first_row=rows):
                self.read += len(table)
                self.rows[name] = self.rows.get(name, 0) + len(table)
                yield table

    def delphes(self) -> Iterator[EventTable]:
        """Yield the events of Delphes files that pass the selection."""
        from benchmark.importers.delphes import iter_delphes
        from benchmark.importers.delphes_tree import open_tree

        if self.process is None:
            message = "A Delphes file does not name its process: add --process."
            raise click.UsageError(message)
        for path in self.files:
            with open_tree(path) as tree:
                entries = len(tree)
            yield from iter_delphes(
                path,
                card=self.card,
                process=self.process,
                point=self.point,
                first_row=self.read,
            )
            self.read += entries


def _require_schema(card: DatasetCard, schema: str) -> None:
    if card.event_schema != schema:
        message = f"--format cms-adc holds events of {schema}, not of the dataset {card.name}."
        raise click.UsageError(message)


def _not_empty(stream: Iterator[EventTable], source: _Source) -> Iterator[EventTable]:
    """Yield the tables, and refuse at the end to write a file without events.

    Raises:
        DataError: No event was kept.
    """
    from benchmark.errors import DataError, complaint

    kept = 0
    for table in stream:
        kept += len(table)
        yield table
    if kept == 0:
        message = complaint(
            "no event passes the selection",
            where=", ".join(map(str, source.files)),
            found=f"{source.read} events",
            remedy=f"Is {source.card.name} the right dataset? See `diadem data describe`.",
        )
        raise DataError(message)


@contextmanager
def _said_plainly() -> Iterator[None]:
    """Show warnings about the files as lines on stderr, each once."""
    from benchmark.importers.delphes import MissingBranchWarning

    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", MissingBranchWarning)
        yield
    for text in dict.fromkeys(str(warning.message) for warning in caught):
        click.echo(f"Warning: {text}", err=True)
