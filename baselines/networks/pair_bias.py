"""The bias that pairs of objects give to attention."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn

from baselines.networks.pair_features import pair_features

if TYPE_CHECKING:
    from baselines.networks.layout import Group, Layout


class PairBias(nn.Module):
    """One number a head for each unordered pair of objects of an event.

    Args:
        features: Numbers per pair.
        width: Width of the MLP.
        heads: Attention heads.
    """

    def __init__(self, features: int, width: int, heads: int) -> None:
        """Draw the weights."""
        super().__init__()
        self.heads = heads
        self.mix = nn.Sequential(
            nn.Linear(features, width),
            nn.GELU(approximate="tanh"),
            nn.Linear(width, width),
            nn.GELU(approximate="tanh"),
            nn.Linear(width, heads),
        )

    def forward(self, kinematics: Tensor, layout: Layout) -> list[Tensor]:
        """Return the bias (events, heads, length, length) of each group of the layout.

        It is the same both ways, zero for an object with itself, and -inf towards empty slots.

        Args:
            kinematics: (tokens, 5), as `pair_features` takes them.
            layout: How the objects lie.
        """
        pairs = []
        for part in layout.split(kinematics):
            row, column = _triangle(part.shape[1], part.device)
            pairs.append(pair_features(part[:, row], part[:, column]).flatten(0, 1))
        numbers = self.mix(torch.cat(pairs)).to(kinematics.dtype)
        parts = torch.split(numbers, [len(pair) for pair in pairs])
        return [
            self._square(part, group) for part, group in zip(parts, layout.groups, strict=True)
        ]

    def _square(self, numbers: Tensor, group: Group) -> Tensor:
        """Return the matrices of pairs given as (events * pairs, heads)."""
        row, column = _triangle(group.length, numbers.device)
        shape = (group.events, self.heads, group.length, group.length)
        numbers = torch.unflatten(numbers, 0, (group.events, len(row))).transpose(1, 2)
        square = numbers.new_zeros(shape)
        square[..., row, column] = numbers
        square = square + square.transpose(2, 3)
        if group.filled is None:
            return square
        # An empty slot sees itself, so that its row of weights is defined.
        itself = torch.eye(group.length, dtype=torch.bool, device=square.device)
        seen = group.filled[:, None, :] | itself
        return square.masked_fill(~seen[:, None], -torch.inf)


def _triangle(length: int, device: torch.device) -> tuple[Tensor, Tensor]:
    """Return the two places of each unordered pair."""
    row, column = torch.triu_indices(length, length, 1, device=device).unbind()
    return row, column
