"""Releases: a dataset's samples as files, and a manifest that says what they are and are worth."""

from __future__ import annotations

import json
import shutil
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from benchmark.cards import DatasetCard, Process, load_card
from benchmark.digest import joint_digest
from benchmark.errors import SimulationError
from benchmark.events import EventTable, digest_of, write_events
from benchmark.files import atomic_path, sha256
from benchmark.simulation.production import Progress, Request, Sample, produce
from benchmark.simulation.recipe import recipe_digest, software

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

MANIFEST = "manifest.json"
_PB_PER_FB = 1000.0


@dataclass(frozen=True)
class Rate:
    """How often a sample's events happen.

    Attributes:
        tried: generated events of the shards used.
        accepted: selected events of these shards, of which the sample holds the first.
        acceptance, acceptance_error: selected over generated, repeated decays weighted.
        cross_section, cross_section_error: pb, as the generator reports for its settings.
        physical: pb, of the process before the selection; None where the model fixes no rate.
        effective_luminosity: 1/fb that the sample's events correspond to; None without a rate.
        effective_events: (sum w)^2 / sum w^2 of the sample.
    """

    tried: int
    accepted: int
    acceptance: float
    acceptance_error: float
    cross_section: float
    cross_section_error: float
    physical: float | None
    effective_luminosity: float | None
    effective_events: float


def requests_of(card: DatasetCard) -> list[Request]:
    """What a card's release asks for."""
    return [
        Request(process.name, point.name, card.release.events[process.name])
        for process in card.processes
        if process.name in card.release.events
        for point in process.points
    ]


def make_release(
    card_path: Path,
    output: Path,
    *,
    workers: int,
    store: Path,
    truth_cache: Path | None = None,
    on_progress: Callable[[Progress], None] | None = None,
) -> dict[str, Any]:
    """Simulate and write a card's release: one event file a process, and the manifest.

    It is written beside `output` and takes its place when it is whole.

    Returns:
        The manifest.

    Raises:
        DiademError: see `produce`.
    """
    card = load_card(card_path)
    samples = produce(
        card_path,
        requests_of(card),
        seed=card.release.seed,
        workers=workers,
        store=store,
        truth_cache=truth_cache,
        on_progress=on_progress,
    )
    with _replacing(output) as folder:
        return _write_release(folder, card, samples)


def _write_release(folder: Path, card: DatasetCard, samples: Sequence[Sample]) -> dict[str, Any]:
    files, entries = [], []
    for process in card.processes:
        mine = [s for s in samples if s.request.process == process.name]
        if mine:
            tables = [sample.read() for sample in mine]
            files.append(_write(folder, process.name, EventTable.concat(tables)))
            entries += [_entry(process, s, t) for s, t in zip(mine, tables, strict=True)]
    manifest = _manifest(card, files, entries)
    with atomic_path(folder / MANIFEST) as temporary:
        temporary.write_text(json.dumps(manifest, indent=1) + "\n", encoding="utf-8")
    return manifest


@contextmanager
def _replacing(folder: Path) -> Iterator[Path]:
    """Yield a new folder beside `folder`, which it replaces when all went well.

    Raises:
        SimulationError: `folder` holds something that no release does: it is not replaced.
    """
    folder = folder.resolve()
    entries = list(folder.iterdir()) if folder.exists() else []
    foreign = sorted(p.name for p in entries if p.suffix != ".parquet" and p.name != MANIFEST)
    if foreign:
        msg = f"{folder}: holds {foreign[0]}, so it is no release; choose another output folder"
        raise SimulationError(msg)
    new, old = (folder.with_name(f".{word}-{folder.name}") for word in ("new", "old"))
    shutil.rmtree(new, ignore_errors=True)
    new.mkdir(parents=True)
    try:
        yield new
        if folder.exists():
            folder.rename(old)
        try:
            new.rename(folder)
        except OSError:
            if old.exists():
                old.rename(folder)
            raise
        shutil.rmtree(old, ignore_errors=True)
    finally:
        shutil.rmtree(new, ignore_errors=True)


def rate_of(process: Process, sample: Sample, table: EventTable) -> Rate:
    """Acceptance, cross section and worth of a sample.

    A generated event of a shard counts with its weight (n_pass / K for repeated decays or 1), so
    that acceptance a = sum of weights of selected events / n generated events. Its error is
    sqrt((sum w^2 / n - a^2) / n), binomial for weights of one.
    """
    runs = sample.summaries
    tried, accepted = sum(s.tried for s in runs), sum(s.accepted for s in runs)
    acceptance = sum(s.sum_weights for s in runs) / tried
    square = sum(s.sum_weights2 for s in runs) / tried
    error = np.sqrt((square - acceptance**2) / tried)
    sigma = float(np.average([s.cross_section for s in runs], weights=[s.tried for s in runs]))
    sigma_error = float(np.sqrt(sum(s.cross_section_error**2 for s in runs))) / len(runs)
    physical = process.physical_cross_section(sigma)
    weight = table.weight.astype(np.float64)
    share = len(table) / accepted
    luminosity = None
    if physical is not None:
        luminosity = share * tried / (physical * _PB_PER_FB)
    return Rate(
        tried=tried,
        accepted=accepted,
        acceptance=acceptance,
        acceptance_error=float(error),
        cross_section=sigma,
        cross_section_error=sigma_error,
        physical=physical,
        effective_luminosity=luminosity,
        effective_events=float(weight.sum() ** 2 / (weight**2).sum()),
    )


def _write(output: Path, process: str, table: EventTable) -> dict[str, Any]:
    path = output / f"{process}.parquet"
    write_events(table, path, metadata={"provenance": json.dumps(software())})
    return {
        "file": path.name,
        "events": len(table),
        "bytes": path.stat().st_size,
        "sha256": sha256(path),
        "digest": digest_of(path),
    }


def _entry(process: Process, sample: Sample, table: EventTable) -> dict[str, Any]:
    return {
        "process": process.name,
        "point": sample.request.point,
        "kind": process.kind,
        "group": process.group,
        "events": len(table),
        "shards": len(sample.shards),
        "seeds": [s.pythia_seed for s in sample.summaries],
        **vars(rate_of(process, sample, table)),
    }


def _manifest(
    card: DatasetCard, files: Sequence[dict[str, Any]], entries: Sequence[dict[str, Any]]
) -> dict[str, Any]:
    return {
        "dataset": card.name,
        "release": card.release.name,
        "seed": card.release.seed,
        "digest": joint_digest(f["digest"] for f in files),
        "recipe": recipe_digest(card),
        "software": software(),
        "bytes": sum(f["bytes"] for f in files),
        "files": list(files),
        "samples": list(entries),
        "mixture": mixture(card, entries),
    }


def mixture(card: DatasetCard, entries: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Background fractions of the release beside those of the generator's own rates.

    The generator's fraction of a process is its cross section times acceptance over the sum.
    """
    stated = {p.name: p.fraction.value for p in card.processes if p.fraction is not None}
    rows = [e for e in entries if e["process"] in stated]
    rates = {e["process"]: e["cross_section"] * e["acceptance"] for e in rows}
    errors = {
        e["process"]: float(
            np.hypot(
                e["acceptance_error"] / e["acceptance"],
                e["cross_section_error"] / e["cross_section"],
            )
        )
        for e in rows
    }
    total, events = sum(rates.values()), sum(e["events"] for e in rows)
    return [
        {
            "process": e["process"],
            "stated": stated[e["process"]],
            "released": e["events"] / events,
            "generator": rates[e["process"]] / total,
            "generator_relative_error": errors[e["process"]],
            "accepted_cross_section_pb": rates[e["process"]],
            "generator_over_stated": rates[e["process"]] / total / stated[e["process"]],
        }
        for e in rows
    ]
