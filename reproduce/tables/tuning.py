"""The scan of the hyper-parameters that the signal-aware contrastive paper leaves open."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import pandas as pd

from baselines.method_card import defaults
from benchmark.errors import DataError, complaint
from reproduce.entry import Entry, Made
from reproduce.inputs import REMEDY, RowFile
from reproduce.names import NOT_PUBLISHED
from reproduce.notation import bracketed, markdown, setting
from reproduce.sac.deviations import deviations
from reproduce.sac.names import BACKGROUND_ONLY, PAPER, SAC, TASK, regime_order, regime_text
from reproduce.sac.rows import of_frame, require, summary

if TYPE_CHECKING:
    from collections.abc import Mapping

_SCANNED = ("beta", "temperature", "learning_rate")
_NULL = (math.nan, math.nan)
_PERCENT = 100
_HOW = """\
Accuracy: mean of the diagonal of the confusion matrix of nine classes by a linear classifier, in
percent. KL to the unit Gaussian: the mean over the processes. Kolmogorov distance to it: the
largest of all processes and dimensions. AUC of a flow: unseen events of the continuum against
samples of flows that learned their density; 0.5 is best. In brackets: error on the last digit, of
the events; a largest number has its own, and is biased upwards. Chosen: the values of the method
card (bold), with which the results were made."""


def make(rows: pd.DataFrame) -> Made:
    """Make the table; see `Entry.make`."""
    points = require(summary(rows[rows["embedding"] == SAC]), "the scan of SAC")
    numbers = require(_numbers(points), f"variants that name {', '.join(_SCANNED)}")
    notes = tuple(
        f"{regime_text(str(regime))}: the chosen values are none of the scan's"
        for regime, part in numbers.groupby("regime")
        if not part["chosen"].any()
    )
    header = ["regime", "beta", "temperature", "learning rate", "accuracy", "mean KL"]
    header += ["largest Kolmogorov distance", "AUC of a flow", "chosen"]
    lines = [_line(row) for row in numbers.to_dict("records")]
    body = f"{markdown(header, lines, left=1)}\n{_HOW}\n"
    differs = tuple(deviations(rows, scan=True))
    return of_frame(rows, body=body, numbers={"": numbers}, notes=notes, differs=differs)


def _numbers(points: pd.DataFrame) -> pd.DataFrame:
    card = defaults(SAC)
    found = []
    for key, part in points.groupby(["regime", "own"]):
        regime, own = (str(name) for name in key)
        values = _settings(own)
        beta = card["beta_background"] if regime == BACKGROUND_ONLY else card["beta"]
        wanted = {"beta": beta, **{name: card[name] for name in _SCANNED[1:]}}
        accuracy, kl = _mean(part, "mean_diagonal"), _mean(part, "latent_kl")
        distance, learned = _largest(part, "latent_kolmogorov"), _mean(part, "flow_auc")
        found.append(
            {
                "regime": regime,
                **values,
                **dict(zip(("accuracy", "accuracy_error"), accuracy, strict=True)),
                **dict(zip(("kl", "kl_error"), kl, strict=True)),
                **dict(zip(("kolmogorov", "kolmogorov_error"), distance, strict=True)),
                **dict(zip(("flow_auc", "flow_auc_error"), learned, strict=True)),
                "chosen": int(all(math.isclose(values[k], wanted[k]) for k in _SCANNED)),
            }
        )
    made = pd.DataFrame(found)
    place = made["regime"].map(regime_order)
    return made.assign(place=place).sort_values(["place", *_SCANNED]).drop(columns="place")


def _settings(own: str) -> dict[str, float]:
    """Return the scanned values of a variant.

    Raises:
        DataError: It does not name them all, or one is no number.
    """
    given = dict(item.split("=", 1) for item in own.split(";") if item)
    try:
        return {name: float(given[name]) for name in _SCANNED}
    except (KeyError, ValueError) as error:
        expected = ";".join(f"{name}=..." for name in _SCANNED)
        message = complaint(
            "no variant of the scan", found=repr(own), expected=expected, remedy=REMEDY
        )
        raise DataError(message) from error


def _mean(part: pd.DataFrame, metric: str) -> tuple[float, float]:
    """Return the mean over what the metric is of (processes, of independent events)."""
    held = part[part["metric"] == metric]
    if held.empty or held["value"].isna().any():
        return _NULL
    return float(held["value"].mean()), math.hypot(*held["error"]) / len(held)


def _largest(part: pd.DataFrame, metric: str) -> tuple[float, float]:
    held = part[part["metric"] == metric]
    if held.empty or held["value"].isna().any():
        return _NULL
    row = held.iloc[int(held["value"].argmax())]
    return float(row["value"]), float(row["error"])


def _line(row: Mapping[Any, Any]) -> list[str]:
    cells = [
        *(setting(row[name]) for name in _SCANNED),
        bracketed(_PERCENT * row["accuracy"], _PERCENT * row["accuracy_error"]),
        bracketed(row["kl"], row["kl_error"]),
        bracketed(row["kolmogorov"], row["kolmogorov_error"]),
        bracketed(row["flow_auc"], row["flow_auc_error"]),
    ]
    shown = [f"**{cell}**" for cell in cells] if row["chosen"] else cells
    return [regime_text(row["regime"]), *shown, "chosen" if row["chosen"] else ""]


TABLE = Entry(
    name="tuning",
    task=TASK,
    title="The hyper-parameters that the paper leaves open",
    reproduces=(
        f"{NOT_PUBLISHED}: {PAPER} gives neither temperature nor learning rate nor the weight "
        "beta of the KL divergence, which are chosen by this scan"
    ),
    caption=(
        "The signal-aware contrastive encoder trained with each set of values, measured on the "
        "validation part of the encoder half; the test part and the pseudo-data are not looked "
        "at. beta is chosen by itself for background-only, as in the paper."
    ),
    needs="rows/tuning.csv: signal_aware, variants beta=...;learning_rate=...;temperature=...",
    source=RowFile("tuning.csv"),
    make=make,
)
