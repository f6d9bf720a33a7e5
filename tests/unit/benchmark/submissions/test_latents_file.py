"""Files of latents: in the right order whatever theirs is, and never an error of ours."""

from __future__ import annotations

import io
import struct
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from safetensors.numpy import save_file

from benchmark.submissions.findings import Refused
from benchmark.submissions.folder import open_folder
from benchmark.submissions.latents_file import LARGEST, read_values
from benchmark.submissions.limits import most_bytes
from benchmark.submissions.parquet_latents import read_parquet
from benchmark.submissions.safetensors_latents import read_safetensors
from tests.raw_parquet import FLOAT, INT64, UINT_64, Column, raw_parquet
from tests.submissions import DIMENSIONS, EVENTS, description, toy_latents, write_description

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

IDS = np.random.default_rng(5).integers(0, 2**64, EVENTS, dtype=np.uint64)
VALUES = toy_latents()
MUTATIONS = 400


def columns(ids: NDArray[np.uint64], values: NDArray[Any]) -> dict[str, NDArray[Any]]:
    return {"event_id": ids, **{f"z{k + 1}": column for k, column in enumerate(values.T)}}


def read(
    path: Path, ids: NDArray[np.uint64] = IDS, dimensions: int = DIMENSIONS
) -> NDArray[np.float32]:
    write_description(path.parent, description(dimensions=dimensions))
    return read_values(open_folder(path.parent), ids)


@pytest.mark.parametrize("compression", ["none", "snappy", "gzip", "zstd", "lz4", "brotli"])
@pytest.mark.parametrize("kind", [np.float32, np.float64])
def test_parquet_of_any_writer(tmp_path: Path, compression: str, kind: type) -> None:
    order = np.random.default_rng(1).permutation(EVENTS)
    rows = pa.table(columns(IDS[order], VALUES[order].astype(kind)))
    path = tmp_path / "latents.parquet"
    pq.write_table(
        rows.select(["z2", "event_id", "z3", "z1"]),
        path,
        compression=compression,
        row_group_size=9,
    )
    found = read(path)
    assert found.dtype == np.float32
    np.testing.assert_array_equal(found, VALUES)


@pytest.mark.parametrize(
    "options",
    [
        {"data_page_version": "2.0"},
        {"use_byte_stream_split": ["z1", "z2", "z3"], "use_dictionary": False},
        {"data_page_size": 64, "write_batch_size": 16},
        {"write_page_checksum": True, "write_page_index": True},
        {"store_schema": False, "write_statistics": False, "version": "1.0"},
    ],
)
def test_layouts_of_parquet(tmp_path: Path, options: dict[str, Any]) -> None:
    path = tmp_path / "latents.parquet"
    pq.write_table(pa.table(columns(IDS, VALUES)), path, **options)
    np.testing.assert_array_equal(read(path), VALUES)


def test_pandas(tmp_path: Path) -> None:
    path = tmp_path / "latents.parquet"
    pd.DataFrame(columns(IDS, VALUES)).to_parquet(path, index=False)
    np.testing.assert_array_equal(read(path), VALUES)


def test_few_values_are_a_dictionary(tmp_path: Path) -> None:
    path = tmp_path / "latents.parquet"
    values = np.round(VALUES)
    pq.write_table(pa.table(columns(IDS, values)), path, use_dictionary=True)
    np.testing.assert_array_equal(read(path), values)


@pytest.mark.parametrize("kind", [np.float32, np.float64])
def test_safetensors(tmp_path: Path, kind: type) -> None:
    order = np.random.default_rng(1).permutation(EVENTS)
    tensors = {"latents": VALUES[order].astype(kind), "event_id": IDS[order]}
    save_file(tensors, tmp_path / "latents.safetensors", metadata={"made by": "a test"})
    np.testing.assert_array_equal(read(tmp_path / "latents.safetensors"), VALUES)


def test_largest_value_is_allowed(tmp_path: Path) -> None:
    values = VALUES.astype(np.float64)
    values[3, 1] = -LARGEST
    path = tmp_path / "latents.parquet"
    pq.write_table(pa.table(columns(IDS, values)), path)
    assert read(path)[3, 1] == -LARGEST
    values[3, 1] = np.nextafter(LARGEST, np.inf)
    pq.write_table(pa.table(columns(IDS, values)), path)
    with pytest.raises(Refused, match="row 3, dimension 2"):
        read(path)


def test_more_than_the_events_can_take(tmp_path: Path) -> None:
    for name in ("latents.parquet", "latents.safetensors"):
        path = tmp_path / name / name
        path.parent.mkdir()
        with path.open("wb") as stream:
            stream.truncate(most_bytes(EVENTS, DIMENSIONS) + 1)
        with pytest.raises(Refused, match="the file is too large"):
            read(path)


def test_64_dimensions(tmp_path: Path) -> None:
    values = toy_latents(dimensions=64)
    path = tmp_path / "latents.parquet"
    pq.write_table(pa.table(columns(IDS, values.astype(np.float64))), path, compression="none")
    np.testing.assert_array_equal(read(path, dimensions=64), values)


def test_nothing_is_read_before_the_footer_is_right(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "latents.parquet"
    pq.write_table(pa.table(columns(IDS[:-1], VALUES[:-1])), path)

    def refuse(*_arguments: object, **_named: object) -> None:
        pytest.fail("data was read")

    monkeypatch.setattr(pq.ParquetFile, "read", refuse)
    with pytest.raises(Refused, match="another number of events"):
        read(path)


def _parquet() -> bytes:
    stream = io.BytesIO()
    pq.write_table(pa.table(columns(IDS, VALUES)), stream, compression="gzip")
    return stream.getvalue()


def _raw() -> bytes:
    made = [Column("event_id", INT64, IDS.tobytes(), EVENTS, converted=UINT_64)]
    made += [Column(f"z{k + 1}", FLOAT, VALUES[:, k].tobytes(), EVENTS) for k in range(DIMENSIONS)]
    return raw_parquet(made, EVENTS)


def _safetensors(folder: Path) -> bytes:
    path = folder / "some.safetensors"
    save_file({"latents": VALUES, "event_id": IDS}, path)
    return path.read_bytes()


@pytest.mark.parametrize("kind", ["parquet", "raw", "safetensors"])
def test_a_damaged_file_is_refused_or_read_and_nothing_else(tmp_path: Path, kind: str) -> None:
    """Bytes are changed, cut out or doubled: mostly where the file describes itself."""
    makers = {"parquet": _parquet, "raw": _raw}
    content = makers[kind]() if kind in makers else _safetensors(tmp_path)
    reader = read_safetensors if kind == "safetensors" else read_parquet
    rng = np.random.default_rng(11)
    refused = 0
    for k in range(MUTATIONS):
        path = tmp_path / f"{k}"
        path.write_bytes(_damaged(content, rng, from_end=kind != "safetensors"))
        try:
            ids, values = reader(path, EVENTS, DIMENSIONS)
        except Refused:
            refused += 1
            continue
        assert ids.shape == (EVENTS,)
        assert values.shape == (EVENTS, DIMENSIONS)
    assert refused > MUTATIONS // 4


def _damaged(content: bytes, rng: np.random.Generator, *, from_end: bool) -> bytes:
    size = len(content)
    footer = struct.unpack("<I", content[-8:-4])[0] + 8 if from_end else 200
    first = size - footer if from_end else 0
    low, high = (first, first + footer) if rng.random() < 0.7 else (0, size)
    place = int(rng.integers(low, min(high, size)))
    length = int(rng.integers(1, 5))
    how = rng.integers(3)
    if how == 0:
        return content[:place] + rng.bytes(length) + content[place + length :]
    if how == 1:
        return content[:place] + content[place + length :]
    return content[:place] + content[place : place + length] * 2 + content[place + length :]
