"""Claims of bounds and of what is not reached, against slow references."""

from __future__ import annotations

import math
import random
import statistics
from typing import TYPE_CHECKING, Any

import pytest

from reproduce.report.schema import (
    BoundClaim,
    NotReachedClaim,
    Select,
)
from reproduce.report.verdicts import FAILS, HOLDS, MISSING, UNDECIDED
from tests.claims import (
    COMMON,
    SELECT,
    judged,
    ordering,
    rows,
)

if TYPE_CHECKING:
    import pandas as pd

    from reproduce.report.verdicts import Outcome

STRENGTH: dict[str, Any] = {"metric": "discovery_strength", "at": 0.01}
BEYOND = {"above": "not reached up to 5", "below": "below the smallest strength 0.5"}


def strength(value: float | str, embedding: str, error: float = 0.2) -> pd.DataFrame:
    """The row of a strength; "above" or "below" where it lies beyond those tried."""
    if isinstance(value, str):
        reason = BEYOND[value]
        return rows([None], reason=reason, embedding=embedding, **STRENGTH)
    return rows([value], error, embedding=embedding, **STRENGTH)


@pytest.mark.parametrize(
    ("above", "below", "expected"),
    [
        (3.0, 1.0, HOLDS),
        (1.0, 3.0, FAILS),
        (1.3, 1.0, UNDECIDED),
        ("above", 1.0, HOLDS),
        ("above", 4.9, UNDECIDED),
        (1.0, "above", FAILS),
        (2.0, "below", HOLDS),
        ("below", 2.0, FAILS),
        (0.6, "below", UNDECIDED),
        ("above", "below", HOLDS),
        ("below", "above", FAILS),
        ("above", "above", UNDECIDED),
        ("below", "below", UNDECIDED),
        # A bound is open on one side: what lies there may be smaller or larger still.
        ("below", 0.1, UNDECIDED),
        ("above", 9.0, UNDECIDED),
        (0.1, "below", UNDECIDED),
        (9.0, "above", UNDECIDED),
    ],
)
def test_a_strength_beyond_those_tried_counts_as_their_end(
    above: float | str, below: float | str, expected: Outcome
) -> None:
    common = {"regime": "self-supervised", "signal": "leptoquark", **STRENGTH}
    found = judged(ordering(select=common), strength(above, "clr"), strength(below, "raw"))
    assert found.outcome == expected


def not_reached(number: int, regimes: tuple[str, ...] = ("self-supervised",)) -> NotReachedClaim:
    return NotReachedClaim(
        **COMMON,
        id="a",
        task="cms_adc",
        kind="not_reached",
        select=Select(embedding="raw", metric="discovery_strength", at=0.01),
        signals=("leptoquark", "a_to_4l", "h0_to_tautau"),
        regimes=regimes,
        number=number,
        limit=5.0,
    )


def found_at(**values: float | str) -> list[pd.DataFrame]:
    return [strength(value, "raw").assign(signal=name) for name, value in values.items()]


@pytest.mark.parametrize(
    ("number", "values", "expected"),
    [
        (2, {"leptoquark": "above", "a_to_4l": "above", "h0_to_tautau": 1.0}, HOLDS),
        (3, {"leptoquark": "above", "a_to_4l": "above", "h0_to_tautau": 1.0}, FAILS),
        (3, {"leptoquark": "above", "a_to_4l": "above", "h0_to_tautau": 4.8}, UNDECIDED),
        (3, {"leptoquark": "above", "a_to_4l": "above"}, MISSING),
        (2, {"leptoquark": "above", "a_to_4l": "above"}, HOLDS),
        (3, {"leptoquark": "below"}, FAILS),
    ],
)
def test_signals_that_are_not_found(
    number: int, values: dict[str, float | str], expected: Outcome
) -> None:
    assert judged(not_reached(number), *found_at(**values)).outcome == expected


def test_a_signal_must_be_found_in_none_of_the_regimes() -> None:
    first = found_at(leptoquark="above", a_to_4l="above", h0_to_tautau="above")
    second = [frame.assign(regime="other") for frame in found_at(leptoquark="above", a_to_4l=1.0)]
    claim = not_reached(2, ("self-supervised", "other"))
    assert judged(claim, *first, *second).outcome == MISSING
    assert judged(not_reached(1, ("self-supervised", "other")), *first, *second).outcome == HOLDS
    assert judged(not_reached(3, ("self-supervised", "other")), *first, *second).outcome == FAILS


def test_strengths_that_end_before_the_limit_say_nothing() -> None:
    held = rows([None], reason="not reached up to 2", **STRENGTH)
    found = judged(not_reached(3), held)
    assert found.outcome == MISSING
    assert "end at 2, not 5" in found.parts[0].reason


# ------------------------------------------------------------------ bounds


def bound(side: str, limit: float, *, every: bool = False) -> BoundClaim:
    made: dict[str, Any] = {"id": "a", "task": "cms_adc", "kind": "bound", "side": side}
    return BoundClaim(**COMMON, **made, select=Select(**SELECT), limit=limit, every_training=every)


@pytest.mark.parametrize("side", ["above", "below"])
def test_a_bound_is_judged_as_a_slow_reference_does(side: str) -> None:
    rng = random.Random(7)
    seen = set()
    for _ in range(20):
        values = [rng.gauss(0.6, 0.02) for _ in range(3)]
        limit, error = rng.uniform(0.4, 0.8), 0.02
        distance = statistics.mean(values) - limit
        sigma = distance / math.sqrt(statistics.stdev(values) ** 2 + error**2)
        expected: Outcome = UNDECIDED
        if abs(sigma) > 2:
            expected = HOLDS if (distance > 0) == (side == "above") else FAILS
        assert judged(bound(side, limit), rows(values, error)).outcome == expected
        seen.add(expected)
    assert seen == {HOLDS, FAILS, UNDECIDED}


def test_every_training_by_itself() -> None:
    held = rows([0.4, 0.02, 0.9], 0.0)
    assert judged(bound("above", 0.01, every=True), held).outcome == HOLDS
    found = judged(bound("above", 0.03, every=True), held)
    assert found.outcome == FAILS
    assert found.one is not None
    assert found.one.ours == pytest.approx(0.02)
    assert judged(bound("below", 0.95, every=True), held).outcome == HOLDS
    assert judged(bound("below", 0.85, every=True), held).outcome == FAILS
