"""Seeds hashed from names, so that neither order nor parallelism can change a result."""

from __future__ import annotations

import numpy as np

from benchmark.errors import DiademError, complaint
from benchmark.mixing import hash64

# Pythia takes seeds up to 900 000 000; 0 and -1 mean "by the clock" and "its default".
PYTHIA_SEEDS = 899_999_999


def seed_for(*names: str | int) -> int:
    """Return a seed of 63 bits that depends on the names, their kind and their order only.

    Raises:
        DiademError: There is no name, or a name is neither text nor an integer.

    Example:
        >>> seed_for("diphoton", "ggf", 3) == seed_for("diphoton", "ggf", 3)
        True
        >>> seed_for("diphoton", "ggf", 3) == seed_for("diphoton", "ggf", 4)
        False
    """
    plain = [_plain(name) for name in names]
    if not plain:
        message = complaint("a seed needs at least one name")
        raise DiademError(message)
    return hash64(*plain) >> 1


def rng_for(*names: str | int) -> np.random.Generator:
    """Return a generator seeded by `seed_for(*names)`."""
    return np.random.default_rng(seed_for(*names))


def pythia_seed(*names: str | int) -> int:
    """Return a seed that Pythia accepts, 1 to 899 999 999, hashed from the names."""
    return 1 + seed_for(*names) % PYTHIA_SEEDS


def _plain(name: object) -> str | int:
    """Return the name as a Python str or int; NumPy's integers count as integers."""
    if isinstance(name, str):
        return str(name)
    # A bool is an int in Python, but it is no name.
    if isinstance(name, (int, np.integer)) and not isinstance(name, bool):
        return int(name)
    message = complaint(
        "a seed cannot be made of this", found=repr(name), expected="text or an integer"
    )
    raise DiademError(message)
