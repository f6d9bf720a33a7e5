"""Verdicts and their numbers as people read them, and as one line of a CSV."""

from __future__ import annotations

import dataclasses
import math
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from reproduce.notation import DASH, bracketed, in_sigma
from reproduce.report.schema import (
    BoundClaim,
    NotReachedClaim,
    OrderingClaim,
    OrderingsClaim,
    ValueClaim,
)
from reproduce.report.verdicts import OUTCOMES, Numbers

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from reproduce.report.schema import Claim, Paper, Published
    from reproduce.report.verdicts import Judged, Part

_FORMS = {"value": "", "difference": "difference ", "relative": "relative ", "ratio": "ratio "}
_COUNTED = {"holds": "hold", "fails": "fail", "undecided": "undecided", "missing": "missing"}


@dataclasses.dataclass(frozen=True, kw_only=True)
class Line:
    """A claim as a page shows it.

    Attributes:
        id: Of the claim.
        source: In the paper.
        claim: What the paper says.
        verdict: In words.
        outcome: The same in one word, for its look.
        theirs: The paper's number, or what it says of ours.
        ours: Our number with its uncertainty, or how many comparisons hold.
        errors: Parts of the uncertainty.
        sigma: Distance in standard deviations.
        events: Trainings and events behind it.
        reason: Why it is not decided.
        assumed: What the paper leaves open.
        parts: Comparisons, where there are several.
        shown: Figure or table.
    """

    id: str
    source: str
    claim: str
    verdict: str
    outcome: str
    theirs: str
    ours: str
    errors: str
    sigma: str
    events: str
    reason: str
    assumed: str
    parts: tuple[str, ...]
    shown: str


def line(judged: Judged) -> Line:
    """Return a claim as a page shows it."""
    claim, numbers = judged.claim, judged.one or _fewest(judged.parts)
    return Line(
        id=claim.id,
        source=claim.source,
        claim=claim.claim,
        verdict=judged.verdict,
        outcome=judged.outcome,
        theirs=_theirs(claim),
        ours=_ours(judged),
        errors=_errors(numbers) if judged.one else "",
        sigma=_sigma(numbers.sigma) if judged.one else "",
        events=_events(numbers),
        reason=judged.reason,
        assumed="; ".join(claim.assumed),
        parts=tuple(_part(part) for part in judged.parts) if len(judged.parts) > 1 else (),
        shown=claim.shown,
    )


def _sigma(sigma: float) -> str:
    shown = in_sigma(sigma)
    return "" if shown == DASH else f"{shown} sigma"


def _theirs(claim: Claim) -> str:
    if isinstance(claim, ValueClaim):
        return f"{_FORMS[claim.form]}{published(claim.published)}"
    if isinstance(claim, BoundClaim):
        return f"{claim.side} {claim.limit:g}"
    if isinstance(claim, NotReachedClaim):
        some = f"at least {claim.number} of {len(claim.signals)} signals"
        return f"not reached up to {claim.limit:g}: {some}"
    if isinstance(claim, OrderingsClaim):
        return "all lie above" if claim.share == "all" else "most lie above"
    return "lies above" if isinstance(claim, OrderingClaim) else DASH


def published(number: Published) -> str:
    """Return a published number with its error, or the tolerance that stands for it.

    Example:
        >>> from reproduce.report.schema import Published
        >>> published(Published(value=0.885, error=0.002))
        '0.885(2)'
        >>> published(Published(value=7.0, tolerance=0.05, why="printed digits"))
        '7.0 (tolerance 0.05: printed digits)'
    """
    value = math.nan if number.value is None else number.value
    if number.error is not None:
        return bracketed(value, number.error)
    tolerance = number.tolerance or 0.0
    decimals = max(0, -math.floor(math.log10(2 * tolerance)))
    return f"{value:.{decimals}f} (tolerance {tolerance:g}: {number.why})"


def _ours(judged: Judged) -> str:
    if judged.one is None:
        counts = [f"{judged.count(o)} {_COUNTED[o]}" for o in OUTCOMES if judged.count(o)]
        return ", ".join(counts) or DASH
    return _number(judged.claim, judged.parts[0])


def _number(claim: Claim, part: Part) -> str:
    numbers = part.numbers
    if isinstance(claim, NotReachedClaim) and math.isnan(numbers.ours) and not part.reason:
        return "not reached" if part.outcome == "holds" else "reached at the smallest strength"
    if math.isnan(numbers.uncertainty):
        return f"{numbers.ours:.4g}" if math.isfinite(numbers.ours) else DASH
    return bracketed(numbers.ours, numbers.uncertainty)


def _part(part: Part) -> str:
    numbers = part.numbers
    said = [f"{part.what}: {part.outcome}"]
    if math.isfinite(numbers.ours):
        value = bracketed(numbers.ours, numbers.uncertainty)
        said.append(f"({', '.join(filter(None, (value, _sigma(numbers.sigma))))})")
    if part.reason:
        said.append(f"- {part.reason}")
    return " ".join(said)


def _errors(numbers: Numbers) -> str:
    parts = {
        "test events": numbers.statistical,
        "repetitions": numbers.spread,
        "ensembles": numbers.systematic,
    }
    return ", ".join(f"{key} {value:.2g}" for key, value in parts.items() if math.isfinite(value))


def _events(numbers: Numbers) -> str:
    counts = {
        "repetitions": numbers.trainings,
        "events trained on": numbers.n_train,
        "signal test events": numbers.n_sig,
        "background test events": numbers.n_bkg,
    }
    return ", ".join(f"{key} {value:,}" for key, value in counts.items() if value)


def _fewest(parts: Iterable[Part]) -> Numbers:
    held = [part.numbers for part in parts if part.numbers.trainings]
    names = ("trainings", "n_train", "n_sig", "n_bkg")
    return Numbers(
        **{name: min((getattr(one, name) for one in held), default=0) for name in names}
    )


def frame(judged: Iterable[Judged], papers: Mapping[Any, Paper]) -> pd.DataFrame:
    """Return one row a claim, with all numbers unrounded; nulls are NaN."""
    return _finite(pd.DataFrame([_row(one, papers) for one in judged]))


def parts_frame(judged: Iterable[Judged]) -> pd.DataFrame:
    """Return one row a comparison."""
    return _finite(
        pd.DataFrame(
            [
                {
                    "id": one.claim.id,
                    "comparison": part.what,
                    "outcome": part.outcome,
                    "reason": part.reason,
                    **_columns(part.numbers),
                }
                for one in judged
                for part in one.parts
            ]
        )
    )


def _row(judged: Judged, papers: Mapping[Any, Paper]) -> dict[str, Any]:
    claim = judged.claim
    theirs = claim.published if isinstance(claim, ValueClaim) else None
    limit = claim.limit if isinstance(claim, BoundClaim | NotReachedClaim) else None
    return {
        "id": claim.id,
        "paper": f"arXiv:{papers[claim.paper].arxiv}",
        "source": claim.source,
        "kind": claim.kind,
        "claim": claim.claim,
        "verdict": judged.verdict,
        "reason": judged.reason,
        "published": theirs.value if theirs else None,
        "published_error": theirs.error if theirs else None,
        "tolerance": theirs.tolerance if theirs else None,
        "limit": limit,
        **_columns(judged.one or _fewest(judged.parts)),
        **{outcome: judged.count(outcome) for outcome in OUTCOMES},
        "task": claim.task,
        "shown": claim.shown,
        "assumed": "; ".join(claim.assumed),
    }


def _columns(numbers: Numbers) -> dict[str, float]:
    return dataclasses.asdict(numbers)


def _finite(made: pd.DataFrame) -> pd.DataFrame:
    return made.replace([np.inf, -np.inf], np.nan)
