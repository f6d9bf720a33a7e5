from __future__ import annotations

import math
from fractions import Fraction
from typing import TYPE_CHECKING

import numpy as np
import pytest

from benchmark.events import EventTable
from benchmark.schema import CMS_ADC, DIPHOTON, EventSchema
from benchmark.simulation.rounding import round_mantissa, round_table
from tests.tables import random_arrays

if TYPE_CHECKING:
    from numpy.typing import NDArray


def values(n: int = 2000) -> NDArray[np.float32]:
    rng = np.random.default_rng(1)
    wide = rng.choice([-1, 1], n) * 10.0 ** rng.uniform(-20, 20, n)
    ties = rng.integers(-4096, 4096, n) / 256  # many halfway cases
    special = [0.0, 1.0, 23.0, 25.0, 30.0, 125.0, 2.37, np.pi, -np.pi]
    return np.concatenate([wide, ties, special]).astype(np.float32)


def exact(value: float, bits: int) -> float:
    """Nearest number with `bits` bits after the leading one, ties to even."""
    if value == 0:
        return value
    quantum = Fraction(2) ** (math.frexp(value)[1] - 1 - bits)
    return float(round(Fraction(value) / quantum) * quantum)


@pytest.mark.parametrize("bits", [4, 9, 12, 16, 22])
def test_against_exact_fractions(bits: int) -> None:
    given = values()
    found = round_mantissa(given, bits)
    assert found.dtype == np.float32
    assert found.tolist() == [exact(v, bits) for v in given.tolist()]
    used = given != 0
    assert np.abs(found[used] / given[used].astype(float) - 1).max() <= 2.0 ** -(bits + 1)


@pytest.mark.parametrize("bits", [7, 12])
def test_order_and_thresholds_stay(bits: int) -> None:
    given = np.sort(values())
    assert np.all(np.diff(round_mantissa(given, bits)) >= 0)
    for threshold in (23.0, 25.0, 30.0, 50.0, 105.0, 160.0):
        edge = np.float32(threshold)
        assert exact(threshold, bits) == threshold  # seven bits are enough for all of them
        near = [np.nextafter(edge, np.float32(0)), edge, np.nextafter(edge, np.float32(1e9))]
        below, at, above = round_mantissa(np.array(near, dtype=np.float32), bits)
        assert below <= at == threshold <= above


def test_all_bits_change_nothing() -> None:
    given = values()
    found = round_mantissa(given, 23)
    assert np.array_equal(found, given)
    assert not np.shares_memory(found, given)


def test_rounding_twice_changes_nothing_more() -> None:
    once = round_mantissa(values(), 10)
    assert np.array_equal(round_mantissa(once, 10), once)


def test_the_given_array_is_left_alone() -> None:
    given = values()
    before = given.copy()
    round_mantissa(given, 5)
    round_mantissa(given.reshape(1, -1)[:, ::2], 5)
    assert np.array_equal(given, before)


@pytest.mark.parametrize("schema", [DIPHOTON, CMS_ADC], ids=lambda s: s.name)
@pytest.mark.parametrize("bits", [4, 8, 12])
def test_rounded_tables_are_valid(schema: EventSchema, bits: int) -> None:
    arrays = random_arrays(schema, 200, seed=1)
    met = schema.type_slice("met").start
    arrays["objects"][:2, met, schema.feature_index("phi")] = np.float32(np.pi), -np.float32(np.pi)
    for column, name in enumerate(schema.event_features):
        if name.startswith("phi"):
            arrays["features"][:2, column] = np.float32(np.pi), -np.float32(np.pi)
    table = EventTable(schema=schema, **arrays)
    rounded = round_table(table, bits)  # validates itself
    phi = schema.feature_index("phi")
    assert np.abs(rounded.objects[..., phi]).max() <= np.float32(np.pi)
    pt = schema.feature_index("pt")
    assert np.array_equal(rounded.objects[..., pt], round_mantissa(table.objects[..., pt], bits))
    assert np.array_equal(rounded.weight, table.weight)
    assert np.array_equal(rounded.event_id, table.event_id)
    assert (rounded.m_gg is None) == (table.m_gg is None)
    assert np.array_equal(rounded.mask, table.mask)
