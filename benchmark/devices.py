"""Which device is meant, apart from what trains there: asking must not import a framework."""

from __future__ import annotations

from functools import cache
from importlib.metadata import version

from benchmark.errors import DiademError, complaint


@cache
def without_gpu() -> bool:
    """Return whether torch was built for processors alone."""
    return version("torch").endswith("+cpu")


def on_cuda(device: str) -> bool:
    """Return whether "auto", "cpu" or "cuda" means a GPU on this machine.

    Raises:
        DiademError: There is no such device.
    """
    if device not in ("auto", "cpu", "cuda"):
        message = complaint("unknown device", found=repr(device), expected="auto, cpu or cuda")
        raise DiademError(message)
    if device == "cpu":
        return False
    if device == "auto" and without_gpu():
        return False
    import torch  # only here: torch takes a second, and not all that asks for the CPU needs it

    there = torch.cuda.is_available()
    if device == "cuda" and not there:
        message = complaint(
            "no CUDA GPU is usable here", found='device "cuda"', remedy="Use auto or cpu."
        )
        raise DiademError(message)
    return there
