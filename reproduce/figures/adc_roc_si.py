"""ROC and significance improvement curves: raw autoencoder against AnomCLR+."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from matplotlib.patches import Patch

from reproduce import style
from reproduce.adc.beside import beside
from reproduce.adc.curves import curves
from reproduce.adc.drawn import PUBLISHED, of_rows
from reproduce.adc.look import COLOURS
from reproduce.adc.names import EFFICIENCY, EMBEDDINGS, METRICS, SIGNALS
from reproduce.adc.rows import BEST, RAW, AdcRows, gaps, main_rows, provenance, require
from reproduce.entry import Entry, Made
from reproduce.published import load_table

if TYPE_CHECKING:
    from collections.abc import Iterator

    import pandas as pd
    from matplotlib.axes import Axes

_DASHES = {RAW: "--", BEST: "-"}
_MARKERS = {RAW: "s", BEST: "o"}
_SHOWN = ("background_rejection", "significance_improvement")


def draw(rows: pd.DataFrame) -> Made:
    """Draw both panels; see `Entry.make`."""
    held = main_rows(rows)
    held = held[held["embedding"].isin(_DASHES) & (held["metric"] == "background_efficiency")]
    require(held, "AE-Raw or AnomCLR+ with the metric background_efficiency")
    numbers = beside(curves(held), load_table(PUBLISHED))
    notes = (*gaps(held, _DASHES), *_missing(numbers))
    with style.styled():
        page, axes = style.panels(2)
        for ax, metric in zip(axes, _SHOWN, strict=True):
            _panel(ax, numbers[numbers["metric"] == metric], metric)
        style.logarithmic(axes[0])
        axes[0].set_ylim(bottom=1)
        axes[1].set_ylim(bottom=0)
        style.finish(page, axes, list(_legend()), origin=provenance(held).short(), notes=notes)
    return of_rows(held, page=page, numbers={"": numbers}, notes=notes)


def _panel(ax: Axes, numbers: pd.DataFrame, metric: str) -> None:
    for key, line in numbers.sort_values("at").groupby(["embedding", "signal"]):
        embedding, signal = cast("tuple[str, str]", key)
        colour = COLOURS[signal]
        ax.plot(line["at"], line["value"], _DASHES[embedding], color=colour, zorder=3)
        low, high = (line["value"] + side * line["spread"] for side in (-1, 1))
        ax.fill_between(line["at"], low, high, color=colour, **style.BAND)
    _working_points(ax, metric)
    ax.set_xlim(0, 1)
    ax.set_xlabel(EFFICIENCY)
    ax.set_ylabel(METRICS[metric].math)


def _working_points(ax: Axes, metric: str) -> None:
    table = load_table(PUBLISHED)
    for (found, signal, embedding), number in table.numbers.items():
        if found == metric and embedding in _MARKERS:
            look = {**style.PUBLISHED, "marker": _MARKERS[embedding]}
            colour = COLOURS[signal]
            ax.errorbar(table.efficiency, number.value, number.error, color=colour, **look)


def _missing(numbers: pd.DataFrame) -> Iterator[str]:
    for embedding in _DASHES:
        there = set(numbers.loc[numbers["embedding"] == embedding, "signal"])
        for signal in SIGNALS:
            if there and signal not in there:  # without any, `gaps` says it
                yield f"{EMBEDDINGS[embedding].text}, {SIGNALS[signal].text}: no rows"


def _legend() -> Iterator[object]:
    for signal, name in SIGNALS.items():
        yield style.sample(name.math, color=COLOURS[signal])
    for embedding, dash in _DASHES.items():
        yield style.sample(EMBEDDINGS[embedding].math, color=style.GREY, linestyle=dash)
    yield Patch(color=style.GREY, alpha=style.BAND["alpha"], label="spread over trainings")
    yield style.published(_MARKERS[RAW], "AE-Raw, published")
    yield style.published(_MARKERS[BEST], "AnomCLR+, published")


FIGURE = Entry(
    name="adc-roc-si",
    task="cms_adc",
    reproduces="Fig. 1 of arXiv:2301.04660",
    caption=(
        "Background rejection 1/eps_b (left) and significance improvement eps_s/sqrt(eps_b) "
        "(right) against the signal efficiency eps_s, for the four signals. Dashed: autoencoder "
        "on the raw events (AE-Raw). Solid: autoencoder on the AnomCLR+ representation. Lines: "
        "mean over trainings; bands: plus and minus their standard deviation; with one training "
        "there is no band. A line ends where in any training too little background passes. Open "
        "markers: published working points with the published errors."
    ),
    needs="raw and anomclr_plus, variant of the paper's settings, metric background_efficiency",
    source=AdcRows(),
    make=draw,
)
