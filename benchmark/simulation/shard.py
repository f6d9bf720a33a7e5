"""A shard: the smallest piece of a simulation, reproducible alone.

A shard is a fixed number of generated events of one process and point, with seeds hashed from its
names. It never depends on other shards, on the number of workers or on how often a production was
interrupted.
"""

from __future__ import annotations

import json
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from benchmark.cards import load_card
from benchmark.errors import CardError, DiademError
from benchmark.events import EventTable, open_events, write_events
from benchmark.ids import event_ids
from benchmark.seeds import pythia_seed, rng_for
from benchmark.selection import select
from benchmark.simulation.detector_card import IsolationCard, load_detector
from benchmark.simulation.generator import Generated, GeneratorRun, generate
from benchmark.simulation.recipe import (
    digest_of_values,
    generator_values,
    measurement_values,
    software,
)
from benchmark.simulation.redecay import RepeatedDecays
from benchmark.simulation.response import Reconstruction, Response
from benchmark.simulation.rounding import round_table
from benchmark.simulation.truth import read_truth, write_truth

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from benchmark.cards import DatasetCard, DiphotonSelection
    from benchmark.reco import RecoObjects
    from benchmark.simulation.detector_card import DetectorCard

_SLICE = 500  # events measured at a time


@dataclass(frozen=True)
class Shard:
    """Which shard of which dataset.

    Attributes:
        card: path of the dataset card.
        process, point: names in the card.
        index: number of the shard.
        seed: user's seed of the whole production.
        truth_cache: folder in which generated events are kept and looked for, or None.
    """

    card: Path
    process: str
    point: str
    index: int
    seed: int
    truth_cache: Path | None = None


@dataclass(frozen=True)
class ShardSummary:
    """What is known of a finished shard without reading its events.

    Attributes:
        tried: generated events.
        accepted: selected events.
        sum_weights, sum_weights2: over the selected events, before normalisation.
        cross_section, cross_section_error: pb, of the generated events.
        pythia_seed: seed of the generator.
        seconds: CPU time of generation and of everything after it.
    """

    tried: int
    accepted: int
    sum_weights: float
    sum_weights2: float
    cross_section: float
    cross_section_error: float
    pythia_seed: int
    seconds: tuple[float, float] = (0.0, 0.0)


def generator_run(card: DatasetCard, shard: Shard) -> GeneratorRun:
    """The generator run of a shard; of several settings files of a point, shards alternate."""
    process = card.process(shard.process)
    point = process.point(shard.point)
    if point is None:
        known = ", ".join(p.name or "(none)" for p in process.points)
        msg = (
            f"{shard.card}: process {shard.process} has no point {shard.point!r}; points: {known}"
        )
        raise CardError(msg)
    options = process.generator
    redecay = options.redecay
    return GeneratorRun(
        settings=card.settings_path(point.settings[shard.index % len(point.settings)]),
        seed=pythia_seed(card.name, shard.process, shard.point, shard.index, shard.seed),
        events=options.events_per_shard,
        hook=options.hook,
        redecay=None if redecay is None else RepeatedDecays(**redecay.model_dump()),
    )


def fingerprint(card: DatasetCard, shard: Shard, measurement: dict[str, Any]) -> str:
    """Hash of all that decides a shard's events: a finished shard with another one is not used.

    `measurement` is `recipe.measurement_values(card)`, the same for all shards of a card.
    """
    content = {
        "run": generator_run(card, shard).digest(),
        "generator": generator_values(card.process(shard.process).generator),
        "measurement": measurement,
        "software": software(),
    }
    return digest_of_values(content)


def reconstruction(card: DatasetCard) -> Reconstruction:
    """What the selection of a dataset card asks of the detector."""
    cuts = card.selection
    if cuts.kind == "lepton":
        cone = IsolationCard(
            cone=cuts.isolation_cone.value, min_pt=cuts.isolation_min_pt.value, max_ratio=None
        )
        return Reconstruction(jet_radius=cuts.jet_radius.value, isolation=cone)
    return _diphoton_reconstruction(cuts)


def _diphoton_reconstruction(cuts: DiphotonSelection) -> Reconstruction:
    return Reconstruction(
        jet_radius=cuts.jet_radius.value,
        large_jet_radius=cuts.large_jet_radius.value,
        large_jet_min_pt=cuts.large_jet_min_pt.value,
        subjettiness_beta=cuts.subjettiness_beta.value,
    )


def simulate_shard(shard: Shard, path: Path) -> ShardSummary:
    """Simulate a shard into an event file; a file that is there already is only read.

    Raises:
        DiademError: bad card, settings that Pythia refuses, full disk.
    """
    card = load_card(shard.card)
    detector = load_detector(card.detector)
    mark = fingerprint(card, shard, measurement_values(card))
    done = finished(path, mark)
    if done is not None:
        return done
    run = generator_run(card, shard)
    clock = _Clock()
    generated = _generate(run, _cache_path(shard, card))
    seconds = clock.lap()
    table = measure(generated, card, detector, shard)
    weight = table.weight.astype(np.float64)
    summary = ShardSummary(
        tried=generated.tried,
        accepted=len(table),
        sum_weights=float(weight.sum()),
        sum_weights2=float((weight**2).sum()),
        cross_section=generated.cross_section,
        cross_section_error=generated.cross_section_error,
        pythia_seed=run.seed,
        seconds=(seconds, clock.lap()),
    )
    write_events(table, path, metadata={"fingerprint": mark, "summary": json.dumps(vars(summary))})
    return summary


def finished(path: Path, mark: str) -> ShardSummary | None:
    """Summary of a finished shard, None where there is none of this fingerprint."""
    if not path.exists():
        return None
    try:
        metadata = open_events(path).metadata
    except DiademError:
        return None  # not whole, or of another program: simulated again
    if metadata.get("fingerprint") != mark:
        return None
    content: dict[str, Any] = json.loads(metadata["summary"])
    return ShardSummary(**{**content, "seconds": tuple(content["seconds"])})


def measure(
    generated: Generated, card: DatasetCard, detector: DetectorCard, shard: Shard
) -> EventTable:
    """Detector response and selection of a shard's events."""
    response = Response(detector, reconstruction(card))
    seed = generator_run(card, shard).seed
    rng = rng_for(card.name, shard.process, shard.point, shard.index, shard.seed, "response")
    truth = generated.truth
    tables, start_id = [], 0
    ids = event_ids(
        f"{card.name}/{shard.seed}", shard.process, shard.point, shard.index, len(truth)
    )

    def worth_jets(objects: RecoObjects) -> NDArray[np.bool_]:
        return select(objects, card).keep

    for start in range(0, len(truth), _SLICE):
        part = truth.slice(start, min(start + _SLICE, len(truth)))
        objects, kept = response(part, rng, preselect=worth_jets)
        selected = select(objects, card)
        rows = start_id + np.flatnonzero(kept)[selected.keep]
        tables.append(
            selected.table(
                ids[rows],
                process=shard.process,
                point=shard.point,
                weight=truth.weight[rows],
                shard=shard.index,
                seed=seed,
            )
        )
        start_id += len(part)
    return round_table(EventTable.concat(tables), card.release.mantissa_bits)


def _cache_path(shard: Shard, card: DatasetCard) -> Path | None:
    if shard.truth_cache is None:
        return None
    folder = f"{shard.process}-{shard.point}" if shard.point else shard.process
    return shard.truth_cache / card.name / folder / f"{shard.index:05d}.truth.parquet"


def _generate(run: GeneratorRun, cache: Path | None) -> Generated:
    """Generate, or read what an earlier run with the same digest left in the cache."""
    mark = run.digest()
    if cache is not None and cache.exists():
        truth, metadata = read_truth(cache)
        if metadata.get("run") == mark:
            numbers = (metadata["cross_section"], metadata["cross_section_error"])
            return Generated(truth, int(metadata["tried"]), *(float(n) for n in numbers))
    generated = generate(run)
    if cache is not None:
        metadata = {
            "run": mark,
            "tried": str(generated.tried),
            "cross_section": repr(generated.cross_section),
            "cross_section_error": repr(generated.cross_section_error),
        }
        write_truth(generated.truth, cache, metadata)
    return generated


class _Clock:
    """CPU seconds between laps."""

    def __init__(self) -> None:
        self._last = time.process_time()

    def lap(self) -> float:
        now = time.process_time()
        last, self._last = self._last, now
        return now - last
