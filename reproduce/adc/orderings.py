"""Which of the paper's orderings of methods our numbers show."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pandas as pd

from benchmark.results import compare
from benchmark.results.comparison import SIGMAS
from reproduce.adc.names import EMBEDDINGS, METRICS, SIGNALS
from reproduce.notation import DASH, bracketed, in_sigma, markdown

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from reproduce.published import Number, PublishedTable

HOLDS, FAILS, UNDECIDED, NONE = "holds", "does not hold", "undecided", "no rows"
VERDICTS = (HOLDS, FAILS, UNDECIDED, NONE)
_VERDICTS = {"above": HOLDS, "below": FAILS, "undecided": UNDECIDED}
HOW_OURS = f"""\
An ordering holds, or does not, where the difference is {SIGMAS:g} standard errors from 0. Ours:
of the means over trainings, with the bootstrap errors, neglecting that all methods see the same
test events, and with what Student's t asks for of few trainings; undecided where a method has one
training."""
HOW = (
    f"{HOW_OURS} Paper: from its printed errors, which are those of single trainings; {DASH} "
    "where a method is not in the paper."
)


@dataclass(frozen=True, kw_only=True)
class Claim:
    """The claim that one method is above another; the paper's, where it has both."""

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
    Claim(above="anomclr_plus", below="untrained"),
    Claim(above="anomclr", below="untrained"),
    Claim(above="clr", below="untrained"),
)


def orderings(points: pd.DataFrame, table: PublishedTable) -> pd.DataFrame:
    """Return each claim for each metric and signal: ours, and what the paper's numbers say.

    Args:
        points: From `reproduce.adc.comparison.working_points`.
        table: The published numbers.
    """
    made = [
        {
            "claim": claim.text,
            **ours,
            **_theirs(
                *(
                    table.numbers.get((ours["metric"], ours["signal"], name))
                    for name in (claim.above, claim.below)
                )
            ),
        }
        for claim in CLAIMS
        for ours in judge(points, claim)
    ]
    return as_numbers(made)


def judge(points: pd.DataFrame, claim: Claim) -> Iterator[dict[str, Any]]:
    """Return what our numbers say of a claim, for each metric and signal.

    Args:
        points: From `reproduce.adc.comparison.working_points`, one row for each metric, signal
            and embedding.
        claim: Of two embeddings.
    """
    rows = {(r["metric"], r["signal"], r["embedding"]): r for r in points.to_dict("records")}
    for metric in METRICS:
        for signal in SIGNALS:
            names = [(metric, signal, name) for name in (claim.above, claim.below)]
            ours = _ours(*(rows.get(name) for name in names))
            yield {"metric": metric, "signal": signal, **ours}


def as_numbers(judged: list[dict[str, Any]]) -> pd.DataFrame:
    """Return results of `judge` as a frame; nulls are NaN."""
    return pd.DataFrame(judged).astype(dict.fromkeys(_NUMBERS, "float64"))


_NUMBERS = ("difference", "uncertainty", "sigma", "needed")


def _ours(above: Mapping[Any, Any] | None, below: Mapping[Any, Any] | None) -> dict[str, Any]:
    if above is None or below is None:
        return {**dict.fromkeys(_NUMBERS), "verdict": NONE, "reason": "no result rows"}
    found = compare(above, below)
    values = (found.difference, found.uncertainty, found.sigmas, found.needed)
    numbers = dict(zip(_NUMBERS, values, strict=True))
    return {**numbers, "verdict": _VERDICTS[found.verdict], "reason": found.reason}


def _theirs(above: Number | None, below: Number | None) -> dict[str, Any]:
    if above is None or below is None:
        numbers = ("difference", "uncertainty", "sigma")
        unknown = {f"published_{name}": math.nan for name in numbers}
        return {**unknown, "published_verdict": DASH}
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


def _count(part: pd.DataFrame) -> list[str]:
    verdicts = (HOLDS, FAILS, UNDECIDED)
    if not part["published_verdict"].isin(verdicts).any():
        return [*tally(part), *(DASH for _ in verdicts)]
    return [*tally(part), *tally(part, "published_verdict", verdicts)]


def tally(
    part: pd.DataFrame, column: str = "verdict", verdicts: Sequence[str] = VERDICTS
) -> list[str]:
    """Return how often each verdict was given."""
    return [str((part[column] == verdict).sum()) for verdict in verdicts]


def _line(row: Mapping[Any, Any]) -> list[str]:
    return [row["claim"], *verdict_cells(row), *verdict_cells(row, "published_")[2:]]


def verdict_cells(row: Mapping[Any, Any], who: str = "") -> list[str]:
    """Return metric, signal, difference, the same in standard errors, and the verdict."""
    difference, uncertainty = row[f"{who}difference"], row[f"{who}uncertainty"]
    shown = bracketed(difference, uncertainty) if math.isfinite(difference) else DASH
    names = [METRICS[row["metric"]].text, SIGNALS[row["signal"]].text]
    return [*names, shown, in_sigma(row[f"{who}sigma"]), row[f"{who}verdict"]]
