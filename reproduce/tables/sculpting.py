"""Whether the search finds something where nothing is: generated against true background."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import pandas as pd

from reproduce.entry import Entry, Made
from reproduce.notation import bracketed, in_sigma, markdown
from reproduce.published import load_values
from reproduce.sac.hunt import HuntFiles, of_hunt
from reproduce.sac.measured import WORKING_POINTS, used_rows
from reproduce.sac.names import (
    EXPLAINED,
    ID,
    PAPER,
    SAC,
    TASK,
    embedding_order,
    embedding_text,
    regime_order,
    regime_text,
)
from reproduce.sac.sculpting import AUC, aucs, mass_tests

if TYPE_CHECKING:
    from collections.abc import Iterator

    from reproduce.sac.hunt import Hunt

PUBLISHED = "sac_fig_3"
_CHANCE = 0.5
_HOW = """\
AUC: generated against recorded background in the signal region, cross-fitted, no signal injected;
0.5 is best. Mean over the instances of the data; in brackets its error on the last digit: that of
one instance, statistical and the spread over instances in quadrature. To 0.5, to the paper: in
standard deviations. Distance: Kolmogorov's, between the photons' masses (simulated non-resonant
background, whole window) of events that pass the cut and of the others, the largest of the
instances; p: its smallest p-value. With k independent instances
a smallest p below 0.05 would come by chance in 1 - 0.95^k of the cases; these share half of their
recorded events and all events of the test. The AUC is an average over all background: what a
tight cut prefers where nothing is injected stands in the table `sic` at strength 0."""


def make(hunt: Hunt) -> Made:
    """Make the table; see `Entry.make`."""
    areas = aucs(hunt.rows)
    tests = mass_tests(hunt.rows)
    (paper,) = load_values(PUBLISHED).values
    keys = sorted(
        zip(areas["embedding"], areas["regime"], strict=True),
        key=lambda key: (embedding_order(key[0]), key[0], regime_order(key[1])),
    )
    numbers = pd.DataFrame([_numbers(areas, tests, *key) for key in keys])
    numbers = numbers.assign(published=math.nan, published_error=math.nan)
    theirs = (numbers["embedding"] == paper.embedding) & (numbers["regime"] == paper.regime)
    numbers.loc[theirs, ["published", "published_error"]] = paper.value, paper.error
    notes = tuple(_notes(numbers, hunt.settings.instances))
    return of_hunt(
        hunt,
        used_rows(hunt.rows, (AUC,), "the search without a signal"),
        body=f"{_table(numbers, paper.value, paper.error or 0.0)}\n{_HOW}",
        numbers={"": numbers},
        notes=notes,
        assumed=load_values(PUBLISHED).assumed,
    )


def _numbers(
    areas: pd.DataFrame, tests: pd.DataFrame, embedding: str, regime: str
) -> dict[str, Any]:
    area = _of(areas, embedding, regime).iloc[0]
    found: dict[str, Any] = {
        "embedding": embedding,
        "regime": regime,
        "instances": int(area["instances"]),
        "auc": area["value"],
        "auc_error": area["error"],
        "auc_statistical": area["test_events"],
        "auc_spread": area["spread"],
        "reason": area["reason"],
    }
    held = _of(tests, embedding, regime)
    for at, name in WORKING_POINTS.items():
        here = held[held["at"] == at]
        found[f"{name}_distance"] = here["distance"].max()
        found[f"{name}_p"] = here["p"].min()
        found[f"{name}_tests"] = int(here["p"].notna().sum())
    return found


def _of(frame: pd.DataFrame, embedding: str, regime: str) -> pd.DataFrame:
    return frame[(frame["embedding"] == embedding) & (frame["regime"] == regime)]


def _table(numbers: pd.DataFrame, paper: float, paper_error: float) -> str:
    header = ["embedding", "regime", "instances", "AUC", "to 0.5", "to the paper"]
    for name in WORKING_POINTS.values():
        header += [f"{name}: distance", "p"]
    lines = [_line(row, paper, paper_error) for row in numbers.to_dict("records")]
    shown = bracketed(paper, paper_error)
    published = [
        f"{PAPER}, SAC",
        regime_text(ID),
        "",
        shown,
        in_sigma((paper - _CHANCE) / paper_error),
    ]
    return markdown(header, [*lines, [*published, *[""] * 5]], left=2)


def _line(row: dict[Any, Any], paper: float, paper_error: float) -> list[str]:
    value, error = row["auc"], row["auc_error"]
    ours = row["embedding"] == SAC
    total = math.hypot(error, paper_error)
    tests = []
    for name in WORKING_POINTS.values():
        tests += [_short(row[f"{name}_distance"]), _short(row[f"{name}_p"])]
    return [
        embedding_text(row["embedding"]),
        regime_text(row["regime"]),
        str(row["instances"]),
        bracketed(value, error),
        _apart(value - _CHANCE, error),
        _apart(value - paper, total) if ours else "",
        *tests,
    ]


def _apart(difference: float, error: float) -> str:
    return in_sigma(difference / error if error else math.nan)


def _short(value: float) -> str:
    return f"{value:.2g}" if math.isfinite(value) else "-"


def _notes(numbers: pd.DataFrame, instances: int) -> Iterator[str]:
    for row in numbers.to_dict("records"):
        name = f"{embedding_text(row['embedding'])}, {regime_text(row['regime'])}"
        if row["instances"] < instances:
            yield f"{name}: {row['instances']} of {instances} instances"
        if not math.isfinite(row["auc"]):
            yield f"{name}: no AUC ({row['reason']})"
        for point in WORKING_POINTS.values():
            if row[f"{point}_tests"] < row["instances"]:
                count = f"{row[f'{point}_tests']} of {row['instances']}"
                yield f"{name}: test of the mass after the {point} cut from {count} instances"


TABLE = Entry(
    name="sculpting",
    task=TASK,
    title="Does the search find something where nothing is?",
    reproduces=f"what {PAPER} says of its Fig. 3",
    caption=(
        "Whether generated background can be told from the recorded one, and whether a cut of the "
        f"search shapes the photons' mass, with no signal injected. {EXPLAINED} Embeddings that "
        "learn from no label stand at background-only."
    ),
    needs="rows/hunt.csv and rows/hunt.json: sculpting_auc, mass_sculpting, mass_sculpting_p",
    source=HuntFiles(),
    make=make,
)
