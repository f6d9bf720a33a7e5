"""Gathering a part of a split, and the events of a folder."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from benchmark.errors import DataError
from benchmark.events import EventTable, write_events
from benchmark.importers.cms_adc import export_cms_adc
from benchmark.paths import datasets_root
from benchmark.schema import CMS_ADC
from benchmark.simulation.verify import read_manifest
from benchmark.splits import Split
from benchmark.tasks.cms_adc import CMS_ADC as TASK
from benchmark.tasks.collect import gather, hidden
from benchmark.tasks.source import open_source
from tests.tables import random_table

if TYPE_CHECKING:
    from pathlib import Path

    from benchmark.tasks.source import Source

SPLIT = Split("a test", {"train": 0.6, "validation": 0.2, "test": 0.2})
ARRAYS = ("objects", "mask", "event_id", "process", "point", "weight", "shard", "seed")


@pytest.fixture
def table() -> EventTable:
    return random_table(CMS_ADC, 3000)


@pytest.fixture
def source(table: EventTable, tmp_path: Path) -> Source:
    """Two files, each of which holds all processes."""
    for k in range(2):
        write_events(table.select(slice(1500 * k, 1500 * (k + 1))), tmp_path / f"{k}.parquet")
    return open_source(tmp_path)


def plain(table: EventTable, part: str, processes: list[str]) -> EventTable:
    """The obvious way: all events in memory, then the cuts."""
    inside = [
        table.select((table.process == name) & SPLIT.select(table.event_id, part))
        for name in processes
    ]
    return EventTable.concat(inside)


@pytest.mark.parametrize("part", ["train", "test"])
def test_same_as_the_obvious_way(source: Source, table: EventTable, part: str) -> None:
    found = gather(source, ["qcd", "ggf"], SPLIT, part)
    expected = plain(table, part, ["qcd", "ggf"])
    for name in ARRAYS:
        np.testing.assert_array_equal(getattr(found, name), getattr(expected, name))


def test_parts_do_not_overlap_and_are_all(source: Source) -> None:
    names = ["qcd", "ggf", "ttbar"]
    ids = [set(gather(source, names, SPLIT, part).event_id.tolist()) for part in SPLIT.parts]
    assert sum(map(len, ids)) == len(set.union(*ids)) == 3000


def test_a_limit_is_exact_and_nested(source: Source) -> None:
    names = ["qcd", "ggf", "ttbar"]
    everything = gather(source, names, SPLIT, "train")
    before: set[int] = set()
    for limit in (1, 10, 500, 1200):
        ids = set(gather(source, names, SPLIT, "train", limit=limit).event_id.tolist())
        assert len(ids) == limit
        assert before < ids < set(everything.event_id.tolist())
        before = ids
    assert len(gather(source, names, SPLIT, "train", limit=10**9)) == len(everything)


def test_what_is_missing_is_named(source: Source, tmp_path: Path) -> None:
    with pytest.raises(DataError, match="no events of zprime"):
        gather(source, ["qcd", "zprime"], SPLIT, "train")
    with pytest.raises(DataError, match="any process"):
        gather(source, [], SPLIT, "train")
    tiny = random_table(CMS_ADC, 200, seed=5)
    inside = SPLIT.select(tiny.event_id, "train") & (tiny.process == "qcd")
    write_events(tiny.select(inside), tmp_path / "tiny" / "qcd.parquet")
    with pytest.raises(DataError, match="no event in the part 'test'"):
        gather(open_source(tmp_path / "tiny"), ["qcd"], SPLIT, "test")


def test_hidden_events_tell_nothing(table: EventTable) -> None:
    bare = hidden(table)
    assert set(bare.process) == {"hidden"}
    assert set(bare.point) == {""}
    assert set(bare.weight) == {1.0}
    assert set(bare.shard) == set(bare.seed) == {-1}
    np.testing.assert_array_equal(bare.objects, table.objects)
    np.testing.assert_array_equal(hidden(table, weights=True).weight, table.weight)


def test_a_folder_of_official_files(table: EventTable, tmp_path: Path) -> None:
    first, second = table.select(slice(0, 700)), table.select(slice(700, 1000))
    signal = table.select(slice(1000, 1100))
    export_cms_adc(first, tmp_path / "background_for_training.h5")
    export_cms_adc(second, tmp_path / "background_for_training_2.h5")
    export_cms_adc(signal, tmp_path / "Ato4l_lepFilter_13TeV_filtered.h5")
    source = open_source(tmp_path)
    assert sorted(source.files) == ["a_to_4l", "background"]
    assert source.name.startswith("official@")
    assert source.count("background") == 1000
    parts = [gather(source, ["background"], SPLIT, part) for part in SPLIT.parts]
    assert sum(map(len, parts)) == 1000
    together = np.concatenate([part.objects for part in parts])
    expected = table.select(slice(0, 1000)).objects.copy()
    expected[:, CMS_ADC.type_slice("met"), 1] = 0
    assert sorted(together.sum(axis=(1, 2))) == pytest.approx(sorted(expected.sum(axis=(1, 2))))


def test_a_digest_is_of_the_contents(source: Source, table: EventTable, tmp_path: Path) -> None:
    for k in range(2):
        part = table.select(slice(1500 * k, 1500 * (k + 1)))
        order = np.random.default_rng(k).permutation(len(part))
        write_events(part.select(order), tmp_path / "mixed" / f"{k}.parquet", row_group_size=100)
    assert open_source(tmp_path / "mixed").digest == source.digest
    write_events(table.select(slice(1, None)), tmp_path / "less" / "all.parquet")
    assert open_source(tmp_path / "less").digest != source.digest


def test_a_release_has_the_digest_of_its_manifest() -> None:
    folder = datasets_root() / "cms_adc" / "v1"
    assert open_source(folder).digest == read_manifest(folder)["digest"] == TASK.release_digest


def test_a_folder_without_events(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="0 Parquet and 0 HDF5"):
        open_source(tmp_path)
    with pytest.raises(DataError, match="no folder"):
        open_source(tmp_path / "nothing")
    (tmp_path / "a.parquet").touch()
    (tmp_path / "b.h5").touch()
    with pytest.raises(DataError, match="1 Parquet and 1 HDF5"):
        open_source(tmp_path)
