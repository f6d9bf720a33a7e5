"""The events that are published: all of them, and nothing that tells what they are."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

import numpy as np
import pyarrow.parquet as pq
import pytest

from benchmark.errors import DataError, DiademError
from benchmark.submissions.published import Published, open_published, write_published
from benchmark.submissions.training import training_events
from benchmark.tasks.cms_adc import load_data
from benchmark.tasks.diphoton_events import task_splits
from benchmark.tasks.source import open_source
from tests.adc import small_release
from tests.diphoton import small_diphoton

if TYPE_CHECKING:
    from pathlib import Path

EVENTS = 60


@pytest.fixture(scope="module", params=["diphoton", "cms_adc"])
def release(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder: Path = tmp_path_factory.mktemp(request.param)
    make = small_diphoton if request.param == "diphoton" else small_release
    return make(folder, events=EVENTS)


def of(folder: Path) -> Published:
    return _of(folder, "diphoton" if (folder / "zprime.parquet").exists() else "cms_adc")


@cache
def _of(folder: Path, task: str) -> Published:
    return open_published(task, folder)


def test_they_are_the_evaluation_events(release: Path) -> None:
    found, source = of(release), open_source(release)
    every = np.concatenate(
        [table.event_id for name in source.files for table in source.events(name)]
    )
    if found.task == "diphoton":
        expected = every[np.isin(task_splits().part_of(every), ("test", "pseudo_data"))]
    else:
        data = load_data(source)
        tables = (data.train, data.background, *data.signals.values())
        expected = np.concatenate([table.event_id for table in tables])
    np.testing.assert_array_equal(np.sort(found.event_id), np.sort(expected))
    assert found.release == source.name


def test_nothing_to_learn_from_is_evaluated(release: Path) -> None:
    found = of(release)
    learned = training_events(found.task, release, regime="id").event_id
    overlap = np.isin(found.event_id, learned)
    # The autoencoder of cms_adc learns from the latents of what embeddings learn from.
    assert not overlap[found.part != "train"].any()
    assert overlap.any() == (found.task == "cms_adc")


def test_nothing_tells_a_label(release: Path) -> None:
    events = of(release).events
    for name in ("process", "point", "weight", "shard", "seed"):
        assert len(np.unique(getattr(events, name))) == 1
    assert events.m_gg is None or np.isnan(events.m_gg).all()


def test_the_order_is_random_and_always_the_same(release: Path) -> None:
    found = of(release)
    again = open_published(found.task, release)
    np.testing.assert_array_equal(found.event_id, again.event_id)
    np.testing.assert_array_equal(found.process, again.process)
    changes = int((found.process[1:] != found.process[:-1]).sum())
    shares = np.unique(found.process, return_counts=True)[1] / len(found)
    expected = (len(found) - 1) * (1 - (shares**2).sum())
    # Five standard deviations: a false alarm in a million.
    assert abs(changes - expected) < 5 * np.sqrt(expected)


def test_written_events_are_those_and_hold_no_mark(release: Path, tmp_path: Path) -> None:
    found = of(release)
    assert write_published(found, tmp_path / "events.parquet") == len(found)
    rows = pq.read_table(tmp_path / "events.parquet")
    schema = found.events.schema
    assert rows.column_names == [
        "event_id", *schema.event_features, "mask", *schema.object_columns()
    ]  # fmt: skip
    np.testing.assert_array_equal(rows["event_id"].to_numpy(), found.event_id)
    name, slot, feature = schema.cells[-1]
    np.testing.assert_array_equal(rows[name].to_numpy(), found.events.objects[:, slot, feature])
    assert rows.schema.metadata[b"diadem.task"] == found.task.encode()


def test_a_process_is_missing(release: Path, tmp_path: Path) -> None:
    for path in release.iterdir():
        if path.name not in ("zprime.parquet", "leptoquark.parquet", "manifest.json"):
            (tmp_path / path.name).symlink_to(path)
    with pytest.raises(DataError, match="no events of"):
        open_published(of(release).task, tmp_path)


def test_no_such_task() -> None:
    with pytest.raises(DiademError, match="no such task"):
        open_published("top_tagging")
