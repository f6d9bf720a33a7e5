"""The events that carry a number: how many, and whether they are enough."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from benchmark.metrics.measurement import too_few
from benchmark.metrics.ranking import Cuts, cut_at_background, cut_at_signal

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from benchmark.metrics.plan import Plan
    from benchmark.metrics.ranking import Ranking, Side


@dataclass(frozen=True)
class Carrier:
    """The events that carry a number, and why they are too few (empty when they are not)."""

    n_sig: int
    n_bkg: int
    reason: str


def carriers(ranking: Ranking, plan: Plan) -> list[Carrier]:
    """Return the carrier of each number that `estimate` returns, in its order."""
    sig, bkg = ranking.signal, ranking.background
    zero = np.zeros(1, dtype=np.intp)
    whole = Cuts(zero, zero + len(sig.order), zero, zero + len(bkg.order), np.ones(1))
    at_sig = cut_at_signal(ranking, sig.efficiency(sig.weight), plan.signal)
    at_bkg = cut_at_background(ranking, bkg.efficiency(bkg.weight), plan.background)
    return [
        *_carriers(ranking, whole, "are in the test sample"),
        *_carriers(ranking, at_sig, "pass the cut"),
        *_carriers(ranking, at_bkg, "pass the cut"),
    ]


def no_event(ranking: Ranking) -> str:
    """Return which class has no event; empty when both have some."""
    sides = (("signal", ranking.signal), ("background", ranking.background))
    missing = [f"no {name} event" for name, side in sides if not len(side.order)]
    return " and ".join(missing) + " in the test sample" if missing else ""


def _carriers(ranking: Ranking, cuts: Cuts, what: str) -> list[Carrier]:
    n_sig, effective_sig = _passing(ranking.signal, cuts.signal)
    n_bkg, effective_bkg = _passing(ranking.background, cuts.background)
    columns = (n_sig, n_bkg, effective_sig, effective_bkg)
    return [
        Carrier(round(n_s), round(n_b), too_few(e_s, e_b, what))
        for n_s, n_b, e_s, e_b in zip(*(c.tolist() for c in columns), strict=True)
    ]


def _passing(
    side: Side, passed: Callable[[NDArray[np.float64]], NDArray[np.float64]]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return counts and effective counts, (sum w)^2 / sum w^2, of the events that pass."""
    # Relative to the mean, so that the square of a tiny weight is not rounded to zero.
    weight = side.weight / side.weight.mean()
    total, squares = passed(side.cumulative(weight)), passed(side.cumulative(weight**2))
    effective = np.divide(total**2, squares, out=np.zeros_like(total), where=squares > 0)
    return passed(np.arange(len(weight) + 1, dtype=np.float64)), effective
