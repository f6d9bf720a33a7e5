"""The monotonic rational-quadratic spline with linear tails (arXiv:1906.04032).

Events are the last dimension: what is done for each bin then runs along the events, where a
processor's vectors are long, and not along the few bins.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple

import torch
from torch.nn import functional

if TYPE_CHECKING:
    from torch import Tensor

MIN_BIN = (
    1e-3  # smallest width and height of a bin, as a fraction of all of them (assumed: nflows')
)
MIN_SLOPE = 1e-3  # smallest slope at a knot (assumed: nflows')
_UNIT = math.log(math.expm1(1 - MIN_SLOPE))  # softplus of this, plus the smallest slope, is 1


class _Bin(NamedTuple):
    """The bin of each value, (..., n): left lower corner, sizes, slopes at both knots."""

    left: Tensor
    width: Tensor
    bottom: Tensor
    height: Tensor
    slope: Tensor
    next_slope: Tensor


def parameters_of(bins: int) -> int:
    """Return how many numbers make a spline: widths, heights, and slopes at the inner knots."""
    return 3 * bins - 1


def spline(
    x: Tensor, raw: Tensor, *, bound: float, inverse: bool = False
) -> tuple[Tensor, Tensor]:
    """Map each value by a spline of its own.

    Widths and heights are a softmax with the floor `MIN_BIN`, slopes a softplus with the floor
    `MIN_SLOPE`; zeros give the identity. Outside of (-bound, bound) the map is the identity.

    Args:
        x: (..., n).
        raw: (..., 3 bins - 1, n), unbounded; bins widths, bins heights, bins - 1 slopes.
        bound: Where the spline ends, on both axes.
        inverse: Map back; the derivative is then that of the inverse.

    Returns:
        The images (..., n) and the logarithms of the derivatives (..., n).

    References:
        arXiv:1906.04032, equations 4 to 8 and appendix A.

    Example:
        >>> x = torch.tensor([-7.0, 0.5, 2.0])
        >>> y, log_slope = spline(x, torch.zeros(11, 3), bound=5.0)
        >>> bool(torch.allclose(y, x)), bool(torch.allclose(log_slope, 0 * x, atol=1e-6))
        (True, True)
    """
    inside = (x > -bound) & (x < bound)
    value = torch.where(inside, x, 0.0)
    found = _bin(value, raw, bound=bound, inverse=inverse)
    y, log_slope = (_backward if inverse else _forward)(value, found)
    return torch.where(inside, y, x), torch.where(inside, log_slope, 0.0)


def _bin(value: Tensor, raw: Tensor, *, bound: float, inverse: bool) -> _Bin:
    bins = (raw.shape[-2] + 1) // 3
    sizes, slopes = torch.split(raw, [2 * bins, bins - 1], dim=-2)
    share = torch.unflatten(sizes, -2, (2, bins)).softmax(-2)
    floor, scale = 2 * bound * MIN_BIN, 2 * bound * (1 - MIN_BIN * bins)
    with torch.no_grad():  # a value's bin jumps; the gradient comes from what is in the bin
        each = torch.arange(bins, device=raw.device).unsqueeze(-1)
        knots = (
            share[..., int(inverse), :-1, :].cumsum(-2).add_(each[1:].to(share) * (floor / scale))
        )
        number = ((value.unsqueeze(-2) + bound) / scale >= knots).sum(-2, keepdim=True)
        both = number.unsqueeze(-3).expand(*number.shape[:-2], 2, 1, number.shape[-1])
        lower = (each < number).unsqueeze(-3)
    width, height = (floor + scale * share.gather(-2, both).squeeze(-2)).unbind(-2)
    # A sum over the bins below costs less to differentiate than picking from a running sum.
    below = torch.where(lower, share, 0.0).sum(-2)
    left, bottom = (floor * number.to(share) + scale * below - bound).unbind(-2)
    # The slopes at both ends of the bin; beyond the first and the last inner knot they are 1.
    ends = torch.cat([number - 1, number], -2)
    steep = slopes.gather(-2, ends.clamp(0, bins - 2))
    steep = torch.where((ends >= 0) & (ends < bins - 1), steep, 0.0) + _UNIT
    slope, next_slope = (MIN_SLOPE + functional.softplus(steep)).unbind(-2)
    return _Bin(left, width, bottom, height, slope, next_slope)


def _forward(x: Tensor, at: _Bin) -> tuple[Tensor, Tensor]:
    place = (x - at.left) / at.width
    mean = at.height / at.width
    rest = 1 - place
    mixed = place * rest
    below = mean + (at.slope + at.next_slope - 2 * mean) * mixed
    y = at.bottom + at.height * (mean * place.square() + at.slope * mixed) / below
    return y, _log_slope(at, place, mean, below)


def _backward(y: Tensor, at: _Bin) -> tuple[Tensor, Tensor]:
    """Solve the quadratic equation of the paper in the form that loses no digits."""
    mean = at.height / at.width
    bend = at.slope + at.next_slope - 2 * mean
    up = y - at.bottom
    a = at.height * (mean - at.slope) + up * bend
    b = at.height * at.slope - up * bend
    root = (b.square() + 4 * a * mean * up).clamp_min(0).sqrt()
    place = (2 * mean * up / (b + root)).clamp(0, 1)
    below = mean + bend * place * (1 - place)
    return at.left + place * at.width, -_log_slope(at, place, mean, below)


def _log_slope(at: _Bin, place: Tensor, mean: Tensor, below: Tensor) -> Tensor:
    rest = 1 - place
    over = at.next_slope * place.square() + 2 * mean * place * rest + at.slope * rest.square()
    return 2 * (mean / below).log() + over.log()
