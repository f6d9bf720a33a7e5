"""Figures of AUC, 1/eps_b and SI against one setting of AnomCLR+, the raw autoencoder behind."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from matplotlib.patches import Patch

from reproduce import style
from reproduce.adc.beside import beside
from reproduce.adc.drawn import PUBLISHED, of_rows
from reproduce.adc.look import COLOURS, MARKERS
from reproduce.adc.names import METRICS, SIGNALS
from reproduce.adc.points import bar_legend, draw_points, nulls
from reproduce.adc.rows import (
    BEST,
    RAW,
    at_point,
    gaps,
    of_events,
    plain_rows,
    provenance,
    require,
    summary,
)
from reproduce.published import load_table

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    import pandas as pd
    from matplotlib.axes import Axes

    from reproduce.entry import Made

_ROOM = 1.2  # inches: names of two lines
_SEPARATION = 0.16  # between the signals at one point, in steps of the axis


@dataclass(frozen=True, kw_only=True)
class Scan:
    """What one scan shows.

    Attributes:
        column: The part of the variant that is scanned.
        fixed: The other part, and its value.
        places: Place on the axis, in steps, of each value of the column.
        default: Value of the paper's Table 2.
        expected: The values that a full scan has.
        axis: Label of the axis, and what else it needs; gets the panel.
        joined: Whether a line joins the points.
    """

    column: str
    fixed: tuple[str, object]
    places: Mapping[Any, float]
    default: object
    expected: tuple[object, ...]
    axis: Callable[[Axes], None]
    joined: bool


def draw_scan(rows: pd.DataFrame, scan: Scan) -> Made:
    """Draw the three panels; see `Entry.make`."""
    raw, held = _chosen(rows, scan)
    require(held, f"AnomCLR+ against its {scan.column}")
    used = _joined(raw, held)
    every = beside(summary(used), load_table(PUBLISHED))
    behind, numbers = (every[every["embedding"] == name].copy() for name in (RAW, BEST))
    off = numbers[scan.column] != scan.default
    numbers.loc[off, ["published", "published_error"]] = np.nan
    notes = (
        *gaps(used, (RAW, BEST)),
        *_missing(numbers, scan),
        *nulls(numbers, scan.column, scan.column),
    )
    with style.styled():
        page, axes = style.panels(len(METRICS), room=_ROOM)
        for ax, metric in zip(axes, METRICS, strict=True):
            _behind(ax, behind[behind["metric"] == metric])
            _points(ax, numbers[numbers["metric"] == metric], scan)
            ax.set_ylabel(METRICS[metric].math)
            scan.axis(ax)
        style.logarithmic(axes[1])
        origin = provenance(used).short()
        shown = bool(numbers["published"].notna().any())
        style.finish(page, axes, list(_legend(scan, shown)), origin=origin, notes=notes)
    return of_rows(used, page=page, numbers={"": _joined(behind, numbers)}, notes=notes)


def _chosen(rows: pd.DataFrame, scan: Scan) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return the rows of the raw autoencoder and those of the scan, at the working point."""
    rows = at_point(of_events(rows, None), load_table(PUBLISHED).efficiency)
    rows = plain_rows(rows, ["embedding", "augmentations", "dimension"])
    column, value = scan.fixed
    held = rows[(rows["embedding"] == BEST) & (rows[column] == value)]
    return rows[rows["embedding"] == RAW], held[held[scan.column].isin(list(scan.places))]


def _joined(*frames: pd.DataFrame) -> pd.DataFrame:
    import pandas as pd

    return pd.concat([frame for frame in frames if not frame.empty], ignore_index=True)


def _behind(ax: Axes, raw: pd.DataFrame) -> None:
    for row in raw.to_dict("records"):
        colour, value, spread = COLOURS[row["signal"]], row["value"], row["spread"]
        ax.axhline(value, color=colour, linestyle="--", lw=1.2, zorder=2)
        if np.isfinite(spread):
            ax.axhspan(value - spread, value + spread, color=colour, **style.BAND)


def _points(ax: Axes, numbers: pd.DataFrame, scan: Scan) -> None:
    for k, signal in enumerate(SIGNALS):
        points = numbers[numbers["signal"] == signal]
        x = points[scan.column].map(scan.places) + (k - 1.5) * _SEPARATION
        points = points.assign(x=x).sort_values("x")
        look: dict[str, Any] = {"color": COLOURS[signal], "marker": MARKERS[signal]}
        draw_points(ax, points, **look, linestyle="-" if scan.joined else "none")
        there = points[points["published"].notna()]
        ax.errorbar(
            there["x"] + _SEPARATION / 2,
            there["published"],
            there["published_error"],
            **{**style.PUBLISHED, **look},
        )


def _missing(numbers: pd.DataFrame, scan: Scan) -> Iterator[str]:
    there = set(numbers[scan.column])
    absent = [str(value) for value in scan.expected if value not in there]
    if absent:
        yield f"no rows of {scan.column} {', '.join(absent)}"


def _legend(scan: Scan, published: bool) -> Iterator[object]:
    for signal, name in SIGNALS.items():
        look = {"marker": MARKERS[signal], "linestyle": "-" if scan.joined else "none"}
        yield style.sample(name.math, color=COLOURS[signal], ms=5, **look)
    yield style.sample("AE-Raw", color=style.GREY, linestyle="--", lw=1.2)
    yield Patch(color=style.GREY, alpha=style.BAND["alpha"], label="AE-Raw, spread")
    yield from bar_legend()
    if published:
        yield style.published("o", "AnomCLR+, published")
