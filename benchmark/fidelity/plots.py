"""Pictures of the comparison: ours as a line with a band, Delphes as points."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import matplotlib as mpl
import numpy as np
import seaborn as sns
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.ticker import FixedLocator, NullFormatter, ScalarFormatter

from benchmark.fidelity import bins
from benchmark.files import atomic_path

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    import pandas as pd
    from matplotlib.axes import Axes
    from numpy.typing import NDArray

_STYLE: dict[Any, Any] = {
    "font.size": 9,
    "axes.linewidth": 0.8,
    "axes.grid": False,
    "xtick.direction": "in",
    "ytick.direction": "in",
    "xtick.top": True,
    "ytick.right": True,
    "legend.frameon": False,
}
_PALETTE = sns.color_palette("colorblind")
_OURS, _TOLERATED = _PALETTE[0], "0.88"
_CARDS = {"atlas": "ATLAS card", "cms": "CMS Phase-II card"}
_NAMES = {
    "efficiency": "efficiency",
    "response median": r"median $p_T / p_T^\mathrm{true}$",
    "response s68": r"$p_T / p_T^\mathrm{true}$ width (68 %)",
    "b-tag efficiency": "b-tag efficiency",
}
_VARIABLES = {
    "jet away from leptons": r"jets above 30 GeV",
    "MET": r"$p_T^\mathrm{miss}$ [GeV]",
    "MET component error": r"$p_{x,y}^\mathrm{miss} - p_{x,y}^\mathrm{inv}$ [GeV]",
    "photon pair mass": r"$m_{\gamma\gamma}$ [GeV]",
}
_TICKS = (5, 10, 20, 50, 100, 200, 500)  # GeV
_LAST_WIDTH = 1.5  # an open bin is drawn up to this multiple of its lower edge


def draw_all(rows: pd.DataFrame, folder: Path) -> list[Path]:
    """Draw every picture and return the files.

    Args:
        rows: From `benchmark.fidelity.compare.compare`.
        folder: Where to; made if missing.
    """
    with mpl.rc_context(_STYLE):
        return [_save(figure, folder / f"{name}.png") for name, figure in _figures(rows)]


def _figures(rows: pd.DataFrame) -> Iterator[tuple[str, Figure]]:
    for card, mine in rows.groupby("card"):
        leptons = [w for w in ("electron", "muon", "photon") if (mine["object"] == w).any()]
        for quantity, name in (("efficiency", "efficiency"), ("response s68", "resolution")):
            panels = [(quantity, w) for w in leptons]
            yield f"{card}_lepton_{name}", _binned(mine, str(card), panels)
        yield f"{card}_jets", _binned(mine, str(card), [(q, "jet") for q in list(_NAMES)[:3]])
        tags = [("b-tag efficiency", f"{flavour} jet") for flavour in ("b", "c")]
        yield f"{card}_btag", _binned(mine, str(card), tags)
        yield f"{card}_events", _distributions(mine[mine["quantity"] == "distribution"], str(card))


def _save(figure: Figure, path: Path) -> Path:
    FigureCanvasAgg(figure)
    with atomic_path(path) as temporary:
        # Without the version of the library the same numbers give the same bytes for longer.
        figure.savefig(temporary, dpi=110, metadata={"Software": None})
    return path


def _binned(rows: pd.DataFrame, card: str, panels: Sequence[tuple[str, str]]) -> Figure:
    """One row of panels a measurement, one column an |eta| bin."""
    rows = rows[rows["bin"] != bins.label(*bins.TOGETHER)]
    chosen = [rows[(rows["quantity"] == q) & (rows["object"] == w)] for q, w in panels]
    columns = max(part["eta"].nunique() for part in chosen)
    figure = Figure(figsize=(3.1 * columns, 2.3 * len(panels) + 0.4), layout="constrained")
    axes = figure.subplots(len(panels), columns, squeeze=False, sharey="row")
    for line, (quantity, what), part in zip(axes, panels, chosen, strict=True):
        for axis, eta in zip(line, [*part["eta"].unique(), *[""] * columns], strict=False):
            if not eta:
                axis.set_axis_off()
                continue
            _panel(axis, part[part["eta"] == eta])
            low, high = bins.edges_of(eta)
            axis.set_title(rf"{what}, {low:g} < $|\eta|$ < {high:g}", fontsize=8)
            axis.set_xscale("log")
            axis.xaxis.set_major_locator(FixedLocator(_TICKS))
            axis.xaxis.set_major_formatter(ScalarFormatter())
            axis.xaxis.set_minor_formatter(NullFormatter())
            axis.set_xlabel(r"jet $p_T$ [GeV]" if "tag" in quantity else r"true $p_T$ [GeV]")
        line[0].set_ylabel(_NAMES[quantity])
    _finish(figure, axes[0, 0], card)
    return figure


def _distributions(rows: pd.DataFrame, card: str) -> Figure:
    """One panel a sample and variable."""
    wanted = [
        (sample, what)
        for what in _VARIABLES
        for sample in rows.loc[rows["object"] == what, "sample"].unique()
    ]
    columns = 3
    lines = math.ceil(len(wanted) / columns)
    figure = Figure(figsize=(3.1 * columns, 2.3 * lines + 0.4), layout="constrained")
    axes = figure.subplots(lines, columns, squeeze=False)
    for axis in axes.ravel()[len(wanted) :]:
        axis.set_axis_off()
    for axis, (sample, what) in zip(axes.ravel(), wanted, strict=False):
        _panel(axis, rows[(rows["sample"] == sample) & (rows["object"] == what)], judged=False)
        axis.set_title(sample, fontsize=8)
        axis.set_xlabel(_VARIABLES[what])
        axis.set_ylabel("share per bin")
        axis.set_ylim(bottom=0)
    _finish(figure, axes[0, 0], card)
    return figure


def _panel(axis: Axes, part: pd.DataFrame, *, judged: bool = True) -> None:
    """Ours as steps with a band of one standard deviation; the tolerance around Delphes."""
    edges = np.array([bins.edges_of(text) for text in part["bin"]])
    edges[:, 1] = np.where(np.isinf(edges[:, 1]), edges[:, 0] * _LAST_WIDTH, edges[:, 1])
    value, error = part["value"].to_numpy(float), part["error"].to_numpy(float)
    reference = part["reference"].to_numpy(float)
    if judged:
        for (left, right), low, high in zip(edges, *_tolerated(part, reference), strict=True):
            axis.fill_between([left, right], low, high, color=_TOLERATED, lw=0)
    for (left, right), middle, half in zip(edges, value, error, strict=True):
        axis.fill_between(
            [left, right], middle - half, middle + half, color=_OURS, alpha=0.35, lw=0
        )
        axis.plot([left, right], [middle, middle], color=_OURS)
    centre = np.sqrt(edges[:, 0] * edges[:, 1]) if judged else edges.mean(axis=1)
    axis.errorbar(centre, reference, part["reference_error"], fmt="o", color="black", ms=3, lw=0.8)


def _tolerated(
    part: pd.DataFrame, reference: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Range that passes in each bin; empty where nothing is judged."""
    limit = np.where(part["verdict"].isin(["pass", "fail"]), part["tolerance"], 0.0)
    factor = (part["scale"] == "factor").to_numpy(bool)
    low = np.where(factor, reference * np.exp(-limit), reference - limit)
    high = np.where(factor, reference * np.exp(limit), reference + limit)
    return np.nan_to_num(low), np.nan_to_num(high)


def _finish(figure: Figure, axis: Axes, card: str) -> None:
    """Legend and heading."""
    axis.plot([], [], color=_OURS, label="DIADEM")
    axis.errorbar([], [], [], fmt="o", color="black", ms=3, lw=0.8, label="Delphes 3.5.1")
    axis.fill_between([], [], [], color=_TOLERATED, label="tolerance")
    axis.legend(fontsize=7)
    figure.suptitle(
        f"Simulation   {_CARDS.get(card, card)}, 13 TeV", x=0.01, ha="left", fontsize=9
    )
