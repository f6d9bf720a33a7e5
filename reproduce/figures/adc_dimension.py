"""AnomCLR+ against the dimension of its representation."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from reproduce.adc.rows import ALL, BEST, DEFAULT_DIMENSION, MAIN, SCANS, AdcRows
from reproduce.adc.scan import Scan, draw_scan
from reproduce.entry import Entry, Made

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

_STEPS = 6.0  # of the axis in a factor of ten: what keeps the signals apart at one dimension
_EXPECTED = (4, 400)  # the paper's range


def _axis(ax: Axes, dimensions: list[int]) -> None:
    ax.set_xticks([_place(d) for d in dimensions], [str(d) for d in dimensions])
    ax.tick_params(axis="x", which="minor", bottom=False, top=False)
    ax.set_xlabel("dimension of the representation")


def _place(dimension: int) -> float:
    return _STEPS * math.log10(dimension)


def draw(rows: pd.DataFrame) -> Made:
    """Draw the three panels; see `Entry.make`."""
    scanned = (rows["embedding"] == BEST) & (rows["augmentations"] == ALL)
    dimensions = sorted({int(value) for value in rows.loc[scanned, "dimension"]})
    scan = Scan(
        column="dimension",
        fixed=("augmentations", ALL),
        places={dimension: _place(dimension) for dimension in dimensions},
        default=DEFAULT_DIMENSION,
        expected=_EXPECTED,
        axis=lambda ax: _axis(ax, dimensions),
        joined=True,
    )
    return draw_scan(rows, scan)


FIGURE = Entry(
    name="adc-dimension",
    task="cms_adc",
    reproduces="Fig. 3 of arXiv:2301.04660",
    caption=(
        "AUC, background rejection 1/eps_b and significance improvement SI at the signal "
        "efficiency 0.3 of AnomCLR+ against the dimension of the representation (logarithmic "
        "axis; the signals stand a little apart at each dimension so that they can be told "
        "apart). Thin bars: standard deviation over trainings (none with one training); broad "
        "pale bars: statistical error (bootstrap). Dashed lines: autoencoder on the raw "
        "events, bands: its standard deviation. Open markers: published values at "
        f"{DEFAULT_DIMENSION}, where ours has it. All anomaly augmentations are used."
    ),
    needs="raw, and anomclr_plus in the variants dimension=...",
    source=AdcRows(of=(MAIN, SCANS)),
    make=draw,
)
