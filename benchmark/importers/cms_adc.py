"""The official HDF5 files of the CMS anomaly detection challenge, ADC2021.

Layout: a dataset `Particles` (n, 19, 4) of pT (GeV), eta, phi (rad) and class; the rows of an
event are MET, 4 electrons, 4 muons and 10 jets; the classes are 1 MET, 2 electron, 3 muon, 4 jet,
0 empty. Empty rows are zero. Official files are float64; `Particles_Names`,
`Particles_Classes` and `EvtId` (black box) are not read.
"""

from __future__ import annotations

from contextlib import contextmanager
from fnmatch import fnmatchcase
from pathlib import Path
from typing import TYPE_CHECKING, Any

import h5py
import numpy as np

from benchmark.errors import DataError, complaint
from benchmark.events import EventTable
from benchmark.files import atomic_path
from benchmark.ids import imported_event_ids
from benchmark.importers.adc_checks import CLASSES, check_particles
from benchmark.schema import CMS_ADC
from benchmark.table import require_schema

if TYPE_CHECKING:
    import os
    from collections.abc import Iterable, Iterator

    from numpy.typing import NDArray

DATASET = "Particles"
# Not the name of the bundled dataset: an official event never shares an id with one of ours.
ID_SPACE = "cms_adc/official"
_OFFICIAL = {
    "background_for_training*": "background",
    "Ato4l_*": "a_to_4l",
    "hToTauTau_*": "h0_to_tautau",
    "hChToTauNu_*": "hplus_to_taunu",
    "leptoquark_*": "leptoquark",
}
_FLOATS = ("float32", "float64")


def official_process(path: str | os.PathLike[str]) -> str:
    """Return the process that the name of an official file stands for.

    Raises:
        DataError: No official file has such a name.

    Example:
        >>> official_process("data/Ato4l_lepFilter_13TeV_filtered.h5")
        'a_to_4l'
    """
    name = Path(path).name
    for pattern, process in _OFFICIAL.items():
        if fnmatchcase(name, pattern):
            return process
    message = complaint(
        "the file name does not tell the process",
        where=str(path),
        expected="a name like " + ", ".join(_OFFICIAL),
        remedy="Name the process (option process).",
    )
    raise DataError(message)


def iter_cms_adc(
    path: str | os.PathLike[str],
    *,
    process: str | None = None,
    chunk: int = 100_000,
    first_row: int = 0,
) -> Iterator[EventTable]:
    """Yield the events of an official file, `chunk` at a time; memory does not grow with the file.

    Event ids depend on process and row alone. The weight of each event is 1.

    Args:
        path: The HDF5 file.
        process: Name of the process; None takes it from the name of an official file.
        chunk: Events of a table.
        first_row: Number of the file's first event in the ids: for the second file of a process,
            the number of events of the first.

    Raises:
        DataError: The file cannot be read, is not of this layout, or holds a value that breaks
            it (`benchmark.importers.adc_checks`); the message names file, event and row.
    """
    label = official_process(path) if process is None else process
    with _opened(path) as particles:
        for start in range(0, len(particles), chunk):
            values = _read(path, particles, start, chunk)
            check_particles(values, where=f"{path}, dataset {DATASET}", first_event=start)
            yield _table(values, label, first_row + start)


def event_count(path: str | os.PathLike[str]) -> int:
    """Return the number of events of an official file, without reading them.

    Raises:
        DataError: The file cannot be read, or is not of this layout.
    """
    with _opened(path) as particles:
        return len(particles)


@contextmanager
def _opened(path: str | os.PathLike[str]) -> Iterator[Any]:
    """Open the file and yield its particles, once their layout is known to be right."""
    if not Path(path).is_file():
        message = complaint("no such file", where=str(path), expected="an HDF5 file")
        raise DataError(message)
    try:
        file = h5py.File(path, "r")
    except OSError as error:
        raise DataError(_unreadable(path, error)) from error
    with file:
        particles = file.get(DATASET)
        if not isinstance(particles, h5py.Dataset):
            message = complaint(
                f"no dataset {DATASET}",
                where=str(path),
                found=", ".join(file) or "an empty file",
                remedy="Is it a file of the CMS ADC2021 challenge?",
            )
            raise DataError(message)
        _check_layout(path, particles)
        yield particles


def _unreadable(path: str | os.PathLike[str], error: OSError) -> str:
    """Return what is wrong with a file that the HDF5 library refuses."""
    text = str(error)
    if "signature" in text:
        return complaint(
            "not an HDF5 file", where=str(path), remedy="Give an .h5 file of the challenge."
        )
    if "truncated" in text:
        return complaint(
            "the HDF5 file is truncated",
            where=str(path),
            found=f"{Path(path).stat().st_size} bytes",
            remedy="Download it again and compare its checksum.",
        )
    return complaint(
        "the HDF5 file cannot be read", where=str(path), found=text, remedy="Is it damaged?"
    )


def _check_layout(path: str | os.PathLike[str], particles: Any) -> None:
    """Check shape and type of the particles."""
    where = f"{path}, dataset {DATASET}"
    expected = f"(events, {CMS_ADC.slots}, 4)"
    if particles.ndim != 3 or particles.shape[1:] != (CMS_ADC.slots, 4):
        message = complaint(
            "wrong shape",
            where=where,
            found=str(particles.shape),
            expected=expected,
            remedy="An event is 1 MET, 4 electrons, 4 muons, 10 jets of pT, eta, phi, class.",
        )
        raise DataError(message)
    if len(particles) == 0:
        message = complaint(
            "no events", where=where, expected="at least one event", remedy="Leave the file out."
        )
        raise DataError(message)
    if particles.dtype.name not in _FLOATS:
        message = complaint(
            "wrong type",
            where=where,
            found=particles.dtype.name,
            expected=" or ".join(_FLOATS),
            remedy="Write the particles as numbers of such a type, pT in GeV.",
        )
        raise DataError(message)


def _read(
    path: str | os.PathLike[str], particles: Any, start: int, count: int
) -> NDArray[np.floating[Any]]:
    """Return the particles of some events, in the byte order of this machine."""
    try:
        values = particles[start : start + count]
    except OSError as error:
        message = complaint(
            "the data cannot be read",
            where=f"{path}, dataset {DATASET}, events from {start}",
            found=str(error),
            remedy="The file is damaged: download it again and compare its checksum.",
        )
        raise DataError(message) from error
    return np.asarray(values, dtype=particles.dtype.newbyteorder("="))


def _table(values: NDArray[np.floating[Any]], process: str, first_row: int) -> EventTable:
    """Return checked particles as a table."""
    n = len(values)
    limit = np.float32(np.pi)
    objects = values[:, :, :3].astype(np.float32)
    np.clip(objects[:, :, 2], -limit, limit, out=objects[:, :, 2])
    mask = objects[:, :, 0] > 0
    met = CMS_ADC.type_slice("met")
    mask[:, met] = True
    objects[:, met, 1] = 0  # MET has no eta in the table, whatever the file says
    return EventTable(
        schema=CMS_ADC,
        objects=objects,
        mask=mask,
        features=np.zeros((n, 0), dtype=np.float32),
        event_id=imported_event_ids(ID_SPACE, process, "", n, start=first_row),
        process=np.full(n, process),
        point=np.full(n, ""),
        weight=np.ones(n, dtype=np.float32),
        m_gg=None,
        shard=np.full(n, -1, dtype=np.int32),
        seed=np.full(n, -1, dtype=np.int64),
    )


def export_cms_adc(tables: EventTable | Iterable[EventTable], path: str | os.PathLike[str]) -> int:
    """Write events in the official layout and return their number.

    Values are float64 as in the official files, so reading them back gives the same objects. The
    layout holds nothing else: labels, weights and ids are left behind.

    Args:
        tables: A table, or several one after the other (streamed).
        path: The HDF5 file; it appears whole or not at all.

    Raises:
        DataError: A table is not of the schema `cms_adc`.
        DiademError: The file cannot be written.
    """
    parts = [tables] if isinstance(tables, EventTable) else tables
    with atomic_path(path) as temporary, h5py.File(temporary, "w") as file:
        shape = (CMS_ADC.slots, 4)
        particles = file.create_dataset(
            DATASET,
            shape=(0, *shape),
            maxshape=(None, *shape),
            chunks=(1000, *shape),
            dtype="float64",
            compression="gzip",
            compression_opts=1,
        )
        file["Particles_Names"] = [b"Pt", b"Eta", b"Phi", b"Class"]
        file["Particles_Classes"] = [
            b"MET_class_1",
            b"Four_Ele_class_2",
            b"Four_Mu_class_3",
            b"Ten_Jet_class_4",
        ]
        for table in parts:
            require_schema(table, CMS_ADC)
            start = len(particles)
            particles.resize(start + len(table), axis=0)
            particles[start:] = _particles(table)
        return len(particles)


def _particles(table: EventTable) -> NDArray[np.float32]:
    """Return the particles of a table in the official layout."""
    classes = np.where(table.mask, CLASSES, 0).astype(np.float32)
    order = [table.schema.feature_index(name) for name in ("pt", "eta", "phi")]
    kinematics = table.objects[:, :, order]
    return np.concatenate([kinematics, classes[:, :, None]], axis=2)
