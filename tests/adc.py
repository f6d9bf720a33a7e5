"""Files of the official ADC2021 layout, and small releases."""

from __future__ import annotations

import zlib
from typing import TYPE_CHECKING, Any

import h5py
import numpy as np

from benchmark.events import read_events, write_events
from benchmark.importers.adc_checks import CLASSES
from benchmark.importers.cms_adc import export_cms_adc
from benchmark.paths import datasets_root

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

_GROUPS = ((0, 1), (1, 5), (5, 9), (9, 19))


def random_particles(n: int, *, seed: int = 0) -> NDArray[np.float64]:
    """Return (n, 19, 4): pT, eta, phi, class; pT ordered, empty rows zero."""
    rng = np.random.default_rng(seed)
    particles = np.zeros((n, 19, 4))
    for start, stop in _GROUPS:
        number = rng.integers(0 if start else 1, stop - start + 1, n)
        present = np.arange(stop - start) < number[:, None]
        pt = -np.sort(-rng.uniform(3, 300, present.shape), axis=1)
        eta = rng.uniform(-3, 3, present.shape) * (start > 0)
        phi = rng.uniform(-np.pi, np.pi, present.shape)
        code = np.broadcast_to(CLASSES[start:stop], present.shape)
        for column, values in enumerate((pt, eta, phi, code)):
            particles[:, start:stop, column] = np.where(present, values, 0)
    return particles


def write_particles(path: Path, particles: NDArray[np.floating[Any]]) -> Path:
    """Write a file as the official ones: one compressed dataset, and the names."""
    with h5py.File(path, "w") as file:
        file.create_dataset("Particles", data=particles, compression="gzip")
        file["Particles_Names"] = [b"Pt", b"Eta", b"Phi", b"Class"]
    return path


def write_many(path: Path, events: int, *, block: int = 50_000) -> Path:
    """Write a file of any size in no time: one compressed block, again and again.

    `events` is rounded up to whole blocks; each is 64 random events over and over.
    """
    part = np.resize(random_particles(64), (block, 19, 4))
    packed = zlib.compress(part.tobytes(), 1)
    blocks = -(-events // block)
    with h5py.File(path, "w") as file:
        particles = file.create_dataset(
            "Particles",
            shape=(blocks * block, 19, 4),
            chunks=(block, 19, 4),
            dtype="<f8",
            compression="gzip",
        )
        for number in range(blocks):
            particles.id.write_direct_chunk((number * block, 0, 0), packed)
    return path


OFFICIAL_NAMES = {
    "w": "background_for_training.h5",
    "a_to_4l": "Ato4l_lepFilter_13TeV_filtered.h5",
    "h0_to_tautau": "hToTauTau_13TeV_PU20_filtered.h5",
    "hplus_to_taunu": "hChToTauNu_13TeV_PU20_filtered.h5",
    "leptoquark": "leptoquark_LOWMASS_lepFilter_13TeV_filtered.h5",
}


def small_release(folder: Path, *, events: int) -> Path:
    """Write the first events of each process of the bundled release."""
    for path in sorted((datasets_root() / "cms_adc" / "v1").glob("*.parquet")):
        write_events(read_events(path).select(slice(0, events)), folder / path.name)
    return folder


def official_files(folder: Path, *, events: int) -> Path:
    """Write events of the bundled release under the names and in the layout of the challenge."""
    folder.mkdir(exist_ok=True)
    for process, name in OFFICIAL_NAMES.items():
        table = read_events(datasets_root() / "cms_adc" / "v1" / f"{process}.parquet")
        export_cms_adc(table.select(slice(0, events)), folder / name)
    return folder
