"""Our numbers beside the published ones."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from reproduce.rows import at_point, summary

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
    """Return a row for each number of a published table, in its order.

    `ours` is the mean over trainings, `spread` the standard deviation over them, `standard_error`
    that of the mean, `statistical` the mean bootstrap error; `sigma` is the difference over the
    quadratic sum of spread, statistical and published error, null where there is no spread;
    `reason` says why `ours` is null.

    Args:
        points: From `working_points`.
        table: The published numbers.
    """
    keys = ["metric", "signal", "embedding"]
    published = pd.DataFrame(
        [(*key, number.value, number.error) for key, number in table.numbers.items()],
        columns=[*keys, "published", "published_error"],
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
