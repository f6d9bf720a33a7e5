"""From Pythia's event record to the truth record, vectorised over a batch of events."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import awkward as ak
import numpy as np

from benchmark.simulation.truth import (
    FROM_HADRON,
    FROM_TAU,
    PROMPT,
    RADIATED,
    UNCLASSIFIED,
    Truth,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

INVISIBLE = (12, 14, 16, 1000022)
_CLASSIFIED_MIN_PT = 2.0  # GeV: below, no analysis object can come of it
_PARTON_MIN_PT = 1.0  # GeV: the lowest flavour-association cut of the detector cards
_PROMPT_VERTEX = 1.0  # mm: closer vertices count as the origin
_MAX_CLIMB = 100  # longest chain of copies followed up the record

Record = dict[str, Any]
FIELDS = ("id", "status", "mother1", "px", "py", "pz", "e", "vx", "vy", "vz")


def flatten_batch(batch: ak.Array) -> Record:
    """Flat columns and offsets of a `Pythia.nextBatch` result."""
    particles = batch.prt
    counts = ak.to_numpy(ak.num(particles.id))
    record: Record = {"offsets": np.concatenate([[0], np.cumsum(counts)]).astype(np.int64)}
    sources = {
        **{name: particles[name] for name in ("id", "status", "mother1")},
        **{name: particles.p[name] for name in ("px", "py", "pz", "e")},
        **{f"v{axis}": particles.vProd[f"p{axis}"] for axis in "xyz"},
    }
    for name, values in sources.items():
        record[name] = ak.to_numpy(ak.flatten(values))
    return record


def to_truth(record: Mapping[str, Any], weight: NDArray[np.float32] | None = None) -> Truth:
    """Reduce flat Pythia columns to a truth record.

    Args:
        record: columns `FIELDS` and `offsets`, as made by `flatten_batch`.
        weight: relative weights, one an event; 1 if not given.
    """
    offsets = record["offsets"]
    count = len(offsets) - 1
    event = np.repeat(np.arange(count), np.diff(offsets))
    pid, pt = np.abs(record["id"]), np.hypot(record["px"], record["py"])
    final = record["status"] > 0
    hidden = np.isin(pid, INVISIBLE)
    visible, unseen = final & ~hidden, final & hidden
    origin = np.zeros(len(pid), dtype=np.int8)
    leptons = np.flatnonzero(visible & np.isin(pid, (11, 13, 22)) & (pt > _CLASSIFIED_MIN_PT))
    origin[leptons] = classify(record, leptons)
    quarks = ((pid == 4) | (pid == 5)) & (pt > _PARTON_MIN_PT)
    vertex = {axis: record[f"v{axis}"] for axis in "xyz"}
    near = np.sqrt(sum(v * v for v in vertex.values())) < _PROMPT_VERTEX
    single = np.float32
    return Truth(
        offsets=_offsets(event[visible], count),
        pid=record["id"][visible].astype(np.int32),
        **{name: record[name][visible].astype(single) for name in ("px", "py", "pz", "e")},
        **{f"v{a}": np.where(near, 0, v)[visible].astype(single) for a, v in vertex.items()},
        origin=origin[visible],
        parton_offsets=_offsets(event[quarks], count),
        parton_pid=record["id"][quarks].astype(np.int8),
        parton_pt=pt[quarks].astype(single),
        parton_eta=np.arcsinh(record["pz"][quarks] / pt[quarks]).astype(single),
        parton_phi=np.arctan2(record["py"][quarks], record["px"][quarks]).astype(single),
        invisible_px=np.bincount(event[unseen], record["px"][unseen], count).astype(single),
        invisible_py=np.bincount(event[unseen], record["py"][unseen], count).astype(single),
        weight=np.ones(count, dtype=single) if weight is None else weight.astype(single),
    )


def classify(record: Mapping[str, Any], index: NDArray[np.int64]) -> NDArray[np.int8]:
    """Origin class of the particles at `index`: prompt, from tau, from hadron or radiated.

    The first ancestor of another kind decides; decays of a tau are followed to the tau's own
    ancestor. Outgoing particles of the hard process (|status| 23) are prompt.
    """
    ancestor, hard = _climb(record, index)
    kind = np.abs(record["id"][ancestor])
    tau = kind == 15
    if tau.any():
        above, hard_tau = _climb(record, ancestor[tau])
        kind[tau] = np.abs(record["id"][above])
        hard = hard.copy()
        hard[tau] = hard_tau
    resonance = np.isin(kind, (22, 23, 24, 25, 32, 35, 36, 37, 42)) | (kind > 1_000_000)
    resonance &= kind < 10_000_000
    radiated = (kind <= 21) & ~resonance
    result = np.where(radiated, RADIATED, FROM_HADRON)
    result = np.where(resonance | hard, np.where(tau, FROM_TAU, PROMPT), result)
    return np.where(index >= 0, result, UNCLASSIFIED).astype(np.int8)


def _climb(
    record: Mapping[str, Any], index: NDArray[np.int64]
) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    """First ancestor of another PDG code, and whether a copy on the way left the hard process."""
    offsets = record["offsets"]
    base = offsets[np.searchsorted(offsets, index, side="right") - 1]
    current = index.copy()
    hard = np.abs(record["status"][current]) == 23
    moving = np.ones(len(index), dtype=bool)
    for _ in range(_MAX_CLIMB):
        parent = base + record["mother1"][current]
        same = moving & (record["id"][parent] == record["id"][index])
        if not same.any():
            break
        current = np.where(same, parent, current)
        hard |= same & (np.abs(record["status"][current]) == 23)
        moving = same
    return base + record["mother1"][current], hard


def _offsets(event: NDArray[np.int64], count: int) -> NDArray[np.int64]:
    return np.concatenate([[0], np.cumsum(np.bincount(event, minlength=count))]).astype(np.int64)
