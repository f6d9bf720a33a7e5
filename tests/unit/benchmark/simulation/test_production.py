"""Which shards make a sample, whatever the order in which they are finished."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

import numpy as np
import pytest

from benchmark.errors import SimulationError
from benchmark.events import EventTable, write_events
from benchmark.schema import CMS_ADC
from benchmark.simulation.production import (
    MAX_EMPTY_SHARDS,
    Request,
    Sample,
    _Plan,
)
from benchmark.simulation.shard import ShardSummary
from tests.tables import random_table

if TYPE_CHECKING:
    from pathlib import Path

REQUEST = Request("w", "", 100)
MOST = 40  # events that a shard of it can give


def summary(accepted: int, tried: int = 1000, weight: float = 1.0) -> ShardSummary:
    return ShardSummary(tried, accepted, accepted * weight, accepted * weight**2, 2.0, 0.1, 7)


def test_the_sample_is_the_shortest_run_of_shards_that_suffices() -> None:
    counts = [40, 0, 30, 35, 50]
    for order in itertools.permutations(range(5)):
        plan = _Plan(REQUEST, MOST)
        for index in order:
            plan.done[index] = summary(counts[index])
        assert plan.prefix() == (4, 105)  # 40 + 0 + 30 + 35, never the fifth
        assert plan.complete()


def test_a_gap_is_not_jumped() -> None:
    plan = _Plan(REQUEST, MOST, done={0: summary(60), 2: summary(60)})
    assert plan.prefix() == (1, 60)
    assert not plan.complete()
    assert plan.next_shard() == 1


def test_no_shard_is_started_when_those_under_way_should_suffice() -> None:
    plan = _Plan(REQUEST, MOST, done={0: summary(60)}, running={1})
    assert plan.next_shard() is None
    plan = _Plan(REQUEST, MOST, done={0: summary(30)}, running={1})
    assert plan.next_shard() == 2


def test_before_anything_is_known_all_workers_get_work_that_will_be_needed() -> None:
    plan = _Plan(REQUEST, MOST)
    for index in range(3):  # three shards of at most 40 events, for 100
        assert plan.next_shard() == index
        plan.running.add(index)
    assert plan.next_shard() is None


def test_settings_that_never_pass_end_the_production() -> None:
    done = {k: summary(0) for k in range(MAX_EMPTY_SHARDS)}
    with pytest.raises(SimulationError, match="none of 20000 generated events"):
        _Plan(REQUEST, MOST, done=done).check()
    done[3] = summary(1)
    _Plan(REQUEST, MOST, done=done).check()


def test_a_sample_takes_the_first_events_with_weights_of_mean_one(tmp_path: Path) -> None:
    paths = []
    for k in range(2):
        table = random_table(CMS_ADC, 60, seed=k, first_id=1000 * k)
        table = EventTable(**{**vars(table), "weight": np.full(60, 0.01 * (k + 1), np.float32)})
        paths.append(tmp_path / f"{k}.parquet")
        write_events(table, paths[-1])
    sample = Sample(REQUEST, (), tuple(paths), (summary(60), summary(60)))
    read = sample.read()
    assert len(read) == 100
    assert read.weight.mean(dtype=np.float64) == pytest.approx(1, abs=1e-6)
    assert read.weight[99] / read.weight[0] == pytest.approx(2, rel=1e-5)
