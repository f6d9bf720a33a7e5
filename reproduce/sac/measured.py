"""The search's result rows over the instances of the data, and what is missing among them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from benchmark.hunt.sensitivity import BELOW, NOT_REACHED
from benchmark.results import format_variant, summarise
from reproduce.sac.names import signal_text
from reproduce.sac.rows import require

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from reproduce.sac.hunt import HuntSettings

SIC = "significance_improvement_at_background"
SPREAD = "ensemble_spread"
STRENGTH = "discovery_strength"
TIGHT, LOOSE = 0.001, 0.01
WORKING_POINTS = {TIGHT: "tight", LOOSE: "loose"}
"""Background efficiencies: inferred from the significance improvements that the paper states."""
CATHODE, IDEALISED, BY_LABELS = "cathode", "idealised", "supervised"
_PLAIN = (("", CATHODE), ("", ""))
CELL = ("embedding", "regime", "detector", "signal", "strength", "at")
"""Columns that name a number of the search."""


@dataclass(frozen=True, kw_only=True)
class Line:
    """A line of a figure: one embedding, regime and detector.

    Attributes:
        label: In words.
        embedding: Its name.
        regime: Its name.
        detector: What scores the events.
    """

    label: str
    embedding: str
    regime: str
    detector: str = CATHODE

    def of(self, frame: pd.DataFrame) -> pd.DataFrame:
        """Return its part of a frame of `summary`, in the order of the strengths."""
        same = frame["embedding"] == self.embedding
        same &= (frame["regime"] == self.regime) & (frame["detector"] == self.detector)
        held = frame[same]
        return held.sort_values("strength") if "strength" in held else held


def detector_of(variant: str) -> tuple[str, str]:
    """Return the embedding's own variant and the detector of a row; "" for none.

    Example:
        >>> detector_of("beta=0.1;detector=cathode")
        ('beta=0.1', 'cathode')
    """
    held = dict(item.split("=", 1) for item in variant.split(";") if item)
    detector = held.pop("detector", "")
    return format_variant(held), detector


def used_rows(rows: pd.DataFrame, metrics: Iterable[str], what: str) -> pd.DataFrame:
    """Return the rows of metrics, of embeddings with the settings of the profile.

    Args:
        rows: Result rows of the search.
        metrics: Names of the metrics.
        what: Of which rows, in words.

    Raises:
        DataError: There are none.
    """
    own = {text: detector_of(text)[0] for text in rows["variant"].unique()}
    plain = rows["variant"].map(own) == ""
    return require(rows[plain & rows["metric"].isin(tuple(metrics))], what)


def used_points(points: pd.DataFrame | None, what: str) -> pd.DataFrame:
    """Return points of the search on embeddings with the settings of the profile.

    Args:
        points: With the columns of `Hunt.points`; None for none.
        what: Of which points, in words.

    Raises:
        DataError: There are none.
    """
    if points is None:
        points = pd.DataFrame(columns=["variant"])
    told = {text: detector_of(text) in _PLAIN for text in points["variant"].unique()}
    return require(points[points["variant"].map(told).astype(bool)], what)


def summary(rows: pd.DataFrame) -> pd.DataFrame:
    """Return each number over the instances of the data.

    Args:
        rows: From `used_rows`.

    Returns:
        The columns `CELL`, metric, value (mean over instances; null if one is), spread (standard
        deviation over instances; null with one), test_events (68 % bootstrap interval over test
        events, halved: mean over instances), statistical (both in quadrature), instances, n_sig,
        n_bkg (the fewest), reason.
    """
    found = summarise(rows)
    named = {
        "detector": found["variant"].map(lambda text: detector_of(text)[1]),
        "test_events": found["statistical"],
        "statistical": np.hypot(found["spread"].fillna(0.0), found["statistical"]),
        "instances": found["n_trainings"],
    }
    columns = ["metric", "value", "spread", "test_events", "statistical"]
    return found.assign(**named)[
        [*CELL, *columns, "instances", "n_train", "n_sig", "n_bkg", "reason"]
    ]


def summary_of_all(rows: pd.DataFrame) -> pd.DataFrame:
    """Return numbers that are of all instances together: the strengths of discoveries.

    Args:
        rows: From `used_rows`.

    Returns:
        The columns `CELL` without the strength, value, err_lo, err_hi, n_sig, n_bkg, reason, and
        end: "above" or "below" where the grid of strengths ends before, else "none".
    """
    detectors = {text: detector_of(text)[1] for text in rows["variant"].unique()}
    reason = rows["reason"]
    below, above = (reason.str.startswith(text) for text in (BELOW, NOT_REACHED))
    named: dict[str, Any] = {
        "detector": rows["variant"].map(detectors),
        "end": np.select([below, above], ["below", "above"], "none"),
    }
    columns = [name for name in CELL if name != "strength"]
    columns += ["value", "err_lo", "err_hi", "n_train", "n_sig", "n_bkg", "reason", "end"]
    return rows.assign(**named)[columns].reset_index(drop=True)


def sic_points(rows: pd.DataFrame) -> pd.DataFrame:
    """Return the significance improvements at the working points, with their systematic errors.

    Args:
        rows: Result rows of the search.

    Returns:
        The columns of `summary` and systematic: standard deviation over the ensembles of
        classifiers, mean over instances; null where there is none.

    Raises:
        DataError: There are none.
    """
    found = summary(used_rows(rows, (SIC, SPREAD), "the search's significance improvement"))
    found = found[found["at"].isin(WORKING_POINTS)]
    sic = require(found[found["metric"] == SIC], "the search's significance improvement")
    spread = found.loc[found["metric"] == SPREAD, [*CELL, "value"]]
    return sic.merge(spread.rename(columns={"value": "systematic"}), on=list(CELL), how="left")


def gaps(
    points: pd.DataFrame, lines: Iterable[tuple[str, Line]], settings: HuntSettings
) -> Iterator[str]:
    """Yield sentences about lines that are missing, or hold less than they should.

    Args:
        points: From `sic_points`.
        lines: Signals, each with a line.
        settings: Of the search: how many instances and strengths there should be.
    """
    for signal, line in lines:
        name = f"{line.label}, {signal_text(signal)}"
        held = line.of(points[points["signal"] == signal])
        if held.empty:
            yield f"{name}: no rows"
            continue
        lacking = sorted(set(settings.strengths) - set(held["strength"]))
        if lacking and held["strength"].notna().any():
            yield f"{name}: nothing at strength {', '.join(f'{s:g}' for s in lacking)}"
        yield from _fewer(name, held, settings.instances)
        yield from nulls(name, held)


def _fewer(name: str, held: pd.DataFrame, instances: int) -> Iterator[str]:
    fewest = int(held["instances"].min())
    if held["strength"].notna().any() and fewest < instances:
        yield f"{name}: {fewest} of {instances} instances"


def nulls(name: str, held: pd.DataFrame) -> Iterator[str]:
    """Yield a sentence for each working point at which numbers have no value."""
    for at, point in WORKING_POINTS.items():
        whole = held[held["at"] == at]
        empty = whole[whole["value"].isna()]
        if len(empty):
            reason = empty["reason"].iloc[0]
            yield f"{name}, {point}: {len(empty)} of {len(whole)} without a value ({reason})"


def carried(points: pd.DataFrame) -> str:
    """Return how many test events carry the numbers at each working point, in a sentence."""
    parts = []
    for at, name in WORKING_POINTS.items():
        held = points[(points["at"] == at) & points["value"].notna()]
        if len(held):
            signal, background = (_range(held[column]) for column in ("n_sig", "n_bkg"))
            parts.append(f"{name} point: {background} background and {signal} signal events")
    return f"Test events that pass the cut: {'; '.join(parts)}." if parts else ""


def _range(counts: pd.Series) -> str:
    low, high = int(counts.min()), int(counts.max())
    return f"{low:,}" if low == high else f"{low:,} to {high:,}"
