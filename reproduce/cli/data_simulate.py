"""`diadem data simulate`: more events of a process, or a whole release."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import click

from reproduce.cli.naming import DATASET
from reproduce.cli.output import refuse_overwriting
from reproduce.cli.writable import require_file, require_folder, require_release_folder

if TYPE_CHECKING:
    from benchmark.cards import DatasetCard
    from benchmark.simulation.production import Request

_STORE = Path(".diadem/store")
_EXAMPLES = """\b
Examples:
  diadem data simulate --dataset diphoton --process ggF --events 200
  diadem data simulate --dataset diphoton --process zprime --point 400 --events 1000 --seed 2
  diadem data simulate --dataset cms_adc --output my-release
"""


def processors() -> int:
    """Return the number of processors that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


@click.command(epilog=_EXAMPLES)
@click.option(
    "--dataset", type=DATASET, required=True, help="Name of a dataset, or path of a card."
)
@click.option("--process", help="Process of the card. Without it, the whole release is made.")
@click.option("--point", help="Mass point. Without it, all points of the process.")
@click.option("--events", type=click.IntRange(min=1), help="Selected events of each point.")
@click.option("--seed", type=click.IntRange(min=0), help="Seed of the sample; 1 if not given.")
@click.option(
    "--workers",
    type=click.IntRange(min=1),
    default=processors,
    show_default="all processors",
    help="Processes; the events do not depend on their number.",
)
@click.option("--output", type=click.Path(path_type=Path), help="File, or folder of a release.")
@click.option(
    "--store",
    type=click.Path(path_type=Path, file_okay=False),
    default=_STORE,
    show_default=True,
    help="Folder of finished shards: an interrupted command goes on from there.",
)
@click.option(
    "--truth-cache",
    type=click.Path(path_type=Path, file_okay=False),
    help="Folder that keeps generated events, to measure them again with another detector.",
)
@click.option("--force", is_flag=True, help="Replace an output that exists.")
def simulate(
    *,
    dataset: str,
    process: str | None,
    point: str | None,
    events: int | None,
    seed: int | None,
    workers: int,
    output: Path | None,
    store: Path,
    truth_cache: Path | None,
    force: bool,
) -> None:
    """Simulate collisions: Pythia, detector response, selection.

    The same seed and version give the same events, whatever the number of workers and however
    often the command was interrupted. With --process, the default output is
    ./<dataset>-<process>[-<point>].parquet. Without it, the release of the card is made in the
    folder --output, by default the one of the bundled release.
    """
    from benchmark.cards import load_card
    from reproduce.cli.producing import Run

    card = load_card(dataset)
    path = card.folder / "card.yaml" if Path(dataset).suffix != ".yaml" else Path(dataset)
    run = Run(card, path.absolute(), workers, store, truth_cache)
    for folder in filter(None, (store, truth_cache)):
        require_folder(folder)
    if process is None:
        _refuse_for_release(point=point, events=events, seed=seed)
        folder = (output or card.folder / card.release.name).resolve()
        refuse_overwriting(folder / "manifest.json", force=force)
        require_release_folder(folder, apart_from=(Path(), store, truth_cache or store))
        run.release(folder)
        return
    if events is None:
        message = "--process needs --events, the number of selected events."
        raise click.UsageError(message)
    requests = requests_for(card, process, point, events)
    target = output or _default_output(card, process, point)
    require_file(target)
    refuse_overwriting(target, force=force)
    run.sample(requests, 1 if seed is None else seed, target)


def requests_for(card: DatasetCard, process: str, point: str | None, events: int) -> list[Request]:
    """Return what to simulate: one point, or all points of a process.

    Raises:
        CardError: The card has no such process or point.
    """
    from benchmark.errors import CardError
    from benchmark.naming import unknown
    from benchmark.simulation.production import Request

    names = [known.name for known in card.process(process).points]
    if point is None:
        return [Request(process, name, events) for name in names]
    if point not in names:
        where = f"dataset {card.name}, process {process}"
        raise CardError(unknown("point", point, (name or "(none)" for name in names), where=where))
    return [Request(process, point, events)]


def _refuse_for_release(**options: object) -> None:
    given = [name for name, value in options.items() if value is not None]
    if given:
        message = f"--{given[0]} needs --process: seed and sizes of a release stand in its card."
        raise click.UsageError(message)


def _default_output(card: DatasetCard, process: str, point: str | None) -> Path:
    return Path("-".join(filter(None, (card.name, process, point))) + ".parquet")
