"""The ROC curve, its area and its working points, without uncertainties."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from benchmark.errors import DataError, complaint
from benchmark.metrics.ranking import Ranking, cut_at_background, cut_at_signal, rank

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray


@dataclass(frozen=True, eq=False)
class Roc:
    """The ROC curve; straight lines join its points. All arrays are (k + 1,) for k scores.

    Attributes:
        threshold: The distinct scores from the highest down, after infinity.
        signal_efficiency: Fraction of the signal with a score >= threshold; rises from 0 to 1.
        background_efficiency: The same of the background.
    """

    threshold: NDArray[np.float64]
    signal_efficiency: NDArray[np.float64]
    background_efficiency: NDArray[np.float64]


def roc_curve(
    scores_sig: ArrayLike,
    scores_bkg: ArrayLike,
    *,
    weight_sig: ArrayLike | None = None,
    weight_bkg: ArrayLike | None = None,
) -> Roc:
    """Return the weighted ROC curve; events of one score enter it together.

    The straight line that this leaves between two points is what breaking ties at random gives on
    average.

    Args:
        scores_sig: Scores (n,) of the signal, higher for more anomalous.
        scores_bkg: Scores (m,) of the background.
        weight_sig: Weights (n,), not negative; ones if not given. Only ratios count.
        weight_bkg: Weights (m,), likewise.

    Raises:
        DataError: Bad scores or weights, or a class without events.

    Example:
        >>> roc_curve([2.0, 1.0], [1.0, 0.0]).signal_efficiency.tolist()
        [0.0, 0.5, 1.0, 1.0]
    """
    ranking = _ranked(scores_sig, scores_bkg, weight_sig, weight_bkg)
    falling = [
        -np.asarray(scores, dtype=np.float64)[_kept(weight)]
        for scores, weight in ((scores_sig, weight_sig), (scores_bkg, weight_bkg))
    ]
    levels = np.unique(np.concatenate(falling))
    efficiencies = [
        side.efficiency(side.weight)[np.searchsorted(np.sort(own), levels, side="right")]
        for side, own in zip((ranking.signal, ranking.background), falling, strict=True)
    ]
    return Roc(
        np.concatenate([[np.inf], -levels]), *(np.concatenate([[0.0], e]) for e in efficiencies)
    )


def auc(
    scores_sig: ArrayLike,
    scores_bkg: ArrayLike,
    *,
    weight_sig: ArrayLike | None = None,
    weight_bkg: ArrayLike | None = None,
) -> float:
    """Return the weighted area under the ROC curve, P(s_sig > s_bkg) + P(s_sig = s_bkg) / 2.

    Arguments and errors are those of `roc_curve`. Scores that are all the same give 0.5 exactly.

    Example:
        >>> auc([2.0, 1.0], [1.0, 0.0])
        0.875
    """
    ranking = _ranked(scores_sig, scores_bkg, weight_sig, weight_bkg)
    sig, bkg = ranking.signal, ranking.background
    return ranked_auc(ranking, sig.weight, bkg.efficiency(bkg.weight))


def background_efficiency(
    scores_sig: ArrayLike,
    scores_bkg: ArrayLike,
    at: ArrayLike,
    *,
    weight_sig: ArrayLike | None = None,
    weight_bkg: ArrayLike | None = None,
) -> NDArray[np.float64]:
    """Return eps_b at signal efficiencies `at`: the lowest that the ROC curve reaches there.

    Arguments and errors are those of `roc_curve`; `at` has shape (k,) or (), in (0, 1]; so has the
    result.

    Example:
        >>> background_efficiency([2.0, 1.0], [1.0, 0.0], [0.5, 0.75]).tolist()
        [0.0, 0.25]
    """
    points = checked_points(at, "signal efficiency", one=True)
    ranking = _ranked(scores_sig, scores_bkg, weight_sig, weight_bkg)
    sig, bkg = ranking.signal, ranking.background
    cuts = cut_at_signal(ranking, sig.efficiency(sig.weight), points)
    return cuts.background(bkg.efficiency(bkg.weight)).reshape(np.shape(at))


def signal_efficiency(
    scores_sig: ArrayLike,
    scores_bkg: ArrayLike,
    at: ArrayLike,
    *,
    weight_sig: ArrayLike | None = None,
    weight_bkg: ArrayLike | None = None,
) -> NDArray[np.float64]:
    """Return eps_s at background efficiencies `at`: the highest that the ROC curve reaches there.

    Arguments and errors are those of `roc_curve`; `at` has shape (k,) or (), in (0, 1); so has the
    result.

    Example:
        >>> signal_efficiency([2.0, 1.0], [1.0, 0.0], [0.25]).tolist()
        [0.75]
    """
    points = checked_points(at, "background efficiency", one=False)
    ranking = _ranked(scores_sig, scores_bkg, weight_sig, weight_bkg)
    sig, bkg = ranking.signal, ranking.background
    cuts = cut_at_background(ranking, bkg.efficiency(bkg.weight), points)
    return cuts.signal(sig.efficiency(sig.weight)).reshape(np.shape(at))


def background_rejection(eps_b: ArrayLike) -> NDArray[np.float64]:
    """Return 1 / eps_b.

    Raises:
        DataError: A background efficiency is not positive: nothing can be said of the rejection.
    """
    return 1 / _positive(eps_b)


def significance_improvement(eps_s: ArrayLike, eps_b: ArrayLike) -> NDArray[np.float64]:
    """Return eps_s / sqrt(eps_b), by which a cut raises the significance s / sqrt(b).

    Raises:
        DataError: A background efficiency is not positive.

    Example:
        >>> float(significance_improvement(0.25, 0.0625))
        1.0
    """
    return np.asarray(eps_s, dtype=np.float64) / np.sqrt(_positive(eps_b))


def ranked_auc(
    ranking: Ranking, weight_sig: NDArray[np.float64], efficiency_bkg: NDArray[np.float64]
) -> float:
    """Return the AUC of sorted events: 1 less the mean background that the signal lies below."""
    side = ranking.signal
    weight = weight_sig[side.order]
    below = (efficiency_bkg[side.other_from] + efficiency_bkg[side.other_to]) / 2
    # Not a dot product: the two sums must round alike, so that equal scores give exactly 1/2.
    return float(1 - (weight * below).sum() / weight.sum())


def checked_points(at: ArrayLike, name: str, *, one: bool) -> NDArray[np.float64]:
    """Return working points as float64 (k,).

    Args:
        at: The efficiencies.
        name: What they are, for the message.
        one: Whether 1 is allowed.

    Raises:
        DataError: One lies outside of (0, 1), or (0, 1].
    """
    points = np.atleast_1d(np.asarray(at, dtype=np.float64))
    inside = (points > 0) & ((points <= 1) if one else (points < 1))
    if points.ndim != 1 or not inside.all():
        message = complaint(
            "bad working point",
            where=name,
            found=str(points[~inside][0] if points.ndim == 1 else points.shape),
            expected="efficiencies of shape (k,) in (0, 1" + ("]" if one else ")"),
        )
        raise DataError(message)
    return points


def _ranked(
    scores_sig: ArrayLike,
    scores_bkg: ArrayLike,
    weight_sig: ArrayLike | None,
    weight_bkg: ArrayLike | None,
) -> Ranking:
    ranking = rank(scores_sig, scores_bkg, weight_sig, weight_bkg)
    for side, name in ((ranking.signal, "signal"), (ranking.background, "background")):
        if not len(side.order):
            message = complaint(
                f"no {name} event", expected="events of positive weight in both classes"
            )
            raise DataError(message)
    return ranking


def _kept(weight: ArrayLike | None) -> NDArray[np.bool_] | slice:
    return slice(None) if weight is None else np.asarray(weight) > 0


def _positive(eps_b: ArrayLike) -> NDArray[np.float64]:
    values = np.asarray(eps_b, dtype=np.float64)
    if not (values > 0).all():
        message = complaint(
            "background efficiency is not positive",
            found=str(values.min()) if values.size else "none",
            expected="eps_b > 0",
            remedy="Ask for a looser working point or use more background events.",
        )
        raise DataError(message)
    return values
