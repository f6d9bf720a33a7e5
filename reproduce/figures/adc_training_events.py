"""AnomCLR+ and the raw autoencoder against the size of the training set."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from matplotlib.ticker import NullLocator

from reproduce import style
from reproduce.adc.drawn import PUBLISHED, of_rows
from reproduce.adc.look import COLOURS, MARKERS
from reproduce.adc.names import EMBEDDINGS, METRICS, SIGNALS
from reproduce.adc.points import bar_legend, draw_points, lowest, nulls
from reproduce.adc.rows import (
    BEST,
    MAIN,
    RAW,
    RAW_SCAN,
    SCANS,
    AdcRows,
    at_point,
    gaps,
    missing_sizes,
    provenance,
    require,
    rows_by_size,
    summary,
)
from reproduce.entry import Entry, Made
from reproduce.names import NOT_PUBLISHED
from reproduce.published import load_table

if TYPE_CHECKING:
    from collections.abc import Iterator

    import pandas as pd
    from matplotlib.axes import Axes

_LOOKS: dict[str, dict[str, Any]] = {
    RAW: {"linestyle": "--", "fillstyle": "bottom", "markerfacecoloralt": "white"},
    BEST: {"linestyle": "-"},
}
_LOGARITHMIC = "background_rejection"
_STEP = 0.028  # between neighbours at one size, in parts of the axis
_RIM = 0.12  # on both sides of the points, likewise


def draw(rows: pd.DataFrame) -> Made:
    """Draw the three panels; see `Entry.make`."""
    held = at_point(rows_by_size(rows), load_table(PUBLISHED).efficiency)
    held = require(held[held["embedding"].isin(_LOOKS)], "AE-Raw or AnomCLR+")
    numbers = summary(held)
    notes = (*gaps(held, _LOOKS), *missing_sizes(held), *_nulls(numbers))
    with style.styled():
        page, axes = style.panels(len(METRICS))
        for ax, metric in zip(axes, METRICS, strict=True):
            _panel(ax, numbers[numbers["metric"] == metric], metric)
            ax.set_ylabel(METRICS[metric].math)
            if metric == _LOGARITHMIC:
                style.logarithmic(ax)
        style.finish(page, axes, list(_legend()), origin=provenance(held).short(), notes=notes)
    return of_rows(held, page=page, numbers={"": numbers}, notes=notes)


def _panel(ax: Axes, numbers: pd.DataFrame, metric: str) -> None:
    sizes = sorted(int(n) for n in numbers["n_train"].unique())
    # The points of one size stand side by side: by a factor, on a logarithmic axis.
    whole = (sizes[-1] / sizes[0] if len(sizes) > 1 else 10.0) ** (1 / (1 - 2 * _RIM))
    floor = lowest(numbers) if metric == _LOGARITHMIC else None
    for k, signal in enumerate(SIGNALS):
        for side, embedding in ((-0.2, RAW), (0.2, BEST)):
            which = (numbers["signal"] == signal) & (numbers["embedding"] == embedding)
            shift = whole ** ((k - 1.5 + side) * _STEP)
            points = numbers[which].assign(x=numbers.loc[which, "n_train"] * shift)
            look = {"color": COLOURS[signal], "marker": MARKERS[signal]}
            points = points.sort_values("x")
            draw_points(ax, points, floor=floor, **look, **_LOOKS[embedding])
    ax.set_xscale("log")
    ax.set_xlim(sizes[0] / whole**_RIM, sizes[-1] * whole**_RIM)
    ax.set_xticks(sizes, [f"{n:,}" for n in sizes])
    ax.xaxis.set_minor_locator(NullLocator())
    ax.set_xlabel("training events")


def _nulls(numbers: pd.DataFrame) -> Iterator[str]:
    for embedding in _LOOKS:
        name = EMBEDDINGS[embedding].text
        part = numbers[numbers["embedding"] == embedding]
        yield from nulls(part, "n_train", "training events", who=name)


def _legend() -> Iterator[object]:
    for signal, name in SIGNALS.items():
        look = {"marker": MARKERS[signal], "linestyle": "none"}
        yield style.sample(name.math, color=COLOURS[signal], ms=5, **look)
    for embedding, look in _LOOKS.items():
        name = EMBEDDINGS[embedding]
        yield style.sample(name.math, color=style.GREY, marker="o", ms=5, lw=1, **look)
    yield from bar_legend()


FIGURE = Entry(
    name="adc-training-events",
    task="cms_adc",
    reproduces=(
        f"{NOT_PUBLISHED}: how far the paper's orderings depend on the size of the training set "
        "(arXiv:2301.04660 trains on a million events)"
    ),
    caption=(
        "AUC, background rejection 1/eps_b and significance improvement SI at the signal "
        "efficiency 0.3 against the number of training events (logarithmic axis; signals and "
        "methods stand a little apart at each number so that they can be told apart). Half-filled "
        "markers and dashed lines: autoencoder on the raw events (AE-Raw). Filled markers and "
        "solid lines: autoencoder on the AnomCLR+ representation. Thin bars: standard deviation "
        "over trainings (none with one training), with an arrow where it reaches 0, which the "
        "logarithmic axis does not have; broad pale bars: statistical error (bootstrap)."
    ),
    needs="raw and anomclr_plus, variant of the paper's settings and the variants events=...",
    source=AdcRows(every_size=True, of=(MAIN, SCANS, RAW_SCAN)),
    make=draw,
)
