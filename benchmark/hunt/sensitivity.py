"""The smallest strength of a signal that a search finds: the pipeline's one number.

A signal of strength S/sqrt(B) in the signal region has, after a cut with significance improvement
SIC, the significance SIC x S/sqrt(B) (arXiv:2603.25794, Fig. 7). SIC depends on the strength,
since the classifier learns from the injected signal itself.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from benchmark.errors import DataError, complaint
from benchmark.metrics import Measurement

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

TARGET = 5.0
"""Standard deviations of a discovery."""
NOT_REACHED = "not reached up to"
"""Begins the reason where no strength of the grid is enough."""
BELOW = "below the smallest strength"
"""Begins the reason where the smallest strength of the grid is enough."""


def discovery_strength(
    strengths: ArrayLike,
    sic: ArrayLike,
    error: ArrayLike,
    *,
    target: float = TARGET,
    n_sig: int = 0,
    n_bkg: int = 0,
) -> Measurement:
    """Return the smallest strength for which SIC x strength reaches a significance.

    SIC x strength is interpolated linearly between the strengths of the grid; its first upward
    crossing counts. The ends of the interval are the crossings of (SIC + error) x strength and
    (SIC - error) x strength. Where one of these has no crossing in the grid, the interval ends at
    the grid's edge: it is cut there, and the error is a lower bound.

    Args:
        strengths: (k,) S/sqrt(B) in the signal region, positive, rising.
        sic: (k,) Significance improvements, not negative; NaN where there is none: the strength
            is left out, and interpolated over.
        error: (k,) Their errors, not negative; read only where there is a SIC.
        target: Significance to be reached, in standard deviations.
        n_sig: Test events that carry the SIC, handed on.
        n_bkg: Likewise.

    Returns:
        The strength; null with a reason that begins with `NOT_REACHED` or `BELOW`, or where there
        is no SIC at all.

    Raises:
        DataError: The arrays do not fit together or hold something else.

    Example:
        >>> found = discovery_strength([1, 2, 3], [2, 2, 2], [0, 0, 0.5])
        >>> found.value, round(found.err_lo, 3), found.err_hi
        (2.5, 0.214, 0.5)
        >>> discovery_strength([1, 2], [2, 2], [0, 0]).reason
        'not reached up to 2'
    """
    grid, mean, spread = _checked(strengths, sic, error)
    known = np.isfinite(mean)
    s, mean, spread = grid[known], mean[known], spread[known]
    value = _crossing(s, s * mean, target)
    reason = _reason(value, s, grid)
    if reason:
        return Measurement(None, None, None, n_sig, n_bkg, reason)
    early = max(_crossing(s, s * (mean + spread), target), float(s[0]))
    late = min(_crossing(s, s * (mean - spread), target), float(s[-1]))
    return Measurement(value, value - early, late - value, n_sig, n_bkg)


def _reason(value: float, s: NDArray[np.float64], grid: NDArray[np.float64]) -> str:
    if not len(s):
        return "no significance improvement at any strength"
    if value == -math.inf:
        return f"{BELOW} {s[0]:g}"
    if value == math.inf:
        above = "" if s[-1] == grid[-1] else ", no significance improvement above"
        return f"{NOT_REACHED} {s[-1]:g}{above}"
    return ""


def _crossing(s: NDArray[np.float64], y: NDArray[np.float64], target: float) -> float:
    """Return where y first reaches the target: -inf before the first point, inf nowhere."""
    above = np.flatnonzero(y >= target)
    if not len(above):
        return math.inf
    k = int(above[0])
    if k == 0:
        return -math.inf
    fraction = (target - y[k - 1]) / (y[k] - y[k - 1])
    return float(s[k - 1] + fraction * (s[k] - s[k - 1]))


def _checked(
    strengths: ArrayLike, sic: ArrayLike, error: ArrayLike
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    s, mean, spread = (np.asarray(a, dtype=np.float64) for a in (strengths, sic, error))
    known = ~np.isnan(mean) if mean.ndim == 1 else np.zeros(0, dtype=bool)
    faults = {
        "one number each for one strength at least": s.ndim == 1
        and len(s) > 0
        and s.shape == mean.shape == spread.shape,
        "strengths that are positive and rise": bool(
            np.isfinite(s).all() and (s > 0).all() and (np.diff(s.ravel()) > 0).all()
        ),
    }
    if all(faults.values()):
        finite = np.isfinite(mean[known]).all() and np.isfinite(spread[known]).all()
        positive = (mean[known] >= 0).all() and (spread[known] >= 0).all()
        faults["finite numbers, none negative, an error for each"] = bool(finite and positive)
    for expected, held in faults.items():
        if not held:
            found = f"strengths {s.tolist()}, SIC {mean.tolist()}, errors {spread.tolist()}"
            message = complaint(
                "no strength of a discovery of these", found=found, expected=expected
            )
            raise DataError(message)
    return s, mean, spread
