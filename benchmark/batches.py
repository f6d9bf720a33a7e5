"""Orders of events and batches of them, as pure functions of a seed and an epoch."""

from __future__ import annotations

import math
import warnings
from typing import TYPE_CHECKING

import torch

from benchmark.errors import DataError, complaint
from benchmark.seeds import seed_for

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    import numpy as np
    from numpy.typing import NDArray
    from torch import Tensor


def epoch_order(n: int, *, seed: int, epoch: int, weight: Tensor | None = None) -> Tensor:
    """Return the numbers of the events of one epoch, in the order of training.

    Without weights it is a permutation. With weights the events are resampled systematically:
    event i comes `n * weight[i] / sum(weight)` times on average over epochs, and in any epoch this
    number rounded down or up. The result depends on the arguments only.

    Args:
        n: Number of events.
        seed: Seed of the training.
        epoch: Number of the epoch, from 0.
        weight: (n,), not negative; event weights.

    Returns:
        (n,) int64, on the CPU.

    Raises:
        DataError: The weights do not fit.

    Example:
        >>> sorted(epoch_order(4, seed=1, epoch=0).tolist())
        [0, 1, 2, 3]
        >>> epoch_order(3, seed=1, epoch=0, weight=torch.tensor([0.0, 3.0, 0.0])).tolist()
        [1, 1, 1]
    """
    generator = torch.Generator().manual_seed(seed_for("epoch-order", seed, epoch))
    if weight is None:
        return torch.randperm(n, generator=generator)
    upper = torch.cumsum(checked_weight(weight, n).cpu(), 0, dtype=torch.float64)
    # A comb of n teeth at a random offset, over the events laid end to end by weight.
    teeth = torch.arange(n, dtype=torch.float64)
    teeth += torch.rand((), generator=generator, dtype=torch.float64)
    teeth *= upper[-1] / n
    # Rounding must not let the last tooth pass the end, nor land on events without weight there.
    last = int(torch.searchsorted(upper, upper[-1]))
    picked = torch.searchsorted(upper, teeth, right=True).clamp_(max=last)
    return picked[torch.randperm(n, generator=generator)]


def checked_weight(weight: Tensor, n: int) -> Tensor:
    """Return the weights.

    Raises:
        DataError: They are not n finite numbers, one is negative, or all are zero.
    """
    fits = weight.shape == (n,)
    if not (fits and bool(torch.isfinite(weight).all()) and bool((weight >= 0).all())):
        found = f"shape {tuple(weight.shape)}" if not fits else "a negative or non-finite weight"
        message = complaint(
            "bad event weights", found=found, expected=f"{n} finite numbers, none negative"
        )
        raise DataError(message)
    if not bool((weight > 0).any()):
        message = complaint("bad event weights", found="no positive one")
        raise DataError(message)
    return weight


class Batches:
    """Batches of tensors that are held once, as slices of an order.

    It can be iterated any number of times, and always gives the same batches.

    Args:
        tensors: Each (n, ...), all on one device, where the batches come out too.
        size: Events in a batch.
        order: (m,) numbers of events; without it, 0 to n - 1 and the batches are views.
        drop_last: Leave out a last batch that is smaller, unless it is the only one.

    Example:
        >>> x = torch.arange(5)
        >>> [batch.tolist() for (batch,) in Batches((x,), 2, order=x.flip(0))]
        [[4, 3], [2, 1], [0]]
        >>> len(Batches((x,), 2, drop_last=True)), len(Batches((x,), 8, drop_last=True))
        (2, 1)
    """

    def __init__(
        self,
        tensors: Sequence[Tensor],
        size: int,
        *,
        order: Tensor | None = None,
        drop_last: bool = False,
    ) -> None:
        """Keep references; nothing is copied."""
        if not tensors or size < 1 or len({len(tensor) for tensor in tensors}) != 1:
            lengths = [len(tensor) for tensor in tensors]
            message = complaint(
                "no batches can be made",
                found=f"size {size}, tensors of {lengths} events",
                expected="a size of at least 1 and tensors of equal length",
            )
            raise DataError(message)
        self.tensors = tuple(tensors)
        self.size = size
        self.order = order
        self.n_events = len(tensors[0]) if order is None else len(order)
        whole = self.n_events // size
        self._count = whole if drop_last and whole else math.ceil(self.n_events / size)

    def __len__(self) -> int:
        """Return the number of batches."""
        return self._count

    def __iter__(self) -> Iterator[tuple[Tensor, ...]]:
        """Yield a tuple of tensors, in the order of the tensors given, for each batch."""
        order = self.order
        if order is not None:
            order = order.to(self.tensors[0].device)
        for start in range(0, self._count * self.size, self.size):
            part = slice(start, start + self.size)
            chosen = part if order is None else order[part]
            yield tuple(tensor[chosen] for tensor in self.tensors)


def as_tensor(array: NDArray[np.generic]) -> Tensor:
    """Return a tensor on the array's own memory, also when that is read-only: do not change it.

    Example:
        >>> import numpy as np
        >>> as_tensor(np.zeros(2, dtype=np.float32))
        tensor([0., 0.])
    """
    with warnings.catch_warnings():
        # A read-only memory map is fine here: nothing writes to the data of a training.
        warnings.filterwarnings("ignore", message="The given NumPy array is not writable")
        return torch.from_numpy(array)
