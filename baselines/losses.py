"""The contrastive losses of the ACLR paper (arXiv:2301.04660): CLR, AnomCLR and AnomCLR+.

Notation: z_i is what the head makes of event i, z'_i of its physically augmented view, z*_i of its
anomaly-augmented view; s(a, b) = a.b / (|a| |b|) is the cosine similarity, tau the temperature, N
the events of the batch.

Every loss takes vectors (N, D) of any length, which need not be normalised, and returns a scalar,
the mean over the batch. Half precision is lifted to float32 first, also under autocast; float64
stays float64. A vector shorter than `baselines.pairs.SHORTEST` has no direction: its similarity to
everything is 0 and no gradient reaches it.
"""

from __future__ import annotations

import torch
from torch import Tensor

from baselines.pairs import check_temperature, inverse_length, lift, spread
from benchmark.errors import DiademError, complaint


def clr(z: Tensor, z_pos: Tensor, temperature: float) -> Tensor:
    """Return the loss of contrastive learning (Eq. 2; NT-Xent of arXiv:2002.05709).

    The 2N views are anchors in turn. Of the views of the other events, 2N - 2 of them, each is a
    negative; the anchor's own positive partner is not in the denominator, as the sum over j != i
    of Eq. 2 says and as the authors' public code has it (SimCLR's NT-Xent has it in):

        L = mean_i -log( exp(s(z_i, z'_i) / tau) / sum_{j != i} [exp(s(z_i, z_j) / tau)
                                                             + exp(s(z_i, z'_j) / tau)] )

    and the same with z and z' exchanged, averaged. Time O(N^2 D), memory O(N D).

    Args:
        z: First view, (N, D).
        z_pos: Physically augmented view, (N, D).
        temperature: tau, positive.

    Raises:
        DiademError: Fewer than two events (there would be no negative), shapes that differ, or a
            temperature that is not positive.

    Example:
        >>> loss = clr(torch.eye(2), torch.eye(2), temperature=0.5)
        >>> round(float(loss), 4)  # log(2 exp(0)) - 1 / 0.5
        -1.3069
    """
    _check(temperature, z, z_pos, fewest=2)
    with torch.autocast(z.device.type, enabled=False):
        first, second = lift(z), lift(z_pos)
        return _spread(first, second, temperature) - _likeness(first, second) / temperature


def anomclr(z: Tensor, z_pos: Tensor, z_neg: Tensor, temperature: float) -> Tensor:
    """Return the loss of AnomCLR (Eq. 4).

    The anomaly-augmented view of an event is its own negative pair; it stands in the numerator,
    and the denominator is that of CLR:

        L = mean_i -log( exp([s(z_i, z'_i) - s(z_i, z*_i)] / tau)
                         / sum_{j != i} [exp(s(z_i, z_j) / tau) + exp(s(z_i, z'_j) / tau)] )

    averaged with z and z' exchanged in the denominator. So L(AnomCLR) = L(CLR) + mean_i
    s(z_i, z*_i) / tau. (Where z* stands, and that both anchors of an event use s(z_i, z*_i), is
    inferred from the authors' public code; without its denominator it is AnomCLR+, as Eq. 5.)

    Args:
        z: First view, (N, D).
        z_pos: Physically augmented view, (N, D).
        z_neg: Anomaly-augmented view, (N, D).
        temperature: tau, positive.

    Raises:
        DiademError: As for `clr`.

    Example:
        >>> z, z_neg = torch.eye(2), -torch.eye(2)
        >>> round(float(anomclr(z, z, z_neg, temperature=0.5)), 4)  # that of clr - 1 / 0.5
        -3.3069
    """
    _check(temperature, z, z_pos, z_neg, fewest=2)
    with torch.autocast(z.device.type, enabled=False):
        first, second, third = lift(z), lift(z_pos), lift(z_neg)
        contrast = _likeness(first, third) - _likeness(first, second)
        return _spread(first, second, temperature) + contrast / temperature


def anomclr_plus(z: Tensor, z_pos: Tensor, z_neg: Tensor, temperature: float) -> Tensor:
    """Return the loss of AnomCLR+ (Eq. 5), which compares an event with its own views only.

        L = mean_i [s(z_i, z*_i) - s(z_i, z'_i)] / tau

    Time and memory O(N D).

    Args:
        z: First view, (N, D).
        z_pos: Physically augmented view, (N, D).
        z_neg: Anomaly-augmented view, (N, D).
        temperature: tau, positive.

    Raises:
        DiademError: No event, shapes that differ, or a temperature that is not positive.

    Example:
        >>> z = torch.tensor([[3.0, 0.0]])
        >>> float(anomclr_plus(z, 2 * z, -z, temperature=0.5))  # the least there is: -2 / tau
        -4.0
    """
    _check(temperature, z, z_pos, z_neg, fewest=1)
    with torch.autocast(z.device.type, enabled=False):
        first, second, third = lift(z), lift(z_pos), lift(z_neg)
        return (_likeness(first, third) - _likeness(first, second)) / temperature


def _likeness(first: Tensor, second: Tensor) -> Tensor:
    """Return the mean similarity of the vectors in the same row."""
    dot: Tensor = torch.linalg.vecdot(first, second)
    return (dot * inverse_length(first) * inverse_length(second)).mean()


def _spread(first: Tensor, second: Tensor, temperature: float) -> Tensor:
    """Return the mean log of the denominator of CLR over the 2N anchors."""
    views = torch.cat([first, second])
    unit = views * inverse_length(views)[:, None]
    # Neither an anchor itself nor its partner, N further, is a negative.
    return spread(unit, temperature, apart=(0, len(first)))


def _check(temperature: float, *views: Tensor, fewest: int) -> None:
    """Refuse what no loss is defined for."""
    check_temperature(temperature)
    shapes = [tuple(view.shape) for view in views]
    if len(set(shapes)) > 1 or len(shapes[0]) != 2 or shapes[0][1] == 0:
        message = complaint(
            "the views do not match",
            found=", ".join(map(str, shapes)),
            expected="one shape (events, dimension) for all",
        )
        raise DiademError(message)
    if shapes[0][0] < fewest:
        message = complaint(
            "too few events in the batch",
            found=str(shapes[0][0]),
            expected=f"at least {fewest}",
            remedy="Without a second event there is no negative pair." if fewest > 1 else "",
        )
        raise DiademError(message)
