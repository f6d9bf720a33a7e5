"""Claims of a value, against slow references."""

from __future__ import annotations

import math
import random
import statistics
from typing import TYPE_CHECKING, Any

import pytest

from reproduce.report.judging import judge
from reproduce.report.results import NOTHING, Results
from reproduce.report.schema import (
    Published,
    UnmeasuredClaim,
)
from reproduce.report.verdicts import FAILS, HOLDS, MISSING, ONE_TRAINING, UNDECIDED
from tests.claims import (
    COMMON,
    EXACT,
    SELECT,
    judged,
    rows,
    value_claim,
)

if TYPE_CHECKING:
    from reproduce.report.verdicts import Outcome


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


@pytest.mark.parametrize(
    ("published", "outcome", "sigma"),
    [
        # Ours is 2 with an error of 0.1 on the ratio, all of it from the test events.
        (1.95, HOLDS, 0.0),
        (1.85, UNDECIDED, 0.5),
        (1.65, FAILS, 2.5),
        (2.35, FAILS, -2.5),
    ],
)
def test_a_tolerance_is_no_error(published: float, outcome: str, sigma: float) -> None:
    """What is to be "about" something is so within the tolerance; only the rest is counted."""
    claim = value_claim(
        Published(value=published, tolerance=0.1, why="about"),
        against={"embedding": "clr"},
        form="ratio",
    )
    above = rows([6.0, 6.0], 0.3)
    below = rows([3.0, 3.0], 1e-9, embedding="clr")
    found = judged(claim, above, below)
    assert found.outcome == outcome
    assert found.one is not None
    assert found.one.sigma == pytest.approx(sigma, abs=1e-6)


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
    odd = value_claim(Published(value=0.8, error=0.1), unfit={"quick": "it is of another size"})
    for profile, outcome in (("quick", MISSING), ("paper", HOLDS)):
        assert judged(odd, rows([0.80, 0.81, 0.79]), profile=profile).outcome == outcome
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
