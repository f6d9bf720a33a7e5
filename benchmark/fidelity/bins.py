"""The bins in which both detectors are measured, and their labels."""

from __future__ import annotations

import math
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

Edges = tuple[float, ...]
ALL = "all"

TOGETHER: Edges = (20, math.inf)
"""One bin of all but soft leptons and photons: judged even where the finer ones are too thin."""
LEPTON_PT: Edges = (5, 10, 15, 20, 30, 40, 50, 75, 100, math.inf)
JET_PT: Edges = (15, 20, 25, 30, 40, 50, 70, 100, 150, 200, 300, math.inf)
TAG_PT: Edges = (20, 30, 40, 50, 70, 100, 150, 200, math.inf)
JET_ETA: Edges = (0, 1.5, 2.5, 4)
LEPTON_ETA: dict[tuple[str, str], Edges] = {
    ("cms", "electron"): (0, 1.5, 2.5, 4),
    ("cms", "muon"): (0, 1.5, 2.5, 2.8),
    ("cms", "photon"): (0, 1.5, 2.5, 4),
    ("atlas", "electron"): (0, 1.5, 2.5),
    ("atlas", "muon"): (0, 1.5, 2.5),
    ("atlas", "photon"): (0, 1.5, 2.5),
}
TAG_ETA: dict[str, Edges] = {"cms": (0, 1.5, 2.5, 3.5), "atlas": (0, 2.5)}


def label(low: float, high: float) -> str:
    """Return the label of a bin.

    Example:
        >>> label(1.5, 2.5), label(100, math.inf)
        ('1.5-2.5', '>100')
    """
    return f">{low:g}" if math.isinf(high) else f"{low:g}-{high:g}"


def edges_of(text: str) -> tuple[float, float]:
    """Return the edges that a label names.

    Example:
        >>> edges_of("1.5-2.5"), edges_of(">100"), edges_of("-10--5")
        ((1.5, 2.5), (100.0, inf), (-10.0, -5.0))
    """
    if text.startswith(">"):
        return float(text[1:]), math.inf
    low, high = text.rsplit("-", 1) if "--" not in text else text.split("--")
    return float(low), float(high) * (-1 if "--" in text else 1)


def cells(
    eta: NDArray[np.float64], pt: NDArray[np.float64], eta_edges: Edges, pt_edges: Edges
) -> Iterator[tuple[str, str, NDArray[np.int64]]]:
    """Yield the labels of each (|eta|, pT) bin and the rows inside it; low edges are inside."""
    column = np.searchsorted(eta_edges, np.abs(eta), side="right") - 1
    row = np.searchsorted(pt_edges, pt, side="right") - 1
    for i, (eta_low, eta_high) in enumerate(pairwise(eta_edges)):
        for k, (pt_low, pt_high) in enumerate(pairwise(pt_edges)):
            inside = np.flatnonzero((column == i) & (row == k))
            yield label(eta_low, eta_high), label(pt_low, pt_high), inside
