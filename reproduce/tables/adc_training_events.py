"""How AnomCLR+ and the raw autoencoder are ordered at each size of the training set."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reproduce.adc.comparison import working_points
from reproduce.adc.drawn import PUBLISHED, of_rows
from reproduce.adc.orderings import (
    HOW_OURS,
    VERDICTS,
    Claim,
    as_numbers,
    judge,
    tally,
    verdict_cells,
)
from reproduce.adc.rows import (
    BEST,
    MAIN,
    RAW,
    RAW_SCAN,
    SCANS,
    AdcRows,
    gaps,
    missing_sizes,
    require,
    rows_by_size,
)
from reproduce.entry import Entry, Made
from reproduce.names import NOT_PUBLISHED
from reproduce.notation import markdown
from reproduce.published import load_table

if TYPE_CHECKING:
    import pandas as pd

_CLAIM = Claim(above=BEST, below=RAW)


def make(rows: pd.DataFrame) -> Made:
    """Make the table; see `Entry.make`."""
    table = load_table(PUBLISHED)
    held = rows_by_size(rows)
    held = require(held[held["embedding"].isin((BEST, RAW))], "AE-Raw or AnomCLR+")
    points = require(working_points(held, table), "AE-Raw or AnomCLR+ at the working point")
    judged = as_numbers(
        [
            {"n_train": n_train, **found}
            for n_train, part in points.groupby("n_train")
            for found in judge(part, _CLAIM)
        ]
    )
    notes = (*gaps(held, (RAW, BEST)), *missing_sizes(held))
    body = "\n".join(
        (
            f"How often it holds, of metrics and signals:\n\n{_counts(judged)}",
            f"Difference AnomCLR+ - AE-Raw, at the signal efficiency {table.efficiency}:\n",
            _lines(judged),
            f"In brackets: standard error, on the last digits. {HOW_OURS}\n",
        )
    )
    return of_rows(held, differs=(), body=body, numbers={"": judged}, notes=notes)


def _counts(judged: pd.DataFrame) -> str:
    lines = [[f"{n:,}", *tally(part)] for n, part in judged.groupby("n_train")]
    return markdown(["training events", *VERDICTS], lines, left=0)


def _lines(judged: pd.DataFrame) -> str:
    header = ["training events", "metric", "signal", "difference", "in sigma", "verdict"]
    lines = [[f"{row['n_train']:,}", *verdict_cells(row)] for row in judged.to_dict("records")]
    return markdown(header, lines, left=3)


TABLE = Entry(
    name="adc-training-events",
    title=f"{_CLAIM.text} at each size of the training set?",
    task="cms_adc",
    reproduces=(
        f"{NOT_PUBLISHED}: how far the paper's orderings depend on the size of the training set "
        "(arXiv:2301.04660 trains on a million events)"
    ),
    needs="raw and anomclr_plus, variant of the paper's settings and the variants events=...",
    source=AdcRows(every_size=True, of=(MAIN, SCANS, RAW_SCAN)),
    make=make,
)
