from __future__ import annotations

from dataclasses import fields, replace
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from benchmark.errors import SimulationError
from benchmark.simulation.truth import Truth, read_truth, write_truth
from tests.truths import Particle, Parton, same_truth, truth_of

if TYPE_CHECKING:
    from pathlib import Path


def random_truth(n: int, seed: int) -> Truth:
    """Some events, the first and last without particles or partons."""
    rng = np.random.default_rng(seed)
    events = [
        [
            Particle(int(rng.choice([11, 22, -211])), *rng.normal(5, 1, 3).tolist())
            for _ in range(rng.integers(1, 9) * (0 < k < n - 1))
        ]
        for k in range(n)
    ]
    partons = [
        [Parton(-5, *rng.normal(5, 1, 3).tolist()) for _ in range(rng.integers(0, 4))]
        for _ in range(n)
    ]
    truth = truth_of(events, partons)
    return replace(truth, weight=rng.random(n).astype(np.float32))


def test_round_trip(tmp_path: Path) -> None:
    truth = random_truth(12, 1)
    write_truth(truth, tmp_path / "a.parquet", {"mark": "abc", "sigma": "1.5"})
    again, metadata = read_truth(tmp_path / "a.parquet")
    assert same_truth(truth, again)
    assert {k: metadata[k] for k in ("mark", "sigma")} == {"mark": "abc", "sigma": "1.5"}
    assert [p.name for p in tmp_path.iterdir()] == ["a.parquet"]


@pytest.mark.parametrize("n", [0, 1])
def test_round_trip_of_nothing(tmp_path: Path, n: int) -> None:
    truth = truth_of([[]] * n)
    write_truth(truth, tmp_path / "a.parquet", {})
    assert same_truth(truth, read_truth(tmp_path / "a.parquet")[0])


def test_a_slice_is_a_record_of_its_own(tmp_path: Path) -> None:
    truth = random_truth(12, 2)
    part = truth.slice(3, 7)
    assert len(part) == 4
    for k in range(4):
        for name in ("pid", "px", "origin"):
            whole = getattr(truth, name)[truth.event == 3 + k]
            assert np.array_equal(getattr(part, name)[part.event == k], whole)
        whole = truth.parton_pt[truth.parton_event == 3 + k]
        assert np.array_equal(part.parton_pt[part.parton_event == k], whole)
        assert part.weight[k] == truth.weight[3 + k]
    write_truth(part, tmp_path / "part.parquet", {})
    assert same_truth(part, read_truth(tmp_path / "part.parquet")[0])


def test_slices_join_to_the_whole() -> None:
    truth = random_truth(12, 3)
    assert same_truth(
        Truth.concat([truth.slice(a, b) for a, b in ((0, 5), (5, 5), (5, 12))]), truth
    )
    assert len(truth.slice(4, 4)) == 0


def test_joining_nothing_is_refused() -> None:
    with pytest.raises(SimulationError, match="no truth records"):
        Truth.concat([])


def damaged(kind: str, content: bytes) -> bytes:
    return {
        "cut": content[: len(content) // 2],
        "empty": b"",
        "garbage": b"not a record at all",
        "end": content[:-6] + b"\xff\xffPAR1",
    }[kind]


@pytest.mark.parametrize("kind", ["cut", "empty", "garbage", "end"])
def test_a_damaged_file_is_refused(tmp_path: Path, kind: str) -> None:
    path = tmp_path / "broken.parquet"
    write_truth(random_truth(12, 4), path, {})
    path.write_bytes(damaged(kind, path.read_bytes()))
    with pytest.raises(SimulationError, match=r"broken\.parquet: not a readable truth record"):
        read_truth(path)


def test_a_missing_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SimulationError, match=r"none\.parquet"):
        read_truth(tmp_path / "none.parquet")


def test_a_foreign_table_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "foreign.parquet"
    pq.write_table(pa.table({"pid": [[1, 2], [3]]}), path)
    with pytest.raises(SimulationError, match=r"foreign\.parquet"):
        read_truth(path)


def test_all_columns_are_compared() -> None:
    truth = random_truth(6, 5)
    for name in (f.name for f in fields(Truth)):
        changed = getattr(truth, name).copy()
        changed[-1] += 1
        assert not same_truth(truth, replace(truth, **{name: changed}))
