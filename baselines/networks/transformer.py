"""The encoder of the ACLR paper (arXiv:2301.04660): a transformer over the objects of an event."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn
from torch.nn import functional

from benchmark.errors import DiademError, complaint

if TYPE_CHECKING:
    from collections.abc import Iterator


class EventTransformer(nn.Module):
    """A transformer over a variable number of objects, their sum, and a head.

    The representation of an event is the sum over its objects, taken before the head; the loss
    sees the head's output. There is no position, so the order of the objects does not count.

    Only real objects are computed: they lie packed in one tensor (objects of the batch, width),
    ordered by the number of objects of their event. Attention takes all events of one length at
    once, with neither padding nor mask; an event without objects has the representation 0. The
    views of a training step go in together, concatenated along the batch.

    Each layer is attention, then a feed-forward network as wide as the model with a ReLU; each has
    a residual, with layer normalisation after it, and dropout also acts on the attention weights.
    A layer of the head is a ReLU, then a linear map. Stated in the paper: dimension, variable
    length, sum and head. Inferred from the authors' public code, which takes PyTorch's encoder
    layer: normalisation after the residual, ReLU, where dropout acts, the form of the head.
    Assumed: the width of the feed-forward network.

    Weights and dropout are drawn from PyTorch's global generator, as in every module of PyTorch:
    build and train under `torch.random.fork_rng` with a seed.

    Args:
        features: Numbers per object.
        dimension: Width of the model and of the representation (160: stated; Fig. 3: 4 to 400).
        heads: Attention heads; must divide `dimension` (4: assumed).
        layers: Transformer layers (4: assumed).
        head_layers: Layers of the head (2: inferred, default of the public code).
        dropout: Probability of dropping (0.1: inferred, default of the public code).

    Raises:
        DiademError: A size is not positive, `heads` does not divide `dimension`, or `dropout` is
            outside [0, 1).

    Example:
        >>> encoder = EventTransformer(dimension=8, layers=1).eval()
        >>> objects = torch.ones(2, 3, 7)
        >>> mask = torch.tensor([[True, True, False], [False, True, True]])
        >>> representation = encoder(objects, mask)
        >>> representation.shape, encoder.head(representation).shape
        (torch.Size([2, 8]), torch.Size([2, 8]))
        >>> torch.allclose(representation[0], representation[1])  # padding does not count
        True
    """

    def __init__(
        self,
        *,
        features: int = 7,
        dimension: int = 160,
        heads: int = 4,
        layers: int = 4,
        head_layers: int = 2,
        dropout: float = 0.1,
    ) -> None:
        """Check the sizes and draw the weights."""
        super().__init__()
        sizes = {
            "features": features,
            "dimension": dimension,
            "heads": heads,
            "layers": layers,
            "head_layers": head_layers,
        }
        _check_settings(sizes, dropout)
        self.features = features
        self.embed = nn.Linear(features, dimension)
        self.layers = nn.ModuleList(_Layer(dimension, heads, dropout) for _ in range(layers))
        steps = [(nn.ReLU(), nn.Linear(dimension, dimension)) for _ in range(head_layers)]
        self.head = nn.Sequential(*(module for step in steps for module in step))

    def forward(self, x: Tensor, mask: Tensor) -> Tensor:
        """Return the representations, (n, dimension).

        Args:
            x: Features of the objects, (n, slots, features); what a padded slot holds is not read.
            mask: bool (n, slots); which slots hold an object.

        Raises:
            DiademError: A wrong number of features, or a mask of another shape or type.
        """
        if x.ndim != 3 or x.shape[2] != self.features:
            expected = f"(events, slots, {self.features})"
            message = complaint("bad objects", found=str(tuple(x.shape)), expected=expected)
            raise DiademError(message)
        if mask.shape != x.shape[:2] or mask.dtype != torch.bool:
            found, expected = f"{tuple(mask.shape)} {mask.dtype}", f"{tuple(x.shape[:2])} bool"
            message = complaint("bad mask of objects", found=found, expected=expected)
            raise DiademError(message)
        packing = _Packing.of(mask)
        tokens = self.embed(x[packing.order][mask[packing.order]])
        # Under autocast the residuals and the sum keep the precision of the input.
        tokens = tokens.to(x.dtype)
        for layer in self.layers:
            tokens = layer(tokens, packing)
        sums = [group.sum(dim=1) for group in packing.groups(tokens)]
        return torch.cat(sums)[packing.order.argsort()]


@dataclass(frozen=True)
class _Packing:
    """How the real objects of a batch lie in one tensor.

    Attributes:
        order: int64 (n,); the events by rising number of objects.
        shapes: Number of events and objects per event of each group, in that order.
    """

    order: Tensor
    shapes: list[tuple[int, int]]

    @classmethod
    def of(cls, mask: Tensor) -> _Packing:
        """Return the packing of the events of a mask (n, slots)."""
        lengths = mask.sum(dim=1)
        counts = lengths.bincount(minlength=1).tolist()
        shapes = [(count, length) for length, count in enumerate(counts) if count]
        # The one group of an empty batch keeps the concatenations below defined.
        return cls(lengths.argsort(stable=True), shapes or [(0, 0)])

    def groups(self, tokens: Tensor) -> Iterator[Tensor]:
        """Yield views (events, objects, width) of packed tokens, one for each length."""
        parts = torch.split(tokens, [count * length for count, length in self.shapes])
        for part, shape in zip(parts, self.shapes, strict=True):
            yield torch.unflatten(part, 0, shape)


class _Layer(nn.Module):
    """Attention and feed-forward, each with residual and normalisation, on packed tokens."""

    def __init__(self, dimension: int, heads: int, dropout: float) -> None:
        super().__init__()
        self.heads = heads
        self.dropout = nn.Dropout(dropout)
        self.project = nn.Linear(dimension, 3 * dimension)
        self.merge = nn.Linear(dimension, dimension)
        self.feed = nn.Sequential(
            nn.Linear(dimension, dimension),
            nn.ReLU(),
            nn.Dropout(dropout),
            nn.Linear(dimension, dimension),
        )
        self.norms = nn.ModuleList(nn.LayerNorm(dimension) for _ in range(2))

    def forward(self, tokens: Tensor, packing: _Packing) -> Tensor:
        """Return the tokens after this layer, (objects, dimension)."""
        projected = self.project(tokens)
        attended = torch.cat([self._attend(group) for group in packing.groups(projected)])
        tokens = self.norms[0](tokens + self.dropout(self.merge(attended)))
        result: Tensor = self.norms[1](tokens + self.dropout(self.feed(tokens)))
        return result

    def _attend(self, group: Tensor) -> Tensor:
        """Return packed tokens from the queries, keys and values of events of one length."""
        split = torch.unflatten(group, 2, (3, self.heads, -1))
        query, key, value = split.permute(2, 0, 3, 1, 4)
        dropout = self.dropout.p if self.training else 0.0
        mixed = functional.scaled_dot_product_attention(query, key, value, dropout_p=dropout)
        return mixed.transpose(1, 2).flatten(2).flatten(0, 1)


def _check_settings(sizes: dict[str, int], dropout: float) -> None:
    """Refuse a network that cannot be built."""
    for name, size in sizes.items():
        if size < 1:
            message = complaint(f"bad {name}", found=str(size), expected="at least 1")
            raise DiademError(message)
    if sizes["dimension"] % sizes["heads"]:
        message = complaint(
            "the heads must share the dimension equally",
            found=f"dimension {sizes['dimension']}, heads {sizes['heads']}",
            expected="a dimension that heads divides",
        )
        raise DiademError(message)
    if not 0 <= dropout < 1:
        message = complaint("bad dropout", found=repr(dropout), expected="at least 0, below 1")
        raise DiademError(message)
