"""The study as a whole: generate or read events, respond, measure, compare, report."""

from __future__ import annotations

import multiprocessing
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from importlib.metadata import version
from typing import TYPE_CHECKING

import pandas as pd

from benchmark.errors import DataError, complaint
from benchmark.fidelity.compare import compare
from benchmark.fidelity.measure import measure
from benchmark.fidelity.reference import SAMPLES, read_reference, reference_path
from benchmark.fidelity.report import write_report
from benchmark.fidelity.sample import Sample
from benchmark.fidelity.sources import GEN_JETS, from_simulation
from benchmark.files import sha256
from benchmark.paths import datasets_root
from benchmark.provenance import commit
from benchmark.seeds import pythia_seed, rng_for
from benchmark.simulation.detector_card import load_detector
from benchmark.simulation.generator import GeneratorRun, generate
from benchmark.simulation.response import Reconstruction, Response
from benchmark.simulation.truth import Truth, read_truth

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import Path

_SLICE = 250  # events measured at a time: bounds memory
_SHARD = 1000  # events generated in one go


@dataclass(frozen=True)
class Shard:
    """A part of the work: some events of one process, seen by one or more detectors.

    Attributes:
        sample: Physics process, a key of the settings in `datasets/validation/pythia`.
        cards: Detectors to see it with.
        index: Number of the shard; with `seed` it decides all random draws.
        seed: Seed of the study.
        events: Events to generate, or to read at most.
        file: Truth record to read, or None to generate.
    """

    sample: str
    cards: tuple[str, ...]
    index: int
    seed: int
    events: int
    file: Path | None = None

    def truth(self) -> Truth:
        """Return the events."""
        if self.file is not None:
            truth = read_truth(self.file)[0]
            return truth.slice(0, min(self.events, len(truth)))
        seed = pythia_seed("fidelity", self.sample, self.index, self.seed)
        settings = datasets_root() / "validation" / "pythia" / f"{self.sample}.cmnd"
        return generate(GeneratorRun(settings, seed, self.events)).truth


def respond(truth: Truth, card: str, name: str, seeds: tuple[int, int]) -> Sample:
    """Return events as the detector `card` sees them.

    Args:
        truth: Generated events.
        card: Detector card; the jet radius is that of its Delphes original.
        name: Physics process.
        seeds: Seed of the study and number of the shard.
    """
    response = Response(load_detector(card), Reconstruction(jet_radius=GEN_JETS[card][0]))
    parts = []
    for start in range(0, len(truth), _SLICE):
        part = truth.slice(start, min(start + _SLICE, len(truth)))
        rng = rng_for("fidelity", card, name, *seeds, start)
        parts.append(from_simulation(part, response(part, rng)[0], card, name))
    return Sample.concat(parts)


def run_shard(shard: Shard) -> list[Sample]:
    """Return the events of a shard as each of its detectors sees them."""
    truth = shard.truth()
    seeds = (shard.seed, shard.index)
    return [respond(truth, card, shard.sample, seeds) for card in shard.cards]


def plan(events: int, seed: int, folder: Path | None = None) -> list[Shard]:
    """Return the shards of a study of `events` events a process.

    Args:
        events: Events of each process.
        seed: Seed of the study.
        folder: Truth records `<process>/NNNNN.truth.parquet` to read in place of generating.

    Raises:
        DataError: The folder has no record of a process.
    """
    names = dict.fromkeys(name for names in SAMPLES.values() for name in names)
    records: Sequence[Path | None]
    shards: list[Shard] = []
    for name in names:
        cards = tuple(card for card, wanted in SAMPLES.items() if name in wanted)
        sizes = [min(_SHARD, events - start) for start in range(0, events, _SHARD)]
        records = [None] * len(sizes) if folder is None else _records(folder / name)
        shards += [
            Shard(name, cards, k, seed, size, file)
            for k, (size, file) in enumerate(zip(sizes, records, strict=False))
        ]
    return shards


def _records(folder: Path) -> list[Path]:
    found = sorted(folder.glob("*.truth.parquet"))
    if not found:
        message = complaint(
            "no truth records here", where=str(folder), expected="files NNNNN.truth.parquet"
        )
        raise DataError(message)
    return found


def simulate(shards: Iterable[Shard], *, workers: int = 1) -> dict[str, dict[str, Sample]]:
    """Return the samples of each detector card by process, from shards worked on in parallel."""
    shards = list(shards)
    if workers == 1:
        done = [run_shard(shard) for shard in shards]
    else:
        context = multiprocessing.get_context("spawn")
        with ProcessPoolExecutor(workers, mp_context=context) as pool:
            done = list(pool.map(run_shard, shards))
    parts: dict[str, dict[str, list[Sample]]] = {}
    for sample in (sample for samples in done for sample in samples):
        parts.setdefault(sample.card, {}).setdefault(sample.name, []).append(sample)
    return {
        card: {name: Sample.concat(some) for name, some in found.items()}
        for card, found in parts.items()
    }


def measure_all(samples: Mapping[str, Mapping[str, Sample]]) -> pd.DataFrame:
    """Return the rows of all detector cards."""
    return pd.concat([measure(found) for found in samples.values()], ignore_index=True)


def run_validation(
    output: Path,
    *,
    events: int = 8000,
    seed: int = 1,
    truth: Path | None = None,
    workers: int = 2,
) -> pd.DataFrame:
    """Hold our response against Delphes and write rows, tables and pictures.

    Args:
        output: Folder of `rows.csv`, `report.md` and the pictures.
        events: Events of each process.
        seed: Seed of generator and response.
        truth: Folder of truth records to use in place of generating.
        workers: Processes.

    Returns:
        The compared rows, see `benchmark.fidelity.compare.compare`.

    Raises:
        DataError: The reference or a truth record is missing.
        SimulationError: Generating failed.
    """
    samples = simulate(plan(events, seed, truth), workers=workers)
    rows = compare(measure_all(samples), read_reference())
    write_report(rows, output, _provenance(samples, seed, generated=truth is None))
    return rows


def _provenance(
    samples: Mapping[str, Mapping[str, Sample]], seed: int, *, generated: bool
) -> dict[str, str]:
    """What made the numbers, for a reader who wants to make them again."""
    counts = (
        f"{card}: " + ", ".join(f"{name} {len(sample)}" for name, sample in found.items())
        for card, found in samples.items()
    )
    libraries = ("pythia8mc", "fastjet", "numpy", "awkward")
    return {
        "events": "; ".join(counts),
        "seed": f"{seed}" if generated else f"{seed} (response; events from truth records)",
        "reference": f"sha256 {sha256(reference_path())[:16]}",
        "versions": ", ".join(f"{name} {version(name)}" for name in libraries),
        "commit": commit(),
    }
