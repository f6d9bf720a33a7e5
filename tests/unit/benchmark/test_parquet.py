"""Event files: what is written is read again, and foreign or broken files are refused."""

from __future__ import annotations

import itertools
import tracemalloc
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from benchmark.errors import DataError
from benchmark.events import (
    EventTable,
    digest_of,
    iter_events,
    open_events,
    read_columns,
    read_events,
    write_events,
)
from benchmark.schema import CMS_ADC, DIPHOTON, SCHEMAS, EventSchema
from benchmark.table import ARRAYS
from tests.tables import random_table

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

ALL = pytest.mark.parametrize("schema", SCHEMAS.values(), ids=SCHEMAS)


def same(left: EventTable, right: EventTable) -> bool:
    return left.schema == right.schema and all(
        np.array_equal(getattr(left, name), getattr(right, name)) for name in ARRAYS
    )


@ALL
@pytest.mark.parametrize("n", [0, 1, 1000])
def test_round_trip(tmp_path: Path, schema: EventSchema, n: int) -> None:
    table = random_table(schema, n)
    path = tmp_path / "a.parquet"
    assert write_events(table, path, metadata={"made_by": "a test"}, row_group_size=300) == n
    assert same(read_events(path), table)
    assert digest_of(path) == table.digest()
    known = open_events(path)
    assert (known.schema, known.n_events, known.metadata) == (schema, n, {"made_by": "a test"})
    assert tuple(pq.read_schema(path).names) == schema.columns()
    assert list(tmp_path.iterdir()) == [path]


def test_flat_columns_hold_what_they_say(tmp_path: Path) -> None:
    table = random_table(DIPHOTON, 20)
    write_events(table, tmp_path / "a.parquet")
    flat = pq.read_table(tmp_path / "a.parquet")
    assert np.array_equal(flat["large_jet2_tau3"], table.objects[:, 5, 7])
    assert np.array_equal(flat["met_phi"], table.objects[:, 10, 2])
    assert np.array_equal(flat["n_jets"], table.features[:, 9])
    assert flat["process"].to_pylist() == table.process.tolist()
    masks = [[bool(bits >> s & 1) for s in range(11)] for bits in flat["mask"].to_pylist()]
    assert masks == table.mask.tolist()


@ALL
def test_bytes_do_not_depend_on_the_cut_of_the_stream(tmp_path: Path, schema: EventSchema) -> None:
    table = random_table(schema, 1000)
    cuts = [0, 0, 7, 300, 301, 950, 1000]
    pieces = [table.select(slice(a, b)) for a, b in itertools.pairwise(cuts)]
    write_events(table, tmp_path / "whole.parquet", row_group_size=128)
    write_events(iter(pieces), tmp_path / "cut.parquet", row_group_size=128)
    whole, cut = (tmp_path / f"{name}.parquet" for name in ("whole", "cut"))
    assert whole.read_bytes() == cut.read_bytes()
    sizes = [pq.ParquetFile(cut).metadata.row_group(i).num_rows for i in range(8)]
    assert sizes == [128] * 7 + [104]


def test_streaming_gives_the_same_events(tmp_path: Path) -> None:
    table = random_table(CMS_ADC, 1000)
    paths = [tmp_path / "a.parquet", tmp_path / "b.parquet"]
    write_events(table.select(slice(0, 600)), paths[0], row_group_size=250)
    write_events(table.select(slice(600, None)), paths[1])
    batches = list(iter_events(paths, 100))
    assert max(len(batch) for batch in batches) == 100
    assert same(EventTable.concat(batches), table)
    assert same(read_events(paths), table)
    assert digest_of(paths[::-1]) == table.digest()


def test_streaming_does_not_hold_the_file(tmp_path: Path) -> None:
    n = 60_000
    write_events(random_table(CMS_ADC, n), tmp_path / "a.parquet", row_group_size=4000)
    held = n * CMS_ADC.slots * len(CMS_ADC.features) * 4
    before = pa.total_allocated_bytes()
    tracemalloc.start()
    arrow = 0
    for _ in iter_events(tmp_path / "a.parquet", 2000):
        arrow = max(arrow, pa.total_allocated_bytes() - before)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    # The objects alone are 14 MB: a stream of batches of a thirtieth must stay far below.
    assert peak + arrow < held / 2


def test_processes_are_chosen(tmp_path: Path) -> None:
    table = random_table(DIPHOTON, 300)
    path = tmp_path / "a.parquet"
    write_events(table, path, row_group_size=100)
    chosen = np.isin(table.process, ["ggf", "qcd"])
    assert same(read_events(path, processes=["ggf", "qcd"]), table.select(chosen))
    assert len(read_events(path, processes=["none"])) == 0
    got = read_columns(path, ("m_gg", "event_id"), processes=["ggf", "qcd"])
    assert list(got) == ["m_gg", "event_id"]
    assert np.array_equal(got["event_id"], table.event_id[chosen])


def test_columns_are_projected(tmp_path: Path) -> None:
    table = random_table(DIPHOTON, 300)
    path = tmp_path / "a.parquet"
    write_events(table, path, row_group_size=100)
    got = read_columns([path], ("event_id", "point", "jet1_pt"))
    assert np.array_equal(got["point"], table.point)
    assert np.array_equal(got["jet1_pt"], table.objects[:, 0, 0])
    with pytest.raises(DataError, match=r"a\.parquet: no such column; found jet9_pt"):
        read_columns(path, ("event_id", "jet9_pt"))


def test_writing_refuses(tmp_path: Path) -> None:
    tables = [random_table(CMS_ADC, 5), random_table(DIPHOTON, 5)]
    with pytest.raises(DataError, match="another schema"):
        write_events(iter(tables), tmp_path / "a.parquet")
    with pytest.raises(DataError, match=r"a\.parquet: no table to write"):
        write_events([], tmp_path / "a.parquet")
    assert not list(tmp_path.iterdir())


def rewritten(path: Path, change: Callable[[pa.Table], pa.Table]) -> Path:
    """Write an event file, then replace it by what `change` makes of its Arrow table."""
    write_events(random_table(CMS_ADC, 10), path)
    pq.write_table(change(pq.read_table(path)), path)
    return path


def with_column(
    table: pa.Table, name: str, values: Sequence[object], kind: pa.DataType
) -> pa.Table:
    place = table.column_names.index(name)
    field = pa.field(name, kind, nullable=table.field(name).nullable)
    return table.set_column(place, field, pa.array(values, kind))


FAULTS: dict[str, tuple[Callable[[pa.Table], pa.Table], str]] = {
    "foreign": (lambda t: t.replace_schema_metadata({}), "not an event file.*diadem data import"),
    "old version": (
        lambda t: t.replace_schema_metadata(
            {"diadem.schema": "cms_adc", "diadem.schema_version": "0"}
        ),
        "found schema 'cms_adc' version '0'; expected .*cms_adc version 1",
    ),
    "missing": (lambda t: t.drop_columns(["jet3_eta"]), "column jet3_eta: missing column"),
    "extra": (lambda t: t.append_column("x", t["shard"]), "unknown column x"),
    "type": (
        lambda t: with_column(t, "met_pt", [1.0] * 10, pa.float64()),
        "column met_pt: wrong type; found double; expected float",
    ),
    "value": (
        lambda t: with_column(t, "met_pt", [1.0] * 7 + [-1.0] * 3, pa.float32()),
        "column met_pt, row 7: bad value; found -1",
    ),
    "mask": (
        lambda t: with_column(t, "mask", t["mask"].to_pylist()[:4] + [2**19] * 6, pa.uint32()),
        "column mask, row 4: bits beyond the last slot; found 524288",
    ),
}


@pytest.mark.parametrize(("change", "message"), FAULTS.values(), ids=FAULTS)
def test_fault_is_refused(
    tmp_path: Path, change: Callable[[pa.Table], pa.Table], message: str
) -> None:
    path = rewritten(tmp_path / "bad.parquet", change)
    for read in (read_events, digest_of, lambda p: list(iter_events(p, 3))):
        with pytest.raises(DataError, match=rf"bad\.parquet.*{message}"):
            read(path)


def test_null_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "bad.parquet"
    write_events(random_table(CMS_ADC, 10), path)
    table = pq.read_table(path)
    place = table.column_names.index("shard")
    field = pa.field("shard", pa.int32())
    pq.write_table(table.set_column(place, field, pa.array([None] * 10, pa.int32())), path)
    with pytest.raises(DataError, match=r"bad\.parquet.*column shard: missing value.*10 nulls"):
        read_events(path)


def test_mixed_files_are_refused(tmp_path: Path) -> None:
    paths = [tmp_path / "a.parquet", tmp_path / "b.parquet"]
    for path, schema in zip(paths, (CMS_ADC, DIPHOTON), strict=True):
        write_events(random_table(schema, 3), path)
    with pytest.raises(DataError, match=r"b\.parquet: files of different schemas"):
        read_events(paths)


@pytest.mark.parametrize("keep", [0, 3, 100, 5000, -1])
def test_truncated_file_is_refused(tmp_path: Path, keep: int) -> None:
    path = tmp_path / "a.parquet"
    write_events(random_table(CMS_ADC, 100), path)
    path.write_bytes(path.read_bytes()[:keep])
    with pytest.raises(DataError, match=r"a\.parquet: not a whole Parquet file.*truncated"):
        read_events(path)


def test_damaged_page_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.parquet"
    write_events(random_table(CMS_ADC, 1000), path)
    data = bytearray(path.read_bytes())
    data[2000:6000] = bytes(4000)
    path.write_bytes(data)
    with pytest.raises(DataError, match=r"a\.parquet"):
        read_events(path)


def test_missing_file_and_no_file(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"none\.parquet: there is no such file"):
        read_events(tmp_path / "none.parquet")
    with pytest.raises(DataError, match="no event file given"):
        read_events([])
