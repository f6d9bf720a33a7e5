"""Fig. 1 of the signal-aware contrastive paper: each latent dimension in the signal region."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from reproduce import style
from reproduce.entry import Entry, Made
from reproduce.inputs import PointFile
from reproduce.sac.hunt import HuntFiles, of_hunt
from reproduce.sac.look import LOOKS
from reproduce.sac.measured import used_points
from reproduce.sac.names import ID, PAPER, SAC, TASK, signal_label, signal_text
from reproduce.sac.rows import provenance, require

if TYPE_CHECKING:
    from collections.abc import Iterator

    import pandas as pd
    from matplotlib.axes import Axes

    from reproduce.sac.hunt import Hunt

SIGNAL = "chargino_neutralino/200"
DATA, GENERATED = "data", "generated"
NAMES = {
    DATA: "Standard Model data",
    GENERATED: "samples of the flow",
    SIGNAL: signal_text(SIGNAL),
}
_ROWS = 2
_POINTS: dict[str, Any] = {"color": "black", "marker": "o", "ms": 4, "linestyle": "none", "lw": 1}
_STEP: dict[str, Any] = {"color": style.PALETTE[3], "lw": 1.6}
_FILL: dict[str, Any] = {"color": LOOKS[SIGNAL.partition("/")[0]]["color"], "alpha": 0.3}
_HEADROOM = 1.12


def draw(hunt: Hunt) -> Made:
    """Draw a panel for each dimension; see `Entry.make`."""
    bars = used_points(hunt.points, "the search on the latent space")
    chosen = (bars["embedding"] == SAC) & (bars["regime"] == ID) & bars["what"].isin(NAMES)
    held = require(bars[chosen], f"{', '.join(NAMES)} in the latent space of SAC, ID")
    first = held["number"].min()
    held = held[held["number"] == first]
    there = set(held["what"])
    notes = tuple(f"{text}: no histograms" for name, text in NAMES.items() if name not in there)
    dimensions = sorted({int(k) for k in held["dimension"]})
    with style.styled():
        page, axes = style.panels(len(dimensions), rows=_ROWS)
        for ax, k in zip(axes, dimensions, strict=True):
            _panel(ax, held[held["dimension"] == k], k)
        top = axes[: -(-len(dimensions) // _ROWS)]
        style.finish(page, top, list(_legend(there)), origin=provenance(held).short(), notes=notes)
    words = f"Instance of the data shown: {first:g}. {_counts(held)}"
    return of_hunt(hunt, held, words=words, page=page, numbers={"": held}, notes=notes)


def _panel(ax: Axes, bars: pd.DataFrame, dimension: int) -> None:
    data, generated, signal = (bars[bars["what"] == n].sort_values("low") for n in NAMES)
    if len(signal):
        ax.stairs(signal["density"], _edges(signal), fill=True, **_FILL)
    if len(generated):
        ax.stairs(generated["density"], _edges(generated), **_STEP)
        low, high = (generated["density"] + side * generated["error"] for side in (-1, 1))
        ax.stairs(
            high, _edges(generated), baseline=low, fill=True, color=_STEP["color"], alpha=0.3
        )
    if len(data):
        # A bin without events has no error that could be shown.
        filled = data[data["events"] > 0]
        ax.errorbar(_middle(filled), filled["density"], filled["error"], **_POINTS)
    ax.set_xlim(float(bars["low"].min()), float(bars["high"].max()))
    ax.locator_params(axis="x", nbins=6)
    ax.set_ylim(0, _HEADROOM * float((bars["density"] + bars["error"]).max()))
    ax.set_xlabel(f"latent $z_{{{dimension}}}$")
    ax.set_ylabel("probability density")


def _edges(bars: pd.DataFrame) -> list[float]:
    return [*bars["low"], float(bars["high"].iloc[-1])]


def _middle(bars: pd.DataFrame) -> pd.Series:
    return (bars["low"] + bars["high"]) / 2


def _legend(there: set[str]) -> Iterator[object]:
    from matplotlib.patches import Patch

    labels = {**NAMES, SIGNAL: signal_label(SIGNAL)}
    if DATA in there:
        yield style.sample(labels[DATA], **_POINTS)
    if GENERATED in there:
        yield style.sample(labels[GENERATED], **_STEP)
    if SIGNAL in there:
        yield Patch(**_FILL, label=labels[SIGNAL])


def _counts(held: pd.DataFrame) -> str:
    one = held[held["dimension"] == held["dimension"].min()]
    of = one.groupby("what")["events"].sum()
    parts = [f"{NAMES[what]} {of[what]:,.0f}" for what in NAMES if what in of.index]
    return f"Events inside the first axis: {', '.join(parts)}."


FIGURE = Entry(
    name="latent-1d",
    task=TASK,
    reproduces=f"Fig. 1 of {PAPER}",
    caption=(
        "Each dimension of the latent space of the signal-aware contrastive encoder (SAC) that "
        "learned from every process (ID), in the signal region (120 to 130 GeV). Points: pseudo-"
        "data of the Standard Model, without a signal. Line: samples of the normalizing flow, "
        "which learned from the sidebands alone. Filled: events of the signal "
        f"{signal_text(SIGNAL)}. All have unit area over all events; some lie outside the axis. "
        "Bars and the line's band: statistical errors of one standard deviation; bins without "
        "events have none. One instance of the data. In the paper the dimensions are smooth and "
        "near to a Gaussian, and the flow matches the data."
    ),
    needs=f"points/latent-1d.csv, rows/hunt.csv, rows/hunt.json: signal_aware (id), {SIGNAL}",
    source=HuntFiles(
        PointFile(
            "latent-1d.csv",
            texts=("embedding", "variant", "regime", "what"),
            numbers=("number", "dimension", "low", "high", "density", "error", "events"),
        )
    ),
    make=draw,
)
