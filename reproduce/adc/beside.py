"""The published numbers in the frames behind the figures."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import pandas as pd

    from reproduce.published import PublishedTable

_NO_WORKING_POINT = ("auc",)


def beside(numbers: pd.DataFrame, table: PublishedTable) -> pd.DataFrame:
    """Return `numbers` with columns `published` and `published_error`; null where none is.

    Args:
        numbers: From `reproduce.adc.rows.summary`, of the paper's own settings.
        table: Of the paper.
    """
    keys = zip(numbers["metric"], numbers["signal"], numbers["embedding"], strict=True)
    found = [table.numbers.get(key) for key in keys]
    there = numbers["metric"].isin(_NO_WORKING_POINT) | np.isclose(
        numbers["at"].astype(float), table.efficiency
    )
    value = [number.value if number else np.nan for number in found]
    error = [number.error if number else np.nan for number in found]
    added = numbers.assign(published=value, published_error=error)
    added.loc[~there, ["published", "published_error"]] = np.nan
    return added
