"""Fig. 2 of the signal-aware contrastive paper: maps of the latent space in three regimes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from reproduce import style
from reproduce.entry import Entry, Made
from reproduce.inputs import PointFile
from reproduce.sac.look import LOOKS
from reproduce.sac.names import (
    BACKGROUND_ONLY,
    ID,
    PAPER,
    PROCESSES,
    SAC,
    TASK,
    labels,
    regime_text,
)
from reproduce.sac.rows import of_frame, plain, provenance, require

if TYPE_CHECKING:
    from collections.abc import Iterator

    import pandas as pd
    from matplotlib.axes import Axes

_HELD_OUT = ("zprime", "400")
_TITLES = {
    ID: "ID: every process learned from",
    f"ip:{'/'.join(_HELD_OUT)}": "IP: $Z'$ of 400 GeV held out",
    BACKGROUND_ONLY: "background-only",
}
_SHOWN = ("regime", "process", "point", "held_out", "x", "y")  # thousands of rows are short
_ROOM = 1.6  # inches, for titles and legend
_PROCESS: dict[str, Any] = {"s": 9, "linewidths": 0, "alpha": 0.75}
_EDGED: dict[str, Any] = {"s": 20, "linewidths": 0.9, "edgecolors": "black", "zorder": 5}
_HELD_OUT_LABEL = "$Z'$ of 400 GeV (held out in IP)"


def draw(points: pd.DataFrame) -> Made:
    """Draw the three maps; see `Entry.make`."""
    shown = plain(points[points["embedding"] == SAC], "maps of the latent space of SAC")
    shown = require(shown[shown["regime"].isin(_TITLES)], "maps of the paper's three regimes")
    there = set(shown["regime"])
    notes = tuple(f"{regime_text(name)}: no map" for name in _TITLES if name not in there)
    with style.styled():
        page, axes = style.panels(len(_TITLES), room=_ROOM)
        for ax, (regime, title) in zip(axes, _TITLES.items(), strict=True):
            _panel(ax, shown[shown["regime"] == regime])
            ax.set_title(title, size=style.LARGE, pad=28)
        origin = provenance(shown).short()
        style.finish(page, axes, list(_legend()), origin=origin, notes=notes, ncols=7)
    return of_frame(shown, page=page, numbers={"": shown[list(_SHOWN)]}, notes=notes)


def _panel(ax: Axes, points: pd.DataFrame) -> None:
    edged = (points["process"] == _HELD_OUT[0]) & (points["point"] == _HELD_OUT[1])
    for process in PROCESSES:
        of_process = points["process"] == process
        some = points[of_process & ~edged]
        ax.scatter(some["x"], some["y"], **_PROCESS, **LOOKS[process])
    some = points[edged]
    ax.scatter(some["x"], some["y"], **_EDGED, **LOOKS[_HELD_OUT[0]])
    ax.set(xlabel="t-SNE 1", ylabel="t-SNE 2", xticks=[], yticks=[])
    ax.minorticks_off()


def _legend() -> Iterator[object]:
    for process in PROCESSES:
        yield style.sample(labels()[process], linestyle="none", ms=6, **LOOKS[process])
    edge: dict[str, Any] = {
        "markeredgecolor": "black",
        "markeredgewidth": 0.9,
        "ms": 7,
        "linestyle": "none",
    }
    yield style.sample(_HELD_OUT_LABEL, **edge, **LOOKS[_HELD_OUT[0]])


FIGURE = Entry(
    name="latent-tsne",
    task=TASK,
    reproduces=f"Fig. 2 of {PAPER}",
    caption=(
        "Maps (t-SNE) of the latent space of the signal-aware contrastive encoder (SAC) in three "
        "regimes: ID, learned from every process; IP, from all but the Z' of 400 GeV; "
        "background-only, from no signal. Each point is a test event of the encoder half; every "
        "process has as many, its mass points equally many. Greys: Standard Model processes; "
        "colours: signals. Black edges: the Z' of 400 GeV, in every panel, beside the other Z' "
        "masses (without edges). The axes of a map have no unit, and distances between far "
        "clusters and the sizes of clusters mean nothing; each panel has its own map."
    ),
    needs="points/tsne.csv: signal_aware in the regimes id, ip:zprime/400 and background",
    source=PointFile(
        "tsne.csv",
        texts=("embedding", "variant", "regime", "process", "point"),
        numbers=("held_out", "x", "y"),
    ),
    make=draw,
)
