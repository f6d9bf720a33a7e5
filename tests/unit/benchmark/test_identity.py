"""Seeds, ids and splits: pure functions of names, against slow references."""

from __future__ import annotations

import hashlib
import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmark.errors import DataError, DiademError
from benchmark.ids import event_ids, imported_event_ids
from benchmark.mixing import splitmix64
from benchmark.seeds import pythia_seed, rng_for, seed_for
from benchmark.splits import Split, uniform

WORD = 2**64
HALVES = Split("halves", {"encoder": 0.5, "pseudodata": 0.5})
ADC = Split("adc", {"train": 0.6, "validation": 0.2, "test": 0.2})


def slow_splitmix64(value: int) -> int:
    """One step of SplitMix64 as its authors write it, in Python's unbounded integers."""
    z = (value + 0x9E3779B97F4A7C15) % WORD
    z = ((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9) % WORD
    z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) % WORD
    return z ^ (z >> 31)


def slow_hash64(*names: str | int) -> int:
    text = json.dumps(list(names), separators=(",", ":"))
    return int(hashlib.sha256(text.encode()).hexdigest()[:16], 16)


def slow_part(event_id: int, split: Split) -> str:
    """The part of one event, by walking through the fractions."""
    u = (slow_splitmix64(event_id ^ slow_hash64("split", split.salt)) >> 11) / 2**53
    edge = 0.0
    for name, fraction in split.parts.items():
        edge += fraction
        if u < edge:
            return name
    return name


@given(st.lists(st.integers(0, WORD - 1), min_size=1, max_size=20))
def test_splitmix64_equals_the_slow_one(values: list[int]) -> None:
    array = np.array(values, dtype=np.uint64)
    before = array.copy()
    assert splitmix64(array).tolist() == [slow_splitmix64(value) for value in values]
    assert np.array_equal(array, before), "the input must not change"


def test_splitmix64_known_sequence() -> None:
    # The published first outputs of the generator from seed 1234567: state + k * golden gamma.
    states = [(1234567 + k * 0x9E3779B97F4A7C15) % WORD for k in range(3)]
    known = [6457827717110365317, 3203168211198807973, 9817491932198370423]
    assert splitmix64(np.array(states, dtype=np.uint64)).tolist() == known


def test_seed_is_the_documented_hash() -> None:
    assert seed_for("diphoton", "ggf", 3) == slow_hash64("diphoton", "ggf", 3) >> 1
    assert seed_for("a", np.int64(3)) == seed_for("a", 3)  # type: ignore[arg-type]
    assert seed_for("a", "3") != seed_for("a", 3)
    assert seed_for("a", "b") != seed_for("ab")
    assert seed_for("a", "b") != seed_for("b", "a")


@given(st.lists(st.one_of(st.text(), st.integers()), min_size=1))
def test_seeds_are_in_range(names: list[str | int]) -> None:
    assert 0 <= seed_for(*names) < 2**63
    assert 1 <= pythia_seed(*names) <= 899_999_999


def test_rng_repeats() -> None:
    assert rng_for("a", 1).random() == rng_for("a", 1).random()
    assert rng_for("a", 1).random() != rng_for("a", 2).random()


@pytest.mark.parametrize("names", [(), (1.5,), (True,), (None,)])
def test_seed_refuses(names: tuple[str | int, ...]) -> None:
    with pytest.raises(DiademError, match="seed"):
        seed_for(*names)


def test_ids_equal_the_slow_ones() -> None:
    code = slow_hash64("event_id", "diphoton", "xsh", "500_100") >> 40
    slow = [slow_splitmix64((code << 40) | (7 << 20) | i) for i in range(5, 9)]
    assert event_ids("diphoton", "xsh", "500_100", 7, 4, start=5).tolist() == slow
    row = 2**30
    slow = [slow_splitmix64((code << 40) | i) for i in range(row, row + 3)]
    assert imported_event_ids("diphoton", "xsh", "500_100", 3, start=row).tolist() == slow


def test_ids_are_unique_over_processes_points_and_shards() -> None:
    parts = [
        event_ids("d", process, point, shard, 500)
        for process in ("ggf", "vbf")
        for point in ("", "500_100")
        for shard in (0, 1, 2**20 - 1)
    ]
    ids = np.concatenate(parts)
    assert len(np.unique(ids)) == len(ids)


@pytest.mark.parametrize(
    ("shard", "count", "start"), [(-1, 1, 0), (2**20, 1, 0), (0, 2, 2**20 - 1), (0, 1, -1)]
)
def test_ids_out_of_range_are_refused(shard: int, count: int, start: int) -> None:
    with pytest.raises(DataError, match="out of range"):
        event_ids("d", "p", "", shard, count, start=start)


@given(st.lists(st.integers(0, WORD - 1), min_size=1, max_size=30))
def test_split_equals_the_slow_one(values: list[int]) -> None:
    ids = np.array(values, dtype=np.uint64)
    for split in (HALVES, ADC):
        parts = split.assign(ids)
        assert parts.tolist() == [slow_part(value, split) for value in values]
        for name in split.parts:
            assert np.array_equal(split.select(ids, name), parts == name)


def test_split_does_not_depend_on_company_or_order() -> None:
    ids = event_ids("d", "p", "", 0, 1000)
    order = np.random.default_rng(0).permutation(1000)
    assert np.array_equal(ADC.assign(ids[order]), ADC.assign(ids)[order])
    assert np.array_equal(ADC.assign(ids[:10]), ADC.assign(ids)[:10])


def test_split_fractions_and_independence_of_salts() -> None:
    n = 40_000
    ids = event_ids("d", "p", "", 0, n)
    # Five binomial standard deviations: 0.0125 at most.
    tolerance = 5 * 0.5 / np.sqrt(n)
    for name, fraction in ADC.parts.items():
        assert abs(ADC.select(ids, name).mean() - fraction) < tolerance
    both = ADC.select(ids, "train") & HALVES.select(ids, "encoder")
    assert abs(both.mean() - 0.3) < tolerance
    u = uniform(ids, "x")
    assert 0 <= u.min() < 0.001 < 0.999 < u.max() < 1


@pytest.mark.parametrize(
    "parts",
    [{}, {"a": 0.5}, {"a": 1.5, "b": -0.5}, {"a": 0.0, "b": 1.0}, {"": 1.0}, {"a": float("nan")}],
)
def test_bad_parts_are_refused(parts: dict[str, float]) -> None:
    with pytest.raises(DataError, match="bad parts"):
        Split("s", parts)


def test_unknown_part_is_refused() -> None:
    with pytest.raises(DataError, match=r"'dev'.*expected train, validation, test"):
        ADC.select(np.zeros(1, dtype=np.uint64), "dev")


def test_parts_cannot_change_afterwards() -> None:
    parts = {"a": 1.0}
    split = Split("s", parts)
    parts["b"] = 1.0
    assert dict(split.parts) == {"a": 1.0}
