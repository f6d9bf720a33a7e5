"""Significance improvement against the strength of a signal: the mechanism of Figs. 4 to 6."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from matplotlib.patches import Patch

from reproduce import style
from reproduce.published import load_values
from reproduce.sac.hunt import HuntFiles, of_hunt
from reproduce.sac.look import LINES
from reproduce.sac.measured import (
    CATHODE,
    SIC,
    WORKING_POINTS,
    Line,
    carried,
    gaps,
    sic_points,
    used_rows,
)
from reproduce.sac.names import signal_label
from reproduce.sac.rows import provenance, require

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    import pandas as pd
    from matplotlib.axes import Axes

    from reproduce.entry import Made
    from reproduce.sac.hunt import Hunt

SOURCE = HuntFiles()
NEEDS = "rows/hunt.csv and rows/hunt.json"
CAPTION = (
    "Significance improvement eps_s/sqrt(eps_b) of the search against the strength S/sqrt(B) of "
    "the injected signal in the signal region (120 to 130 GeV), before any cut; above at the "
    "tight working point (background efficiency eps_b = 0.1 %), below at the loose one (1 %). "
    "Lines: mean over the instances of the data. Thick bars: standard deviation over instances "
    "(of one search, not of the mean); thin bars: the statistical error of the test events, which "
    "all instances and all lines have in common, in quadrature. Markers of a strength stand side "
    "by side, its own in the middle. Bands: standard deviation over random ensembles of "
    "classifiers (systematic), mean over instances. Instances share half of their events and "
    "ensembles share classifiers: both spread less than independent ones would. At strength 0 "
    "nothing is injected: a cut at random has the square root of eps_b there (0.03 and 0.1), and "
    "what is above that is the search's own preference for events like the signal. A line ends or "
    "breaks where in any instance too few background test events pass the cut."
)
_ROWS = len(WORKING_POINTS)
_BESIDE = 0.012  # of the axis: markers of one strength side by side
_HEADROOM = 1.3  # for the words


@dataclass(frozen=True, kw_only=True)
class Look:
    """How a line is drawn.

    Attributes:
        line: What it shows.
        thin: Whether without markers, bars and band: a yardstick.
        published: Of the paper's number; "" if the paper gives none.
    """

    line: Line
    thin: bool = False
    published: str = ""

    @property
    def style(self) -> dict[str, Any]:
        """Colour, marker and dashes."""
        return LINES[self.line.label]


def draw_sic(hunt: Hunt, panels: Mapping[str, Sequence[Look]], *, published: str = "") -> Made:
    """Draw a column for each signal and a row for each working point.

    Args:
        hunt: The search.
        panels: Signals, each with its lines; lines with one label have one look.
        published: Name of the file of the paper's numbers; "" for none.

    Raises:
        DataError: There is none of the lines.
    """
    points = sic_points(hunt.rows)
    wanted = [(signal, look.line) for signal, looks in panels.items() for look in looks]
    numbers = require(_chosen(points, wanted), "the lines of this figure")
    if published:
        numbers = with_published(numbers, published)
    notes = tuple(gaps(points, wanted, hunt.settings))
    used = used_rows(hunt.rows, (SIC,), "the search")
    right = max(hunt.settings.strengths) * (1 + 4 * _BESIDE)
    with style.styled():
        page, axes = style.panels(len(panels) * _ROWS, rows=_ROWS)
        grid = [(at, signal) for at in WORKING_POINTS for signal in panels]
        for ax, (at, signal) in zip(axes, grid, strict=True):
            here = numbers[(numbers["at"] == at) & (numbers["signal"] == signal)]
            _panel(ax, here, panels[signal], right)
            _words(ax, signal, at)
        first = axes[: len(panels)]
        handles = list(_legend(panels, bool(published)))
        origin = provenance(used).short()
        style.finish(page, first, handles, origin=origin, notes=notes)
    told = load_values(published).assumed if published else ()
    return of_hunt(
        hunt,
        used,
        words=carried(numbers),
        page=page,
        numbers={"": numbers},
        notes=notes,
        assumed=told,
    )


def _chosen(points: pd.DataFrame, wanted: Sequence[tuple[str, Line]]) -> pd.DataFrame:
    import pandas as pd

    parts = [line.of(points[points["signal"] == signal]) for signal, line in wanted]
    return pd.concat(parts, ignore_index=True)


def with_published(numbers: pd.DataFrame, name: str) -> pd.DataFrame:
    """Return numbers with the paper's beside them, of no strength in particular.

    Args:
        numbers: From `reproduce.sac.measured.sic_points`.
        name: Of the file of the paper's numbers.

    Returns:
        Also the column published.
    """
    known = {
        (v.embedding, v.regime, v.signal, v.at): v.value
        for v in load_values(name).values
        if v.metric == SIC
    }
    keys = numbers[["embedding", "regime", "signal", "at"]].itertuples(index=False, name=None)
    found = [known.get(key, math.nan) for key in keys]
    made = numbers.assign(published=found)
    return made.assign(published=made["published"].where(made["detector"] == CATHODE))


def _panel(ax: Axes, numbers: pd.DataFrame, looks: Sequence[Look], right: float) -> None:
    bars = [look for look in looks if not look.thin]
    for look in looks:
        held = look.line.of(numbers)
        if look.thin:
            ax.plot(held["strength"], held["value"], **look.style, lw=1.0, zorder=2)
            continue
        beside = bars.index(look) - (len(bars) - 1) / 2
        _line(ax, held, look.style, _BESIDE * right * beside)
        if "published" in held and held["published"].notna().any():
            _published(ax, float(held["published"].iloc[0]), look)
    # Markers beside 0 are whole.
    ax.set_xlim(-(len(bars) + 1) * _BESIDE * right, right)
    ax.set_ylim(bottom=0)
    ax.set_ylim(top=_HEADROOM * ax.get_ylim()[1])


def _line(ax: Axes, held: pd.DataFrame, look: dict[str, Any], shift: float) -> None:
    x, y, colour = held["strength"], held["value"], look["color"]
    ax.plot(x, y, color=colour, linestyle=look["linestyle"], zorder=3)
    low, high = (y + side * held["systematic"] for side in (-1, 1))
    ax.fill_between(x, low, high, color=colour, **style.BAND)
    plain = {"color": colour, "linestyle": "none", "capsize": 0, "zorder": 4}
    ax.errorbar(x + shift, y, held["statistical"], elinewidth=0.8, **plain)
    thick = {**plain, "marker": look["marker"], "ms": 4.5}
    ax.errorbar(x + shift, y, held["spread"].fillna(0.0), elinewidth=2.2, **thick)


def _published(ax: Axes, value: float, look: Look) -> None:
    # The paper does not say at which strength: a line over all, a marker at its end.
    colour = look.style["color"]
    ax.axhline(value, color=colour, linestyle=":", lw=1.0, zorder=1.5)
    marker = {k: style.PUBLISHED[k] for k in ("markerfacecolor", "markersize", "markeredgewidth")}
    at_edge: dict[str, Any] = {
        "transform": ax.get_yaxis_transform(),
        "clip_on": False,
        "zorder": 5,
    }
    ax.plot([1.0], [value], color=colour, marker=look.published, **marker, **at_edge)


def _words(ax: Axes, signal: str, at: float) -> None:
    point = rf"{WORKING_POINTS[at]}, $\epsilon_B$ = {100 * at:g} %"
    text = f"{signal_label(signal)}\n{point}"
    ax.text(0.04, 0.96, text, transform=ax.transAxes, va="top", size=style.SMALL, linespacing=1.5)
    ax.set_xlabel(r"injected $S/\sqrt{B}$")
    ax.set_ylabel(r"SIC $= \epsilon_S / \sqrt{\epsilon_B}$")


def _legend(panels: Mapping[str, Sequence[Look]], published: bool) -> Iterator[object]:
    looks = {look.line.label: look for held in panels.values() for look in held}
    for label, look in looks.items():
        shown = {k: v for k, v in look.style.items() if not (look.thin and k == "marker")}
        yield style.sample(label, **shown, ms=5, lw=1.0 if look.thin else 1.6)
    yield Patch(color=style.GREY, alpha=style.BAND["alpha"], label="random ensembles")
    if published:
        for label, look in looks.items():
            if look.published:
                yield style.published(look.published, f"{label}, published")
