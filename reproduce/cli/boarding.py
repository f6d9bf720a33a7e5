"""What `diadem leaderboard baselines` does once its options are known to be right."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from benchmark.errors import DataError, complaint
from benchmark.leaderboard.rules import rules
from benchmark.submissions.result_file import write_scored
from benchmark.tasks.cms_adc import CMS_ADC
from benchmark.tasks.diphoton import DIPHOTON
from reproduce.cli import submit_exporting, submit_scoring
from reproduce.profiles import load_profile
from reproduce.regimes import regime_named

if TYPE_CHECKING:
    from collections.abc import Iterator

    from benchmark.detectors import Device
    from reproduce.profiles import BoardProfile


@dataclass(frozen=True, kw_only=True)
class Request:
    """What a user asked for; see the options of `diadem leaderboard baselines`."""

    task: str | None
    profile: str
    latents: Path
    store: Path
    device: Device = "auto"
    workers: int = 1
    scheduler: str | None = None


@dataclass(frozen=True, kw_only=True)
class _Entry:
    """An entry: what `diadem submit export` is asked for, and whether yardsticks are run on it."""

    task: str
    embedding: str
    name: str
    kind: str
    settings: dict[str, Any]
    yardsticks: bool = False


def run(request: Request, output: Path) -> Iterator[Path]:
    """Write the result file of each entry and yield its path.

    Raises:
        DiademError: Latents are missing; a training or a search fails.
        KeyboardInterrupt: Ctrl-C; finished work is kept.
    """
    _, sizes = load_profile(request.profile)
    wanted: list[_Entry] = []
    if request.task in (None, DIPHOTON.name):
        wanted += _diphoton(sizes.leaderboard, request.latents)
    if request.task in (None, CMS_ADC.name):
        wanted += _cms_adc(sizes.leaderboard)
    for number, entry in enumerate(wanted):
        click.echo(f"entry {number + 1} of {len(wanted)}: {entry.task}, {entry.name}", err=True)
        with tempfile.TemporaryDirectory() as folder:
            yield _scored(entry, request, Path(folder) / "submission", output)


def _diphoton(board: BoardProfile, latents: Path) -> Iterator[_Entry]:
    """Yield the entries of latents that the pipeline made.

    Raises:
        DataError: There are none of an embedding and regime.
    """
    for embedding, regimes in board.diphoton.items():
        for number, text in enumerate(regimes):
            slug = regime_named(text).slug
            path = latents / embedding / f"{slug}.parquet"
            if not path.is_file():
                message = complaint(
                    "no latents of an entry of the leaderboard",
                    where=str(path),
                    remedy="Make them with `diadem train`, or `dvc repro latents`.",
                )
                raise DataError(message)
            yield _Entry(
                task=DIPHOTON.name,
                embedding=str(path),
                name=_yardstick(DIPHOTON.name, embedding) or f"{embedding}-{slug}",
                kind="latents",
                settings={},
                yardsticks=embedding in board.yardsticks and not number,
            )


def _cms_adc(board: BoardProfile) -> Iterator[_Entry]:
    for embedding, settings in board.cms_adc.items():
        yield _Entry(
            task=CMS_ADC.name,
            embedding=embedding,
            name=_yardstick(CMS_ADC.name, embedding) or embedding,
            kind="encoder",
            settings=settings,
        )


def _yardstick(task: str, embedding: str) -> str:
    """Return the name that a board knows a yardstick by; "" for what is none."""
    names = {name for held in rules()[task].yardsticks for name in held.names}
    return embedding if embedding in names else ""


def _scored(entry: _Entry, request: Request, folder: Path, output: Path) -> Path:
    """Export, check and score one entry."""
    exported = submit_exporting.Request(
        embedding=entry.embedding,
        kind=entry.kind,
        profile=request.profile,
        settings=entry.settings,
        store=request.store,
        device=request.device,
        name=entry.name,
    )
    name = submit_exporting.run(exported, folder)
    scored = submit_scoring.run(
        submit_scoring.Request(
            folder=folder,
            profile=request.profile,
            yardsticks=entry.yardsticks,
            ours=True,
            store=request.store,
            device=request.device,
            workers=request.workers,
            scheduler=request.scheduler,
        )
    )
    path = output / entry.task / f"{name}.json"
    write_scored(path, scored)
    return path
