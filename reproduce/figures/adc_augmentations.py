"""AnomCLR+ with every combination of its anomaly augmentations."""

from __future__ import annotations

from itertools import combinations
from typing import TYPE_CHECKING

from reproduce import style
from reproduce.adc.names import AUGMENTATIONS
from reproduce.adc.rows import ALL, DEFAULT_DIMENSION, MAIN, SCANS, AdcRows, plain_dimension
from reproduce.adc.scan import Scan, draw_scan
from reproduce.entry import Entry, Made

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

_SETS = [
    kinds for n in range(1, len(AUGMENTATIONS) + 1) for kinds in combinations(AUGMENTATIONS, n)
]
_PLACES = {"+".join(sorted(kinds)): float(k) for k, kinds in enumerate(_SETS)}


def _axis(ax: Axes) -> None:
    labels = [
        "all"
        if len(kinds) == len(AUGMENTATIONS)
        else ",\n".join(AUGMENTATIONS[k].math for k in kinds)
        for kinds in _SETS
    ]
    ax.set_xticks(list(_PLACES.values()), labels, fontsize=style.SMALL)
    ax.tick_params(axis="x", which="minor", bottom=False, top=False)
    ax.set_xlim(-0.5, len(labels) - 0.5)
    ax.set_xlabel("anomaly augmentations")


def draw(rows: pd.DataFrame) -> Made:
    """Draw the three panels; see `Entry.make`."""
    scan = Scan(
        column="augmentations",
        fixed=("dimension", plain_dimension(str(rows["profile"].iloc[0]))),
        places=_PLACES,
        default=ALL,
        expected=tuple(_PLACES),
        axis=_axis,
        joined=False,
    )
    return draw_scan(rows, scan)


FIGURE = Entry(
    name="adc-augmentations",
    task="cms_adc",
    reproduces="Fig. 2 of arXiv:2301.04660",
    caption=(
        "AUC, background rejection 1/eps_b and significance improvement SI at the signal "
        "efficiency 0.3 of AnomCLR+ trained with each combination of anomaly augmentations: added "
        "objects m(x), split objects mbar(x), scaled pT s_pT(x). mbar(x) alone cannot change some "
        "events (such as a lone lepton near the threshold), which then stand as negatives of "
        "themselves. Thin bars: standard deviation "
        "over trainings (none with one training); broad pale bars: statistical error (bootstrap). "
        "Dashed lines: autoencoder on the raw events, bands: its standard deviation. Open "
        "markers: published values, which exist for all augmentations together and "
        f"the dimension {DEFAULT_DIMENSION} of the representation; ours is that of the profile, "
        "and stands below where it is another."
    ),
    needs="raw, and anomclr_plus in the variants augmentations=...",
    source=AdcRows(of=(MAIN, SCANS)),
    make=draw,
)
