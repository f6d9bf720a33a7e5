"""The blocks of a particle transformer (arXiv:2202.03772), on objects in any layout."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn
from torch.nn import functional

if TYPE_CHECKING:
    from baselines.networks.layout import Group, Layout


def perceptron(inputs: int, hidden: int, outputs: int) -> nn.Sequential:
    """Return an MLP with one hidden layer and a GELU."""
    return nn.Sequential(nn.Linear(inputs, hidden), nn.GELU(), nn.Linear(hidden, outputs))


class ParticleBlock(nn.Module):
    """Attention between the objects of an event, then a feed-forward network.

    Args:
        width: Width of the model.
        heads: Attention heads.
        hidden: Width of the feed-forward network.
        dropout: Probability of dropping.
    """

    def __init__(self, width: int, heads: int, hidden: int, dropout: float) -> None:
        """Draw the weights."""
        super().__init__()
        self.heads = heads
        self.norms = nn.ModuleList(nn.LayerNorm(width) for _ in range(2))
        self.project = nn.Linear(width, 3 * width)
        self.merge = nn.Linear(width, width)
        self.feed = perceptron(width, hidden, width)
        self.dropout = nn.Dropout(dropout)

    def forward(self, tokens: Tensor, layout: Layout, biases: list[Tensor]) -> Tensor:
        """Return the objects (tokens, width) after this block.

        Args:
            tokens: The objects, (tokens, width).
            layout: How they lie.
            biases: Added to the logits of each group, (events, heads, length, length).
        """
        projected = layout.split(self.project(self.norms[0](tokens)))
        attended = [self._attend(part, bias) for part, bias in zip(projected, biases, strict=True)]
        tokens = tokens + self.dropout(self.merge(torch.cat(attended)))
        result: Tensor = tokens + self.dropout(self.feed(self.norms[1](tokens)))
        return result

    def _attend(self, projected: Tensor, bias: Tensor) -> Tensor:
        """Return objects (tokens, width) from queries, keys and values of one group."""
        split = torch.unflatten(projected, 2, (3, self.heads, -1))
        query, key, value = split.permute(2, 0, 3, 1, 4)
        mixed = functional.scaled_dot_product_attention(
            query, key, value, attn_mask=bias.to(query.dtype)
        )
        return mixed.transpose(1, 2).flatten(2).flatten(0, 1)


class ClassBlock(nn.Module):
    """Attention of the class token to itself and to the objects, then a feed-forward network.

    Args:
        width: Width of the model.
        heads: Attention heads.
        hidden: Width of the feed-forward network.
        dropout: Probability of dropping.
    """

    def __init__(self, width: int, heads: int, hidden: int, dropout: float) -> None:
        """Draw the weights."""
        super().__init__()
        self.heads = heads
        self.norms = nn.ModuleList(nn.LayerNorm(width) for _ in range(2))
        self.query = nn.Linear(width, width)
        self.project = nn.Linear(width, 2 * width)
        self.merge = nn.Linear(width, width)
        self.feed = perceptron(width, hidden, width)
        self.dropout = nn.Dropout(dropout)

    def forward(self, token: Tensor, tokens: Tensor, layout: Layout) -> Tensor:
        """Return the class tokens (n, width), in the order of the layout.

        Args:
            token: The class tokens, (n, width).
            tokens: The objects, (tokens, width); they stay as they are.
            layout: How the objects lie.
        """
        own = self.norms[0](token)
        query, own = self.query(own), self.project(own)
        others = self.project(self.norms[0](tokens))
        parts = zip(
            layout.groups,
            layout.events(query),
            layout.events(own),
            layout.split(others),
            strict=True,
        )
        token = token + self.dropout(self.merge(torch.cat([self._read(*part) for part in parts])))
        result: Tensor = token + self.dropout(self.feed(self.norms[1](token)))
        return result

    def _read(self, group: Group, query: Tensor, own: Tensor, others: Tensor) -> Tensor:
        """Return what the class tokens of one group read, (events, width)."""
        both = torch.cat((own[:, None], others), dim=1)
        split = torch.unflatten(both, 2, (2, self.heads, -1))
        key, value = split.permute(2, 0, 3, 1, 4)
        seen = None
        if group.filled is not None:
            itself = torch.ones_like(group.filled[:, :1])
            seen = torch.cat((itself, group.filled), dim=1)[:, None, None]
        mixed = functional.scaled_dot_product_attention(
            torch.unflatten(query, 1, (self.heads, 1, -1)), key, value, attn_mask=seen
        )
        return mixed.flatten(1)
