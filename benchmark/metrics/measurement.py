"""A measured number: a value with its uncertainty, or null with the reason."""

from __future__ import annotations

import math
from dataclasses import dataclass

from benchmark.errors import DataError, complaint

MIN_BACKGROUND = 10.0
"""Effective background events, (sum w)^2 / sum w^2, below which a value is null.

At 10 the relative uncertainty of 1/eps_b is 32 % and its bias some 10 %: 1 over the root of the
count, and 1 over the count. With fewer a number would be read as more than it is. Also, a replica
holds none of N events with probability exp(-N), so that at 10 not one result in a hundred (of 200
replicas) has a replica in which 1/eps_b does not exist. In Gaussian toys the 68 % interval of
1/eps_b covers 68 % to 72 % from 15 events on. Close to the minimum the largest rejections are the
ones lost, so an average over the results that are left would be too low: a summary is null when
any of its trainings is.
"""
MIN_SIGNAL = 10.0
"""The same for signal events: the efficiency at which a value stands is then known to 32 %."""
MIN_REPLICAS = 20
"""Replicas below which a 16 % quantile is not one."""

UNBOUNDED = "too few background events: the interval has no end"
"""Reason of a value whose replicas hold no background too often."""


@dataclass(frozen=True)
class Measurement:
    """A value with its 68 % interval, or null with the reason.

    Attributes:
        value: The value; None when it is undefined or too few events carry it.
        err_lo: Value less the lower end of the interval, not negative; None without a value.
            Zero says that no replica lay on this side, as for equal scores or a perfect AUC.
        err_hi: Upper end of the interval less the value, likewise.
        n_sig: Signal events of positive weight that carry the value: all for an AUC, else those
            that pass the cut; of a tie the fraction that passes it, rounded.
        n_bkg: Background events, likewise.
        reason: Why there is no value; empty when there is one.

    Raises:
        DataError: Neither a value with errors nor a reason, or both; or not finite.
    """

    value: float | None
    err_lo: float | None
    err_hi: float | None
    n_sig: int
    n_bkg: int
    reason: str = ""

    def __post_init__(self) -> None:
        """Refuse what is neither a number nor an explained null."""
        numbers = [x for x in (self.value, self.err_lo, self.err_hi) if x is not None]
        whole = len(numbers) == (0 if self.reason else 3) and all(map(math.isfinite, numbers))
        if not whole or any(x < 0 for x in numbers[1:]):
            message = complaint(
                "not a measurement",
                found=repr(self),
                expected="a finite value with errors >= 0, or a reason",
            )
            raise DataError(message)

    @classmethod
    def null(cls, reason: str, *, n_sig: int = 0, n_bkg: int = 0) -> Measurement:
        """Return a measurement without a value."""
        return cls(None, None, None, n_sig, n_bkg, reason)


@dataclass(frozen=True)
class Difference:
    """A difference of two values on the same test events, or null with the reason.

    Attributes:
        value: First less second, on the test events as they are; None when either is null.
        mean: Mean of the difference over the replicas.
        err_lo: Value less the lower end of the 68 % interval; not negative.
        err_hi: Upper end of the interval less the value; not negative.
        reason: Why there is no value.
    """

    value: float | None
    mean: float | None
    err_lo: float | None
    err_hi: float | None
    reason: str = ""


def too_few(effective_sig: float, effective_bkg: float, what: str) -> str:
    """Return why so few effective events carry no value; empty when they do.

    Args:
        effective_sig: (sum w)^2 / sum w^2 of the signal events.
        effective_bkg: The same of the background events.
        what: Continues the sentence, such as "pass the cut".
    """
    found = (("background", effective_bkg, MIN_BACKGROUND), ("signal", effective_sig, MIN_SIGNAL))
    for name, effective, minimum in found:
        # Rounding of weights must not undo a count that is just enough.
        if effective < minimum * (1 - 1e-9):
            return f"{effective:.3g} effective {name} events {what}; at least {minimum:g} needed"
    return ""
