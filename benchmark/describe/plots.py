"""Pages of normalised histograms, one a quantity, for the eye."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import matplotlib as mpl
import numpy as np
from matplotlib.figure import Figure

from benchmark.describe.panels import label_of, panels
from benchmark.describe.quantities import quantities
from benchmark.files import atomic_path

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from benchmark.cards import DatasetCard
    from benchmark.describe.panels import Panel
    from benchmark.describe.quantities import Quantity
    from benchmark.describe.tally import Key, Tally
    from benchmark.schema import EventSchema

# Okabe and Ito's colours, which colour-blind readers tell apart, without the pale yellow.
COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#000000", "#E69F00", "#56B4E9")
DASHES = ("-", "--", "-.", ":")
_STYLE: dict[Any, Any] = {
    "font.size": 10,
    "axes.titlesize": 11,
    "legend.fontsize": 8,
    "legend.frameon": False,
    "xtick.direction": "in",
    "ytick.direction": "in",
    "xtick.top": True,
    "ytick.right": True,
}
_MAX_COLUMNS = 3
_MAX_IN_PANEL = 6  # longer legends stand in two columns
_FORMATS = ("png", "pdf")


def draw_pages(
    schema: EventSchema,
    tallies: Mapping[Key, Tally],
    folder: Path,
    *,
    card: DatasetCard | None = None,
    title: str = "",
) -> Iterator[Path]:
    """Draw a page of each quantity as PNG and PDF; yields each file when it is there.

    Args:
        schema: Of the events.
        tallies: From `benchmark.describe.tally.tally`.
        folder: Where the files go; made when missing.
        card: Labels, order and kinds of the processes.
        title: Above each page.

    Raises:
        DiademError: The folder cannot be written.
    """
    shown = panels(tallies, card)
    for quantity in quantities(schema):
        with mpl.rc_context(_STYLE):
            figure = draw_page(quantity, tallies, shown, card=card, title=title)
            for ending in _FORMATS:
                path = folder / f"{quantity.name}.{ending}"
                # Without a date the same events give the same bytes.
                metadata = {"CreationDate": None} if ending == "pdf" else None
                with atomic_path(path) as temporary:
                    figure.savefig(temporary, dpi=90, metadata=metadata)
                # Laid out once is enough, and saves a third of the time.
                figure.set_layout_engine("none")
                yield path


def draw_page(
    quantity: Quantity,
    tallies: Mapping[Key, Tally],
    shown: Sequence[Panel],
    *,
    card: DatasetCard | None = None,
    title: str = "",
) -> Figure:
    """Return the page of one quantity: lines of unit area with bands of one standard error."""
    columns = min(_MAX_COLUMNS, max(len(shown), 1))
    rows = max(math.ceil(len(shown) / columns), 1)
    figure = Figure(figsize=(4.6 * columns, 3.7 * rows + 0.5), layout="constrained")
    axes = figure.subplots(rows, columns, squeeze=False).ravel()
    for ax, panel in zip(axes, shown, strict=False):
        _draw_panel(ax, panel, quantity, tallies, card)
    for ax in axes[len(shown) :]:
        ax.set_axis_off()
    figure.suptitle(title, fontsize=12)
    note = "Unit area; bands: statistical error; events beyond the axis in the outermost bins"
    figure.supxlabel(note, fontsize=8, color="0.35")
    return figure


def _draw_panel(
    ax: Any,
    panel: Panel,
    quantity: Quantity,
    tallies: Mapping[Key, Tally],
    card: DatasetCard | None,
) -> None:
    edges = quantity.edges
    highest = []
    if panel.behind is not None:
        held = tallies[panel.behind].histograms[quantity.name]
        values, _ = held.density(edges)
        label = f"{label_of(panel.behind, card)} ({held.entries:,})"
        ax.stairs(values, edges, fill=True, color="0.85", label=label, zorder=1)
        highest.append(values.max())
    for k, (key, label) in enumerate(panel.lines):
        held = tallies[key].histograms[quantity.name]
        values, error = held.density(edges)
        colour, dash = COLOURS[k % len(COLOURS)], DASHES[k % len(DASHES)]
        text = f"{label} ({held.entries:,})"
        ax.stairs(values, edges, color=colour, linestyle=dash, lw=1.4, label=text, zorder=3)
        ax.stairs(
            values + error,
            edges,
            baseline=np.maximum(values - error, 0),
            fill=True,
            color=colour,
            alpha=0.25,
            lw=0,
            zorder=2,
        )
        highest.append(values.max())
    _finish(ax, panel, quantity, max(highest, default=0.0))


def _finish(ax: Any, panel: Panel, quantity: Quantity, highest: float) -> None:
    """Set axes and legend, with room for the legend above the highest bin."""
    ax.set_title(panel.title, loc="left")
    ax.set_xlim(quantity.edges[0], quantity.edges[-1])
    ax.set_xlabel(quantity.axis)
    ax.set_ylabel(f"density [1/{quantity.unit}]" if quantity.unit else "density")
    lines = len(panel.lines) + (panel.behind is not None)
    columns = 1 if lines <= _MAX_IN_PANEL else 2
    room = 0.09 * math.ceil(lines / columns) + 0.05  # share of the height
    if highest > 0 and quantity.logarithmic:
        low = highest * 1e-4
        ax.set_yscale("log")
        ax.set_ylim(low, low * (highest / low) ** (1 / (1 - min(room, 0.6))))
    elif highest > 0:
        ax.set_ylim(0, highest / (1 - min(room, 0.6)))
    ax.legend(loc="upper right", ncols=columns, title="(events)", title_fontsize=7)
