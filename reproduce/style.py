"""The look of every figure, in one place."""

from __future__ import annotations

import math
import re
import textwrap
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import matplotlib as mpl
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from matplotlib.axes import Axes
    from matplotlib.legend import Legend

PALETTE = (
    *("#0173b2", "#de8f05", "#029e73", "#d55e00", "#cc78bc"),
    *("#ca9161", "#fbafe4", "#949494", "#ece133", "#56b4e9"),
)
"""seaborn's "colorblind"."""
GREY = "0.4"
BAND: dict[str, Any] = {"alpha": 0.2, "lw": 0, "zorder": 1}
PUBLISHED: dict[str, Any] = {  # open markers mean the paper's numbers, everywhere
    "markerfacecolor": "white",
    "markersize": 7,
    "markeredgewidth": 1.4,
    "linestyle": "none",
    "capsize": 0,
    "elinewidth": 1.0,
    "zorder": 3.5,  # below ours: an open marker still shows around a filled one
}
COLUMN, PAGE = 3.39, 7.0  # inches: 8.6 cm and 17.8 cm, of the columns that papers are printed in
SMALLEST = 6.0  # points of letters in print
LARGE, SMALL = 13.5, 12.0
"""Points of the letters of labels and titles, and of numbers and legends. A panel of 4.6 inches is
printed as wide as a column, or three as wide as a page: they have 6 points or more then."""
_LINES, _LETTERS = 3, 90  # of the notes on a picture
_NAMED, _HELD = re.compile(r" \([^()]*\)"), "\N{NO-BREAK SPACE}"  # "stop (1000, 400, 0.5)" is one
_LINE = 0.24  # inches
_PANEL = 4.6  # inches, with its labels
_RATIO = 0.35  # height of what is below a panel
_OWN: dict[Any, Any] = {
    "figure.figsize": (_PANEL, _PANEL),
    "font.size": LARGE,
    "axes.labelsize": LARGE,
    "axes.linewidth": 1.0,
    "axes.unicode_minus": True,
    "xtick.labelsize": SMALL,
    "ytick.labelsize": SMALL,
    "xtick.major.size": 6,
    "xtick.minor.size": 3,
    "ytick.major.size": 6,
    "ytick.minor.size": 3,
    "xtick.major.width": 0.8,
    "ytick.major.width": 0.8,
    "legend.fontsize": SMALL,
    "lines.linewidth": 1.6,
    "mathtext.default": "it",
    "mathtext.fontset": "dejavusans",  # it has every Greek letter that the axes need
    "font.sans-serif": ["DejaVu Sans"],  # comes with matplotlib: the same bytes everywhere
    "pdf.fonttype": 42,
    "svg.hashsalt": "diadem",
}


@contextmanager
def styled() -> Iterator[None]:
    """Draw inside in the style of DIADEM: that of mplhep for ROOT, in smaller letters."""
    import mplhep  # with seaborn a second, and who only lists figures draws none
    import seaborn as sns

    base = {**sns.axes_style("ticks"), **mplhep.style.ROOT, **_OWN}
    with mpl.rc_context(base):
        yield


def panels(count: int, *, rows: int = 1, room: float = 1.0) -> tuple[Figure, list[Axes]]:
    """Return a figure with square panels in rows of equal length.

    Args:
        count: How many panels.
        rows: In so many rows.
        room: Inches for a legend below, and for titles.
    """
    columns = math.ceil(count / rows)
    size = (_PANEL * columns, _PANEL * rows + room)
    figure = Figure(figsize=size, layout="constrained")
    axes = list(figure.subplots(rows, columns, squeeze=False).ravel())
    for ax in axes[count:]:
        ax.set_axis_off()
    axes = axes[:count]
    for ax in axes:
        ax.set_box_aspect(1)
    return figure, axes


def with_ratios(count: int, *, room: float = 1.0) -> tuple[Figure, list[Axes], list[Axes]]:
    """Return a figure with panels side by side, each with a flat one below, of the same x axis.

    Args:
        count: How many panels.
        room: Inches for a legend below.

    Returns:
        The figure, the panels, and those below.
    """
    size = (_PANEL * count, _PANEL * (1 + _RATIO) + room)
    figure = Figure(figsize=size, layout="constrained")
    axes = figure.subplots(2, count, squeeze=False, sharex="col", height_ratios=(1, _RATIO))
    for row, aspect, anchor in zip(axes, (1, _RATIO), ("S", "N"), strict=True):
        for ax in row:
            ax.set_box_aspect(aspect)
            ax.set_anchor(anchor)  # what height is left over stands outside of both
    return figure, list(axes[0]), list(axes[1])


def logarithmic(ax: Axes) -> None:
    """Make the vertical axis logarithmic, with plain numbers at 1, 2 and 5 of each decade."""
    ax.set_yscale("log")
    ax.yaxis.set_major_locator(LogLocator(subs=(1.0, 2.0, 5.0), numticks=20))
    ax.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    ax.yaxis.set_minor_formatter(NullFormatter())


def finish(
    figure: Figure,
    axes: Sequence[Axes],
    handles: Sequence[Any],
    *,
    origin: str,
    notes: Sequence[str],
    ncols: int = 5,
) -> None:
    """Add what each figure has: the word Simulation, where it comes from, legend and notes.

    Args:
        figure: With its panels drawn.
        axes: The panels of the first row.
        handles: Of the one legend, with labels; it stands below all panels.
        origin: Release and profile, above the last panel.
        notes: What is missing; shown above the legend so that nobody takes it for all.
        ncols: Columns of the legend.
    """
    axes[0].text(0, 1.02, "Simulation", transform=axes[0].transAxes, style="italic", weight="bold")
    axes[-1].text(
        1, 1.02, origin, transform=axes[-1].transAxes, ha="right", size=SMALL, color=GREY
    )
    lines = _shortened(notes)
    legend = _legend(figure, handles, ncols, "\n".join(lines))
    while ncols > 1 and legend.get_window_extent().width > figure.bbox.width:
        legend.remove()
        ncols, before = ncols - 1, -(-len(handles) // ncols)
        legend = _legend(figure, handles, ncols, "\n".join(lines))
        _heighten(figure, -(-len(handles) // ncols) - before)
    _heighten(figure, len(lines))


def _legend(figure: Figure, handles: Sequence[Any], ncols: int, title: str) -> Legend:
    made = figure.legend(
        handles=list(handles),
        loc="outside lower center",
        ncols=ncols,
        columnspacing=1.4,
        title=title,
        title_fontproperties={"size": SMALL},
    )
    made.get_title().set(color="#b00020", multialignment="center")
    return made


def _heighten(figure: Figure, lines: int) -> None:
    """Make room for more lines of words."""
    width, height = figure.get_size_inches()
    figure.set_size_inches(width, height + _LINE * lines)


def _shortened(notes: Sequence[str]) -> list[str]:
    """Return what fits beside a picture, never a part of a name; the caption has all."""
    lines: list[str] = []
    for k, note in enumerate(notes):
        if len(lines) >= _LINES:
            return [*lines, f"and {len(notes) - k} more, in the caption"]
        whole = _NAMED.sub(lambda found: found[0].replace(" ", _HELD), f"Incomplete: {note}")
        room = _LINES - len(lines)
        lines += textwrap.wrap(whole, _LETTERS, max_lines=room, placeholder=" ... (see caption)")
    return [line.replace(_HELD, " ") for line in lines]


def sample(label: str, **look: Any) -> Line2D:
    """Return an entry of a legend that stands for a look, not for data."""
    return Line2D([], [], label=label, **look)


def published(marker: str, label: str) -> Line2D:
    """Return the entry of a legend for the paper's numbers."""
    look = {key: PUBLISHED[key] for key in ("markerfacecolor", "markersize", "markeredgewidth")}
    return sample(label, color=GREY, marker=marker, linestyle="none", **look)
