"""Which of two results lies above the other, if either does."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from scipy import special

from benchmark.errors import DataError, complaint
from benchmark.results.summary import GROUP

if TYPE_CHECKING:
    from collections.abc import Mapping

SIGMAS = 2.0
"""Gaussian standard deviations at which a difference is called one: 2.3 % on each side."""
_METHOD = ("embedding", "variant", "regime")
Verdict = Literal["above", "below", "undecided"]


@dataclass(frozen=True)
class Comparison:
    """First less second, and what may be said of it.

    Attributes:
        difference: None when a value is null.
        uncertainty: Standard error of the difference; None when it is unknown.
        sigmas: Difference over uncertainty.
        needed: Value of |sigmas| that is as rare as `SIGMAS` of a Gaussian.
        verdict: Whether the first lies above or below the second, or "undecided".
        reason: Why nothing could be compared; empty when it could.
    """

    difference: float | None
    uncertainty: float | None
    sigmas: float | None
    needed: float | None
    verdict: Verdict
    reason: str = ""


def compare(first: Mapping[str, Any], second: Mapping[str, Any]) -> Comparison:
    """Compare two rows of a summary, of the same task, signal, metric and working point.

    The uncertainty adds in quadrature, for both, the standard error over trainings and the
    bootstrap error. It neglects that both were measured on one test sample: that correlation is
    as a rule positive and cancels in part, so the uncertainty is conservative
    (`benchmark.metrics.paired_difference` keeps it). A standard error from few trainings is itself
    uncertain: "2 sigma" is taken from Student's t with the Welch-Satterthwaite degrees of freedom
    [Welch 1947, https://doi.org/10.1093/biomet/34.1-2.28], where the bootstrap counts as exactly
    known.

    Args:
        first: A row of `summarise`, as a Series or a mapping.
        second: Another.

    Returns:
        The comparison; "undecided", with a reason, if a value is null or has one training only.

    Raises:
        DataError: The rows are of different results.

    Example:
        >>> row = {"spread": 0.01, "standard_error": 0.005, "statistical": 0.002,
        ...        "n_trainings": 4, "n_independent": 4, "reason": ""}
        >>> compare({**row, "value": 0.9}, {**row, "value": 0.8}).verdict
        'above'
    """
    _require_same(first, second)
    for row in (first, second):
        if row["reason"]:
            return Comparison(None, None, None, None, "undecided", str(row["reason"]))
    difference = float(first["value"] - second["value"])
    if min(first["n_independent"], second["n_independent"]) < 2:
        reason = "one training: the spread over trainings is unknown"
        return Comparison(difference, None, None, None, "undecided", reason)
    training = [float(row["standard_error"]) ** 2 for row in (first, second)]
    variance = sum(training) + sum(float(row["statistical"]) ** 2 for row in (first, second))
    if variance == 0:
        return Comparison(difference, 0.0, None, None, "undecided", "neither has an uncertainty")
    sizes = [int(row["n_independent"]) for row in (first, second)]
    sigmas, needed = difference / math.sqrt(variance), _needed(variance, training, sizes)
    verdict: Verdict = "undecided"
    if abs(sigmas) > needed:
        verdict = "above" if sigmas > 0 else "below"
    return Comparison(difference, math.sqrt(variance), sigmas, needed, verdict)


def _needed(variance: float, training: list[float], sizes: list[int]) -> float:
    """Return the |t| that is as rare as `SIGMAS` of a Gaussian."""
    terms = sum(part**2 / (n - 1) for part, n in zip(training, sizes, strict=True))
    if terms == 0:
        return SIGMAS
    return -float(special.stdtrit(variance**2 / terms, special.ndtr(-SIGMAS)))


def _require_same(first: Mapping[str, Any], second: Mapping[str, Any]) -> None:
    for name in GROUP:
        one, two = first.get(name), second.get(name)
        # NaN, the null of a summary, is not equal to itself.
        same = one == two or (one != one and two != two)
        if name not in _METHOD and not same:
            message = complaint(
                "results that cannot be compared",
                where=name,
                found=f"{one!r} and {two!r}",
                expected="the same in both",
            )
            raise DataError(message)
