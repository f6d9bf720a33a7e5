"""How often a comparison fails by chance, for claims that make many of them."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from scipy import special

from benchmark.results.comparison import SIGMAS
from reproduce.report.verdicts import FAILS, UNDECIDED

if TYPE_CHECKING:
    from collections.abc import Sequence

    from reproduce.report.verdicts import Outcome, Part

_ALONE = float(special.ndtr(-SIGMAS))
"""Chance at which one comparison counts."""


def chance(sigma: float, needed: float) -> float:
    """Return the chance of a distance at least as large, on its side, where there is none.

    Args:
        sigma: Distance in standard errors.
        needed: Distance that is as rare as `SIGMAS` of a Gaussian: it knows the degrees of
            freedom of Student's t.

    Example:
        >>> round(chance(2.0, 2.0), 4), round(chance(-4.604, 2.869), 4)
        (0.0228, 0.005)
    """
    if needed <= SIGMAS:
        return float(special.ndtr(-abs(sigma)))
    freedom = special.stdtridf(_ALONE, -needed)
    return float(special.stdtr(freedom, -abs(sigma)))


def among_many(parts: Sequence[Part]) -> list[Outcome]:
    """Return the outcomes of comparisons, where one that fails as chance may do is undecided.

    Of n comparisons one fails by chance n times as often: a failure counts if its chance is at
    most 1/n of that at which a single comparison counts [Bonferroni].
    """
    return [UNDECIDED if _may_be_chance(part, len(parts)) else part.outcome for part in parts]


def _may_be_chance(part: Part, n: int) -> bool:
    numbers = part.numbers
    if part.outcome != FAILS or n == 1 or math.isnan(numbers.sigma + numbers.needed):
        return False
    return n * chance(numbers.sigma, numbers.needed) > _ALONE
