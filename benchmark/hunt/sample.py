"""The simulated events of a hunt: those that no encoder learned from, with their latents."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from benchmark.errors import DataError, complaint
from benchmark.latents import read_latents
from benchmark.noise import standard_normal
from benchmark.pseudodata import Pool
from benchmark.splits import uniform
from benchmark.tasks.diphoton_events import PSEUDO_DATA

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from numpy.typing import NDArray

    from benchmark.hunt.setup import Setup
    from benchmark.latents import Facts, Latents
    from benchmark.pseudodata import PseudoData

TEST = "test"
PRIVATE = "private"
"""Part of events that nobody has seen: where there are some, they alone are measured on."""
NONRESONANT = "continuum"
"""The one Standard Model process that is no Higgs boson: the sidebands hold it alone."""
CONSTANT = 1e-6
"""A width of a latent below this fraction of its largest value is rounding."""


@dataclass(frozen=True, eq=False, kw_only=True)
class Sample:
    """Simulated events that neither encoders nor, of their fold, classifiers saw.

    Attributes:
        facts: Of the latents, one for each encoder.
        event_id: uint64 (n,).
        process: str (n,).
        point: str (n,).
        m_gg: float32 (n,), GeV.
        recordable: bool (n,): of the pseudo-data half; the others are the encoders' test part, or
            private.
        private: bool (n,): made for a verification; no flow and no classifier learns from them.
        values: float32 (n, d) for each encoder, smeared.
        yields: Expected events of each Standard Model process in the window, for 1/fb.
        region: Edges of the signal region, GeV.
    """

    facts: tuple[Facts, ...]
    event_id: NDArray[np.uint64]
    process: NDArray[np.str_]
    point: NDArray[np.str_]
    m_gg: NDArray[np.float32]
    recordable: NDArray[np.bool_]
    private: NDArray[np.bool_]
    values: tuple[NDArray[np.float32], ...]
    yields: Mapping[str, float]
    region: tuple[float, float]

    @property
    def in_region(self) -> NDArray[np.bool_]:
        """Which events are in the signal region."""
        return (self.m_gg >= self.region[0]) & (self.m_gg < self.region[1])

    @property
    def judged(self) -> NDArray[np.bool_]:
        """Which events results are measured on: the private ones where there are any, else all."""
        return self.private if self.private.any() else np.ones_like(self.private)

    def pool(self) -> tuple[Pool, NDArray[np.intp]]:
        """Return what pseudo-data are drawn from, and its rows of the sample."""
        rows = np.flatnonzero(self.recordable)
        pool = Pool(
            event_id=self.event_id[rows],
            process=self.process[rows],
            point=self.point[rows],
            m_gg=self.m_gg[rows],
            yields=self.yields,
            region=self.region,
        )
        return pool, rows

    def background(self) -> NDArray[np.bool_]:
        """Which events are of the Standard Model."""
        return np.isin(self.process, list(self.yields))

    def signal(self, name: str) -> NDArray[np.bool_]:
        """Which events are of a signal, "process" or "process/point"."""
        process, _, point = name.partition("/")
        chosen: NDArray[np.bool_] = self.process == process
        return chosen & (self.point == point) if point else chosen

    def weighted(
        self,
        among: NDArray[np.bool_],
        processes: Iterable[str],
        drawn: PseudoData,
        pool: Pool,
    ) -> tuple[NDArray[np.intp], NDArray[np.float64]]:
        """Return events of processes in the signal region and their weights, expected over found.

        Args:
            among: (n,), which events may be used.
            processes: Of the Standard Model.
            drawn: Whose luminosity counts.
            pool: Whose fractions in the region count.

        Raises:
            DataError: A process has no event left.
        """
        rows: list[NDArray[np.intp]] = [np.zeros(0, dtype=np.intp)]
        weights = [np.zeros(0)]
        inside = pool.in_region
        for process in processes:
            own = np.flatnonzero(among & self.in_region & (self.process == process))
            if not len(own):
                message = complaint("no event left of a process", found=process)
                raise DataError(message)
            share = float(inside[pool.process == process].mean())
            expected = self.yields[process] * drawn.luminosity * share
            rows.append(own)
            weights.append(np.full(len(own), expected / len(own)))
        return np.concatenate(rows), np.concatenate(weights)

    def folds(self, name: str | int, number: int) -> NDArray[np.intp]:
        """Return the fold (n,) of each event, from 0 on, for a classifier of a name."""
        return (uniform(self.event_id, f"hunt/fold/{name}") * number).astype(np.intp)


def read_sample(
    files: Sequence[Path],
    *,
    yields: Mapping[str, float],
    region: tuple[float, float],
    smearing: float,
) -> Sample:
    """Return the events of latents files, one for each encoder, that none of them learned from.

    Args:
        files: Of one embedding and regime.
        yields: Expected events of each Standard Model process in the window, for 1/fb.
        region: Edges of the signal region, GeV.
        smearing: Width of the noise, in widths of the continuum's latents.

    Raises:
        DataError: A file is none, holds other events than the first, or a constant latent.
    """
    kept: list[Latents] = []
    for path in files:
        chosen = _unlearned(path)
        if kept and not np.array_equal(kept[0].event_id, chosen.event_id):
            message = complaint("other events than of the first encoder", where=str(path))
            raise DataError(message)
        kept.append(chosen)
    first = kept[0]
    return Sample(
        facts=tuple(latents.facts for latents in kept),
        event_id=first.event_id,
        process=first.process,
        point=first.point,
        m_gg=first.m_gg,
        recordable=first.part == PSEUDO_DATA,
        private=first.part == PRIVATE,
        values=tuple(_smeared(latents, smearing) for latents in kept),
        yields=yields,
        region=region,
    )


def opened(files: Mapping[str, str], setup: Setup) -> Sample:
    """Return `read_sample` of files, and keep the last: the searches of a cell follow each other.

    Args:
        files: Paths, and the digests of their contents: others are not taken for the same.
        setup: The protocol.
    """
    return _opened(
        tuple(files.items()), tuple(setup.yields.items()), setup.region, setup.cathode.smearing
    )


@lru_cache(maxsize=1)
def _opened(
    files: tuple[tuple[str, str], ...],
    yields: tuple[tuple[str, float], ...],
    region: tuple[float, float],
    smearing: float,
) -> Sample:
    paths = [Path(file) for file, _ in files]
    return read_sample(paths, yields=dict(yields), region=region, smearing=smearing)


def contents_of(file: Path) -> str:
    """Return a SHA-256 of all that a search takes from a file of latents.

    That is events that no encoder learned from, in whatever order, and the number of the encoder,
    but not whose latents they are: the same numbers under another name are not searched again.
    Read once, as the pieces of a scan ask for it each.

    Raises:
        DataError: As `benchmark.latents.read_latents`.
    """
    state = file.stat()
    return _contents(str(file.absolute()), state.st_mtime_ns, state.st_size)


@lru_cache(maxsize=1000)
def _contents(path: str, changed: int, size: int) -> str:
    del changed, size  # part of the key
    latents = _unlearned(Path(path))
    found = hashlib.sha256(str(latents.facts.number).encode())
    for name in ("event_id", "process", "point", "part", "m_gg", "values"):
        column = np.ascontiguousarray(getattr(latents, name))
        words = column.dtype.kind == "U"  # each as long as the longest of the file
        found.update(f"{name} {'' if words else column.dtype} {column.shape}".encode())
        found.update("\0".join(column.tolist()).encode() if words else column.tobytes())
    return found.hexdigest()


def _unlearned(path: Path) -> Latents:
    """Return the events of a file that no encoder learned from, by their ids.

    In whatever order a file holds them, the same events give the same result.
    """
    latents = read_latents(path)
    wanted = np.flatnonzero(np.isin(latents.part, (PSEUDO_DATA, TEST, PRIVATE)))
    return latents.select(wanted[np.argsort(latents.event_id[wanted])])


def _smeared(latents: Latents, smearing: float) -> NDArray[np.float32]:
    """Return latents with the noise of their events; the same whatever is done with them."""
    values = latents.values
    like = values[latents.process == NONRESONANT].astype(np.float64)
    facts = latents.facts
    where = f"latents of {facts.embedding}, regime {facts.regime}"
    if not len(like):
        raise DataError(complaint("no event of the continuum", where=where))
    width = like.std(axis=0)
    constant = width <= CONSTANT * np.abs(like).max(axis=0)
    if constant.any():
        column = int(np.argmax(constant))
        message = complaint(
            f"latent dimension {column + 1} is constant",
            where=where,
            found=f"only {like[0, column]:.6g} in the continuum",
            expected="dimensions that vary",
        )
        raise DataError(message)
    if not smearing:
        return values
    # The number tells encoders apart: their noise is independent.
    salt = f"hunt/smearing/{facts.number}"
    noise = standard_normal(latents.event_id, salt, values.shape[1])
    smeared: NDArray[np.float32] = (values + smearing * width * noise).astype(np.float32)
    return smeared
