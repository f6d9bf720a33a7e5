"""Result rows and points of the diphoton task, as its figures and tables want them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from benchmark.errors import DataError, complaint
from benchmark.results import summarise
from reproduce.entry import Made
from reproduce.inputs import REMEDY
from reproduce.provenance import Provenance, listed
from reproduce.sac.deviations import assumed, deviations

if TYPE_CHECKING:
    import pandas as pd

_FEW = 3  # numbers of training events that are listed one by one


def summary(rows: pd.DataFrame) -> pd.DataFrame:
    """Return `benchmark.results.summarise` of rows, with more columns.

    Args:
        rows: Result rows.

    Returns:
        Also `own` and `probe`, the parts of the variant; `of` and `metric`, where a metric has an
        argument ("zprime" of "assigned:zprime"); and `error`, the spread over trainings (none
        with one training) and the statistical error in quadrature.
    """
    found = summarise(rows)
    from benchmark.probes.rows import split_variant  # with all that trains trees

    parts = {text: split_variant(text) for text in found["variant"].unique()}
    metric = found["metric"].str.partition(":")
    return found.assign(
        own=found["variant"].map({text: own for text, (own, _) in parts.items()}),
        probe=found["variant"].map({text: probe for text, (_, probe) in parts.items()}),
        metric=metric[0],
        of=metric[2],
        error=np.hypot(found["spread"].fillna(0.0), found["statistical"]),
    )


def plain(frame: pd.DataFrame, what: str) -> pd.DataFrame:
    """Return the rows of the embeddings' settings of the profile, without the user's changes.

    Args:
        frame: With the column `own`, or `variant` where no probe is named.
        what: Of which rows, in words.

    Raises:
        DataError: There are none.
    """
    return require(frame[frame["own" if "own" in frame else "variant"] == ""], what)


def require(frame: pd.DataFrame, what: str) -> pd.DataFrame:
    """Return a frame that is not empty.

    Raises:
        DataError: It is.
    """
    if len(frame):
        return frame
    message = complaint(f"no results of {what}", remedy=REMEDY)
    raise DataError(message)


def provenance(frame: pd.DataFrame) -> Provenance:
    """Return where rows or points come from."""
    if "n_train" not in frame:
        return Provenance.of(frame)
    sizes = sorted(int(n) for n in frame["n_train"].unique())
    few = listed([f"{n:,}" for n in sizes]) if len(sizes) <= _FEW else ""
    return Provenance.of(frame, f"training events {few or f'{sizes[0]:,} to {sizes[-1]:,}'}")


def of_frame(frame: pd.DataFrame, **made: Any) -> Made:
    """Return a figure or table, with where its numbers come from and how that departs.

    Args:
        frame: Rows or points that it was made from.
        **made: Other fields of `Made`.
    """
    said = {
        "origin": provenance(frame).line(),
        "differs": tuple(deviations(frame)),
        "assumed": assumed(),
    }
    return Made(**{**said, **made})
