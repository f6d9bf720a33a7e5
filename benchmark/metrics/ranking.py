"""The order of the events by score, sorted once and shared by every metric and replica."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from benchmark.errors import DataError, complaint

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

# Sums of weights that ought to be equal may differ by rounding: without this slack a target that
# lies exactly between two events could fall behind the next one.
ROUNDING = 1e-12


@dataclass(frozen=True, eq=False)
class Side:
    """The events of one class, from the highest score down; all arrays are (n,).

    Attributes:
        order: Rows of the events in the order of falling score.
        weight: Weights in the original order.
        own_from: How many events of this class have a higher score than this event.
        own_to: How many have at least the same score.
        other_from: How many events of the other class have a higher score.
        other_to: How many of the other class have at least the same score.
    """

    order: NDArray[np.intp]
    weight: NDArray[np.float64]
    own_from: NDArray[np.intp]
    own_to: NDArray[np.intp]
    other_from: NDArray[np.intp]
    other_to: NDArray[np.intp]

    def cumulative(self, weight: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return (n + 1,) sums: entry k is the weight of the k highest events.

        Args:
            weight: One value for each event, in the original order.
        """
        sums = np.zeros(len(self.order) + 1)
        np.cumsum(weight[self.order], out=sums[1:])
        return sums

    def efficiency(self, weight: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return (n + 1,) fractions of the weight that the k highest events hold, 0 to 1."""
        sums = self.cumulative(weight)
        sums /= sums[-1]
        return sums


@dataclass(frozen=True, eq=False)
class Ranking:
    """Events of both classes, sorted; events of weight zero are left out."""

    signal: Side
    background: Side


@dataclass(frozen=True, eq=False)
class Cuts:
    """Cuts on the score: all events above one score, and a fraction of those that have it.

    The arrays have one entry for each cut. Taking a fraction of a tie is what breaking it at
    random does on average, and what a straight line between two points of the ROC curve means.
    """

    signal_from: NDArray[np.intp]
    signal_to: NDArray[np.intp]
    background_from: NDArray[np.intp]
    background_to: NDArray[np.intp]
    fraction: NDArray[np.float64]

    def signal(self, cumulative: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return how much of the signal's cumulative sum passes each cut."""
        return _between(cumulative, self.signal_from, self.signal_to, self.fraction)

    def background(self, cumulative: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return how much of the background's cumulative sum passes each cut."""
        return _between(cumulative, self.background_from, self.background_to, self.fraction)


def rank(
    scores_sig: ArrayLike,
    scores_bkg: ArrayLike,
    weight_sig: ArrayLike | None = None,
    weight_bkg: ArrayLike | None = None,
) -> Ranking:
    """Check and sort the events of both classes; a class may be empty.

    Args:
        scores_sig: Scores (n,) of the signal.
        scores_bkg: Scores (m,) of the background.
        weight_sig: Weights (n,), not negative; ones if not given.
        weight_bkg: Weights (m,), likewise.

    Raises:
        DataError: Scores are not finite numbers in one dimension, or weights do not fit them.
    """
    sig, w_sig = _checked(scores_sig, weight_sig, "signal")
    bkg, w_bkg = _checked(scores_bkg, weight_bkg, "background")
    return Ranking(_side(sig, bkg, w_sig), _side(bkg, sig, w_bkg))


def cut_at_signal(
    ranking: Ranking, efficiency: NDArray[np.float64], at: NDArray[np.float64]
) -> Cuts:
    """Return the tightest cuts that keep the fractions `at` of the signal.

    Args:
        ranking: Both classes with at least one event.
        efficiency: Of the signal, from `Side.efficiency`.
        at: Signal efficiencies in (0, 1].
    """
    side = ranking.signal
    last = np.searchsorted(efficiency, at * (1 - ROUNDING), side="left") - 1
    start, stop, fraction = _reach(side, efficiency, at, last)
    return Cuts(start, stop, side.other_from[last], side.other_to[last], fraction)


def cut_at_background(
    ranking: Ranking, efficiency: NDArray[np.float64], at: NDArray[np.float64]
) -> Cuts:
    """Return the loosest cuts that keep no more than the fractions `at` of the background.

    Args:
        ranking: Both classes with at least one event.
        efficiency: Of the background, from `Side.efficiency`.
        at: Background efficiencies in (0, 1).
    """
    side = ranking.background
    last = np.searchsorted(efficiency, at * (1 + ROUNDING), side="right") - 1
    last = np.minimum(last, len(side.order) - 1)
    start, stop, fraction = _reach(side, efficiency, at, last)
    return Cuts(side.other_from[last], side.other_to[last], start, stop, fraction)


def _reach(
    side: Side, efficiency: NDArray[np.float64], at: NDArray[np.float64], last: NDArray[np.intp]
) -> tuple[NDArray[np.intp], NDArray[np.intp], NDArray[np.float64]]:
    """Return the tie of the event `last` and the fraction of it that reaches `at`."""
    start, stop = side.own_from[last], side.own_to[last]
    low, high = efficiency[start], efficiency[stop]
    return start, stop, np.clip((at - low) / (high - low), 0.0, 1.0)


def _between(
    sums: NDArray[np.float64],
    start: NDArray[np.intp],
    stop: NDArray[np.intp],
    fraction: NDArray[np.float64],
) -> NDArray[np.float64]:
    return sums[start] + fraction * (sums[stop] - sums[start])


def _side(
    own: NDArray[np.float64], other: NDArray[np.float64], weight: NDArray[np.float64]
) -> Side:
    order = np.argsort(-own, kind="stable")
    falling, others = -own[order], np.sort(-other)
    return Side(
        order=order,
        weight=weight,
        own_from=np.searchsorted(falling, falling, side="left"),
        own_to=np.searchsorted(falling, falling, side="right"),
        other_from=np.searchsorted(others, falling, side="left"),
        other_to=np.searchsorted(others, falling, side="right"),
    )


def _checked(
    scores: ArrayLike, weight: ArrayLike | None, name: str
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return scores and weights as float64, without the events of weight zero."""
    values = _finite(scores, f"scores of the {name}")
    if weight is None:
        return values, np.ones(len(values))
    weights = _finite(weight, f"weights of the {name}")
    if weights.shape != values.shape:
        message = complaint(
            "scores and weights differ in length",
            where=name,
            found=f"{len(values)} scores and {len(weights)} weights",
            expected="one weight for each score",
        )
        raise DataError(message)
    _refuse(weights < 0, weights, "negative", f"weights of the {name}", "weights >= 0")
    return values[weights > 0], weights[weights > 0]


def _finite(values: ArrayLike, where: str) -> NDArray[np.float64]:
    array = np.asarray(values)
    if array.ndim != 1 or array.dtype.kind not in "biuf":
        message = complaint(
            "not a list of numbers",
            where=where,
            found=f"{array.dtype} of shape {array.shape}",
            expected="real numbers of shape (n,)",
        )
        raise DataError(message)
    array = array.astype(np.float64)
    _refuse(~np.isfinite(array), array, "not finite", where, "finite numbers")
    return array


def _refuse(
    bad: NDArray[np.bool_], values: NDArray[np.float64], what: str, where: str, expected: str
) -> None:
    if bad.any():
        row = int(bad.argmax())
        message = complaint(
            f"{int(bad.sum())} of {len(bad)} rows are {what}",
            where=where,
            found=f"{values[row]} in row {row}",
            expected=expected,
        )
        raise DataError(message)
