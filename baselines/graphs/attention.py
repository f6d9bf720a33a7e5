"""The blocks of the transformers, on all slots of a batch at once."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from baselines.graphs.writing import joined, numbers

if TYPE_CHECKING:
    from torch import nn

    from baselines.graphs.writing import Value
    from baselines.networks.attention import ClassBlock, ParticleBlock

HIDDEN = -1e9
"""Added to the logits of empty slots: exp of it is zero in any float, and no NaN comes of it."""


def perceptron(x: Value, layers: nn.Sequential) -> Value:
    """Return fully connected layers with the activations between them."""
    for layer in layers:
        name = type(layer).__name__
        if name == "Linear":
            x = x.linear(layer)
        elif name != "Dropout":
            x = {"GELU": _gelu, "ReLU": _relu}[name](x)
    return x


def _relu(x: Value) -> Value:
    return x.map("Relu")


def _gelu(x: Value) -> Value:
    """Return PyTorch's GELU with approximate="tanh"."""
    rate = math.sqrt(2 / math.pi)
    inner = (x.square() * (0.044715 * rate) + rate) * x
    return (inner.map("Tanh") + 1.0) * (x * 0.5)


def hiding(filled: Value) -> Value:
    """Return what is added to logits (n, heads, rows, length): `HIDDEN` towards empty slots."""
    return filled.where(0.0, HIDDEN).expanded(1).expanded(1)


def particle_block(tokens: Value, block: ParticleBlock, bias: Value) -> Value:
    """Return the objects (n, length, width) after a block; see `ParticleBlock`.

    Args:
        tokens: (n, length, width).
        block: Has the weights.
        bias: Of the logits, (n, heads, length, length).
    """
    projected = tokens.normalised(block.norms[0]).linear(block.project)
    mixed = attended(projected, block.heads, block.merge.in_features, bias)
    tokens = tokens + mixed.linear(block.merge)
    return tokens + perceptron(tokens.normalised(block.norms[1]), block.feed)


def attended(projected: Value, heads: int, width: int, bias: Value) -> Value:
    """Return what objects read of each other, (n, length, width).

    Args:
        projected: Queries, keys and values, (n, length, 3 width).
        heads: Attention heads.
        width: Of all heads together.
        bias: Of the logits, (n, heads or 1, length or 1, length).
    """
    query, key, value = (
        projected.part(2, k * width, (k + 1) * width).reshape(0, 0, heads, width // heads)
        for k in range(3)
    )
    scaled = query.transpose(0, 2, 1, 3) * (1 / math.sqrt(width // heads))
    logits = scaled @ key.transpose(0, 2, 3, 1) + bias
    mixed = logits.map("Softmax", axis=-1) @ value.transpose(0, 2, 1, 3)
    return mixed.transpose(0, 2, 1, 3).reshape(0, 0, width)


def class_block(token: Value, tokens: Value, block: ClassBlock, hidden: Value) -> Value:
    """Return the class tokens (n, width) after a block; see `ClassBlock`.

    Args:
        token: The class tokens, (n, width).
        tokens: The objects, (n, length, width).
        block: Has the weights.
        hidden: Added to the logits, (n, 1, 1 + length).
    """
    own, others = token.normalised(block.norms[0]), tokens.normalised(block.norms[0])
    both = joined(1, [own.expanded(1), others])
    heads, width = block.heads, block.query.in_features
    key = numbers(block.key.weight).reshape(heads, -1, width)
    query = _by_head(own.linear(block.query), heads, width) * (1 / math.sqrt(width // heads))
    question = (query @ key).transpose(1, 0, 2)
    logits = question @ both.transpose(0, 2, 1) + hidden
    mixed = logits.map("Softmax", axis=-1) @ both
    value = numbers(block.value.weight).reshape(heads, -1, width).transpose(0, 2, 1)
    values = (mixed.transpose(1, 0, 2) @ np.ascontiguousarray(value)).transpose(1, 0, 2)
    read = values.reshape(0, width) + numbers(block.value.bias)
    token = token + read.linear(block.merge)
    return token + perceptron(token.normalised(block.norms[1]), block.feed)


def _by_head(x: Value, heads: int, width: int) -> Value:
    """Return (heads, n, width / heads) of (n, width)."""
    return x.reshape(0, heads, width // heads).transpose(1, 0, 2)
