"""Dimensions that carry nothing, or nothing new."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from benchmark.submissions.findings import Finding

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from benchmark.submissions.findings import Level

CONSTANT = 1e-6
"""A width below this fraction of the largest value is rounding, as in the search itself."""
DUPLICATED = 1e-6
"""Correlations as near to one as this are one, in float32."""
DEPENDENT = 1e-6
"""Smallest share of a dimension that is no sum of others; ten times float32's rounding."""


def check_dimensions(values: NDArray[np.float32], *, refuse_constant: bool) -> list[Finding]:
    """Return findings on dimensions that are constant, duplicated or sums of others.

    Args:
        values: (n, d), finite.
        refuse_constant: Whether the task's detector cannot take a constant dimension.
    """
    plain = values.astype(np.float64)
    width = plain.std(axis=0)
    constant = width <= CONSTANT * np.maximum(np.abs(plain).max(axis=0), 1e-30)
    found = []
    if constant.any():
        level: Level = "fault" if refuse_constant else "flag"
        text = f"constant dimensions: {_named(np.flatnonzero(constant))}"
        found.append(Finding("constant_dimension", level, text))
    kept = np.flatnonzero(~constant)
    if len(kept) < 2 or len(values) <= len(kept):
        return found
    scaled = (plain[:, kept] - plain[:, kept].mean(axis=0)) / width[kept]
    correlation = scaled.T @ scaled / len(scaled)
    first, second = np.nonzero(np.triu(np.abs(correlation) > 1 - DUPLICATED, k=1))
    if len(first):
        pairs = ", ".join(
            f"{a + 1} and {b + 1}" for a, b in zip(kept[first], kept[second], strict=True)
        )
        text = f"dimensions that are the same up to scale: {pairs[:200]}"
        found.append(Finding("duplicated_dimension", "flag", text))
    kept = np.delete(np.arange(len(kept)), np.unique(second))
    rank = _rank(correlation[np.ix_(kept, kept)])
    if rank < len(kept):
        text = f"{len(kept)} dimensions of which {len(kept) - rank} are sums of others"
        found.append(Finding("dependent_dimensions", "flag", text))
    return found


def _rank(correlation: NDArray[np.float64]) -> int:
    return int((np.linalg.eigvalsh(correlation) > DEPENDENT).sum())


def _named(numbers: NDArray[np.intp]) -> str:
    return ", ".join(str(number + 1) for number in numbers.tolist())
