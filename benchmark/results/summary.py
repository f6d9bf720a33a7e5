"""The mean over trainings of each result, with its spread."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from benchmark.results.files import validate_rows
from benchmark.results.rules import KEY, TRAINING

if TYPE_CHECKING:
    import pandas as pd

GROUP = tuple(name for name in KEY if name not in TRAINING)
"""Columns that name a row of a summary."""


def summarise(rows: pd.DataFrame) -> pd.DataFrame:
    """Return the mean over the trainings of each method, signal, metric and working point.

    Args:
        rows: As for `validate_rows`.

    Returns:
        One row for each result, sorted, with the columns `GROUP` and

        - value: mean over the trainings; null if any of them is null.
        - spread: standard deviation over the trainings; null with one training.
        - standard_error: of the mean. Trainings that share an embedding are not independent: it
          is the standard deviation of the embeddings' means over the root of their number; with
          one embedding the same of its detectors; null with one training.
        - statistical: mean of the bootstrap errors, both sides. The trainings share the test
          sample, so it does not fall with their number.
        - n_trainings: how many.
        - n_independent: how many embeddings, or detectors when there is one embedding.
        - n_train, n_sig, n_bkg: the smallest of the trainings.
        - reason: of the first null training; empty when there is none.

    Raises:
        DataError: A row is not valid.
    """
    valid = validate_rows(rows)
    number = valid.groupby(list(GROUP), dropna=False, sort=False).ngroup().rename("group")
    first = valid.loc[~number.duplicated().to_numpy(), list(GROUP)]
    summary = first.set_index(number[first.index])
    groups = valid.groupby(number)
    summary["value"] = groups["value"].mean()
    summary["spread"] = groups["value"].std(ddof=1)
    independent = _independent(valid, number)
    summary["standard_error"] = independent["std"] / np.sqrt(independent["size"])
    summary["statistical"] = ((valid["err_lo"] + valid["err_hi"]) / 2).groupby(number).mean()
    summary["n_trainings"] = groups.size()
    summary["n_independent"] = independent["size"]
    for name in ("n_train", "n_sig", "n_bkg"):
        summary[name] = groups[name].min()
    null = groups["value"].count() < groups.size()
    summary.loc[null, ["value", "spread", "standard_error", "statistical"]] = np.nan
    reasons = valid["reason"].where(valid["reason"] != "")
    summary["reason"] = reasons.groupby(number).first().fillna("").astype("str")
    return summary.reset_index(drop=True)


def _independent(valid: pd.DataFrame, number: pd.Series) -> pd.DataFrame:
    """Return standard deviation and size over the independent trainings of each group."""
    embeddings = valid["value"].groupby([number, valid["embedding_seed"]]).mean()
    over = embeddings.groupby("group").agg(["std", "size"])
    single = valid["value"].groupby(number).agg(["std", "size"])
    return over.where(over["size"] > 1, single)
