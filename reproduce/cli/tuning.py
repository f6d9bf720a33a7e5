"""What `diadem tune` does once its options are known to be right."""

from __future__ import annotations

import itertools
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import pandas as pd

from benchmark.embedding import Runtime
from benchmark.latents import read_facts
from benchmark.paths import datasets_root
from benchmark.probes.choosing import choosing_spec
from benchmark.results import format_variant, write_rows
from benchmark.tasks.diphoton import DIPHOTON
from benchmark.tasks.diphoton_work import latents_spec
from benchmark.tasks.source import open_source
from benchmark.tasks.spec import check_digest
from reproduce.cli.farming import alone, farmed
from reproduce.contestants import contestant
from reproduce.profiles import load_profile
from reproduce.regimes import regime_named

if TYPE_CHECKING:
    from pathlib import Path

    from benchmark.detectors import Device
    from benchmark.farm import Spec
    from benchmark.tasks.contestant import Contestant
    from reproduce.profiles import DiphotonProfile

ROWS = "rows/tuning.csv"
EMBEDDING = "signal_aware"


@dataclass(frozen=True, kw_only=True)
class Request:
    """What a user asked for; see the options of `diadem tune`."""

    regimes: tuple[str, ...]
    profile: str | None = None
    data: Path | None = None
    store: Path
    device: Device = "auto"
    workers: int = 1
    scheduler: str | None = None


def run(request: Request, output: Path | None) -> pd.DataFrame:
    """Train and measure every point; return the rows, and write them below `output`.

    Raises:
        DiademError: Bad regimes, profile or events; a failed training.
        KeyboardInterrupt: Ctrl-C; finished points are kept.
    """
    files = farmed(_trainings(request), request, folder="latents", kept="points")
    measures = [choosing_spec(file, read_facts(file)) for file in files]
    made = farmed(measures, request, folder="probes", kept="points")
    rows = pd.concat([pd.read_parquet(file) for file in made], ignore_index=True)
    if output is not None:
        write_rows(rows, output / ROWS)
    return rows


def _trainings(request: Request) -> list[Spec]:
    check_digest(DIPHOTON)
    name, profile = load_profile(request.profile)
    folder = request.data or datasets_root() / DIPHOTON.dataset / DIPHOTON.release
    source = open_source(folder)
    regimes = [regime_named(text) for text in request.regimes]
    return [
        latents_spec(
            point,
            regime,
            source=folder.absolute(),
            source_name=source.name,
            profile=name,
            train_events=profile.diphoton.train_events,
            runtime=Runtime(device=request.device, progress=alone(request)),
            models=request.store.absolute() / "models",
        )
        for regime in regimes
        for point in points(profile.diphoton)
    ]


def points(profile: DiphotonProfile) -> list[Contestant]:
    """Return the contestants of a profile's scan, one for each of its points."""
    scan = profile.tuning
    found = []
    for values in itertools.product(scan.temperatures, scan.learning_rates, scan.betas):
        temperature, rate, beta = values
        changes = {
            **scan.encoder,
            "temperature": temperature,
            "learning_rate": rate,
            # Only one of the two counts in a regime.
            "beta": beta,
            "beta_background": beta,
        }
        made = contestant(EMBEDDING, profile, changes, task=DIPHOTON.name)
        named = {"temperature": temperature, "learning_rate": rate, "beta": beta}
        found.append(replace(made, variant=format_variant(named)))
    return found
