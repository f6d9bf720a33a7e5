"""What contrastive losses share: unit vectors, and the sum over all other events of a batch."""

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
"""Anchors whose similarities are held at a time: all of them at the ACLR paper's batch of 128."""
ANCHORS_ON_GPU = 2048
"""The same on a GPU, whose time for a small block is that of starting it."""


def lift(z: Tensor) -> Tensor:
    """Return the vectors in at least float32."""
    return z.to(torch.promote_types(z.dtype, torch.float32))


def inverse_length(z: Tensor) -> Tensor:
    """Return 1 / |z| of each row, (N,), or 0 where there is no direction."""
    length = torch.linalg.vector_norm(z, dim=1)
    # 1 / SHORTEST would give a zero vector a gradient of 1e12.
    return torch.where(length > SHORTEST, 1 / length.clamp(min=SHORTEST), 0)


def check_temperature(temperature: float) -> None:
    """Refuse a temperature that cannot divide.

    Raises:
        DiademError: It is not a positive number.
    """
    if not (math.isfinite(temperature) and temperature > 0):
        message = complaint("bad temperature", found=repr(temperature), expected="a number > 0")
        raise DiademError(message)


def spread(
    unit: Tensor,
    temperature: float,
    *,
    apart: tuple[int, ...] = (0,),
    share: Tensor | None = None,
) -> Tensor:
    """Return the mean over anchors i of log sum_a exp(u_i.u_a / tau), a scalar.

    Every row is an anchor in turn and a runs over all rows but those `apart` rows after i. Time
    O(N^2 D), memory O(N D + N `ANCHORS`).

    Args:
        unit: Unit vectors (or zero) u, (N, D).
        temperature: tau.
        apart: Distances, modulo N, from an anchor to the rows that its sum leaves out: 0, the
            anchor itself, among them.
        share: (N,), the part of each anchor in the mean, instead of 1 / N each.
    """
    value: Tensor = _Spread.apply(unit, temperature, apart, share)  # type: ignore[no-untyped-call]
    return value


class _Spread(torch.autograd.Function):
    """See `spread`.

    The gradient is made while the similarities of a block of anchors are at hand, so that no
    (N, N) tensor is ever held: three matrix products, and buffers that fit into the cache.
    """

    @staticmethod
    def forward(
        ctx: FunctionCtx,
        views: Tensor,
        temperature: float,
        apart: tuple[int, ...],
        share: Tensor | None,
    ) -> Tensor:
        """Return the value, and keep the gradient."""
        count = len(views)
        size = ANCHORS if views.device.type == "cpu" else ANCHORS_ON_GPU
        gradient, total = torch.zeros_like(views), views.new_zeros(())
        block = views.new_empty(min(size, count), count)
        for start in range(0, count, size):
            rows = views[start : start + size]
            row = torch.arange(len(rows), device=views.device)
            weight = torch.mm(rows, views.T, out=block[: len(rows)]).div_(temperature)
            for distance in apart:
                weight[row, (row + start + distance) % count] = -math.inf
            top = weight.amax(dim=1, keepdim=True)
            norm = weight.sub_(top).exp_().sum(dim=1, keepdim=True)
            logs = top + norm.log()
            if share is None:
                total += logs.sum()
            else:
                part = share[start : start + size, None]
                total += (logs * part).sum()
                norm /= part
            weight.div_(norm)
            gradient.addmm_(weight.T, rows)
            gradient[start : start + size].addmm_(weight, views)
        whole = count if share is None else 1
        ctx.save_for_backward(gradient.div_(whole * temperature))
        return total / whole

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, upstream: Tensor) -> tuple[Tensor, None, None, None]:
        """Return the gradient by the views; nothing else is a parameter."""
        return upstream * ctx.saved_tensors[0], None, None, None
