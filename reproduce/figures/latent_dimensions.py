"""Fig. 1 of the signal-aware contrastive paper: each latent dimension in the signal region."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from reproduce import style
from reproduce.entry import Entry, Made
from reproduce.inputs import PointFile
from reproduce.sac.look import LOOKS
from reproduce.sac.names import ID, MERGED, PAPER, SAC, TASK, labels
from reproduce.sac.rows import of_frame, plain, provenance, require

if TYPE_CHECKING:
    from collections.abc import Iterator

    import pandas as pd
    from matplotlib.axes import Axes

SIGNAL = "chargino_neutralino"
_ROWS = 2
_DATA: dict[str, Any] = {"color": "black", "marker": "o", "ms": 4, "linestyle": "none", "lw": 1}
_HEADROOM = 1.12


def draw(bars: pd.DataFrame) -> Made:
    """Draw a panel for each dimension; see `Entry.make`."""
    chosen = (bars["embedding"] == SAC) & (bars["regime"] == ID)
    held = plain(bars[chosen], "histograms of the latent space of SAC, ID")
    held = require(held[held["process"].isin((MERGED, SIGNAL))], f"{MERGED} or {SIGNAL}")
    there = set(held["process"])
    notes = tuple(f"{name}: no histograms" for name in (MERGED, SIGNAL) if name not in there)
    dimensions = sorted({int(k) for k in held["dimension"]})
    with style.styled():
        page, axes = style.panels(len(dimensions), rows=_ROWS)
        for ax, k in zip(axes, dimensions, strict=True):
            _panel(ax, held[held["dimension"] == k], k)
        first = axes[: -(-len(dimensions) // _ROWS)]
        style.finish(page, first, list(_legend()), origin=provenance(held).short(), notes=notes)
    return of_frame(held, page=page, numbers={"": held}, notes=notes)


def _panel(ax: Axes, bars: pd.DataFrame, dimension: int) -> None:
    signal, data = (bars[bars["process"] == name].sort_values("low") for name in (SIGNAL, MERGED))
    if len(signal):
        edges = [*signal["low"], signal["high"].iloc[-1]]
        ax.stairs(signal["density"], edges, color=LOOKS[SIGNAL]["color"], lw=1.6)
        _bars(ax, signal, color=LOOKS[SIGNAL]["color"], linestyle="none", lw=1)
    if len(data):
        _bars(ax, data, **_DATA)
    ends = (float(bars["low"].min()), float(bars["high"].max()))
    z = np.linspace(*ends, 201)
    unit = np.exp(-(z**2) / 2) / np.sqrt(2 * np.pi)
    ax.plot(z, unit, color=style.GREY, linestyle="--", lw=1.2)
    ax.set_xlim(*ends)
    ax.locator_params(axis="x", nbins=6)
    ax.set_ylim(0, _HEADROOM * max(float((bars["density"] + bars["error"]).max()), unit.max()))
    ax.set_xlabel(f"latent $z_{{{dimension}}}$")
    ax.set_ylabel("probability density")


def _bars(ax: Axes, bars: pd.DataFrame, **look: Any) -> None:
    # A bin without events has no error that could be shown.
    filled = bars[bars["events"] > 0]
    middle = (filled["low"] + filled["high"]) / 2
    ax.errorbar(middle, filled["density"], filled["error"], **look)


def _legend() -> Iterator[object]:
    yield style.sample("Standard Model background", **_DATA)
    yield style.sample(labels()[SIGNAL], color=LOOKS[SIGNAL]["color"])
    yield style.sample("unit Gaussian", color=style.GREY, linestyle="--", lw=1.2)


FIGURE = Entry(
    name="latent-dimensions",
    task=TASK,
    reproduces=f"the part of Fig. 1 of {PAPER} that shows data",
    caption=(
        "Each dimension of the latent space of the signal-aware contrastive encoder (SAC) that "
        "learned from every process (ID), in the signal region (120 to 130 GeV), on test events "
        "of the encoder half. Points: Standard Model background, its processes by their expected "
        f"yields. Line: the signal {SIGNAL}, its mass points in equal parts. Dashed: unit "
        "Gaussian. All have unit area over all events; some lie outside the axis. Bars: "
        "statistical errors of one standard deviation; bins without events have none. Not there: "
        "the samples of the normalizing flow, which the paper shows beside these, since there is "
        "no flow in this version."
    ),
    needs=f"points/histograms.csv: signal_aware (id), of {MERGED} and {SIGNAL}",
    source=PointFile(
        "histograms.csv",
        texts=("embedding", "variant", "regime", "process"),
        numbers=("dimension", "low", "high", "density", "error", "events"),
    ),
    make=draw,
)
