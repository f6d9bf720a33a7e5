"""How networks are evaluated: in float64, and rounded to a grid, so that all get the same numbers.

A network is trained in float32. Evaluated in float32, its latents depend on the library and the
machine in the sixth digit, and a training on them ends elsewhere. Evaluated in float64 they differ
by some 1e-13; rounding to a grid takes that away.
"""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, TypeVar

import torch

if TYPE_CHECKING:
    from torch import Tensor, nn

Network = TypeVar("Network", bound="nn.Module")

GRID = 2.0**-16
"""Step of the latents, 1.5e-5.

A hundred million times what float64 leaves open: of that many latents about one lies so near to
the middle between two steps that it can be rounded either way. Five thousand times finer than 0.1,
the finest that a search of events resolves. A power of two: the rounded number is exact in
float32, for latents below 256.
"""


def rounded(values: Tensor) -> Tensor:
    """Return float64 latents on the grid, half to even, as float32.

    Example:
        >>> rounded(torch.tensor([0.1], dtype=torch.float64)).item() / GRID
        6554.0
    """
    return ((values.double() / GRID).round() * GRID).float()


def in_double(network: Network, device: torch.device | None = None) -> Network:
    """Return a copy of a network for evaluation in float64; the network stays as it is.

    Its weights are the same numbers.

    Args:
        network: Trained.
        device: Of the copy; None for that of the network.
    """
    return copy.deepcopy(network).to(device=device, dtype=torch.float64).eval()
