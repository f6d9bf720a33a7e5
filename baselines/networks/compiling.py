"""Networks compiled where that pays: on a GPU, if the compiler works there."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Any

import torch

if TYPE_CHECKING:
    from collections.abc import Callable

    from torch import Tensor, nn


def compiled(network: nn.Module, inputs: Any, *, device: torch.device) -> Callable[[Any], Tensor]:
    """Return the network's call, compiled on a GPU, as it is elsewhere.

    A CPU gains nothing: there only real objects are computed, in shapes that always change.

    Args:
        network: On `device`.
        inputs: A batch of the size that will come, to compile with.
        device: Where it works.

    Warns:
        RuntimeWarning: The compiler does not work here (it needs a C compiler and Triton); the
            network is then called as it is, more slowly.
    """
    if device.type != "cuda":
        return network.__call__
    made: Callable[[Any], Tensor] = torch.compile(network.forward)
    try:
        made(inputs)
    except (RuntimeError, ImportError, OSError) as error:
        first = str(error).splitlines()[0] if str(error) else type(error).__name__
        text = f"torch.compile does not work here, training goes on without it: {first}"
        warnings.warn(text, RuntimeWarning, stacklevel=2)
        return network.__call__
    return made
