"""A particle transformer with what contrastive learning puts behind it: a head, a reduction."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn

if TYPE_CHECKING:
    from collections.abc import Iterable

    from baselines.diphoton_inputs import EventInputs
    from baselines.networks.particle_transformer import ParticleTransformer

LEAST_SHARE = 1e-3
"""Least width of a direction, in widths of the widest: below, rounding would be blown up."""


class Reduction(nn.Module):
    """The first principal components of representations, each with mean 0 and width 1.

    Args:
        width: Of the representation.
        latent: Components that are kept.
    """

    def __init__(self, width: int, latent: int) -> None:
        """Make a reduction to zeros."""
        super().__init__()
        self.mean: Tensor
        self.axes: Tensor
        self.register_buffer("mean", torch.zeros(width, dtype=torch.float64))
        self.register_buffer("axes", torch.zeros(width, latent, dtype=torch.float64))

    def forward(self, representations: Tensor) -> Tensor:
        """Return the latents (n, latent) of float64 representations (n, width)."""
        return (representations - self.mean) @ self.axes

    def fit(self, parts: Iterable[Tensor]) -> None:
        """Take mean and axes of representations, every event alike.

        A component points to where its largest entry is positive. One that is narrower than
        `LEAST_SHARE` of the first is divided by that instead of its own width.

        Args:
            parts: float64 (k, width) each; the first holds an event.
        """
        moments = [torch.zeros(())] * 2
        count, origin = 0, None
        for part in parts:
            # About a point among them, so that a mean far from zero costs no precision.
            origin = part.mean(dim=0) if origin is None else origin
            away = part - origin
            both = (away.sum(dim=0), away.T @ away)
            moments = [held + new for held, new in zip(moments, both, strict=True)]
            count += len(part)
        offset = moments[0] / count
        spread, axes = torch.linalg.eigh(moments[1] / count - torch.outer(offset, offset))
        number = self.axes.shape[1]
        spread, axes = spread.flip(0)[:number], axes.flip(1)[:, :number]
        axes = axes * axes.gather(0, axes.abs().argmax(dim=0, keepdim=True)).sign()
        # Where all events are alike there is nothing to divide by.
        least = (spread[0] * LEAST_SHARE**2).clamp_min(torch.finfo(torch.float64).tiny)
        self.axes.copy_(axes / torch.maximum(spread, least).sqrt())
        self.mean.copy_(offset if origin is None else origin + offset)


class ProjectedParticles(nn.Module):
    """A particle transformer whose output is a representation, with the head of the ACLR paper.

    The loss sees the head's output; latents are made of the representation before it.

    Args:
        particles: Has as many outputs as `width`.
        width: Of the representation and of the head.
        head_layers: Layers of the head; each is a ReLU, then a linear map.
        latent: Numbers that the representation is reduced to.
    """

    def __init__(
        self, particles: ParticleTransformer, *, width: int, head_layers: int, latent: int
    ) -> None:
        """Draw the weights of the head."""
        super().__init__()
        self.particles = particles
        steps = [(nn.ReLU(), nn.Linear(width, width)) for _ in range(head_layers)]
        self.head = nn.Sequential(*(module for step in steps for module in step))
        self.reduction = Reduction(width, latent)

    def forward(self, inputs: EventInputs) -> Tensor:
        """Return the representations (n, width)."""
        found: Tensor = self.particles(inputs)
        return found

    def latents(self, inputs: EventInputs) -> Tensor:
        """Return the latents (n, latent), in float64."""
        found: Tensor = self.reduction(self(inputs).double())
        return found
