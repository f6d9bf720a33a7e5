"""The truth record: what a detector response needs to know of generated events.

A truth record is a flat, columnar batch of events. Particles and heavy-flavour partons of
all events lie in one array each, with offsets that mark where an event starts; this is the form in
which every later step works, and no Python loop over events is ever needed.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Self

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from benchmark.errors import SimulationError
from benchmark.files import atomic_path

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

# Classes of `Truth.origin`, given to electrons, muons and photons above 2 GeV.
UNCLASSIFIED, PROMPT, FROM_HADRON, RADIATED, FROM_TAU = 0, 1, 2, 3, 11

_PARTICLE = ("pid", "px", "py", "pz", "e", "vx", "vy", "vz", "origin")
_PARTON = ("parton_pid", "parton_pt", "parton_eta", "parton_phi")
_EVENT = ("invisible_px", "invisible_py", "weight")


@dataclass(frozen=True)
class Truth:
    """A batch of generated events.

    Particles are the stable visible ones (no neutrinos, no lightest neutralinos).

    Attributes:
        offsets: int64 (n + 1,): event i owns particles `offsets[i]:offsets[i + 1]`.
        pid: int32 PDG code.
        px, py, pz, e: float32, GeV.
        vx, vy, vz: float32 production vertex, mm (0 where closer than 1 mm to the origin).
        origin: int8, the class of an electron, muon or photon (see the constants of this module).
        parton_offsets: int64 (n + 1,), like `offsets`, for the b and c quarks of the whole shower
            history.
        parton_pid: int8; parton_pt (GeV), parton_eta, parton_phi (rad): float32.
        invisible_px, invisible_py: float32 (n,), summed over neutrinos and neutralinos, GeV.
        weight: float32 (n,), relative weight of the event within its process.
    """

    offsets: NDArray[np.int64]
    pid: NDArray[np.int32]
    px: NDArray[np.float32]
    py: NDArray[np.float32]
    pz: NDArray[np.float32]
    e: NDArray[np.float32]
    vx: NDArray[np.float32]
    vy: NDArray[np.float32]
    vz: NDArray[np.float32]
    origin: NDArray[np.int8]
    parton_offsets: NDArray[np.int64]
    parton_pid: NDArray[np.int8]
    parton_pt: NDArray[np.float32]
    parton_eta: NDArray[np.float32]
    parton_phi: NDArray[np.float32]
    invisible_px: NDArray[np.float32]
    invisible_py: NDArray[np.float32]
    weight: NDArray[np.float32]

    def __len__(self) -> int:
        """Number of events."""
        return len(self.offsets) - 1

    @property
    def event(self) -> NDArray[np.int64]:
        """Event number of each particle, int64."""
        return np.repeat(np.arange(len(self)), np.diff(self.offsets))

    @property
    def parton_event(self) -> NDArray[np.int64]:
        """Event number of each parton, int64."""
        return np.repeat(np.arange(len(self)), np.diff(self.parton_offsets))

    def slice(self, start: int, stop: int) -> Truth:
        """Events `start:stop` as a record of their own (views, no copies)."""
        lo, hi = self.offsets[start], self.offsets[stop]
        plo, phi = self.parton_offsets[start], self.parton_offsets[stop]
        columns = {name: getattr(self, name)[lo:hi] for name in _PARTICLE}
        columns |= {name: getattr(self, name)[plo:phi] for name in _PARTON}
        columns |= {name: getattr(self, name)[start:stop] for name in _EVENT}
        return Truth(
            offsets=self.offsets[start : stop + 1] - lo,
            parton_offsets=self.parton_offsets[start : stop + 1] - plo,
            **columns,
        )

    @classmethod
    def concat(cls, parts: list[Truth]) -> Self:
        """One record from several, in order. An empty list is an error."""
        if not parts:
            msg = "no truth records to join: a shard must hold at least one batch"
            raise SimulationError(msg)
        columns = {
            f.name: np.concatenate([getattr(p, f.name) for p in parts])
            for f in fields(cls)
            if not f.name.endswith("offsets")
        }
        return cls(
            offsets=_join_offsets([p.offsets for p in parts]),
            parton_offsets=_join_offsets([p.parton_offsets for p in parts]),
            **columns,
        )


def _join_offsets(parts: list[NDArray[np.int64]]) -> NDArray[np.int64]:
    counts = np.concatenate([np.diff(p) for p in parts])
    return np.concatenate([[0], np.cumsum(counts)]).astype(np.int64)


def write_truth(truth: Truth, path: Path, metadata: dict[str, str]) -> None:
    """Write a record as Parquet (zstd): one row an event, lists of particles and partons."""
    columns: dict[str, pa.Array] = {}
    for names, offsets in ((_PARTICLE, truth.offsets), (_PARTON, truth.parton_offsets)):
        for name in names:
            columns[name] = pa.LargeListArray.from_arrays(offsets, getattr(truth, name))
    columns |= {name: pa.array(getattr(truth, name)) for name in _EVENT}
    table = pa.table(columns).replace_schema_metadata(metadata)
    with atomic_path(path) as temporary:
        pq.write_table(table, temporary, compression="zstd", compression_level=1)


def read_truth(path: Path) -> tuple[Truth, dict[str, str]]:
    """Read a record and its metadata, as written by `write_truth`."""
    try:
        table = pq.read_table(path).combine_chunks()
        columns = {name: table[name].combine_chunks() for name in (*_PARTICLE, *_PARTON)}
        events = {name: table[name].to_numpy() for name in _EVENT}
    except (OSError, KeyError, pa.ArrowInvalid) as error:
        msg = f"{path}: not a readable truth record ({error}); delete it and it is generated again"
        raise SimulationError(msg) from error
    flat = {name: array.values.to_numpy(zero_copy_only=False) for name, array in columns.items()}
    metadata = {k.decode(): v.decode() for k, v in (table.schema.metadata or {}).items()}
    truth = Truth(
        offsets=columns["pid"].offsets.to_numpy(),
        parton_offsets=columns["parton_pid"].offsets.to_numpy(),
        **flat,
        **events,
    )
    return truth, metadata
