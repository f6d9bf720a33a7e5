"""How the objects of a batch lie in memory while a network computes on them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch
from torch import Tensor

if TYPE_CHECKING:
    from collections.abc import Iterator

MERGE = 16
"""Empty slots that cost less to compute than a group of events of their own."""


@dataclass(frozen=True)
class Group:
    """Events that are computed as if they had the same number of objects.

    Attributes:
        events: Number of events.
        length: Slots of each event.
        filled: bool (events, length); which slots hold an object; None where all do.
    """

    events: int
    length: int
    filled: Tensor | None


@dataclass(frozen=True)
class Layout:
    """Where each slot that is computed comes from: group after group, event after event.

    `packed` leaves out empty slots and needs to know how many there are, so it waits for a GPU;
    `padded` computes all slots of all events, in shapes that depend on the batch size alone.

    Attributes:
        groups: The groups, in order.
        source: int64 (tokens,); the slot, counted through the batch, of each computed slot; None
            where they are all slots in their order.
        order: int64 (n,); the event at each place; None where the order is that of the batch.

    Example:
        >>> mask = torch.tensor([[True, False, True], [False, True, False]])
        >>> layout = Layout.packed(mask, merge=0)
        >>> [(group.events, group.length) for group in layout.groups], layout.source.tolist()
        ([(1, 1), (1, 2)], [4, 0, 2])
    """

    groups: tuple[Group, ...]
    source: Tensor | None
    order: Tensor | None

    @classmethod
    def padded(cls, mask: Tensor) -> Layout:
        """Return one group with all slots of a mask (n, slots)."""
        events, slots = mask.shape
        return cls((Group(events, slots, mask),), None, None)

    @classmethod
    def packed(cls, mask: Tensor, *, merge: int = MERGE) -> Layout:
        """Return groups of events by their number of objects; without any they have one slot.

        Few events join the next longer group, where that costs at most `merge` empty slots.
        """
        lengths = mask.sum(dim=1)
        counts = lengths.clamp(min=1).bincount(minlength=2).tolist()
        order = lengths.argsort(stable=True)
        # The slots of each event, those with an object first.
        slots = mask.to(torch.uint8).argsort(dim=1, descending=True, stable=True)
        slots, lengths = (slots + _starts(mask))[order], lengths[order]
        groups, sources, start = [], [], 0
        for events, length, empty in _merged(counts, merge):
            rows = slice(start, start + events)
            full = not empty and (length > 1 or bool((lengths[rows] > 0).all()))
            filled = None if full else _up_to(lengths[rows], length)
            groups.append(Group(events, length, filled))
            sources.append(slots[rows, :length].flatten())
            start += events
        return cls(tuple(groups), torch.cat(sources), order)

    def gather(self, x: Tensor) -> Tensor:
        """Return the computed slots (tokens, k) of x (n, slots, k); empty ones are zero."""
        tokens = x.flatten(0, 1)
        if self.source is not None:
            tokens = tokens[self.source]
        if all(group.filled is None for group in self.groups):
            return tokens
        return torch.where(self._filled(tokens)[:, None], tokens, 0)

    def split(self, tokens: Tensor) -> Iterator[Tensor]:
        """Yield views (events, length, width) of tokens (tokens, width), one for each group."""
        parts = torch.split(tokens, [group.events * group.length for group in self.groups])
        for part, group in zip(parts, self.groups, strict=True):
            yield torch.unflatten(part, 0, (group.events, group.length))

    def events(self, x: Tensor) -> Iterator[Tensor]:
        """Yield the rows of x (n, ...), in this order, of each group."""
        yield from torch.split(x, [group.events for group in self.groups])

    def restore(self, x: Tensor) -> Tensor:
        """Return x (n, ...) in the order of the batch."""
        return x if self.order is None else x[self.order.argsort()]

    def _filled(self, like: Tensor) -> Tensor:
        parts = [
            torch.ones(group.events * group.length, dtype=torch.bool, device=like.device)
            if group.filled is None
            else group.filled.flatten()
            for group in self.groups
        ]
        return torch.cat(parts)


def _merged(counts: list[int], merge: int) -> list[tuple[int, int, int]]:
    """Return events, slots and empty slots of each group, from the events of each length."""
    groups: list[tuple[int, int, int]] = []
    for length in range(len(counts) - 1, 0, -1):
        if not counts[length]:
            continue
        if groups:
            events, longer, empty = groups[-1]
            empty += counts[length] * (longer - length)
            if empty <= merge:
                groups[-1] = events + counts[length], longer, empty
                continue
        groups.append((counts[length], length, 0))
    # The one group of an empty batch keeps the concatenations of its users defined.
    return groups[::-1] or [(0, 1, 0)]


def _starts(mask: Tensor) -> Tensor:
    """Return the number of the first slot of each event, (n, 1)."""
    n, slots = mask.shape
    return torch.arange(0, n * slots, slots, device=mask.device)[:, None]


def _up_to(lengths: Tensor, length: int) -> Tensor:
    """Return bool (n, length), True before each length."""
    return torch.arange(length, device=lengths.device) < lengths[:, None]
