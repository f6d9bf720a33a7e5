"""The verdict on each claim, by its kind."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reproduce.report.chance import among_many
from reproduce.report.choosing import pairs, selections
from reproduce.report.comparing import bound_part, ordering_part, unreached_part, value_part
from reproduce.report.schema import (
    BoundClaim,
    NotReachedClaim,
    OrderingClaim,
    OrderingsClaim,
    UnmeasuredClaim,
    ValueClaim,
)
from reproduce.report.verdicts import (
    FAILS,
    HOLDS,
    MISSING,
    ONE_TRAINING,
    UNDECIDED,
    Judged,
    Part,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from reproduce.report.results import Results
    from reproduce.report.schema import Claim, Share
    from reproduce.report.verdicts import Outcome


_BY_CHANCE = "what fails may fail by chance, among so many comparisons"


def judge(claim: Claim, results: Results, profile: str) -> Judged:
    """Return the verdict on a claim.

    Args:
        claim: Any.
        results: The rows of a profile.
        profile: Its name; a claim may say why it has no rows, or none that fit.
    """
    if isinstance(claim, UnmeasuredClaim):
        return Judged(claim=claim, outcome=MISSING, parts=(), reason=claim.why)
    if profile in claim.unfit:
        return Judged(claim=claim, outcome=MISSING, parts=(), reason=claim.unfit[profile])
    parts = tuple(_parts(claim, results))
    outcome = _outcome(claim, parts)
    return Judged(
        claim=claim, outcome=outcome, parts=parts, reason=_why(claim, parts, outcome, profile)
    )


def metrics_of(claims: Iterable[Claim]) -> set[str]:
    """Return the metrics that claims are judged by."""
    return {select.metric or "" for claim in claims for select in selections(claim)}


def _parts(claim: Claim, results: Results) -> Iterator[Part]:
    if isinstance(claim, ValueClaim):
        held = [results.measured(claim.task, select) for select in selections(claim)]
        yield value_part(claim, held[0], held[1] if len(held) > 1 else None)
    elif isinstance(claim, OrderingClaim | OrderingsClaim):
        for names in pairs(claim):
            above, below = (results.measured(claim.task, select) for select in names)
            yield ordering_part(names, above, below)
    elif isinstance(claim, BoundClaim):
        for select in selections(claim):
            yield bound_part(claim, select, results.measured(claim.task, select))
    elif isinstance(claim, NotReachedClaim):
        for select in selections(claim):
            yield unreached_part(select, results.measured(claim.task, select), claim.limit)


def _outcome(claim: Claim, parts: Sequence[Part]) -> Outcome:
    if isinstance(claim, NotReachedClaim):
        return _at_least(claim, parts)
    if isinstance(claim, OrderingsClaim) and claim.share == "most":
        return whole([part.outcome for part in parts], "most")
    return whole(among_many(parts), "all")


def whole(outcomes: Sequence[Outcome], share: Share) -> Outcome:
    """Return what several comparisons say together.

    "all" holds where each does, and fails where one does; "most" holds where more than half do,
    and fails where at least half do. What is missing leaves open only what it could change.

    Example:
        >>> whole(["holds", "missing", "holds"], "most"), whole(["holds", "missing"], "all")
        ('holds', 'missing')
    """
    n, holding, failing = len(outcomes), outcomes.count(HOLDS), outcomes.count(FAILS)
    decided = (failing > 0, holding == n)
    if share == "most":
        decided = (2 * failing >= n, 2 * holding > n)
    if decided[0]:
        return FAILS
    if decided[1]:
        return HOLDS
    return MISSING if MISSING in outcomes else UNDECIDED


def _at_least(claim: NotReachedClaim, parts: Sequence[Part]) -> Outcome:
    """Return whether enough signals are found in none of the regimes."""
    size = len(claim.regimes)
    groups = [parts[k : k + size] for k in range(0, len(parts), size)]
    signals = [whole([part.outcome for part in group], "all") for group in groups]
    if signals.count(HOLDS) >= claim.number:
        return HOLDS
    if len(signals) - signals.count(FAILS) < claim.number:
        return FAILS
    return MISSING if MISSING in signals else UNDECIDED


def _why(claim: Claim, parts: Sequence[Part], outcome: Outcome, profile: str) -> str:
    """Return why a claim is not decided; empty where it is."""
    if outcome == MISSING:
        reasons = dict.fromkeys(part.reason for part in parts if part.outcome == MISSING)
        first = next(iter(reasons))
        more = f" (and {len(reasons) - 1} more)" if len(reasons) > 1 else ""
        known = claim.absent.get(profile, "")
        return f"{known}: {first}{more}" if known else f"{first}{more}"
    if outcome != UNDECIDED:
        return ""
    reasons = dict.fromkeys(
        part.reason for part in parts if part.outcome == UNDECIDED and part.reason
    )
    if ONE_TRAINING in reasons:
        return ONE_TRAINING
    if any(part.outcome == FAILS for part in parts) and among_many(parts).count(FAILS) == 0:
        return _BY_CHANCE
    return next(iter(reasons), "within the error")
