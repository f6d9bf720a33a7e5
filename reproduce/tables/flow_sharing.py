"""What it costs to train flows once for an instance of the data and not for each injection."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import pandas as pd

from reproduce.entry import Entry, Made
from reproduce.names import NOT_PUBLISHED
from reproduce.notation import bracketed, in_sigma, markdown
from reproduce.sac.hunt import HuntFiles, of_hunt
from reproduce.sac.measured import CATHODE, SIC, WORKING_POINTS, detector_of
from reproduce.sac.names import PAPER, TASK, embedding_text, regime_text, signal_text
from reproduce.sac.rows import require

if TYPE_CHECKING:
    from reproduce.sac.hunt import Hunt

OWN, SHARED = "flows=injection", "flows=instance"
_SAME = ("embedding", "regime", "signal", "strength", "at", "detector_seed")
_CELL = _SAME[:-1]
_HOW = """\
Shared: flows trained once for each instance of the data, on sidebands without signal. Own: trained
anew on the sidebands with the signal's tail. Means over the same instances; the difference is that
of each instance, its error the standard deviation over the root of their number."""


def make(hunt: Hunt) -> Made:
    """Make the table; see `Entry.make`."""
    rows = hunt.rows[hunt.rows["metric"] == SIC]
    parts = {text: detector_of(text) for text in rows["variant"].unique()}
    found = {
        own: rows[rows["variant"].map(parts).isin([(own, CATHODE)])].set_index(list(_SAME))
        for own in (SHARED, OWN)
    }
    used = require(found[OWN].reset_index(), "searches with flows of their own")
    both = found[OWN].merge(
        found[SHARED], left_index=True, right_index=True, suffixes=("_own", "_shared")
    )
    numbers = pd.DataFrame(
        [
            _numbers(dict(zip(_CELL, key, strict=True)), cell)
            for key, cell in both.groupby([*_CELL])
        ]
    )
    header = ["embedding", "regime", "signal", "strength", "cut", "instances"]
    header += ["shared", "own", "own less shared", "in sigma"]
    lines = [_line(row) for row in require(numbers, "the same searches").to_dict("records")]
    body = f"{markdown(header, lines, left=3)}\n{_HOW}"
    return of_hunt(hunt, used, body=body, numbers={"": numbers})


def _numbers(cell: dict[str, Any], pairs: pd.DataFrame) -> dict[str, Any]:
    both = pairs[["value_shared", "value_own"]].dropna()
    difference = both["value_own"] - both["value_shared"]
    return {
        **cell,
        "instances": len(both),
        "shared": both["value_shared"].mean(),
        "own": both["value_own"].mean(),
        "difference": difference.mean(),
        "error": difference.std() / math.sqrt(len(both)) if len(both) > 1 else math.nan,
    }


def _line(row: dict[Any, Any]) -> list[str]:
    error = row["error"]
    return [
        embedding_text(row["embedding"]),
        regime_text(row["regime"]),
        signal_text(row["signal"]),
        f"{row['strength']:g}",
        WORKING_POINTS[row["at"]],
        str(row["instances"]),
        *(f"{row[name]:.3g}" for name in ("shared", "own")),
        bracketed(row["difference"], error),
        in_sigma(row["difference"] / error if error else math.nan),
    ]


TABLE = Entry(
    name="flow-sharing",
    task=TASK,
    title="One flow an instance of the data, or one an injection?",
    reproduces=(
        f"{NOT_PUBLISHED}: what a signal's tail in the sidebands does to the flows ({PAPER} does "
        "not say whether injections share theirs)"
    ),
    caption=(
        "Significance improvement with flows that all injections of an instance share, and with "
        "flows of each injection's own, for a signal with a large tail in the sidebands."
    ),
    needs="rows/hunt.csv and rows/hunt.json: searches with flows of their own",
    source=HuntFiles(),
    make=make,
)
