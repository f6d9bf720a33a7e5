"""Integer hashing that is the same on every machine and in every process."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

GOLDEN = 0x9E3779B97F4A7C15
MULTIPLIERS = (0xBF58476D1CE4E5B9, 0x94D049BB133111EB)


def splitmix64(values: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """Mix 64-bit integers; a bijection, so that different inputs stay different.

    One step of SplitMix64: Steele, Lea and Flood, "Fast splittable pseudorandom number
    generators", OOPSLA 2014, doi:10.1145/2660193.2660195.

    Args:
        values: Any shape; not changed.

    Example:
        >>> splitmix64(np.array([0], dtype=np.uint64))
        array([16294208416658607535], dtype=uint64)
    """
    mixed = values + np.uint64(GOLDEN)
    # In place: the temporaries of the plain formula double the time.
    shifted = mixed >> np.uint64(30)
    mixed ^= shifted
    mixed *= np.uint64(MULTIPLIERS[0])
    np.right_shift(mixed, np.uint64(27), out=shifted)
    mixed ^= shifted
    mixed *= np.uint64(MULTIPLIERS[1])
    np.right_shift(mixed, np.uint64(31), out=shifted)
    mixed ^= shifted
    return mixed


def canonical_json(value: object) -> str:
    """Return the one JSON text of `value`: sorted keys, no spaces, ASCII, no NaN."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), allow_nan=False)


def hash64(*names: str | int) -> int:
    """Return 64 bits of the SHA-256 of the names, in order; "1" and 1 differ.

    Example:
        >>> hash64("jet1_pt") == hash64("jet1_pt"), hash64("1") == hash64(1)
        (True, False)
    """
    text = canonical_json(list(names))
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "big")
