"""Claims of orderings, against slow references."""

from __future__ import annotations

import math
import random
import statistics
from typing import TYPE_CHECKING, Any

import pytest

from reproduce.report.judging import whole
from reproduce.report.schema import (
    OrderingsClaim,
    Select,
)
from reproduce.report.verdicts import FAILS, HOLDS, MISSING, ONE_TRAINING, UNDECIDED
from tests.claims import (
    COMMON,
    ROUNDED,
    STUDENT,
    judged,
    ordering,
    rows,
)

if TYPE_CHECKING:
    from collections.abc import Iterable

    from reproduce.report.verdicts import Outcome


def slow_ordering(above: list[float], below: list[float], error: float) -> tuple[float, float]:
    """Return the distance in standard errors, and the degrees of freedom (equal sizes)."""
    n = len(above)
    a, b = statistics.variance(above) / n, statistics.variance(below) / n
    variance = a + b + 2 * error**2
    freedom = variance**2 / (a**2 / (n - 1) + b**2 / (n - 1))
    return (statistics.mean(above) - statistics.mean(below)) / math.sqrt(variance), freedom


@pytest.mark.parametrize("shift", [3.0, -3.0, 0.5])
def test_an_ordering_is_judged_as_a_slow_reference_does(shift: float) -> None:
    noise = 1e-5  # small beside the spread: the degrees of freedom are those of equal variances
    step = 0.01
    below = [0.8 - step, 0.8, 0.8 + step]
    for factor in (0.98, 1.02):  # on both sides of Student's point for 4 degrees of freedom
        distance = math.copysign(STUDENT[4] * factor, shift) if abs(shift) > 1 else shift
        above = [b + distance * step * math.sqrt(2 / 3) for b in below]
        sigma, freedom = slow_ordering(above, below, noise)
        assert freedom == pytest.approx(4, rel=1e-3)
        found = judged(ordering(), rows(above, noise, embedding="clr"), rows(below, noise))
        expected: Outcome = UNDECIDED
        if abs(sigma) > STUDENT[4] + ROUNDED:
            expected = HOLDS if sigma > 0 else FAILS
        assert found.outcome == expected
        assert found.one is not None
        assert found.one.sigma == pytest.approx(sigma, rel=1e-3)
        assert found.one.needed == pytest.approx(STUDENT[4], abs=ROUNDED)


def test_an_ordering_with_one_training_is_undecided() -> None:
    found = judged(ordering(), rows([0.9], embedding="clr"), rows([0.5, 0.51]))
    assert (found.outcome, found.reason) == (UNDECIDED, ONE_TRAINING)
    assert found.one is not None
    assert found.one.sigma > 10


OUTCOMES: tuple[Outcome, ...] = (HOLDS, FAILS, UNDECIDED, MISSING)


def slow_whole(outcomes: Iterable[Outcome], share: str) -> set[Outcome]:
    """What could still come out if everything missing were known."""
    states: list[list[Outcome]] = [[]]
    for outcome in outcomes:
        options = (HOLDS, FAILS, UNDECIDED) if outcome == MISSING else (outcome,)
        states = [[*state, option] for state in states for option in options]
    found: set[Outcome] = set()
    for state in states:
        holding, failing, n = state.count(HOLDS), state.count(FAILS), len(state)
        if share == "all":
            found.add(FAILS if failing else HOLDS if holding == n else UNDECIDED)
        else:
            most = HOLDS if holding > n - holding else UNDECIDED
            found.add(FAILS if failing >= n - failing else most)
    return found


@pytest.mark.parametrize("share", ["all", "most"])
def test_what_several_comparisons_say(share: Any) -> None:
    """Decided exactly where nothing that is missing could change it."""
    rng = random.Random(5)
    for _ in range(300):
        outcomes = [rng.choice(OUTCOMES) for _ in range(rng.randint(1, 5))]
        possible = slow_whole(outcomes, share)
        expected = possible.pop() if len(possible) == 1 else MISSING
        found = whole(outcomes, share)
        if found != expected:
            # Nothing can make it hold or fail any more, yet something is missing.
            assert (found, expected) == (MISSING, UNDECIDED)


def test_orderings_go_through_all_combinations() -> None:
    signals = ("leptoquark", "a_to_4l", "h0_to_tautau")
    claim = OrderingsClaim(
        **COMMON,
        id="a",
        task="cms_adc",
        kind="orderings",
        select=Select(regime="self-supervised", metric="auc"),
        above=(Select(embedding="anomclr_plus"),),
        below=(Select(embedding="raw"), Select(embedding="clr")),
        over={"signal": signals},
        share="most",
    )
    frames = []
    for signal in signals:
        best = [0.9, 0.91, 0.92] if signal != "h0_to_tautau" else [0.3, 0.31, 0.32]
        frames.append(rows(best, embedding="anomclr_plus", signal=signal))
        frames += [rows([0.6, 0.61, 0.62], embedding=e, signal=signal) for e in ("raw", "clr")]
    found = judged(claim, *frames)
    assert [part.outcome for part in found.parts] == [*(HOLDS,) * 4, *(FAILS,) * 2]
    assert found.outcome == HOLDS
    assert found.one is None
    strict = claim.model_copy(update={"share": "all"})
    assert judged(strict, *frames).outcome == FAILS
    assert judged(strict, *frames[:6]).outcome == MISSING


def test_one_failure_among_many_may_be_chance() -> None:
    """With 4 degrees of freedom 4.604 standard errors are as rare as 0.005 (Student's tables)."""
    step, noise = 0.01, 1e-5
    best = [0.8 - step, 0.8, 0.8 + step]
    worse = [value - 4.61 * step * math.sqrt(2 / 3) for value in best]
    for many, expected in ((4, FAILS), (5, UNDECIDED)):  # 0.005 times so many, and 0.0228
        names = [f"signal{k}" for k in range(many)]
        claim = OrderingsClaim(
            **COMMON,
            id="a",
            task="cms_adc",
            kind="orderings",
            select=Select(regime="self-supervised", metric="auc"),
            above=(Select(embedding="clr"),),
            below=(Select(embedding="raw"),),
            over={"signal": tuple(names)},
            share="all",
        )
        frames = [rows(best, noise, signal=name) for name in names]
        frames += [rows(best, noise, signal=name, embedding="clr") for name in names[1:]]
        frames.append(rows(worse, noise, signal=names[0], embedding="clr"))
        found = judged(claim, *frames)
        assert found.count(FAILS) == 1
        assert found.outcome == expected
        assert ("by chance" in found.reason) == (expected == UNDECIDED)
