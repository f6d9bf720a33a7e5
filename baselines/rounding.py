"""How networks are evaluated: in float64, and rounded to a grid, so that all get the same numbers.

A network is trained in float32. Evaluated in float32, its latents depend on the library and the
machine in the sixth digit, and a training on them ends elsewhere. Evaluated in float64 they differ
by some 1e-15; rounding to a grid takes that away.
"""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, TypeVar

import numpy as np
import torch
from torch import nn

if TYPE_CHECKING:
    from torch import Tensor

Network = TypeVar("Network", bound=nn.Module)

GRID = 2.0**-16
"""Step of the latents, 1.5e-5.

Of the differences that are left, 1e-16 to 1e-14 for latents up to 30, it is a thousand million
times the larger: so rare are latents that lie near enough to the middle between two steps to be
rounded either way. It is six thousand times finer than 0.1, which is finer than a search resolves.
A power of two, so that the rounded number is exact in float32, for latents below 256.
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

    Its weights are the same numbers, and so is what normalisations add to a variance: of that too
    the network was trained with the float32.

    Args:
        network: Trained.
        device: Of the copy; None for that of the network.
    """
    made = copy.deepcopy(network).to(device=device, dtype=torch.float64).eval()
    for module in made.modules():
        if isinstance(module, nn.LayerNorm):
            module.eps = float(np.float32(module.eps))
    return made
