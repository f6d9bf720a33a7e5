"""Fig. 7 of the signal-aware contrastive paper: the strength that is found at 5 sigma."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from matplotlib.ticker import NullFormatter

from benchmark.hunt.sensitivity import NOT_REACHED, TARGET
from benchmark.tasks.diphoton import DIPHOTON
from reproduce import style
from reproduce.entry import Entry, Made
from reproduce.sac.hunt import HuntFiles, of_hunt
from reproduce.sac.look import LINES
from reproduce.sac.measured import (
    BY_LABELS,
    IDEALISED,
    STRENGTH,
    WORKING_POINTS,
    Line,
    sic_points,
    summary_of_all,
    used_rows,
)
from reproduce.sac.names import (
    BACKGROUND_ONLY,
    ID,
    PAPER,
    RAW9,
    SAC,
    TASK,
    signal_label,
    signal_text,
)
from reproduce.sac.rows import provenance, require

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from matplotlib.axes import Axes

    from reproduce.sac.hunt import Hunt

_EP = "EP"
_FAINT = "0.55"


@dataclass(frozen=True, kw_only=True)
class _Series:
    """What is drawn at each signal.

    Attributes:
        line: Whose strengths; of EP the encoder that never saw the signal at hand.
        small: Whether it stands for comparison.
    """

    line: Line
    small: bool = False

    @property
    def look(self) -> dict[str, Any]:
        """Colour and marker."""
        look = LINES[self.line.label]
        grey = self.small and self.line.embedding != SAC
        return {"color": _FAINT if grey else look["color"], "marker": look["marker"]}

    def of(self, numbers: pd.DataFrame, signal: str) -> dict[Any, Any] | None:
        """Return its number of a signal; None where there is none."""
        ep = f"ep:{signal.partition('/')[0]}"
        line = replace(self.line, regime=ep) if self.line.label == _EP else self.line
        found = line.of(numbers[numbers["signal"] == signal]).to_dict("records")
        return dict(found[0]) if found else None


_SERIES = (
    _Series(line=Line(label="ID", embedding=SAC, regime=ID)),
    _Series(line=Line(label=_EP, embedding=SAC, regime="ep:")),
    _Series(line=Line(label="background-only", embedding=SAC, regime=BACKGROUND_ONLY)),
    _Series(
        line=Line(label="HAXAD VAE", embedding="haxad_vae", regime=BACKGROUND_ONLY), small=True
    ),
    _Series(line=Line(label="nine features", embedding=RAW9, regime=BACKGROUND_ONLY), small=True),
    _Series(
        line=Line(label="ID, true background", embedding=SAC, regime=ID, detector=IDEALISED),
        small=True,
    ),
    _Series(
        line=Line(label="ID, labels", embedding=SAC, regime=ID, detector=BY_LABELS), small=True
    ),
)
_BY_LABEL = {series.line.label: series for series in _SERIES}
_OURS = tuple(s for s in _SERIES if not s.small)
_WIDTH, _SIGNAL, _REST = 11.0, 0.72, 2.2  # inches: picture, a signal, what is around them
_BESIDE = 0.11  # of the distance of two signals
_EDGE = 1.08  # of the largest strength, and of the smallest number the other way
_TICKS = (0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0)


def draw(hunt: Hunt) -> Made:
    """Draw a panel for each working point, a line for each signal; see `Entry.make`."""
    used = used_rows(hunt.rows, (STRENGTH,), "the strength of a discovery")
    numbers = pd.concat([summary_of_all(used), _by_labels(hunt)], ignore_index=True)
    signals = sorted(set(used["signal"]), key=_place)
    chosen = [
        {"series": series.line.label, **found}
        for at in WORKING_POINTS
        for signal in signals
        for series in _SERIES
        if (found := series.of(numbers[numbers["at"] == at], signal))
    ]
    shown = pd.DataFrame(chosen, columns=["series", *numbers.columns])
    require(shown[shown["embedding"] == SAC], "the strength of a discovery with SAC")
    notes = tuple(_notes(shown, signals))
    tried = hunt.settings.strengths
    lowest = np.nanmin([shown["value"].min(), *tried])
    edges = (float(lowest) / _EDGE, max(tried) * _EDGE)
    with style.styled():
        size = (_WIDTH, _SIGNAL * len(signals) + _REST)
        page = Figure(figsize=size, layout="constrained")
        axes = list(page.subplots(1, len(WORKING_POINTS), sharey=True))
        for ax, at in zip(axes, WORKING_POINTS, strict=True):
            _panel(ax, shown[shown["at"] == at], signals, edges)
            ax.set_title(
                rf"{WORKING_POINTS[at]}, $\epsilon_B$ = {100 * at:g} %", size=style.LARGE, pad=26
            )
        axes[0].set_yticks(range(len(signals)), [signal_label(name) for name in signals])
        handles = [*_legend(set(shown["series"])), *_ends(set(shown["end"]), tried)]
        style.finish(page, axes, handles, origin=provenance(used).short(), notes=notes, ncols=4)
    return of_hunt(hunt, used, words=_words(shown), page=page, numbers={"": shown}, notes=notes)


def _by_labels(hunt: Hunt) -> pd.DataFrame:
    """Return the strengths at which the classifier with labels arrives.

    Its significance improvement is the same at every strength: 5 over it is the strength.
    """
    points = sic_points(hunt.rows)
    held = points[(points["detector"] == BY_LABELS) & (points["value"] > 0)]
    strength = TARGET / held["value"]
    error = strength * held["statistical"] / held["value"]
    largest = max(hunt.settings.strengths)
    within = strength <= largest
    found = held.assign(
        value=strength.where(within),
        err_lo=error.where(within),
        err_hi=error.where(within),
        reason=np.where(within, "", f"{NOT_REACHED} {largest:g}"),
        end=np.where(within, "none", "above"),
    )
    return found[list(summary_of_all(hunt.rows[:0]).columns)]


def _place(signal: str) -> tuple[int, str]:
    process = signal.partition("/")[0]
    known = DIPHOTON.signals
    return known.index(process) if process in known else len(known), signal


def _panel(
    ax: Axes, numbers: pd.DataFrame, signals: list[str], edges: tuple[float, float]
) -> None:
    order, middle = list(_BY_LABEL), (len(_SERIES) - 1) / 2
    for row in numbers.to_dict("records"):
        beside = order.index(row["series"]) - middle
        _mark(ax, row, signals.index(row["signal"]) + _BESIDE * beside, edges)
    ax.axvline(TARGET, color=style.GREY, linestyle=":", lw=1.0)
    for k in range(1, len(signals)):
        ax.axhline(k - 0.5, color="0.85", lw=0.8, zorder=0)
    ax.set_xscale("log")
    ticks = [x for x in _TICKS if edges[0] <= x <= edges[1]]
    ax.set_xticks(ticks, [f"{x:g}" for x in ticks])
    ax.xaxis.set_minor_formatter(NullFormatter())
    ax.set_xlim(*edges)
    ax.set_ylim(len(signals) - 0.5, -0.5)
    ax.tick_params(axis="y", which="both", length=0)
    ax.set_xlabel(rf"injected $S/\sqrt{{B}}$ for {TARGET:g} sigma")


def _mark(ax: Axes, row: dict[Any, Any], place: float, edges: tuple[float, float]) -> None:
    series = _BY_LABEL[row["series"]]
    look: dict[str, Any] = {**series.look, "linestyle": "none", "zorder": 2 + (not series.small)}
    if np.isfinite(row["value"]):
        width, size = (0.8, 4.0) if series.small else (1.4, 6.0)
        errors = [[row["err_lo"]], [row["err_hi"]]]
        ax.errorbar(row["value"], place, xerr=errors, ms=size, elinewidth=width, capsize=0, **look)
    elif row["end"] != "none":
        marker, x = (">", edges[1]) if row["end"] == "above" else ("<", edges[0])
        look |= {"marker": marker, "ms": 4 if series.small else 6, "clip_on": False}
        ax.plot([x], [place], **look)


def _notes(shown: pd.DataFrame, signals: list[str]) -> Iterator[str]:
    for series in _OURS:
        held = set(shown.loc[shown["series"] == series.line.label, "signal"])
        lacking = [signal_text(name) for name in signals if name not in held]
        if len(lacking) == len(signals):
            yield f"{series.line.label}: no rows"
        elif lacking:
            yield f"{series.line.label}: not trained for {', '.join(lacking)}"
    empty = shown[shown["value"].isna() & (shown["end"] == "none")]
    for row in empty.to_dict("records"):
        point = WORKING_POINTS[row["at"]]
        yield f"{row['series']}, {signal_text(row['signal'])}, {point}: {row['reason']}"


def _words(shown: pd.DataFrame) -> str:
    never = shown[shown["end"] == "above"]
    parts = [
        f"{series.line.label}: {', '.join(_listed(never, series.line.label))}"
        for series in _OURS
        if series.line.label in set(never["series"])
    ]
    return f"Not reached within the strengths - {'; '.join(parts)}." if parts else ""


def _listed(never: pd.DataFrame, label: str) -> Iterator[str]:
    for signal, part in never[never["series"] == label].groupby("signal", sort=False):
        points = ", ".join(WORKING_POINTS[at] for at in part["at"])
        yield f"{signal_text(str(signal))} ({points})"


def _legend(there: set[str]) -> Iterator[object]:
    for series in _SERIES:
        if series.line.label in there:
            size = 4.0 if series.small else 6.0
            yield style.sample(series.line.label, **series.look, linestyle="none", ms=size)


def _ends(there: set[str], tried: Sequence[float]) -> Iterator[object]:
    """Yield the arrows that are drawn: where the strengths that were tried end before."""
    look: dict[str, Any] = {"color": style.GREY, "linestyle": "none", "ms": 6}
    if "below" in there:
        yield style.sample(f"{min(tried):g} or less, the least tried", marker="<", **look)
    if "above" in there:
        yield style.sample("not reached", marker=">", **look)


FIGURE = Entry(
    name="sensitivity",
    task=TASK,
    reproduces=f"Fig. 7 of {PAPER}",
    caption=(
        "Smallest strength S/sqrt(B) of an injected signal in the signal region (120 to 130 GeV) "
        f"for which the search reaches {TARGET:g} standard deviations after its cut: where "
        "significance improvement times strength, interpolated linearly between the strengths "
        "that were tried, first crosses it. The lower, the better. Left: tight working point "
        "(background efficiency 0.1 %); right: loose (1 %). Bars: crossings of the significance "
        "improvement more and less its error (statistical and systematic); one that has no "
        "crossing ends at the last strength tried. Arrows at the right edge: not reached within "
        "the strengths tried; at the left edge: reached at the smallest one. Dotted: without any "
        "cut. S/sqrt(B) says too much where few background events pass: at the tight point less "
        "than ten in the data. Signal-aware contrastive encoder (SAC): ID learned from every "
        "process, EP from all but the signal that is sought, background-only from no signal. "
        "Small marks: other "
        "embeddings, and two yardsticks on SAC, ID: a search with true background in place of "
        "the flow's samples, and a classifier trained with labels (5 over its significance "
        "improvement, which knows no strength). In the paper ID is lowest everywhere and EP below "
        "background-only for most signals; for the three hardest neither of these two arrives, "
        "for one FCNC signal not even ID."
    ),
    needs="rows/hunt.csv and rows/hunt.json: discovery_strength of every signal",
    source=HuntFiles(),
    make=draw,
)
