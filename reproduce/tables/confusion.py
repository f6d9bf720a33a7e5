"""How well nine classes are told apart: every embedding, regime and classifier."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import pandas as pd

from reproduce.entry import Entry, Made
from reproduce.inputs import RowFile
from reproduce.notation import DASH, bracketed, markdown
from reproduce.published import load_statements
from reproduce.sac.matrices import CONFUSION, DIAGONALS, diagonal, of_one
from reproduce.sac.names import (
    EMBEDDINGS,
    EXPLAINED,
    ID,
    PAPER,
    PROBES,
    SUPERVISED,
    TASK,
    embedding_order,
    embedding_text,
    regime_order,
    regime_text,
)
from reproduce.sac.rows import of_frame, plain, require, summary

if TYPE_CHECKING:
    from collections.abc import Mapping

_STATEMENTS = "sac_fig_8"
_PERCENT = 100
_HOW = """\
In percent; in brackets the error on the last digit: of the test events and, with several
trainings, their spread, in quadrature. To supervised: difference of the mean diagonal from that of
the supervised transformer (ID), in points; errors in quadrature, neglecting that all see the same
test events."""
_HOW_STATED = """\
Relative: our difference over the value of the supervised transformer; in points: the difference
itself. The paper's wording may mean either; its "about" has no error."""


def make(rows: pd.DataFrame) -> Made:
    """Make the table and that of the paper's statements; see `Entry.make`."""
    points = plain(summary(rows), "embeddings with the settings of the profile")
    points = require(points[points["metric"].isin(CONFUSION)], "confusion matrices")
    numbers = _numbers(points)
    stated = _statements(numbers)
    there = set(points["embedding"])
    notes = tuple(f"{name.text}: no rows" for key, name in EMBEDDINGS.items() if key not in there)
    body = "\n".join(
        (
            _table(numbers),
            f"{_HOW}\n",
            "## What the paper says\n",
            _stated_table(stated),
            f"{_HOW_STATED}\n",
        )
    )
    used = rows[rows["embedding"].isin(there)]
    return of_frame(used, body=body, numbers={"": numbers, "-statements": stated}, notes=notes)


def _numbers(points: pd.DataFrame) -> pd.DataFrame:
    """Return a row for each matrix, with its diagonals and their differences."""
    keys = points[["embedding", "regime", "probe"]].drop_duplicates()
    matrices = sorted(keys.itertuples(index=False, name=None), key=_order)
    reference = of_one(points, SUPERVISED, ID, "own")
    return pd.DataFrame(
        [
            {
                "embedding": embedding,
                "regime": regime,
                "probe": probe,
                **_diagonals(of_one(points, embedding, regime, probe), reference),
            }
            for embedding, regime, probe in matrices
        ]
    )


def _order(key: tuple[str, str, str]) -> tuple[Any, ...]:
    embedding, regime, probe = key
    return embedding_order(embedding), embedding, regime_order(regime), list(PROBES).index(probe)


def _diagonals(held: pd.DataFrame, reference: pd.DataFrame) -> dict[str, float]:
    found: dict[str, float] = {}
    for name in DIAGONALS:
        column = name.replace(" ", "_")
        ours, theirs = (_value(diagonal(part, name)) for part in (held, reference))
        found |= {column: ours[0], f"{column}_error": ours[1]}
        found |= {
            f"{column}_difference": ours[0] - theirs[0],
            f"{column}_difference_error": math.hypot(ours[1], theirs[1]),
            f"{column}_supervised": theirs[0],
        }
    return found


def _value(row: Mapping[Any, Any] | None) -> tuple[float, float]:
    return (math.nan, math.nan) if row is None else (row["value"], row["error"])


def _table(numbers: pd.DataFrame) -> str:
    header = ["embedding", "regime", "classifier", *DIAGONALS, "to supervised"]
    lines = []
    for row in numbers.to_dict("records"):
        names = [embedding_text(row["embedding"]), regime_text(row["regime"])]
        columns = [name.replace(" ", "_") for name in DIAGONALS]
        values = [_percent(row[name], row[f"{name}_error"]) for name in columns]
        itself = row["embedding"] == SUPERVISED and row["regime"] == ID
        kind = "mean_diagonal_difference"
        apart = DASH if itself else _percent(row[kind], row[f"{kind}_error"], sign=True)
        lines.append([*names, PROBES[row["probe"]], *values, apart])
    return markdown(header, lines, left=3)


def _percent(value: float, error: float, *, sign: bool = False) -> str:
    shown = bracketed(_PERCENT * value, _PERCENT * error)
    return f"+{shown}" if sign and value > 0 else shown


def _statements(numbers: pd.DataFrame) -> pd.DataFrame:
    """Return what the paper says, ours beside it: by the BDT, in ID or the only regime."""
    paper = load_statements(_STATEMENTS)
    column = {key: name.replace(" ", "_") for name, key in DIAGONALS.items()}
    rows = []
    for said in paper.statements:
        held = numbers[(numbers["embedding"] == said.embedding) & (numbers["probe"] == "bdt")]
        held = held[(held["regime"] == ID) | (len(held) == 1)]
        name = column[said.metric.partition(":")[0], said.signal]
        ours = dict(held.iloc[0]) if len(held) else {}
        difference = ours.get(f"{name}_difference", math.nan)
        error = ours.get(f"{name}_difference_error", math.nan)
        # Over a share of 0, nothing is relative.
        supervised = ours.get(f"{name}_supervised", math.nan) or math.nan
        rows.append(
            {
                "words": said.words,
                "embedding": said.embedding,
                "regime": ours.get("regime", ""),
                "number": name,
                "published": said.difference,
                "status": paper.status,
                "relative": difference / supervised,
                "relative_error": error / supervised,
                "points": difference,
                "points_error": error,
            }
        )
    return pd.DataFrame(rows)


def _stated_table(stated: pd.DataFrame) -> str:
    header = [f"{PAPER}, Fig. 8 (stated)", "paper", "ours, relative", "ours, in points"]
    lines = [
        [
            row["words"],
            f"{_PERCENT * row['published']:+.0f} %" if row["published"] else "about 0",
            _percent(row["relative"], row["relative_error"], sign=True),
            _percent(row["points"], row["points_error"], sign=True),
        ]
        for row in stated.to_dict("records")
    ]
    return markdown(header, lines, left=1)


TABLE = Entry(
    name="confusion",
    task=TASK,
    title="How well nine classes are told apart",
    reproduces=f"what {PAPER} says of its Fig. 8",
    caption=(
        "Mean of the diagonal of confusion matrices of nine classes (the Standard Model "
        "background and eight signals), of the eight signals alone, and the share of the "
        "background that is assigned rightly, on the test events of the encoder half. Classifiers "
        "on the embedding: boosted decision trees (BDT) and a linear one; own: the embedding's "
        f"own probabilities. {EXPLAINED} Embeddings that learn from no label stand at "
        "background-only."
    ),
    needs="rows/probes.csv: every embedding and regime with probe=bdt, linear or own",
    source=RowFile("probes.csv"),
    make=make,
)
