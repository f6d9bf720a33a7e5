from __future__ import annotations

import math
import statistics
from typing import Any

import numpy as np
import pandas as pd
import pytest

from benchmark.leaderboard.cells import (
    Cell,
    Samples,
    cells_of,
    repetitions_of,
    samples_of,
    select,
)
from benchmark.leaderboard.rules import Point, rules
from benchmark.results import validate_rows
from tests.leaderboard_entries import toy_rows

RULE = rules()["diphoton"]
SIGNAL = RULE.signals[0]
VALUES = np.arange(1.0, 28.0).reshape(3, 9)
DIGITS = 1e-8  # relative: rows have nine digits


def cell_of(rows: pd.DataFrame, signal: str = SIGNAL, regime: str = "") -> Cell:
    return cells_of(rows, [signal], {signal: regime})[0][0]


def chosen(values: np.ndarray = VALUES) -> pd.DataFrame:
    return select(validate_rows(toy_rows(values)), RULE.primary, RULE.variant)


def test_mean_spread_and_interval_against_plain_sums() -> None:
    rows = chosen()
    cell = cell_of(rows)
    own = [1.0, 10.0, 19.0]
    over = statistics.stdev(own) / math.sqrt(3)
    half = math.hypot(over, 0.05 * 10.0)
    assert (cell.value, cell.repetitions, cell.n_sig, cell.n_bkg) == (10.0, 3, 100, 50)
    assert cell.spread == pytest.approx(9.0, rel=DIGITS)
    assert (cell.low, cell.high) == pytest.approx((10 - half, 10 + half), rel=DIGITS)
    assert (cell.regime, cell.reason) == ("id", "")


def test_one_repetition_has_no_spread() -> None:
    rows = chosen(VALUES[:1])
    cell = cell_of(rows)
    assert cell.spread is None
    assert (cell.low, cell.high) == pytest.approx((0.95, 1.05), rel=DIGITS)


def test_a_null_is_not_averaged_over() -> None:
    values = VALUES.copy()
    values[1, 0] = np.nan
    rows = chosen(values)
    cell = cell_of(rows)
    assert (cell.value, cell.low, cell.high, cell.spread) == (None, None, None, None)
    assert cell.reason == "1 of 3: too few events"
    assert cell_of(rows, RULE.signals[1]).value == 11.0


def test_a_missing_repetition_is_a_blank() -> None:
    rows = chosen()
    rows = rows[(rows["signal"] != SIGNAL) | (rows["detector_seed"] != 2)]
    cell = cell_of(rows)
    assert (cell.value, cell.reason) == (None, "1 of 3 repetitions are not measured")


def test_a_missing_signal_is_a_blank() -> None:
    rows = chosen()
    cell = cell_of(rows[rows["signal"] != SIGNAL], regime="ep")
    assert (cell.value, cell.reason, cell.regime) == (None, "not measured", "ep")


def test_a_negative_value_is_a_blank() -> None:
    rows = chosen()
    rows.loc[rows["signal"] == SIGNAL, "value"] = -1.0
    found = samples_of(rows[rows["signal"] == SIGNAL], repetitions_of(rows))
    assert found == "a negative value, which no geometric mean takes"


def test_only_the_rows_of_the_number_count() -> None:
    others: list[dict[str, Any]] = [
        {"metric": "signal_efficiency"},
        {"at": 0.001},
        {"strength": 1.0},
        {"strength": None},
        {"variant": "detector=idealised"},
    ]
    rows = validate_rows(
        pd.concat([toy_rows(VALUES), *(toy_rows(9 * VALUES, **change) for change in others)])
    )
    assert len(rows) == 6 * 27
    held = select(rows, RULE.primary, RULE.variant)
    np.testing.assert_array_equal(np.sort(held["value"]), VALUES.ravel())
    bare = select(rows, Point(label="", metric=RULE.primary.metric, at=0.01), RULE.variant)
    assert len(bare) == 27


def test_relative_errors_do_not_fall_with_repetitions() -> None:
    values = np.array([1.0, 2.0, 3.0])
    held = Samples(values=values, err_lo=0.1 * values, err_hi=0.2 * values)
    assert held.relative() == pytest.approx((0.1, 0.2))
    nothing = Samples(values=0 * values, err_lo=values, err_hi=values)
    assert nothing.relative() == (0.0, 0.0)
