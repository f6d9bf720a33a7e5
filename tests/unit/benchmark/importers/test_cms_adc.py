from __future__ import annotations

from typing import TYPE_CHECKING, Any

import h5py
import numpy as np
import pytest

from benchmark.errors import DataError
from benchmark.events import EventTable
from benchmark.importers.cms_adc import export_cms_adc, iter_cms_adc, official_process
from benchmark.schema import CMS_ADC, DIPHOTON
from tests.adc import random_particles, write_particles
from tests.memory import growth_while_importing
from tests.tables import random_table

if TYPE_CHECKING:
    from pathlib import Path


def read(path: Path, **options: Any) -> EventTable:
    return EventTable.concat(list(iter_cms_adc(path, process="w", **options)))


def test_rows_become_slots(tmp_path: Path) -> None:
    particles = random_particles(50)
    table = read(write_particles(tmp_path / "a.h5", particles), chunk=7)
    assert table.schema == CMS_ADC
    for event, row in np.ndindex(50, 19):
        pt, eta, phi, code = particles[event, row]
        present = code != 0 or row == 0
        assert table.mask[event, row] == present
        expected = np.array([pt, eta, phi], dtype=np.float32)
        assert table.objects[event, row].tolist() == expected.tolist()
    assert (table.weight == 1).all()
    assert (table.shard == -1).all()
    assert (table.seed == -1).all()


def test_ids_do_not_depend_on_the_chunk(tmp_path: Path) -> None:
    path = write_particles(tmp_path / "a.h5", random_particles(50))
    assert read(path, chunk=7).digest() == read(path, chunk=1000).digest()


def test_a_second_file_of_a_process_gets_other_ids(tmp_path: Path) -> None:
    path = write_particles(tmp_path / "a.h5", random_particles(20))
    assert len(EventTable.concat([read(path), read(path, first_row=20)])) == 40


@pytest.mark.parametrize("dtype", ["<f4", ">f4", "<f8", ">f8"])
def test_every_float_of_the_layout(tmp_path: Path, dtype: str) -> None:
    plain = random_particles(9).astype(np.float32)
    path = write_particles(tmp_path / "a.h5", plain.astype(dtype))
    assert np.array_equal(read(path).objects, plain[:, :, :3])


def test_what_is_exported_is_read_back(tmp_path: Path) -> None:
    table = random_table(CMS_ADC, 300)
    halves = (table.select(slice(0, 120)), table.select(slice(120, 300)))
    assert export_cms_adc(iter(halves), tmp_path / "a.h5") == 300
    back = read(tmp_path / "a.h5")
    assert np.array_equal(back.objects, table.objects)
    assert np.array_equal(back.mask, table.mask)
    with h5py.File(tmp_path / "a.h5") as file:
        assert file["Particles"].shape == (300, 19, 4)
        assert file["Particles"].dtype == np.float64
        assert list(file["Particles_Names"]) == [b"Pt", b"Eta", b"Phi", b"Class"]


def test_another_schema_is_not_exported(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="found diphoton; expected cms_adc"):
        export_cms_adc(random_table(DIPHOTON, 3), tmp_path / "a.h5")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("name", "process"),
    [
        ("background_for_training.h5", "background"),
        ("Ato4l_lepFilter_13TeV_filtered.h5", "a_to_4l"),
        ("hToTauTau_13TeV_PU20_filtered.h5", "h0_to_tautau"),
        ("hChToTauNu_13TeV_PU20_filtered.h5", "hplus_to_taunu"),
        ("leptoquark_LOWMASS_lepFilter_13TeV_filtered.h5", "leptoquark"),
    ],
)
def test_official_names(tmp_path: Path, name: str, process: str) -> None:
    path = write_particles(tmp_path / name, random_particles(2))
    assert next(iter_cms_adc(path)).process.tolist() == [process] * 2


def test_a_black_box_needs_a_process() -> None:
    with pytest.raises(DataError, match=r"BlackBox_13TeV_PU20\.h5: the file name does not tell"):
        official_process("BlackBox_13TeV_PU20.h5")


@pytest.mark.parametrize(
    ("row", "values", "message"),
    [
        (9, (np.nan, 0, 0, 4), r"event 5, row 9 \(jet1\), pT: not a finite number; found nan"),
        (9, (50, np.inf, 0, 4), r"row 9 \(jet1\), eta: not a finite number; found inf"),
        (0, (-2, 0, 0, 1), r"event 5, row 0 \(met\): negative pT; found -2"),
        (9, (50, 11, 0, 4), r"row 9 \(jet1\): eta out of range; found 11"),
        (9, (50, 0, 3.15, 4), r"row 9 \(jet1\): phi out of range; found 3\.15"),
        (9, (50, 0, 0, 2), r"row 9 \(jet1\): class code does not match its row; found 2"),
        (1, (50, 0, 0, 2.5), r"row 1 \(electron1\): class code does not match its row"),
        (0, (50, 0, 0, 4), r"row 0 \(met\): class code does not match its row; found 4"),
        (5, (50, 0, 0, 0), r"row 5 \(muon1\): class 0 \(empty\) in a row that is not zero"),
        (8, (0, 0.5, 0, 3), r"row 8 \(muon4\): pT is zero but the angles are not; found 0\.5"),
        (8, (1e-60, 0.5, 0, 3), r"row 8 \(muon4\): pT is zero but the angles are not"),
        (9, (1e300, 0, 0, 4), r"row 9 \(jet1\): pT out of range; found 1e\+300; expected .*13000"),
        (0, (13001, 0, 0, 1), r"row 0 \(met\): pT out of range; found 13001; expected pT <= 1300"),
        (10, (1e4, 0, 0, 4), r"row 10 \(jet2\): pT is not ordered; found 10000"),
        (4, (1e-3, 0, 0, 2), r"row 4 \(electron4\): pT is not ordered"),
    ],
)
def test_a_bad_row_is_named(
    tmp_path: Path, row: int, values: tuple[float, ...], message: str
) -> None:
    particles = random_particles(8)
    particles[5, 1:] = 0  # only MET is left, so that the fault is the only one
    particles[5, row] = values
    path = write_particles(tmp_path / "a.h5", particles)
    with pytest.raises(DataError, match=r"a\.h5, dataset Particles, event 5, .*") as error:
        read(path, chunk=3)
    assert error.match(message)
    assert error.match(r"expected .*\. [A-Z].*\.$")  # what should be there, then a remedy


def test_what_is_taken_where_the_layout_is_silent(tmp_path: Path) -> None:
    particles = random_particles(3)
    particles[:, 1:] = 0
    particles[0, 0] = 0  # no MET at all
    particles[1, 0] = (0, 0, 1.0, 1)  # a MET of zero has any angle
    particles[1, 18, 3] = 4  # an empty row with its class
    particles[2, 0] = (7, 0, np.pi + 2e-7, 1)  # rounded up
    table = read(write_particles(tmp_path / "a.h5", particles))
    assert table.mask.sum() == 3
    assert table.objects[2, 0, 2] == np.float32(np.pi)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ({}, r"no dataset Particles; found an empty file"),
        ({"events": np.zeros(3)}, r"no dataset Particles; found events"),
        ({"Particles": np.zeros((4, 57))}, r"wrong shape; found \(4, 57\); expected \(events, 19"),
        ({"Particles": np.zeros((4, 19, 3))}, r"wrong shape; found \(4, 19, 3\)"),
        ({"Particles": np.zeros((4, 19, 4), dtype=int)}, r"wrong type; found int64; expected flo"),
        ({"Particles": np.zeros((0, 19, 4))}, r"dataset Particles: no events"),
    ],
)
def test_a_foreign_layout_is_refused(
    tmp_path: Path, content: dict[str, Any], message: str
) -> None:
    with h5py.File(tmp_path / "a.h5", "w") as file:
        for name, values in content.items():
            file[name] = values
    with pytest.raises(DataError, match=message):
        read(tmp_path / "a.h5")


@pytest.mark.parametrize(
    ("particles", "remedy"),
    [
        (np.zeros((4, 57)), "An event is 1 MET"),
        (np.zeros((4, 19, 4), dtype=int), "Write the particles as"),
        (np.zeros((0, 19, 4)), "Leave the file out"),
    ],
)
def test_a_foreign_layout_has_a_remedy(tmp_path: Path, particles: Any, remedy: str) -> None:
    with pytest.raises(DataError, match=remedy):
        read(write_particles(tmp_path / "a.h5", particles))


def test_files_that_cannot_be_read(tmp_path: Path) -> None:
    path = tmp_path / "a.h5"
    with pytest.raises(DataError, match=r"a\.h5: no such file"):
        read(path)
    for content in (b"", b"root is not HDF5"):
        path.write_bytes(content)
        with pytest.raises(DataError, match=r"a\.h5: not an HDF5 file"):
            read(path)
    whole = write_particles(tmp_path / "b.h5", random_particles(500)).read_bytes()
    for share in (0.3, 0.9):
        path.write_bytes(whole[: int(len(whole) * share)])
        with pytest.raises(DataError, match=r"a\.h5: the HDF5 file is truncated; found \d+ bytes"):
            read(path)


def test_damaged_data_are_refused(tmp_path: Path) -> None:
    path = write_particles(tmp_path / "a.h5", random_particles(500))
    with h5py.File(path) as file:
        chunk = file["Particles"].id.get_chunk_info(0)
    with path.open("r+b") as stream:
        stream.seek(chunk.byte_offset)
        stream.write(b"\xff" * (chunk.size // 2))
    with pytest.raises(DataError, match=r"dataset Particles, events from 0: the data cannot be"):
        read(path)


def test_memory_does_not_grow_with_the_file(tmp_path: Path) -> None:
    """The file is 360 MB of float64; a reader that kept it, or its tables, would show."""
    growth = growth_while_importing(tmp_path / "a.h5", events=600_000, chunk=20_000)
    assert growth.later < 60 * 2**20
