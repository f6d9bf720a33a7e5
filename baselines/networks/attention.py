"""The blocks of a particle transformer (arXiv:2202.03772), on objects in any layout."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn
from torch.nn import functional

if TYPE_CHECKING:
    from baselines.networks.layout import Group, Layout


def perceptron(inputs: int, hidden: int, outputs: int) -> nn.Sequential:
    """Return an MLP with one hidden layer and a GELU.

    In its form with a hyperbolic tangent: no runtime of ONNX has the error function in float64.
    """
    between = nn.GELU(approximate="tanh")
    return nn.Sequential(nn.Linear(inputs, hidden), between, nn.Linear(hidden, outputs))


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
        # The softmax does not see a bias of the keys: it adds the same to all logits of a query.
        self.key = nn.Linear(width, width, bias=False)
        self.value = nn.Linear(width, width)
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
        own, others = self.norms[0](token), self.norms[0](tokens)
        parts = zip(
            layout.groups,
            layout.events(self._questions(own)),
            layout.events(own),
            layout.split(others),
            strict=True,
        )
        read = self._values(torch.cat([_read(*part) for part in parts]))
        token = token + self.dropout(self.merge(read))
        result: Tensor = token + self.dropout(self.feed(self.norms[1](token)))
        return result

    def _questions(self, own: Tensor) -> Tensor:
        """Return the queries (n, heads, width), with the map of the keys already applied.

        A query times a mapped object is the query, mapped back, times the object: with one query
        an event that is far less to compute, and no object needs a key or a value of its own.
        """
        query = torch.unflatten(self.query(own), 1, (self.heads, -1))
        key = torch.unflatten(self.key.weight, 0, (self.heads, -1))
        scale = 1 / math.sqrt(query.shape[2])
        return torch.einsum("nhd,hdw->nhw", query, key) * scale

    def _values(self, mixed: Tensor) -> Tensor:
        """Return the values (n, width) of objects mixed for each head (n, heads, width)."""
        value = torch.unflatten(self.value.weight, 0, (self.heads, -1))
        values: Tensor = torch.einsum("nhw,hdw->nhd", mixed, value).flatten(1) + self.value.bias
        return values


def _read(group: Group, question: Tensor, own: Tensor, others: Tensor) -> Tensor:
    """Return the objects of one group, mixed for each head: (events, heads, width)."""
    both = torch.cat((own[:, None], others), dim=1)
    logits = torch.matmul(question, both.transpose(1, 2))
    if group.filled is not None:
        itself = torch.ones_like(group.filled[:, :1])
        seen = torch.cat((itself, group.filled), dim=1)
        logits = logits.masked_fill(~seen[:, None], -torch.inf)
    return torch.matmul(logits.softmax(dim=2), both)
