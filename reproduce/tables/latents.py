"""How near the latents are to a unit Gaussian, and what they know of the mass."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import pandas as pd

from reproduce.entry import Entry, Made
from reproduce.inputs import RowFile
from reproduce.names import NOT_PUBLISHED
from reproduce.notation import bracketed, markdown
from reproduce.sac.names import (
    BACKGROUND_ONLY,
    EXPLAINED,
    ID,
    MERGED,
    PAPER,
    PROCESSES,
    SAC,
    TASK,
    regime_order,
    regime_text,
)
from reproduce.sac.rows import of_frame, plain, require, summary

if TYPE_CHECKING:
    from collections.abc import Mapping

_METRICS = ("latent_kl", "latent_mean", "latent_width", "latent_kolmogorov", "mass_r2")
_HOW = """\
KL: divergence of the Gaussian with the latents' means and variances from the unit one, summed over
the dimensions, sum_k (mu_k^2 + s_k^2 - 1 - ln s_k^2) / 2; it sees neither other shapes nor
correlations. Largest of the dimensions: abs(mean), and Kolmogorov's distance to a unit Gaussian,
which is 0.87 / sqrt(n) in the mean for n events of one. Widths: standard deviations. R2 of m_gg:
share of its variance that boosted decision trees predict from the latents of test events; 0 is
best, since then a cut on the latents does not shape the spectrum. In brackets: error on the last
digit (test events and, with several trainings, their spread, in quadrature); a largest number has
the error of its dimension, and is biased upwards. A dash: not asked for, or without a value."""


def make(rows: pd.DataFrame) -> Made:
    """Make the table; see `Entry.make`."""
    points = plain(summary(rows[rows["embedding"] == SAC]), "SAC")
    points = require(points[points["metric"].isin(_METRICS)], "the latents of SAC")
    regimes = sorted(points["regime"].unique(), key=regime_order)
    numbers = pd.DataFrame(
        [
            _numbers(points[points["regime"] == regime], regime, process)
            for regime in regimes
            for process in (MERGED, *PROCESSES)
        ]
    )
    lacking = [regime_text(name) for name in (ID, BACKGROUND_ONLY) if name not in regimes]
    notes = (*(f"no rows of {name}" for name in lacking), *_nulls(points))
    tables = [
        f"## {regime_text(regime)}\n\n{_table(numbers[numbers['regime'] == regime])}"
        for regime in regimes
    ]
    body = "\n".join((*tables, _HOW))
    used = rows[rows["embedding"] == SAC]
    return of_frame(used, body=body, numbers={"": numbers}, notes=notes)


def _numbers(points: pd.DataFrame, regime: str, process: str) -> dict[str, Any]:
    """Return what stands in one line."""
    held = points[points["signal"] == process]
    parts = {name: held[held["metric"] == name] for name in _METRICS}
    mean, distance = parts["latent_mean"], parts["latent_kolmogorov"]
    widths = parts["latent_width"]
    return {
        "regime": regime,
        "process": process,
        "events": int(held["n_sig"].max()) if len(held) else 0,
        **_pair("kl", parts["latent_kl"]),
        **_pair("largest_mean", mean.assign(value=mean["value"].abs())),
        **_pair("smallest_width", widths, largest=False),
        **_pair("largest_width", widths),
        **_pair("largest_kolmogorov", distance),
        **_pair("mass_r2", parts["mass_r2"]),
    }


def _pair(name: str, found: pd.DataFrame, *, largest: bool = True) -> dict[str, float]:
    """Return the largest or smallest value with its error; null where one has no value."""
    value = error = math.nan
    if len(found) and found["value"].notna().all():
        place = found["value"].argmax() if largest else found["value"].argmin()
        value, error = (float(found[column].iloc[place]) for column in ("value", "error"))
    return {name: value, f"{name}_error": error}


def _table(numbers: pd.DataFrame) -> str:
    header = ["process", "test events", "KL", "largest abs(mean)", "smallest width"]
    header += ["largest width", "largest Kolmogorov distance", "R2 of m_gg"]
    names = [name for name in numbers.columns if f"{name}_error" in numbers.columns]
    lines = [_line(row, names) for row in numbers.to_dict("records")]
    return markdown(header, lines, left=1)


def _line(row: Mapping[Any, Any], names: list[str]) -> list[str]:
    shown = [bracketed(row[name], row[f"{name}_error"]) for name in names]
    process = "background (equal parts)" if row["process"] == MERGED else row["process"]
    return [process, f"{row['events']:,}", *shown]


def _nulls(points: pd.DataFrame) -> list[str]:
    empty = points[points["value"].isna()].drop_duplicates(["regime", "signal"])
    return [
        f"{regime_text(row['regime'])}, {row['signal']}: no {row['metric']} ({row['reason']})"
        for row in empty.to_dict("records")
    ]


TABLE = Entry(
    name="latents",
    task=TASK,
    title="How near the latents are to a unit Gaussian, and what they know of the mass",
    reproduces=(
        f"{NOT_PUBLISHED}, which shows it in Fig. 1 of {PAPER}: whether the latents are near to a "
        "unit Gaussian and free of the photons' mass"
    ),
    caption=f"Latents of the test events of the encoder half, for each process. {EXPLAINED}",
    needs="rows/probes.csv: signal_aware in each regime, latent_... and mass_r2",
    source=RowFile("probes.csv"),
    make=make,
)
