"""Which of the paper's orderings of methods our numbers show."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pandas as pd

from benchmark.results import compare
from benchmark.results.comparison import SIGMAS
from reproduce.names import EMBEDDINGS, METRICS, SIGNALS
from reproduce.tables.notation import DASH, bracketed, in_sigma, markdown

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from reproduce.published import Number, PublishedTable

HOLDS, FAILS, UNDECIDED, NONE = "holds", "does not hold", "undecided", "no rows"
_VERDICTS = {"above": HOLDS, "below": FAILS, "undecided": UNDECIDED}
HOW = f"""\
An ordering holds, or does not, where the difference is {SIGMAS:g} standard errors from 0. Ours:
of the means over trainings, with the bootstrap errors, neglecting that all methods see the same
test events, and with what Student's t asks for of few trainings; undecided where a method has one
training. Paper: from its printed errors, which are those of single trainings."""


@dataclass(frozen=True, kw_only=True)
class Claim:
    """The paper's claim that one method is above another."""

    above: str
    below: str
    words: str = ""

    @property
    def text(self) -> str:
        """The claim in words."""
        return f"{EMBEDDINGS[self.above].text} above {EMBEDDINGS[self.below].text}{self.words}"


CLAIMS = (
    Claim(above="anomclr_plus", below="raw"),
    Claim(above="anomclr_plus", below="clr"),
    Claim(above="anomclr", below="clr"),
    Claim(above="raw", below="clr", words=" (the paper: mostly)"),
)


def orderings(points: pd.DataFrame, table: PublishedTable) -> pd.DataFrame:
    """Return each claim for each metric and signal: ours, and what the paper's numbers say.

    Args:
        points: From `reproduce.tables.comparison.working_points`.
        table: The published numbers.
    """
    rows = {(r["metric"], r["signal"], r["embedding"]): r for r in points.to_dict("records")}
    made = []
    for claim in CLAIMS:
        for metric in METRICS:
            for signal in SIGNALS:
                names = [(metric, signal, name) for name in (claim.above, claim.below)]
                made.append(
                    {
                        "claim": claim.text,
                        "metric": metric,
                        "signal": signal,
                        **_ours(*(rows.get(name) for name in names)),
                        **_theirs(*(table.numbers[name] for name in names)),
                    }
                )
    return pd.DataFrame(made).astype(dict.fromkeys(_NUMBERS, "float64"))


_NUMBERS = ("difference", "uncertainty", "sigma", "needed")


def _ours(above: Mapping[Any, Any] | None, below: Mapping[Any, Any] | None) -> dict[str, Any]:
    if above is None or below is None:
        return {**dict.fromkeys(_NUMBERS), "verdict": NONE, "reason": "no result rows"}
    found = compare(above, below)
    values = (found.difference, found.uncertainty, found.sigmas, found.needed)
    numbers = dict(zip(_NUMBERS, values, strict=True))
    return {**numbers, "verdict": _VERDICTS[found.verdict], "reason": found.reason}


def _theirs(above: Number, below: Number) -> dict[str, Any]:
    difference = above.value - below.value
    uncertainty = math.hypot(above.error, below.error)
    sigma = difference / uncertainty
    decided = HOLDS if sigma > SIGMAS else FAILS if sigma < -SIGMAS else UNDECIDED
    return {
        "published_difference": difference,
        "published_uncertainty": uncertainty,
        "published_sigma": sigma,
        "published_verdict": decided,
    }


def orderings_text(judged: pd.DataFrame) -> str:
    """Return a count for each claim, then every comparison."""
    counts = [[str(claim), *_count(part)] for claim, part in judged.groupby("claim", sort=False)]
    header = ["ordering", "ours: holds", "does not", "undecided", "no rows"]
    header += ["paper: holds", "does not", "undecided"]
    long = ["ordering", "metric", "signal", "ours", "in sigma", "verdict"]
    long += ["paper", "in sigma", "verdict"]
    lines = [_line(row) for row in judged.to_dict("records")]
    return f"{markdown(header, counts, left=1)}\n{markdown(long, lines, left=3)}"


def _count(part: pd.DataFrame) -> Iterator[str]:
    for column, verdicts in (
        ("verdict", (HOLDS, FAILS, UNDECIDED, NONE)),
        ("published_verdict", (HOLDS, FAILS, UNDECIDED)),
    ):
        yield from (str((part[column] == verdict).sum()) for verdict in verdicts)


def _line(row: Mapping[Any, Any]) -> list[str]:
    cells = [row["claim"], METRICS[row["metric"]].text, SIGNALS[row["signal"]].text]
    for who in ("", "published_"):
        difference, uncertainty = row[f"{who}difference"], row[f"{who}uncertainty"]
        shown = bracketed(difference, uncertainty) if math.isfinite(difference) else DASH
        cells += [shown, in_sigma(row[f"{who}sigma"]), row[f"{who}verdict"]]
    return cells
