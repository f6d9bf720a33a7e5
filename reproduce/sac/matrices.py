"""Confusion matrices and their diagonals from result rows."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from benchmark.tasks.diphoton import DIPHOTON
from reproduce.sac.names import ALL, MERGED

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    import pandas as pd
    from numpy.typing import NDArray

CLASSES = DIPHOTON.classes
CONFUSION = ("assigned", "mean_diagonal", "mean_diagonal_signals")
DIAGONALS: Mapping[str, tuple[str, str]] = {
    "mean diagonal": ("mean_diagonal", ALL),
    "signals": ("mean_diagonal_signals", ALL),
    "background": ("assigned", MERGED),
}
"""Columns of the table: metric and true class."""


def of_one(points: pd.DataFrame, embedding: str, regime: str, probe: str) -> pd.DataFrame:
    """Return the summary's rows of one matrix.

    Args:
        points: From `reproduce.sac.rows.summary`.
        embedding: Its name.
        regime: Its name; "" for any, where an embedding has one only: the first.
        probe: What assigns the events.
    """
    held = points[(points["embedding"] == embedding) & (points["probe"] == probe)]
    if not regime and len(held):
        regime = str(held["regime"].iloc[0])
    return held[(held["regime"] == regime) & held["metric"].isin(CONFUSION)]


def matrix(points: pd.DataFrame) -> NDArray[np.float64]:
    """Return shares (9, 9) of one matrix, true classes in rows; NaN where there is no value."""
    cells = points[points["metric"] == "assigned"]
    table = cells.pivot_table(
        index="signal", columns="of", values="value", dropna=False, aggfunc="first"
    )
    found = table.reindex(index=list(CLASSES), columns=list(CLASSES))
    return found.to_numpy(dtype=np.float64)


def diagonal(points: pd.DataFrame, name: str) -> dict[Any, Any] | None:
    """Return the row of one of `DIAGONALS` of one matrix; None where there is none."""
    metric, signal = DIAGONALS[name]
    found = points[(points["metric"] == metric) & (points["signal"] == signal)]
    if metric == "assigned":
        found = found[found["of"] == signal]
    rows = found.to_dict("records")
    return dict(rows[0]) if rows else None
