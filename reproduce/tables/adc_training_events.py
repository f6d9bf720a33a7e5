"""How AnomCLR+ and the raw autoencoder are ordered at each size of the training set."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reproduce.names import NOT_PUBLISHED
from reproduce.published import load_table
from reproduce.rows import BEST, RAW, gaps, missing_sizes, provenance, require, rows_by_size
from reproduce.tables.comparison import working_points
from reproduce.tables.notation import markdown
from reproduce.tables.orderings import (
    HOW_OURS,
    VERDICTS,
    Claim,
    as_numbers,
    judge,
    tally,
    verdict_cells,
)
from reproduce.tables.table import Made, Table

if TYPE_CHECKING:
    import pandas as pd

_TABLE = "aclr_table_2"
_CLAIM = Claim(above=BEST, below=RAW)


def make(rows: pd.DataFrame) -> Made:
    """Make the table; see `Table.make`."""
    table = load_table(_TABLE)
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
    text = "\n".join(
        (
            f"# {_CLAIM.text} at each size of the training set?\n",
            f"{provenance(held).line()}.\n",
            *(f"**Incomplete: {note}.**\n" for note in notes),
            f"How often it holds, of metrics and signals:\n\n{_counts(judged)}",
            f"Difference AnomCLR+ - AE-Raw, at the signal efficiency {table.efficiency}:\n",
            _lines(judged),
            f"In brackets: standard error, on the last digits. {HOW_OURS}\n",
        )
    )
    return Made(text=text, numbers={"": judged}, notes=notes)


def _counts(judged: pd.DataFrame) -> str:
    lines = [[f"{n:,}", *tally(part)] for n, part in judged.groupby("n_train")]
    return markdown(["training events", *VERDICTS], lines, left=0)


def _lines(judged: pd.DataFrame) -> str:
    header = ["training events", "metric", "signal", "difference", "in sigma", "verdict"]
    lines = [[f"{row['n_train']:,}", *verdict_cells(row)] for row in judged.to_dict("records")]
    return markdown(header, lines, left=3)


TABLE = Table(
    name="adc-training-events",
    task="cms_adc",
    reproduces=(
        f"{NOT_PUBLISHED}: how far the paper's orderings depend on the size of the training set "
        "(arXiv:2301.04660 trains on a million events)"
    ),
    needs="raw and anomclr_plus, variant of the paper's settings and the variants events=...",
    published=_TABLE,
    make=make,
    every_size=True,
)
