"""Every kind of claim, against slow references."""

from __future__ import annotations

import math
import random
import statistics
from typing import TYPE_CHECKING, Any

import pandas as pd
import pytest

from benchmark.results import COLUMNS
from reproduce.report.judging import judge, whole
from reproduce.report.results import NOTHING, Results, summary_of
from reproduce.report.schema import (
    BoundClaim,
    NotReachedClaim,
    OrderingClaim,
    OrderingsClaim,
    Published,
    Select,
    UnmeasuredClaim,
    ValueClaim,
)
from reproduce.report.verdicts import FAILS, HOLDS, MISSING, ONE_TRAINING, UNDECIDED

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from reproduce.report.schema import Claim
    from reproduce.report.verdicts import Judged, Outcome

EXACT = 1e-7  # relative: rows keep nine digits
# One-sided 97.7 % points of Student's t (2 Gaussian standard deviations), by degrees of freedom;
# from tables of the distribution, to three digits.
STUDENT = {2: 4.527, 4: 2.869}
ROUNDED = 2e-3
COMMON: dict[str, Any] = {"paper": "aclr", "source": "Table 2", "claim": "What is claimed here."}
SELECT: dict[str, Any] = {
    "embedding": "raw",
    "regime": "self-supervised",
    "signal": "leptoquark",
    "metric": "auc",
}


def rows(values: Sequence[float | None], error: float = 0.01, **columns: Any) -> pd.DataFrame:
    """Rows of one result, a training each; None for null, with the reason "few events"."""
    fixed: dict[str, Any] = {"task": "cms_adc", "task_digest": "0123", "release": "v1"}
    fixed |= {"profile": "quick", "commit": "abc", "variant": "", "embedding_seed": 0}
    fixed |= {"strength": math.nan, "at": math.nan, "n_train": 1000, "n_sig": 50, "n_bkg": 70}
    null = "few events"
    made = [
        {
            "detector_seed": number,
            "value": value,
            "err_lo": None if value is None else error,
            "err_hi": None if value is None else error,
            "reason": columns.get("reason", null) if value is None else "",
        }
        for number, value in enumerate(values)
    ]
    told = {**SELECT, **{k: v for k, v in columns.items() if k != "reason"}}
    return pd.DataFrame(made).assign(**fixed).assign(**told)[list(COLUMNS)]


def results(*frames: pd.DataFrame, task: str = "cms_adc") -> Results:
    held = pd.concat(frames, ignore_index=True).astype({"value": "float64"})
    held[["err_lo", "err_hi"]] = held[["err_lo", "err_hi"]].astype("float64")
    return Results(rows={task: held}, summary={task: summary_of(held)}, files=())


def value_claim(published: Published, **fields: Any) -> ValueClaim:
    made = {"id": "a", "task": "cms_adc", "kind": "value", "select": SELECT, **COMMON, **fields}
    return ValueClaim(**made, published=published)


def judged(claim: Claim, *frames: pd.DataFrame, task: str = "cms_adc") -> Judged:
    return judge(claim, results(*frames, task=task), "quick")


# ------------------------------------------------------------------ value


def slow_value(values: list[float], error: float, theirs: float, their_error: float) -> Outcome:
    """The rule as it is told: 2 sigma in quadrature; a quarter of the effect beyond 0.5."""
    ours = math.sqrt(error**2 + statistics.stdev(values) ** 2)
    if abs(statistics.mean(values) - theirs) > 2 * math.sqrt(ours**2 + their_error**2):
        return FAILS
    return HOLDS if ours <= max(0.25 * abs(theirs - 0.5), their_error) else UNDECIDED


def test_a_value_is_judged_as_a_slow_reference_does() -> None:
    rng = random.Random(3)
    seen = set()
    for _ in range(30):
        centre, error = rng.uniform(0.55, 0.95), rng.uniform(0.001, 0.1)
        values = [rng.gauss(centre, 0.02) for _ in range(4)]
        theirs, their_error = rng.uniform(0.55, 0.95), rng.uniform(0.001, 0.02)
        claim = value_claim(Published(value=theirs, error=their_error))
        found = judged(claim, rows(values, error))
        assert found.outcome == slow_value(values, error, theirs, their_error)
        seen.add(found.outcome)
        numbers = found.one
        assert numbers is not None
        assert numbers.ours == pytest.approx(statistics.mean(values), rel=EXACT)
        assert numbers.spread == pytest.approx(statistics.stdev(values), rel=1e-5)
        assert numbers.statistical == pytest.approx(error, rel=EXACT)
        assert (numbers.trainings, numbers.n_train, numbers.n_sig, numbers.n_bkg) == (
            *(4, 1000, 50, 70),
        )
    assert seen == {HOLDS, FAILS, UNDECIDED}


def test_a_tolerance_stands_for_an_error() -> None:
    held = rows([0.80, 0.81, 0.79])
    close = Published(value=0.85, tolerance=0.1, why="about")
    assert judged(value_claim(close), held).outcome == HOLDS
    exact = Published(value=0.85, tolerance=0.001, why="printed digits")
    assert judged(value_claim(exact), held).outcome == FAILS


def test_one_training_decides_nothing() -> None:
    for value in (0.85, 0.2):
        found = judged(value_claim(Published(value=0.85, error=0.01)), rows([value]))
        assert (found.outcome, found.reason) == (UNDECIDED, ONE_TRAINING)


def test_a_resolution_of_its_own() -> None:
    published = Published(value=0.504, error=0.002)
    held = rows([0.505, 0.506, 0.504], 0.004)
    assert judged(value_claim(published), held).outcome == UNDECIDED
    assert judged(value_claim(published, resolution=0.01), held).outcome == HOLDS


@pytest.mark.parametrize("form", ["difference", "relative", "ratio"])
def test_two_numbers_make_one(form: str) -> None:
    above, below = [6.0, 6.2, 5.8], [3.0, 3.1, 2.9]
    claim = value_claim(
        Published(value=2.0, tolerance=0.5, why="about"),
        against={"embedding": "clr"},
        form=form,
    )
    found = judged(claim, rows(above, 0.1), rows(below, 0.2, embedding="clr"))
    a, b = statistics.mean(above), statistics.mean(below)
    expected = {"difference": a - b, "relative": (a - b) / b, "ratio": a / b}[form]
    assert found.one is not None
    assert found.one.ours == pytest.approx(expected, rel=EXACT)
    # The error by small steps, in place of derivatives.
    step = 1e-6

    def made(x: float, y: float) -> float:
        return {"difference": x - y, "relative": x / y - 1, "ratio": x / y}[form]

    slopes = [(made(a + step, b) - made(a, b)) / step, (made(a, b + step) - made(a, b)) / step]
    error = math.hypot(slopes[0] * 0.1, slopes[1] * 0.2)
    spread = math.hypot(slopes[0] * statistics.stdev(above), slopes[1] * statistics.stdev(below))
    assert found.one.statistical == pytest.approx(error, rel=1e-5)
    assert found.one.spread == pytest.approx(spread, rel=1e-5)


def test_nothing_is_relative_to_zero() -> None:
    published = Published(value=0.1, tolerance=0.5, why="about")
    claim = value_claim(published, against={"embedding": "clr"}, form="relative")
    found = judged(claim, rows([0.5, 0.6]), rows([0.0, 0.0], embedding="clr"))
    assert (found.outcome, found.reason) == (MISSING, "nothing is relative to 0")


def test_the_systematic_error_counts() -> None:
    hunt: dict[str, Any] = {
        "metric": "significance_improvement_at_background",
        "at": 0.01,
        "strength": 5.0,
    }
    spread = {**hunt, "metric": "ensemble_spread"}
    weaker = {**hunt, "strength": 2.0}
    select = {**SELECT, **hunt, "strength": "largest"}
    claim = value_claim(Published(value=7.0, error=0.1), select=select)
    frames = [rows([6.0, 6.1, 5.9], **hunt), rows([1.0, 1.0, 1.0], **weaker)]
    assert judged(claim, *frames).outcome == FAILS
    found = judged(claim, *frames, rows([0.9, 1.0, 1.1], **spread))
    assert found.outcome == HOLDS
    assert found.one is not None
    assert found.one.systematic == pytest.approx(1.0)
    assert found.one.uncertainty == pytest.approx(math.sqrt(1 + 0.1**2 + 0.01**2), rel=EXACT)


# ------------------------------------------------------------------ missing rows


def test_missing_rows_are_not_testable_and_say_why() -> None:
    claim = value_claim(Published(value=0.8, error=0.1), absent={"quick": "it trains no encoder"})
    found = judged(claim, rows([0.8, 0.9], embedding="clr"))
    assert found.outcome == MISSING
    assert found.verdict == "not testable at this profile"
    assert found.reason.startswith(f"it trains no encoder: {NOTHING} of raw")


def test_a_task_without_rows() -> None:
    claim = value_claim(Published(value=0.8, error=0.1))
    empty = Results(rows={}, summary={}, files=())
    assert judge(claim, empty, "quick").outcome == MISSING


def test_a_null_is_not_testable_with_its_reason() -> None:
    found = judged(value_claim(Published(value=0.8, error=0.1)), rows([0.8, None]))
    assert (found.outcome, found.reason) == (MISSING, "few events")


def test_rows_of_two_releases_are_not_averaged() -> None:
    held = rows([0.8, 0.81]), rows([0.5, 0.51]).assign(release="v2")
    found = judged(value_claim(Published(value=0.8, error=0.1)), *held)
    assert found.outcome == MISSING
    assert "several releases" in found.reason


def test_what_is_unmeasured_is_not_testable() -> None:
    claim = UnmeasuredClaim(
        **COMMON, id="a", task="cms_adc", kind="unmeasured", why="seen, not measured"
    )
    found = judged(claim, rows([0.5]))
    assert (found.outcome, found.reason, found.parts) == (MISSING, "seen, not measured", ())


# ------------------------------------------------------------------ orderings


def ordering(**fields: Any) -> OrderingClaim:
    common = {k: v for k, v in SELECT.items() if k != "embedding"}
    made = {"id": "a", "task": "cms_adc", "kind": "ordering", "select": common, **COMMON}
    return OrderingClaim(
        **{**made, "above": {"embedding": "clr"}, "below": {"embedding": "raw"}, **fields}
    )


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


# ------------------------------------------------------------------ strengths beyond those tried

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
