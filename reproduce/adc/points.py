"""Points with both of their errors, and what is said of those that have no value."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from reproduce import style
from reproduce.adc.names import METRICS, SIGNALS

if TYPE_CHECKING:
    from collections.abc import Iterator

    import pandas as pd
    from matplotlib.axes import Axes

_BROAD: dict[str, Any] = {"elinewidth": 4, "alpha": 0.35}
_THIN: dict[str, Any] = {"ms": 5, "lw": 1, "elinewidth": 1, "capsize": 3}


def draw_points(
    ax: Axes, points: pd.DataFrame, *, floor: float | None = None, **look: Any
) -> None:
    """Draw values with a thin bar for the spread and a broad pale one for the statistical error.

    Args:
        ax: The panel.
        points: Rows of `reproduce.adc.rows.summary` and their place `x`.
        floor: Where a thin bar ends in an arrow that would reach 0 or less, which a logarithmic
            axis does not have; None where all bars can be drawn.
        **look: Colour, marker and line, as `Axes.errorbar` takes them.
    """
    broad = {**_BROAD, "color": look["color"], "linestyle": "none", "zorder": 3}
    ax.errorbar(points["x"], points["value"], points["statistical"], **broad)
    below = points["spread"]
    if floor is not None:
        below = below.where(~(points["value"] - below <= 0), points["value"] - floor)
        cut = points[points["spread"] >= points["value"]]
        arrow: dict[str, Any] = {"marker": "v", "linestyle": "none", "ms": 6, "zorder": 4}
        ax.plot(cut["x"], [floor] * len(cut), color=look["color"], **arrow)
    bars = ax.errorbar(
        points["x"], points["value"], [below, points["spread"]], **{**_THIN, "zorder": 4, **look}
    )
    for bar in bars[2]:
        bar.set_linestyle("-")  # also where the points are joined by dashes


def lowest(points: pd.DataFrame) -> float:
    """Return the lowest end of all bars that end above 0."""
    ends = [points["value"], *(points["value"] - points[k] for k in ("spread", "statistical"))]
    return min(float(end[end > 0].min()) for end in ends if (end > 0).any())


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
