"""What `diadem evaluate` does once its options are known to be right."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pandas as pd

from benchmark.embedding import Runtime
from benchmark.errors import DiademError, complaint
from benchmark.paths import datasets_root
from benchmark.results import write_rows
from benchmark.tasks.cms_adc import CMS_ADC
from benchmark.tasks.source import open_source
from benchmark.tasks.spec import check_digest
from benchmark.tasks.work import training_specs
from reproduce.cli.farming import alone, farmed
from reproduce.contestants import contestant, scan
from reproduce.profiles import load_profile

if TYPE_CHECKING:
    from pathlib import Path

    from benchmark.detectors import Device
    from benchmark.farm import Spec
    from benchmark.tasks.contestant import Contestant
    from benchmark.tasks.evaluation import Protocol
    from reproduce.profiles import Profile


@dataclass(frozen=True, kw_only=True)
class Request:
    """What a user asked for; see the options of `diadem evaluate`."""

    embeddings: tuple[str, ...]
    profile: str | None = None
    settings: dict[str, Any]
    vary: tuple[str, ...] = ()
    data: Path | None = None
    store: Path
    seed: int | None = None
    device: Device = "auto"
    workers: int = 1
    scheduler: str | None = None


def run(request: Request, output: Path | None) -> pd.DataFrame:
    """Train, detect and measure; return the rows, and write them where `output` says.

    Raises:
        DiademError: Bad names, settings, events or profile; a failed training.
        KeyboardInterrupt: Ctrl-C; finished trainings are kept.
    """
    name, specs = _specs(request)
    files = farmed(specs, request, folder="trainings", kept="trainings")
    rows = pd.concat([_read(file) for file in files], ignore_index=True)
    rows = rows.assign(profile=name)
    if output is not None:
        write_rows(rows, output)
    return rows


def _read(file: Path) -> pd.DataFrame:
    try:
        return pd.read_parquet(file)
    except (OSError, ValueError) as error:  # Arrow's errors are among these
        message = complaint(
            "a finished training cannot be read",
            where=str(file),
            found=str(error),
            remedy="Remove the file and run the command again.",
        )
        raise DiademError(message) from error


def _specs(request: Request) -> tuple[str, list[Spec]]:
    """Return the name of the profile and all pieces of work."""
    check_digest(CMS_ADC)
    name, profile = load_profile(request.profile)
    folder = request.data or datasets_root() / CMS_ADC.dataset / CMS_ADC.release
    source = open_source(folder)
    wanted = [
        pair for embedding in request.embeddings for pair in _wanted(request, embedding, profile)
    ]
    _refuse_twice([made for made, _ in wanted])
    runtime = Runtime(device=request.device, progress=alone(request))
    specs: list[Spec] = []
    for made, protocol in wanted:
        specs += training_specs(
            made,
            source=folder.absolute(),
            source_name=source.name,
            protocol=protocol,
            runtime=runtime,
            models=request.store.absolute() / "models",
            curves=not request.vary,
        )
    return name, specs


def _wanted(
    request: Request, embedding: str, profile: Profile
) -> list[tuple[Contestant, Protocol]]:
    """Return what is to be trained of one embedding."""
    if not request.vary:
        plain = contestant(
            embedding,
            profile.cms_adc,
            request.settings,
            task=CMS_ADC.name,
            seed=request.seed,
        )
        return [(plain, profile.cms_adc.protocol.protocol())]
    scans = [
        scan(embedding, profile.cms_adc, vary, request.settings, seed=request.seed)
        for vary in request.vary
    ]
    return [pair for found in scans for pair in found]


def _refuse_twice(contestants: list[Contestant]) -> None:
    """Say before the work that two contestants would have the same rows."""
    names = [(made.make().name, made.variant) for made in contestants]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        message = complaint("the same embedding twice", found=" ".join(twice[0]).strip())
        raise DiademError(message)
