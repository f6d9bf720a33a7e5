"""Fig. 8 of the signal-aware contrastive paper: three confusion matrices of nine classes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from reproduce import style
from reproduce.entry import Entry, Made
from reproduce.inputs import RowFile
from reproduce.notation import bracketed
from reproduce.sac.matrices import CLASSES, diagonal, matrix, of_one
from reproduce.sac.names import ID, PAPER, RAW9, SAC, SUPERVISED, TASK, labels
from reproduce.sac.rows import of_frame, plain, provenance, require, summary

if TYPE_CHECKING:
    from collections.abc import Iterator

    import pandas as pd
    from matplotlib.axes import Axes
    from matplotlib.image import AxesImage
    from numpy.typing import NDArray


@dataclass(frozen=True, kw_only=True)
class _Panel:
    """One matrix.

    Attributes:
        title: In words.
        embedding: Its name.
        regime: Its name; "" for the only one.
        probe: What assigns the events.
    """

    title: str
    embedding: str
    regime: str
    probe: str


_PANELS = (
    _Panel(title="BDT on the SAC latent space, ID", embedding=SAC, regime=ID, probe="bdt"),
    _Panel(title="BDT on nine features", embedding=RAW9, regime="", probe="bdt"),
    _Panel(title="supervised transformer", embedding=SUPERVISED, regime=ID, probe="own"),
)
_PERCENT = 100
_ROOM = 1.75  # inches, for titles of two lines
_COLOURS = "Blues"
_DARK = 0.55  # shares above it stand in white


def draw(rows: pd.DataFrame) -> Made:
    """Draw the three matrices; see `Entry.make`."""
    import pandas as pd

    points = plain(summary(rows), "embeddings with the settings of the profile")
    held = [of_one(points, p.embedding, p.regime, p.probe) for p in _PANELS]
    numbers = require(pd.concat(held, ignore_index=True), "the matrices of Fig. 8")
    notes = tuple(_notes(held))
    used = rows[rows["embedding"].isin(set(numbers["embedding"]))]
    with style.styled():
        page, axes = style.panels(len(_PANELS), room=_ROOM)
        for ax, panel, part in zip(axes, _PANELS, held, strict=True):
            image = _panel(ax, matrix(part))
            ax.set_title(_title(panel, part), size=style.LARGE, pad=28)
        axes[0].set_yticks(range(len(CLASSES)), _names(), size=style.SMALL)
        axes[0].set_ylabel("true class")
        bar = page.colorbar(image, ax=axes, shrink=0.72, pad=0.01)
        bar.set_label("share of the true class (%)")
        style.finish(page, axes, [], origin=provenance(used).short(), notes=notes)
    return of_frame(used, page=page, numbers={"": numbers}, notes=notes)


def _panel(ax: Axes, shares: NDArray[np.float64]) -> AxesImage:
    image = ax.imshow(_PERCENT * shares, cmap=_COLOURS, vmin=0, vmax=_PERCENT)
    for (row, column), share in np.ndenumerate(shares):
        text = f"{_PERCENT * share:.0f}" if np.isfinite(share) else "-"
        colour = "white" if share > _DARK else "black"
        ax.text(column, row, text, ha="center", va="center", size=style.SMALL, color=colour)
    places = range(len(CLASSES))
    ax.set_xticks(places, _names(), size=style.SMALL, rotation=90)
    ax.set_yticks(places, [])
    ax.tick_params(which="both", top=False, right=False, left=False, bottom=False)
    ax.minorticks_off()
    ax.set_xlabel("assigned class")
    return image


def _names() -> list[str]:
    return [labels()[name] for name in CLASSES]


def _title(panel: _Panel, part: pd.DataFrame) -> str:
    found = diagonal(part, "mean diagonal")
    if found is None or not np.isfinite(found["value"]):
        return panel.title
    shown = bracketed(_PERCENT * found["value"], _PERCENT * found["error"])
    return f"{panel.title}\nmean diagonal {shown} %"


def _notes(held: list[pd.DataFrame]) -> Iterator[str]:
    for panel, part in zip(_PANELS, held, strict=True):
        empty = part[part["value"].isna()]
        if part.empty:
            yield f"{panel.title}: no rows"
        elif len(empty):
            reason = empty["reason"].iloc[0]
            yield f"{panel.title}: {len(empty)} numbers without a value ({reason})"


FIGURE = Entry(
    name="confusion",
    task=TASK,
    reproduces=f"Fig. 8 of {PAPER}",
    caption=(
        "Confusion matrices of nine classes, the Standard Model background (its five processes "
        "in equal parts) and eight signals (their mass points in equal parts), on the test "
        "events of the encoder half. Rows: true class; columns: class with the largest "
        "probability; cells in percent of the true class. Left: boosted decision trees (BDT) on "
        "the latent space of the signal-aware contrastive encoder (SAC) that learned from every "
        "process (ID). Middle: BDT on the nine event features of arXiv:2508.13566. Right: the "
        "same transformer trained with full supervision, by its own probabilities. Above: mean "
        "of the diagonal; in brackets its error on the last digit, of the test events and, with "
        "several trainings, their spread in quadrature."
    ),
    needs="rows/probes.csv: signal_aware (id) and raw9 with probe=bdt, supervised with probe=own",
    source=RowFile("probes.csv"),
    make=draw,
)
