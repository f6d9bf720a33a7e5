"""Rational-quadratic coupling layers of many members at once, as functions of flat weights.

Weights are (members, numbers), one row a member. A product with the weights of all members is
one batched matrix product. Events are the last dimension.
"""

from __future__ import annotations

import itertools
import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch

from benchmark.detectors.flows.spline import parameters_of, spline
from benchmark.seeds import seed_for

if TYPE_CHECKING:
    from torch import Tensor

    from benchmark.detectors.flows.protocol import FlowSettings


@dataclass(frozen=True)
class Layer:
    """One coupling layer: its network reads `kept` and the mass, and moves `moved`."""

    kept: tuple[int, ...]
    moved: tuple[int, ...]
    widths: tuple[int, ...]


@dataclass(frozen=True)
class Coupling:
    """The structure that all members share.

    Example:
        >>> from benchmark.detectors.flows.protocol import FlowSettings
        >>> [layer.moved for layer in Coupling.of(4, FlowSettings(layers=4)).layers]
        [(1, 3), (0, 2), (2, 3), (0, 1)]
    """

    columns: int
    bins: int
    bound: float
    layers: tuple[Layer, ...]

    @classmethod
    def of(cls, columns: int, settings: FlowSettings) -> Coupling:
        """Return the layers; they take the dimensions apart by the bits of their numbers.

        By the first two layers for each bit, any two dimensions have been on different sides
        (arXiv:2001.05486, section 2.3.2).
        """
        each = parameters_of(settings.bins)
        bits = max(1, (columns - 1).bit_length())
        layers = []
        for number in range(settings.layers):
            bit, side = number // 2 % bits, number % 2
            # A single dimension is always moved, by the mass alone.
            moved = tuple(i for i in range(columns) if (i >> bit & 1) != side) or (0,)
            kept = tuple(i for i in range(columns) if i not in moved)
            widths = (len(kept) + 1, *settings.hidden, each * len(moved))
            layers.append(Layer(kept, moved, widths))
        return cls(columns, settings.bins, settings.bound, tuple(layers))

    def shapes(self) -> list[tuple[int, int]]:
        """Return the shape of each weight and bias in a row of weights, in their order."""
        found = []
        for layer in self.layers:
            for before, after in itertools.pairwise(layer.widths):
                found += [(after, before), (after, 1)]
        return found

    def first_weights(self, seed: int) -> Tensor:
        """Return a row of weights: torch's usual ones, and zeros that make every spline flat."""
        generator = torch.Generator().manual_seed(seed_for("flow", "weights", seed))
        rows = []
        for layer in self.layers:
            last = len(layer.widths) - 2
            for number, (before, after) in enumerate(itertools.pairwise(layer.widths)):
                size = 0.0 if number == last else 1 / math.sqrt(before)
                rows.append(
                    torch.rand(after * (before + 1), generator=generator) * 2 * size - size
                )
        return torch.cat(rows)

    def to_base(self, weights: Tensor, x: Tensor, mass: Tensor) -> tuple[Tensor, Tensor]:
        """Map standardised latents to the standard normal.

        Args:
            weights: (members, numbers).
            x: (members, d, n).
            mass: (members, 1, n), standardised.

        Returns:
            (members, d, n), and the logarithm of the Jacobian's determinant, (members, n).
        """
        total = x.new_zeros(x.shape[0], x.shape[2])
        for layer, parts in zip(self.layers, self._parts(weights), strict=True):
            x, log_slope = self._moved(layer, parts, x, mass)
            total = total + log_slope.sum(1)
        return x, total

    def from_base(self, weights: Tensor, z: Tensor, mass: Tensor) -> Tensor:
        """Map standard normal numbers (members, d, n) to standardised latents."""
        layers = list(zip(self.layers, self._parts(weights), strict=True))
        for layer, parts in reversed(layers):
            z, _ = self._moved(layer, parts, z, mass, inverse=True)
        return z

    def log_prob(self, weights: Tensor, both: Tensor) -> Tensor:
        """Return the log density (members, n).

        Args:
            weights: (members, numbers).
            both: (members, d + 1, n), standardised latents and mass.
        """
        z, total = self.to_base(weights, both[:, :-1], both[:, -1:])
        return total - z.square().sum(1) / 2 - self.columns * math.log(2 * math.pi) / 2

    def _parts(self, weights: Tensor) -> list[list[Tensor]]:
        """Return each layer's weights and biases; one split, so that the gradient is one copy."""
        shapes = self.shapes()
        flat = torch.split(weights, [a * b for a, b in shapes], dim=1)
        shaped = [
            torch.unflatten(part, 1, shape) for part, shape in zip(flat, shapes, strict=True)
        ]
        each = [2 * (len(layer.widths) - 1) for layer in self.layers]
        ends = list(itertools.accumulate(each))
        return [shaped[end - size : end] for end, size in zip(ends, each, strict=True)]

    def _moved(
        self, layer: Layer, parts: list[Tensor], x: Tensor, mass: Tensor, *, inverse: bool = False
    ) -> tuple[Tensor, Tensor]:
        moved = torch.tensor(layer.moved, device=x.device)
        kept = torch.tensor(layer.kept, device=x.device, dtype=torch.int64)
        h = torch.cat([x.index_select(1, kept), mass], dim=1)
        for number in range(0, len(parts), 2):
            if number:
                h = h.relu_()
            h = torch.baddbmm(parts[number + 1], parts[number], h)
        raw = torch.unflatten(h, 1, (len(layer.moved), parameters_of(self.bins)))
        y, log_slope = spline(x.index_select(1, moved), raw, bound=self.bound, inverse=inverse)
        return x.index_copy(1, moved, y), log_slope
