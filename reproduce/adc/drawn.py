"""What every figure and table of the CMS-ADC task says of its rows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from reproduce.adc.deviations import deviations
from reproduce.adc.rows import provenance
from reproduce.entry import Made
from reproduce.published import load_table

if TYPE_CHECKING:
    import pandas as pd

PUBLISHED = "aclr_table_2"


def of_rows(rows: pd.DataFrame, **made: Any) -> Made:
    """Return a figure or table of rows, with where they come from and how that departs.

    Args:
        rows: That it was made from.
        **made: Other fields of `Made`.
    """
    said = {
        "origin": provenance(rows).line(),
        "differs": tuple(deviations(rows)),
        "assumed": load_table(PUBLISHED).assumed,
    }
    return Made(**{**said, **made})
