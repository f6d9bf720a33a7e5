"""Fig. 3 of the signal-aware contrastive paper: does the search shape the mass by itself?"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from reproduce import style
from reproduce.entry import Entry, Made
from reproduce.inputs import PointFile
from reproduce.notation import bracketed
from reproduce.published import load_values
from reproduce.sac.hunt import HuntFiles, of_hunt
from reproduce.sac.look import LINES
from reproduce.sac.measured import WORKING_POINTS, used_points
from reproduce.sac.names import ID, PAPER, SAC, TASK, regime_order, regime_text
from reproduce.sac.rows import provenance, require
from reproduce.sac.sculpting import aucs, mass_tests, p_values

if TYPE_CHECKING:
    from collections.abc import Iterator

    from matplotlib.axes import Axes

    from reproduce.sac.hunt import Hunt

PUBLISHED = "sac_fig_3"
_ALONE = ("ID", "background-only")  # one regime of this kind
_GRID = np.linspace(0, 1, 101)
_DASHES = {"ID": "-", "IP": "--", "EP": "-.", "background-only": (0, (8, 2))}
_FREE = tuple(style.PALETTE[k] for k in (2, 1, 9, 5, 8, 6, 7))  # not those of ID, background, cuts
_BEFORE: dict[str, Any] = {"color": "0.65"}
_CUTS = {
    0.001: {"color": "black", "marker": "o"},
    0.01: {"color": style.PALETTE[4], "marker": "s"},
}
_BESIDE = {0.001: 0.15, 0.01: -0.15}  # of a bin: two cuts side by side
_LARGEST = 2.6  # of the ratio's axis


def draw(hunt: Hunt) -> Made:
    """Draw the ROC of each regime, and the mass before and after the cuts; see `Entry.make`."""
    held = used_points(hunt.points, "the search without a signal")
    held = held[held["embedding"] == SAC]
    curves = require(_curves(held[held["what"] == "roc"]), "ROC of SAC without a signal")
    masses = _masses(held[(held["what"] == "mass") & (held["regime"] == ID)])
    areas = aucs(hunt.rows)
    areas = areas[areas["embedding"] == SAC]
    tests = mass_tests(hunt.rows)
    tests = tests[(tests["embedding"] == SAC) & (tests["regime"] == ID)]
    notes = tuple(_notes(held, areas, masses, hunt.settings.instances))
    numbers = pd.concat([curves, masses], ignore_index=True)
    with style.styled():
        page, tops, below = style.with_ratios(2, room=1.6)
        looks = dict(_looks(list(curves["regime"].unique())))
        _roc(tops[0], below[0], curves, looks)
        _mass(tops[1], below[1], masses)
        handles = [*_regimes(looks, areas), *_cuts(masses, tests)]
        origin = provenance(held).short()
        style.finish(page, tops, handles, origin=origin, notes=notes, ncols=2)
    paper = load_values(PUBLISHED)
    return of_hunt(
        hunt,
        held,
        words=_words(tests),
        page=page,
        numbers={"": numbers},
        notes=notes,
        assumed=paper.assumed,
    )


def _curves(roc: pd.DataFrame) -> pd.DataFrame:
    """Return the mean curve of each regime over instances, with their spread."""
    parts = []
    for regime in sorted(roc["regime"].unique(), key=regime_order):
        each = [
            np.interp(_GRID, one["x"], one["y"])
            for _, one in roc[roc["regime"] == regime].sort_values(["x", "y"]).groupby("number")
        ]
        spread = np.std(each, axis=0, ddof=1) if len(each) > 1 else np.full(len(_GRID), np.nan)
        found = {"x": _GRID, "y": np.mean(each, axis=0), "spread": spread}
        first = {"what": "roc", "regime": regime, "instances": len(each)}
        parts.append(pd.DataFrame(found).assign(**first))
    return pd.concat(parts, ignore_index=True) if parts else pd.DataFrame()


def _masses(mass: pd.DataFrame) -> pd.DataFrame:
    """Return the mean histogram before and after each cut; errors are of one instance."""
    by = ["what", "regime", "at", "x", "x_high"]
    groups = mass.groupby(by, dropna=False)
    found = groups[["y", "error"]].mean().assign(instances=groups["number"].nunique())
    return found.reset_index()


def _looks(regimes: list[str]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield the look of each: dashes by kind, a colour of its own; dots once those are used up."""
    others = 0
    for regime in regimes:
        label = regime_text(regime).partition(" ")[0]
        dashes = _DASHES.get(label, "-")
        if label in _ALONE:
            yield regime, {"color": LINES[label]["color"], "linestyle": dashes}
            continue
        dashes = dashes if others < len(_FREE) else ":"
        yield regime, {"color": _FREE[others % len(_FREE)], "linestyle": dashes}
        others += 1


def _roc(ax: Axes, below: Axes, curves: pd.DataFrame, looks: dict[str, dict[str, Any]]) -> None:
    for regime, look in looks.items():
        held = curves[curves["regime"] == regime]
        ax.plot(held["x"], held["y"], lw=1.3, **look)
        apart = held["y"] - held["x"]
        below.plot(held["x"], apart, lw=1.3, **look)
        low, high = (apart + side * held["spread"] for side in (-1, 1))
        below.fill_between(held["x"], low, high, color=look["color"], **style.BAND)
    ax.plot([0, 1], [0, 1], color=style.GREY, linestyle=":", lw=1.0)
    below.axhline(0, color=style.GREY, linestyle=":", lw=1.0)
    ax.set_xlim(0, 1)
    ax.set_ylim(0, 1)
    ax.set_ylabel("true background that passes")
    below.set_ylabel("less diagonal")
    below.set_xlabel("generated background that passes")


def _mass(ax: Axes, below: Axes, masses: pd.DataFrame) -> None:
    before = masses[masses["at"].isna()].sort_values("x")
    if before.empty:
        return
    edges = [*before["x"], float(before["x_high"].iloc[-1])]
    ax.stairs(before["y"], edges, fill=True, alpha=0.6, **_BEFORE)
    for at, look in _CUTS.items():
        # A bin without events has no error that could be shown.
        after = masses[(masses["at"] == at) & (masses["y"] > 0)].sort_values("x")
        width = after["x_high"] - after["x"]
        middle = after["x"] + width * (0.5 + _BESIDE[at])
        bars: dict[str, Any] = {**look, "linestyle": "none", "ms": 4, "elinewidth": 1.0}
        ax.errorbar(middle, after["y"], after["error"], capsize=0, **bars)
        base = after[["x"]].merge(before[["x", "y"]], on="x", how="left")["y"].to_numpy()
        base = np.where(base > 0, base, np.nan)
        below.errorbar(middle, after["y"] / base, after["error"] / base, capsize=0, **bars)
    below.axhline(1, color=style.GREY, linestyle=":", lw=1.0)
    ax.set_xlim(edges[0], edges[-1])
    ax.set_ylim(bottom=0)
    below.set_ylim(0, _LARGEST)
    ax.set_ylabel("probability density (1/GeV)")
    below.set_ylabel("after / before")
    below.set_xlabel(r"$m_{\gamma\gamma}$ (GeV)")


def _regimes(looks: dict[str, dict[str, Any]], areas: pd.DataFrame) -> Iterator[object]:
    for regime, look in looks.items():
        row = areas[areas["regime"] == regime]
        area = (
            bracketed(float(row["value"].iloc[0]), float(row["error"].iloc[0]))
            if len(row)
            else "-"
        )
        yield style.sample(f"{regime_text(regime)}: AUC {area}", **look)
    (paper,) = load_values(PUBLISHED).values
    words = f"published: AUC {paper.value:g} $\\pm$ {paper.error:g}"
    yield style.sample(words, linestyle="none")


def _cuts(masses: pd.DataFrame, tests: pd.DataFrame) -> Iterator[object]:
    from matplotlib.patches import Patch

    yield Patch(**_BEFORE, alpha=0.6, label="before the cut (ID)")
    for at, name in WORKING_POINTS.items():
        if (masses["at"] == at).any():
            p = p_values(tests[tests["at"] == at])
            yield style.sample(f"after the {name} cut (ID){p}", linestyle="none", **_CUTS[at])


def _words(tests: pd.DataFrame) -> str:
    parts = [
        f"{name}{p}"
        for at, name in WORKING_POINTS.items()
        if (p := p_values(tests[tests["at"] == at]))
    ]
    if not parts:
        return ""
    return (
        "Kolmogorov-Smirnov test of the masses of events that pass a cut against those of the "
        f"others, for each instance (SAC, ID): {'; '.join(parts)}."
    )


def _notes(
    held: pd.DataFrame, areas: pd.DataFrame, masses: pd.DataFrame, instances: int
) -> Iterator[str]:
    there = held[held["what"] == "roc"].groupby("regime")["number"].nunique()
    if ID not in there.index:
        yield "ID: no ROC"
    for regime, count in there.items():
        name = regime_text(str(regime))
        if count < instances:
            yield f"{name}: {count} of {instances} instances"
        if regime not in set(areas["regime"]):
            yield f"{name}: no AUC"
    before = bool(masses["at"].isna().any())
    if not before:
        yield "ID: no masses before the cut"
    for at, name in WORKING_POINTS.items():
        if not (masses["at"] == at).any():
            yield f"ID: no masses after the {name} cut"


FIGURE = Entry(
    name="sculpting",
    task=TASK,
    reproduces=f"Fig. 3 of {PAPER}",
    caption=(
        "No signal is injected. Left: fractions of true and of generated background that pass "
        "the same cut of classifiers that were trained to tell them apart, cross-fitted, in the "
        "signal region, for each regime of the signal-aware contrastive encoder (SAC): mean over "
        "the instances of the data; below, the distance from the diagonal, on which nothing can "
        "be told apart, with bands of one standard deviation over instances. AUC: mean over "
        "instances; in brackets the error of one instance on the last digit, statistical and "
        "the spread over instances in quadrature. Right: mass of the photon pair of simulated "
        "non-resonant background in the whole window, of all events and of those that pass the "
        "tight (background efficiency 0.1 %) and the loose (1 %) cut of the search on SAC that "
        "learned from every process (ID), each of unit area; below, the ratio to all events. "
        "Means over instances; bars: the statistical error of one instance; bins without events "
        "have none. The paper states an AUC of 0.504 with an error of 0.002, and finds that the "
        "shapes agree."
    ),
    needs="points/sculpting.csv, rows/hunt.csv and rows/hunt.json: signal_aware, signal none",
    source=HuntFiles(
        PointFile(
            "sculpting.csv",
            texts=("embedding", "variant", "regime", "what"),
            numbers=("number", "at", "x", "x_high", "y", "error"),
            gaps=("at", "x_high", "error"),
        )
    ),
    make=draw,
)
