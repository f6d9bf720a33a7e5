"""Files of latents: what is written is read, and nothing else."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from benchmark.errors import DataError
from benchmark.latents import Latents, read_facts, read_latents, write_latents
from benchmark.paths import datasets_root
from benchmark.probes.choosing import CLOSED, without_test
from tests.latents import made_up_latents

if TYPE_CHECKING:
    from pathlib import Path

ARRAYS = ("event_id", "process", "point", "part", "m_gg", "values")


def test_written_and_read(tmp_path: Path) -> None:
    latents = made_up_latents(dimensions=11, classes=("ggF", "stop"))
    write_latents(tmp_path / "z.parquet", latents)
    found = read_latents(tmp_path / "z.parquet")
    assert found.facts == latents.facts == read_facts(tmp_path / "z.parquet")
    for name in ARRAYS:
        np.testing.assert_array_equal(getattr(found, name), getattr(latents, name))
        assert getattr(found, name).dtype.kind == getattr(latents, name).dtype.kind
    assert found.values.dtype == np.float32


def test_the_same_latents_are_the_same_bytes(tmp_path: Path) -> None:
    for name in ("a", "b"):
        write_latents(tmp_path / name, made_up_latents())
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()


def spoiled(kind: str, path: Path) -> None:
    write_latents(path, made_up_latents())
    if kind == "cut":
        path.write_bytes(path.read_bytes()[:-100])
    elif kind == "other":
        path.write_bytes((datasets_root() / "diphoton" / "v1" / "ggF.parquet").read_bytes())
    elif kind == "text":
        path.write_text("no Parquet")
    elif kind == "lacking":
        pq.write_table(pq.read_table(path).drop_columns(["part"]), path)
    elif kind == "bare":
        columns = [name for name in pq.read_table(path).column_names if name[0] != "z"]
        pq.write_table(pq.read_table(path).select(columns), path)
    elif kind == "gone":
        path.unlink()


@pytest.mark.parametrize("kind", ["cut", "other", "text", "lacking", "bare", "gone"])
def test_what_is_no_file_of_latents(kind: str, tmp_path: Path) -> None:
    path = tmp_path / "z.parquet"
    spoiled(kind, path)
    with pytest.raises(DataError, match=r"z\.parquet: no latents can be read.*diadem train"):
        read_latents(path)


def changed(**arrays: Any) -> Latents:
    return replace(made_up_latents(), **arrays)


def test_what_is_none() -> None:
    good = made_up_latents()
    bad = good.values.copy()
    bad[7, 1] = np.nan
    with pytest.raises(DataError, match=r"signal_aware, row 7: 1 latents are not finite"):
        changed(values=bad)
    for arrays in ({"m_gg": good.m_gg[1:]}, {"values": good.values[:, 0]}):
        with pytest.raises(DataError, match="another number of events"):
            changed(**arrays)
    with pytest.raises(DataError, match="another number of events"):
        changed(values=good.values[:, :0])


def test_some_of_them() -> None:
    latents = made_up_latents()
    rows = np.array([5, 2])
    found = latents.select(rows)
    assert len(found) == 2
    np.testing.assert_array_equal(found.values, latents.values[rows])


def test_choosing_never_sees_a_test_event() -> None:
    latents = made_up_latents(events=40)
    found = without_test(latents)
    test = latents.part == "test"
    assert (found.part[test] == CLOSED).all()
    assert (found.part[latents.part == "validation"] == "test").all()
    aside = found.part == "validation"
    assert (latents.part[aside] == "train").all()
    # A tenth of 31 x 40: 124 +- 11; five standard deviations, false alarms below 1e-6.
    assert abs(int(aside.sum()) - 124) < 55
    np.testing.assert_array_equal(found.event_id, latents.event_id)


def test_words_of_a_file_in_parts(tmp_path: Path) -> None:
    """Each part of a Parquet file has words of its own; a missing word is none."""
    latents = made_up_latents()
    path = tmp_path / "a.parquet"
    write_latents(path, latents)
    table = pq.read_table(path)
    pq.write_table(table, path, row_group_size=7)
    assert pq.ParquetFile(path).num_row_groups > 2
    read = read_latents(path)
    for name in ("process", "point", "part"):
        np.testing.assert_array_equal(getattr(read, name), getattr(latents, name))
        assert getattr(read, name).dtype.kind == "U"
    place = table.column_names.index("part")
    words = table["part"].to_pylist()
    for bad in (pa.array([None, *words[1:]]), pa.array(list(range(len(words))))):
        pq.write_table(table.set_column(place, "part", bad), path)
        with pytest.raises(DataError, match="column part does not hold words alone"):
            read_latents(path)
