"""Mean and width of numbers that come in parts."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


class Moments:
    """Mean and standard deviation of all numbers added, by the update of Chan et al. (1979).

    Sums of squares about the mean of each part are joined, so that a mean far from zero costs no
    precision.

    Example:
        >>> import numpy as np
        >>> moments = Moments()
        >>> for part in ([1.0, 2.0], [3.0, 6.0]):
        ...     moments.add(np.array(part))
        >>> moments.mean, round(moments.width, 3)
        (3.0, 1.871)
    """

    def __init__(self) -> None:
        """Begin without a number: mean 0, width 1."""
        self._count = 0
        self.mean = 0.0
        self._squares = 0.0  # of the distances from the mean

    def add(self, values: NDArray[np.float64]) -> None:
        """Add numbers (n,); there may be none."""
        if not len(values):
            return
        total = self._count + len(values)
        mean = float(values.mean())
        step = mean - self.mean
        self._squares += float(((values - mean) ** 2).sum())
        self._squares += step**2 * self._count * len(values) / total
        self.mean += step * len(values) / total
        self._count = total

    @property
    def width(self) -> float:
        """Standard deviation; 1 where all numbers are alike, so that it can always divide."""
        width = (self._squares / max(self._count, 1)) ** 0.5
        # Rounding leaves numbers that are all alike with a width of about 1e-16 of their size.
        return width if width > 1e-12 * max(abs(self.mean), 1) else 1.0
