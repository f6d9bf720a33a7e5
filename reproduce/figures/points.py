"""Points with both of their errors, and what is said of those that have no value."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from reproduce.figures import style
from reproduce.names import METRICS, SIGNALS

if TYPE_CHECKING:
    from collections.abc import Iterator

    import pandas as pd
    from matplotlib.axes import Axes

_BROAD: dict[str, Any] = {"elinewidth": 4, "alpha": 0.35}
_THIN: dict[str, Any] = {"ms": 5, "lw": 1, "elinewidth": 1, "capsize": 3}


def draw_points(ax: Axes, points: pd.DataFrame, **look: Any) -> None:
    """Draw values with a thin bar for the spread and a broad pale one for the statistical error.

    Args:
        ax: The panel.
        points: Rows of `reproduce.rows.summary` and their place `x`.
        **look: Colour, marker and line, as `Axes.errorbar` takes them.
    """
    broad = {**_BROAD, "color": look["color"], "linestyle": "none", "zorder": 3}
    ax.errorbar(points["x"], points["value"], points["statistical"], **broad)
    bars = ax.errorbar(
        points["x"], points["value"], points["spread"], **{**_THIN, "zorder": 4, **look}
    )
    for bar in bars[2]:
        bar.set_linestyle("-")  # also where the points are joined by dashes


def bar_legend() -> Iterator[object]:
    """Return the legend's entries of both bars."""
    yield style.sample(
        "spread over trainings", color=style.GREY, marker="|", ms=10, linestyle="none"
    )
    yield style.sample("statistical error", color=style.GREY, lw=4, alpha=_BROAD["alpha"])


def nulls(numbers: pd.DataFrame, column: str, what: str, *, who: str = "") -> Iterator[str]:
    """Return a sentence for each signal that lacks values.

    Args:
        numbers: Of one method.
        column: That tells the points apart.
        what: Its name in words.
        who: The method, where there are several.
    """
    for key, part in numbers[numbers["value"].isna()].groupby("signal", sort=False):
        signal, reason = cast("str", key), part["reason"].iloc[0]
        values = ", ".join(str(value) for value in part[column].unique())
        metrics = " and ".join(
            METRICS[metric].text for metric in METRICS if metric in set(part["metric"])
        )
        name = ", ".join(filter(None, (who, SIGNALS[signal].text)))
        yield f"{name}: no {metrics} at {what} {values} ({reason})"
