"""One comparison: a number with the paper's, with another number, or with a limit."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from benchmark.errors import DataError
from benchmark.results import compare
from benchmark.results.comparison import SIGMAS
from reproduce.report.results import Measured, words
from reproduce.report.verdicts import (
    FAILS,
    HOLDS,
    MISSING,
    ONE_TRAINING,
    UNDECIDED,
    Numbers,
    Part,
)

if TYPE_CHECKING:
    from collections.abc import Iterable

    from reproduce.report.schema import BoundClaim, Published, Select, ValueClaim
    from reproduce.report.verdicts import Outcome

RESOLUTION = 0.25
"""Of the published effect: an agreement to no better than that says nothing."""
NO_EFFECT = {"auc": 0.5, "sculpting_auc": 0.5}
"""What a metric is where nothing was learned; 0 for others."""


def value_part(claim: ValueClaim, ours: Measured, against: Measured | None) -> Part:
    """Hold a number against the paper's."""
    what = words(claim.select)
    lacking = _lacking(ours, *((against,) if against else ()))
    if lacking:
        return Part(what=what, outcome=MISSING, numbers=_events(ours, against), reason=lacking)
    made = ours if against is None else _combined(ours, against, claim.form)
    if not math.isfinite(made.value):
        numbers = _events(ours, against)
        return Part(what=what, outcome=MISSING, numbers=numbers, reason="nothing is relative to 0")
    theirs = claim.published
    distance = made.value - float(theirs.value or 0.0)
    numbers = _numbers(
        made,
        sigma=_sigma(distance, made.uncertainty, theirs),
        needed=SIGMAS,
        events=(ours, against),
    )
    single = ours.single or (against is not None and against.single)
    outcome, reason = _agreement(claim, made, numbers.sigma, single=single)
    if (
        outcome == HOLDS
        and claim.form != "value"
        and abs(distance) > (theirs.tolerance or math.inf)
    ):
        # "About the same" is said of what lies within; more may be chance, and is not shown to be.
        outcome, reason = UNDECIDED, "beyond the tolerance, by less than chance may explain"
    return Part(what=what, outcome=outcome, numbers=numbers, reason=reason)


def _sigma(distance: float, uncertainty: float, theirs: Published) -> float:
    """Return a distance in standard deviations: what of it a tolerance does not allow.

    A tolerance is no error: a distance twice as large is not explained by it.
    """
    if theirs.tolerance is None:
        return distance / math.hypot(uncertainty, theirs.error or 0.0)
    beyond = math.copysign(max(0.0, abs(distance) - theirs.tolerance), distance)
    if not beyond:
        return 0.0
    return beyond / uncertainty if uncertainty else math.copysign(math.inf, distance)


def _agreement(
    claim: ValueClaim, ours: Measured, sigma: float, *, single: bool
) -> tuple[Outcome, str]:
    if single:
        return UNDECIDED, ONE_TRAINING
    if abs(sigma) > SIGMAS:
        return FAILS, ""
    limit = resolution(claim)
    if ours.uncertainty > limit:
        reason = f"agrees, but our uncertainty {ours.uncertainty:.2g} is above {limit:.2g}"
        return UNDECIDED, reason
    return HOLDS, ""


def resolution(claim: ValueClaim) -> float:
    """Return the uncertainty of ours above which agreement says nothing.

    A quarter of the published effect, or the published error (or what stands for it) where that
    is larger; a claim may have its own.
    """
    if claim.resolution is not None:
        return claim.resolution
    theirs: Published = claim.published
    nothing = NO_EFFECT.get(claim.select.metric or "", 0.0) if claim.form == "value" else 0.0
    effect = abs(float(theirs.value or 0.0) - nothing)
    return max(RESOLUTION * effect, theirs.error or theirs.tolerance or 0.0)


def _combined(first: Measured, second: Measured, form: str) -> Measured:
    """Return difference or ratio of two numbers, each part of the error propagated by itself.

    The errors of the two count as independent.
    """
    a, b = first.value, second.value
    if form == "difference":
        value, slopes = a - b, (1.0, 1.0)
    else:
        ratio = a / b if b else math.nan
        value = ratio - 1 if form == "relative" else ratio
        slopes = (1 / b, ratio / b) if b else (math.nan, math.nan)

    def error(name: str) -> float:
        return _quadrature(slopes[0] * getattr(first, name), slopes[1] * getattr(second, name))

    return Measured(
        value=value,
        statistical=error("statistical"),
        spread=error("spread"),
        systematic=error("systematic"),
    )


def _quadrature(one: float, two: float) -> float:
    if math.isnan(one) and math.isnan(two):
        return math.nan
    return float(np.hypot(np.nan_to_num(one), np.nan_to_num(two)))


def ordering_part(names: tuple[Select, Select], above: Measured, below: Measured) -> Part:
    """Hold two numbers against each other; one that lies beyond what was tried counts as there."""
    what = f"{words(names[0])} above {words(names[1])}"
    lacking = _lacking(above, below, ends=True)
    if lacking:
        return Part(what=what, outcome=MISSING, numbers=_events(above, below), reason=lacking)
    if above.pooled or below.pooled:
        return _beyond(what, above, below)
    if above.row is None or below.row is None:
        message = "a number without its row"
        raise DataError(message)
    found = compare(above.row, below.row)
    outcome: Outcome = UNDECIDED
    if found.verdict != "undecided":
        outcome = HOLDS if found.verdict == "above" else FAILS
    made = _combined(above, below, "difference")
    error = made.uncertainty if found.uncertainty is None else found.uncertainty
    numbers = _numbers(
        made,
        sigma=made.value / error if error else math.nan,
        needed=_or_nan(found.needed),
        uncertainty=error,
        events=(above, below),
    )
    reason = ONE_TRAINING if found.reason and (above.single or below.single) else found.reason
    return Part(what=what, outcome=outcome, numbers=numbers, reason=reason)


def _beyond(what: str, above: Measured, below: Measured) -> Part:
    """Compare numbers that may lie beyond what was tried: at least, or at most, its end."""
    if above.end and below.end and above.end == below.end:
        numbers = _events(above, below)
        reason = f"both lie {above.end} all that was tried"
        return Part(what=what, outcome=UNDECIDED, numbers=numbers, reason=reason)
    values = [held.limit if held.end else held.value for held in (above, below)]
    errors = [0.0 if held.end else held.uncertainty for held in (above, below)]
    difference, error = values[0] - values[1], math.hypot(*errors)
    sigma = difference / error if error else math.copysign(math.inf, difference)
    # A bound says nothing on the side that it leaves open.
    upward = above.end != "below" and below.end != "above"
    downward = above.end != "above" and below.end != "below"
    outcome: Outcome = UNDECIDED
    if sigma > SIGMAS and upward:
        outcome = HOLDS
    elif sigma < -SIGMAS and downward:
        outcome = FAILS
    made = Measured(value=difference, statistical=error)
    numbers = _numbers(made, sigma=sigma, needed=SIGMAS, events=(above, below))
    return Part(what=what, outcome=outcome, numbers=numbers)


def bound_part(claim: BoundClaim, name: Select, ours: Measured) -> Part:
    """Hold a number, or each training's, against a limit."""
    what = f"{words(name)} {claim.side} {claim.limit:g}"
    lacking = _lacking(ours)
    if lacking:
        return Part(what=what, outcome=MISSING, numbers=_events(ours, None), reason=lacking)
    sign = 1.0 if claim.side == "above" else -1.0
    if claim.every_training:
        worst = min(sign * (value - claim.limit) for value in ours.each)
        extreme = Measured(value=claim.limit + sign * worst)
        numbers = _numbers(extreme, events=(ours, None))
        return Part(what=what, outcome=HOLDS if worst > 0 else FAILS, numbers=numbers)
    distance, error = ours.value - claim.limit, ours.uncertainty
    sigma = distance / error if error else math.copysign(math.inf, distance)
    numbers = _numbers(ours, sigma=sigma, needed=SIGMAS, events=(ours, None))
    if ours.single:
        return Part(what=what, outcome=UNDECIDED, numbers=numbers, reason=ONE_TRAINING)
    outcome: Outcome = UNDECIDED
    if abs(sigma) > SIGMAS:
        outcome = HOLDS if sign * sigma > 0 else FAILS
    return Part(what=what, outcome=outcome, numbers=numbers)


def unreached_part(name: Select, ours: Measured, limit: float) -> Part:
    """Say whether a signal is found at no strength up to a limit."""
    what = f"{words(name)} not reached"
    numbers = _numbers(ours, events=(ours, None))
    if ours.missing or (ours.end == "above" and ours.limit < limit):
        short = f"the strengths tried end at {ours.limit:g}, not {limit:g}"
        return Part(what=what, outcome=MISSING, numbers=numbers, reason=ours.missing or short)
    if ours.end:
        return Part(what=what, outcome=HOLDS if ours.end == "above" else FAILS, numbers=numbers)
    sigma = (limit - ours.value) / ours.uncertainty if ours.uncertainty else math.inf
    outcome: Outcome = FAILS if sigma > SIGMAS else UNDECIDED
    reason = "" if outcome == FAILS else "reached, but within its error of the last strength"
    return Part(what=what, outcome=outcome, numbers=numbers, reason=reason)


def _lacking(*held: Measured, ends: bool = False) -> str:
    """Return why a comparison cannot be made; empty where it can."""
    for one in held:
        if one.missing:
            return one.missing
        if one.end and not ends:
            return f"the value lies {one.end} all that was tried"
    return ""


def _or_nan(value: float | None) -> float:
    return math.nan if value is None else value


def _events(first: Measured, second: Measured | None) -> Numbers:
    return _numbers(Measured(), events=(first, second))


def _numbers(
    made: Measured,
    *,
    events: Iterable[Measured | None],
    sigma: float = math.nan,
    needed: float = math.nan,
    uncertainty: float | None = None,
) -> Numbers:
    held = [one for one in events if one is not None and one.trainings]
    fewest = {
        name: min((int(getattr(one, name)) for one in held), default=0)
        for name in ("trainings", "n_train", "n_sig", "n_bkg")
    }
    known = made.uncertainty if uncertainty is None else uncertainty
    return Numbers(
        ours=made.value,
        statistical=made.statistical,
        spread=made.spread,
        systematic=made.systematic,
        uncertainty=known if math.isfinite(made.value) else math.nan,
        sigma=sigma,
        needed=needed,
        **fewest,
    )
