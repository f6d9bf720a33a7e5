"""Our numbers beside the published ones."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from reproduce.adc.names import EMBEDDINGS
from reproduce.adc.rows import at_point, summary

if TYPE_CHECKING:
    from reproduce.published import PublishedTable

COLUMNS = (
    "metric",
    "signal",
    "embedding",
    "ours",
    "spread",
    "standard_error",
    "statistical",
    "n_trainings",
    "n_train",
    "n_sig",
    "n_bkg",
    "published",
    "published_error",
    "difference",
    "sigma",
    "reason",
)
NO_ROWS = "no result rows"


def working_points(rows: pd.DataFrame, table: PublishedTable) -> pd.DataFrame:
    """Return the summary of the rows that have a place in a published table.

    Args:
        rows: Of the paper's settings, with parts.
        table: The published numbers.
    """
    return summary(at_point(rows, table.efficiency))


def set_beside(points: pd.DataFrame, table: PublishedTable) -> pd.DataFrame:
    """Return a row for each metric and signal of a published table, and each embedding.

    In the table's order, the embeddings in that of `EMBEDDINGS`; what the paper does not have is
    null. `ours` is the mean over trainings, `spread` the standard deviation over them,
    `standard_error` that of the mean, `statistical` the mean bootstrap error; `sigma` is the
    difference over the quadratic sum of spread, statistical and published error, null where there
    is no spread; `reason` says why `ours` is null.

    Args:
        points: From `working_points`.
        table: The published numbers.
    """
    keys = ["metric", "signal", "embedding"]
    cells = dict.fromkeys((metric, signal) for metric, signal, _ in table.numbers)
    wanted = [(*cell, embedding) for cell in cells for embedding in EMBEDDINGS]
    found = [table.numbers.get(key) for key in wanted]
    published = pd.DataFrame(wanted, columns=keys).assign(
        published=[number.value if number else np.nan for number in found],
        published_error=[number.error if number else np.nan for number in found],
    )
    ours = points.rename(columns={"value": "ours"})
    made = published.merge(ours, on=keys, how="left", validate="one_to_one")
    made.loc[made["n_trainings"].isna(), "reason"] = NO_ROWS
    counts = ["n_trainings", "n_train", "n_sig", "n_bkg"]
    made[counts] = made[counts].astype("Int64")
    made["difference"] = made["ours"] - made["published"]
    errors = (made["spread"] ** 2 + made["statistical"] ** 2 + made["published_error"] ** 2) ** 0.5
    made["sigma"] = made["difference"] / errors
    return made[list(COLUMNS)]
