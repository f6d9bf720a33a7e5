"""Noise that is a pure function of (event_id, salt)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy.special import ndtri

from benchmark.splits import uniform

if TYPE_CHECKING:
    from numpy.typing import NDArray


def standard_normal(event_id: NDArray[np.uint64], salt: str, columns: int) -> NDArray[np.float64]:
    """Return (n, columns) normal numbers: the same event and salt, the same numbers.

    Args:
        event_id: (n,).
        salt: Names the purpose.
        columns: Numbers for each event.

    Example:
        >>> ids = np.array([7, 8], dtype=np.uint64)
        >>> standard_normal(ids, "noise", 3).shape
        (2, 3)
    """
    found = np.empty((len(event_id), columns))
    for k in range(columns):
        # Half a step keeps 0 away, whose quantile is infinite.
        found[:, k] = ndtri(uniform(event_id, f"{salt}/{k}") + 2.0**-54)
    return found
