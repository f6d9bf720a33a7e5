"""Table 2 of the AnomalyCLR paper: AUC, 1/eps_b and SI of its methods and four signals.

Beside its four methods stands an untrained encoder: what training adds to it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

import numpy as np

from reproduce.adc.comparison import set_beside, working_points
from reproduce.adc.deviations import deviations
from reproduce.adc.drawn import PUBLISHED, of_rows
from reproduce.adc.names import EMBEDDINGS, METRICS, SIGNALS
from reproduce.adc.orderings import HOW, orderings, orderings_text
from reproduce.adc.rows import AdcRows, gaps, main_rows, require
from reproduce.entry import Entry, Made
from reproduce.notation import DASH, bracketed, in_sigma, markdown
from reproduce.published import load_table

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pandas as pd

_NO_TEST = "Differences in sigma are therefore no test of the paper."
_HOW = """\
Ours: mean over trainings; first bracket: standard deviation over trainings (the spread); second
bracket: statistical error (68 % bootstrap over the test events). Both are on the last digits. The
paper: {error}. Last lines: our difference from the paper in standard deviations (spread,
statistical and published error in quadrature; {dash} without a spread or a published number).
1/eps_b and SI are at the signal efficiency {efficiency}; SI = eps_s / sqrt(eps_b)."""


def make(rows: pd.DataFrame) -> Made:
    """Make the table and that of the orderings; see `Entry.make`."""
    table = load_table(PUBLISHED)
    held = main_rows(rows)
    held = held[held["embedding"].isin(EMBEDDINGS) & held["metric"].isin(METRICS)]
    require(held, "the paper's methods")
    points = working_points(held, table)
    numbers = set_beside(points, table)
    judged = orderings(points, table)
    notes = tuple(gaps(held, EMBEDDINGS))
    reasons = _reasons(numbers)
    body = "\n".join(
        (
            markdown(*_lines(numbers, reasons, table.where), left=3),
            *(f"[{k}] {reason}.\n" for reason, k in reasons.items()),
            _HOW.format(error=table.error, efficiency=table.efficiency, dash=DASH) + "\n",
            "## Orderings of the methods\n",
            f"{HOW}\n",
            orderings_text(judged),
        )
    )
    frames = {"": numbers, "-orderings": judged}
    return of_rows(held, differs=_differs(held), body=body, numbers=frames, notes=notes)


def _differs(rows: pd.DataFrame) -> tuple[str, ...]:
    found = deviations(rows)
    return (f"**{' '.join(found)} {_NO_TEST}**",) if found else ()


def _reasons(numbers: pd.DataFrame) -> dict[str, int]:
    """Return the number of the footnote of each reason for a null."""
    found = numbers.loc[numbers["ours"].isna(), "reason"].unique()
    return {reason: k for k, reason in enumerate(found, start=1)}


def _lines(
    numbers: pd.DataFrame, reasons: dict[str, int], where: str
) -> tuple[list[str], list[list[str]]]:
    lines = []
    for key, part in numbers.groupby(["metric", "signal"], sort=False):
        metric, signal = cast("tuple[str, str]", key)
        cells = part.set_index("embedding").loc[list(EMBEDDINGS)]
        rows = cells.to_dict("records")
        first = [METRICS[metric].text, SIGNALS[signal].text]
        lines += [
            [*first, "ours", *(_ours(row, reasons) for row in rows)],
            ["", "", where, *(bracketed(r["published"], r["published_error"]) for r in rows)],
            ["", "", "sigma", *(in_sigma(r["sigma"]) for r in rows)],
        ]
    return ["metric", "signal", "", *(name.text for name in EMBEDDINGS.values())], lines


def _ours(row: Mapping[Any, Any], reasons: dict[str, int]) -> str:
    if np.isfinite(row["ours"]):
        return bracketed(row["ours"], row["spread"], row["statistical"])
    return f"{DASH} [{reasons[row['reason']]}]"


TABLE = Entry(
    name="adc-2",
    title="Table 2 of arXiv:2301.04660v2, ours beside it",
    task="cms_adc",
    reproduces="Table 2 of arXiv:2301.04660",
    needs="raw, untrained, clr, anomclr and anomclr_plus, variant of the paper's settings",
    source=AdcRows(),
    make=make,
)
