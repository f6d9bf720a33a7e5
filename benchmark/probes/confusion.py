"""Confusion matrices in a fixed balance, with intervals over the test events."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from benchmark.metrics import Measurement
from benchmark.probes.classifier import numbers, places
from benchmark.probes.sample import balanced_weight, effective, too_few

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray


@dataclass(frozen=True, eq=False)
class Confusion:
    """How events of true classes are assigned.

    Attributes:
        truth: True classes, the rows.
        classes: Assigned classes, the columns.
        share: (r, k); each row sums to one.
        events: (r,) test events of each row.
        effective: (r,) effective ones, (sum w)^2 / sum w^2.
    """

    truth: tuple[str, ...]
    classes: tuple[str, ...]
    share: NDArray[np.float64]
    events: NDArray[np.int64]
    effective: NDArray[np.float64]

    def cell(self, true: str, assigned: str) -> Measurement:
        """Return one share with its 68 % interval of `wilson`; null with too few events."""
        row, column = self.truth.index(true), self.classes.index(assigned)
        n = int(self.events[row])
        reason = too_few(self.effective[row])
        if reason:
            return Measurement.null(reason, n_sig=n)
        share = float(self.share[row, column])
        lo, hi = wilson(share, float(self.effective[row]))
        return Measurement(share, share - lo, hi - share, n, 0)

    def mean_diagonal(self, classes: Sequence[str], *, merged: str) -> Measurement:
        """Return the mean share over classes that is assigned rightly.

        The classes are independent samples: the error on either side is the root of the sum of
        the squares of theirs, over their number. It is of the test events alone; how much the
        classes differ does not enter.

        Args:
            classes: Over which the mean is taken.
            merged: The class whose events count as background.
        """
        cells = {name: self.cell(name, name) for name in classes}
        n_bkg = cells[merged].n_sig if merged in cells else 0
        n_sig = sum(cell.n_sig for cell in cells.values()) - n_bkg
        for name, cell in cells.items():
            if cell.reason:
                return Measurement.null(f"{name}: {cell.reason}", n_sig=n_sig, n_bkg=n_bkg)
        values = np.array([(c.value, c.err_lo, c.err_hi) for c in cells.values()], dtype=float)
        lo, hi = np.sqrt((values[:, 1:] ** 2).sum(axis=0)) / len(values)
        return Measurement(float(values[:, 0].mean()), float(lo), float(hi), n_sig, n_bkg)


def confusion(
    truth: NDArray[np.str_],
    stratum: NDArray[np.str_],
    assigned: NDArray[np.str_],
    *,
    rows: Sequence[str],
    classes: Sequence[str],
) -> Confusion:
    """Return the confusion matrix of events, strata of a true class in equal parts.

    Args:
        truth: True class (n,).
        stratum: What has equal parts inside a true class (n,).
        assigned: Class that a classifier gives (n,).
        rows: True classes; each has events.
        classes: Those that can be assigned.

    Raises:
        DataError: A row has no event, or a truth or an assigned class is unknown.
    """
    row = numbers(truth, rows)
    column = places(assigned, classes)
    weight = balanced_weight(truth, stratum)
    size = len(rows) * len(classes)
    cells = np.bincount(row * len(classes) + column, weight, size).reshape(len(rows), -1)
    return Confusion(
        truth=tuple(rows),
        classes=tuple(classes),
        share=cells / cells.sum(axis=1, keepdims=True),
        events=np.bincount(row, minlength=len(rows)),
        effective=np.array([effective(weight[row == k]) for k in range(len(rows))]),
    )


def wilson(share: float, n: float) -> tuple[float, float]:
    """Return the ends of Wilson's score interval of one standard deviation, 68 %.

    (p + 1/2n +- sqrt(p (1 - p) / n + 1/4n^2)) / (1 + 1/n), with an effective number n for weighted
    events [Wilson 1927, https://doi.org/10.1080/01621459.1927.10502953]. It never leaves [0, 1]
    and is not empty at its ends. Strata are drawn apart from each other, so that the true error
    is a little smaller.

    Example:
        >>> [round(end, 3) for end in wilson(0.5, 99.0)]
        [0.45, 0.55]
    """
    centre = share + 1 / (2 * n)
    half = np.sqrt(share * (1 - share) / n + 1 / (4 * n * n))
    lo, hi = (centre - half) / (1 + 1 / n), (centre + half) / (1 + 1 / n)
    # At the ends of [0, 1] an end of the interval is the share itself, but for rounding.
    return min(max(float(lo), 0.0), share), max(min(float(hi), 1.0), share)
