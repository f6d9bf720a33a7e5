"""What a detector is, and the checks that all detectors share."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, Protocol, Self, runtime_checkable

import numpy as np

from benchmark.errors import DataError, DiademError, complaint

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray
    from pydantic import BaseModel

# Rows that are checked at a time: the checks of a large array need no large memory.
CHUNK = 65_536


@runtime_checkable
class Detector(Protocol):
    """Scores embedded events, in the shape of scikit-learn.

    Attributes:
        name: As in `DETECTORS`.
        settings_type: Model of its settings, with defaults.
    """

    name: str
    settings_type: type[BaseModel]

    def __init__(
        self,
        settings: Any = ...,
        *,
        device: Literal["auto", "cpu", "cuda"] = "auto",
        progress: bool = False,
        checkpoint: Path | None = None,
    ) -> None:
        """Keep the settings, which can change a score, and the rest, which cannot.

        Args:
            settings: A frozen model of the detector's own, with defaults.
            device: Where it trains and scores.
            progress: Show a bar while it trains.
            checkpoint: Folder of one training, from which it goes on after a kill.
        """
        ...

    def fit(
        self, latents: NDArray[np.float32], *, seed: int, weight: NDArray[Any] | None = None
    ) -> Self:
        """Learn from (n, d) embedded events and their weights (n,); return self."""
        ...

    def score_samples(self, latents: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return (n,), higher = more anomalous; each from its own event alone."""
        ...

    def save(self, folder: Path) -> None:
        """Write what `fit` learned."""
        ...

    @classmethod
    def load(cls, folder: Path) -> Self:
        """Return the detector that `save` wrote; it gives the same scores."""
        ...


def checked_latents(
    latents: NDArray[np.float32], *, where: str, columns: int | None = None
) -> NDArray[np.float32]:
    """Return the embedded events, not copied.

    Args:
        latents: (n, d).
        where: Who asks, for the message.
        columns: d as it must be, or None for any but 0.

    Raises:
        DataError: Not float32, not (n, d) with n > 0, or a value that is not finite.

    Example:
        >>> checked_latents(np.ones((2, 3), np.float32), where="a", columns=4)
        Traceback (most recent call last):
        ...
        benchmark.errors.DataError: a: bad input; found float32 (2, 3); expected float32 (n, 4) ...
    """
    kind, shape = getattr(latents, "dtype", type(latents).__name__), np.shape(latents)
    fits = len(shape) == 2 and shape[0] > 0 and shape[1] > 0 and columns in (None, shape[1])
    if kind != np.float32 or not fits:
        expected = f"float32 (n, {'d' if columns is None else columns}) with n > 0"
        message = complaint("bad input", where=where, found=f"{kind} {shape}", expected=expected)
        raise DataError(message)
    for start in range(0, len(latents), CHUNK):
        bad = ~np.isfinite(latents[start : start + CHUNK]).all(axis=1)
        if bad.any():
            row = f"row {start + int(np.argmax(bad))}"
            message = complaint("a value is not finite", where=f"{where}, {row}")
            raise DataError(message)
    return latents


def not_fitted(name: str) -> DiademError:
    """Return the error of a detector that is used before `fit`."""
    message = complaint("not fitted yet", where=name, remedy="Call fit or load first.")
    return DiademError(message)
