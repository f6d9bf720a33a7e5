"""`diadem data describe`: what a dataset or a file holds."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from reproduce.cli.naming import DATASET
from reproduce.cli.output import console
from reproduce.cli.writable import require_folder

if TYPE_CHECKING:
    from collections.abc import Mapping

    from benchmark.describe.tally import Key, Tally
    from reproduce.cli.described import Described

_EXAMPLES = """\b
Examples:
  diadem data describe diphoton
  diadem data describe diphoton --plot --output pages
  diadem data describe diphoton-ggF.parquet --plot
"""


@click.command(epilog=_EXAMPLES)
@click.argument("dataset_or_file", type=DATASET, metavar="DATASET_OR_FILE")
@click.option("--plot", is_flag=True, help="Draw a page a quantity (PNG, PDF) and write tables.")
@click.option(
    "--output",
    type=click.Path(path_type=Path, file_okay=False),
    help="Folder of the pages.  [default: ./<name>-kinematics]",
)
def describe(*, dataset_or_file: str, plot: bool, output: Path | None) -> None:
    """Describe a dataset: the values of its card, and the events of its processes.

    DATASET_OR_FILE is the name of a dataset (its card and its newest release are described), the
    path of a card, or an event file.
    """
    from reproduce.cli.described import of_dataset, of_file
    from reproduce.cli.describing import print_card, print_events

    if output is not None and not plot:
        message = "--output is the folder of the pages: add --plot."
        raise click.UsageError(message)
    path = Path(dataset_or_file)
    _refuse_foreign(path)
    found = of_file(path) if path.suffix == ".parquet" else of_dataset(dataset_or_file)
    if found.card is not None and path.suffix != ".parquet":
        print_card(found.card, console())
    if not found.files:
        click.echo(f"{found.name}: no release here, so no events to describe.")
        return
    folder = output or Path(f"{found.name}-kinematics")
    if plot:
        require_folder(folder)
    tallies = found.tally()
    print_events(found, tallies, console())
    if plot:
        _draw(found, tallies, folder)


def _refuse_foreign(path: Path) -> None:
    """Tell a file of others from events and cards.

    Raises:
        DataError: It is a file, but neither of events nor a card.
    """
    from benchmark.cards import card_names
    from benchmark.errors import DataError, complaint

    kinds = {".h5": "cms_adc", ".hdf5": "cms_adc", ".root": "diphoton --process NAME"}
    if path.suffix in {".parquet", ".yaml", ".yml"} or not path.is_file():
        return
    if str(path) in card_names():  # the dataset is meant, not a file beside
        return
    remedy = "Give the event file, or the name of a dataset."
    if dataset := kinds.get(path.suffix.lower()):
        words = f"{path} --dataset {dataset} --output {path.stem}.parquet"
        remedy = f"Import it first: diadem data import {words}"
    message = complaint(
        "no event file",
        where=str(path),
        found=f"a file that ends with {path.suffix!r}",
        expected="an event file (.parquet) or a card (.yaml)",
        remedy=remedy,
    )
    raise DataError(message)


def _draw(found: Described, tallies: Mapping[Key, Tally], folder: Path) -> None:
    from benchmark.describe.plots import draw_pages
    from benchmark.describe.summary import write_summary

    title = f"{found.name}: {sum(held.events for held in tallies.values()):,} simulated events"
    pages = list(draw_pages(found.schema, tallies, folder, card=found.card, title=title))
    tables = write_summary(
        folder,
        found.schema,
        tallies,
        card=found.card,
        rates=found.rates,
        provenance=found.provenance(),
    )
    click.echo(f"{len(pages) + len(tables)} files in {folder}")
