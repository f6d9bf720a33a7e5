"""The contrastive losses of the ACLR paper (arXiv:2301.04660): CLR, AnomCLR and AnomCLR+.

Notation: z_i is what the head makes of event i, z'_i of its physically augmented view, z*_i of its
anomaly-augmented view; s(a, b) = a.b / (|a| |b|) is the cosine similarity, tau the temperature, N
the events of the batch.

Every loss takes vectors (N, D) of any length, which need not be normalised, and returns a scalar,
the mean over the batch. Half precision is lifted to float32 first, also under autocast; float64
stays float64. A vector shorter than `SHORTEST` has no direction: its similarity to everything is 0
and no gradient reaches it.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable

from benchmark.errors import DiademError, complaint

if TYPE_CHECKING:
    from torch.autograd.function import FunctionCtx

SHORTEST = 1e-12
"""Length below which a vector counts as zero."""
ANCHORS = 256
"""Anchors whose similarities are held at a time: all of them at the paper's batch of 128."""


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
        first, second = _lift(z), _lift(z_pos)
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
        first, second, third = _lift(z), _lift(z_pos), _lift(z_neg)
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
        first, second, third = _lift(z), _lift(z_pos), _lift(z_neg)
        return (_likeness(first, third) - _likeness(first, second)) / temperature


def _lift(z: Tensor) -> Tensor:
    """Return the vectors in at least float32."""
    return z.to(torch.promote_types(z.dtype, torch.float32))


def _inverse_length(z: Tensor) -> Tensor:
    """Return 1 / |z| of each row, (N,), or 0 where there is no direction."""
    length = torch.linalg.vector_norm(z, dim=1)
    # 1 / SHORTEST would give a zero vector a gradient of 1e12.
    return torch.where(length > SHORTEST, 1 / length.clamp(min=SHORTEST), 0)


def _likeness(first: Tensor, second: Tensor) -> Tensor:
    """Return the mean similarity of the vectors in the same row."""
    dot: Tensor = torch.linalg.vecdot(first, second)
    return (dot * _inverse_length(first) * _inverse_length(second)).mean()


class _Spread(torch.autograd.Function):
    """The mean log of the denominator of CLR over the 2N anchors.

    The gradient is made while the similarities of `ANCHORS` rows are at hand, so that no (2N, 2N)
    tensor is ever held: three matrix products, and buffers that fit into the cache.
    """

    @staticmethod
    def forward(ctx: FunctionCtx, views: Tensor, temperature: float) -> Tensor:
        """Return the value for unit vectors `views`, (2N, D): those of z first, then z'."""
        count = len(views)
        gradient, total = torch.zeros_like(views), views.new_zeros(())
        for start in range(0, count, ANCHORS):
            rows = views[start : start + ANCHORS]
            row = torch.arange(len(rows), device=views.device)
            weight = (rows @ views.T).div_(temperature)
            # Neither an anchor itself nor its partner, N further, is a negative.
            weight[row, row + start] = -math.inf
            weight[row, (row + start + count // 2) % count] = -math.inf
            top = weight.amax(dim=1, keepdim=True)
            norm = weight.sub_(top).exp_().sum(dim=1, keepdim=True)
            total += (top + norm.log()).sum()
            weight.div_(norm)
            gradient.addmm_(weight.T, rows)
            gradient[start : start + ANCHORS].addmm_(weight, views)
        ctx.save_for_backward(gradient.div_(count * temperature))
        return total / count

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, upstream: Tensor) -> tuple[Tensor, None]:
        """Return the gradient by the views; the temperature is no parameter."""
        return upstream * ctx.saved_tensors[0], None


def _spread(first: Tensor, second: Tensor, temperature: float) -> Tensor:
    """Return the mean log of the denominator of CLR over the 2N anchors."""
    views = torch.cat([first, second])
    unit = views * _inverse_length(views)[:, None]
    value: Tensor = _Spread.apply(unit, temperature)  # type: ignore[no-untyped-call]
    return value


def _check(temperature: float, *views: Tensor, fewest: int) -> None:
    """Refuse what no loss is defined for."""
    if not (math.isfinite(temperature) and temperature > 0):
        message = complaint("bad temperature", found=repr(temperature), expected="a number > 0")
        raise DiademError(message)
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
