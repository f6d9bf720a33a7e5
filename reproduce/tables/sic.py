"""The search's significance improvement, at every strength, beside the paper's."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from benchmark.tasks.diphoton import DIPHOTON
from reproduce.entry import Entry, Made
from reproduce.notation import DASH, bracketed, markdown
from reproduce.published import load_values
from reproduce.sac.hunt import HuntFiles, of_hunt
from reproduce.sac.measured import (
    BY_LABELS,
    CATHODE,
    IDEALISED,
    SIC,
    WORKING_POINTS,
    carried,
    nulls,
    sic_points,
    used_rows,
)
from reproduce.sac.names import (
    EXPLAINED,
    PAPER,
    TASK,
    embedding_order,
    embedding_text,
    regime_order,
    regime_text,
    signal_text,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from reproduce.sac.hunt import Hunt

PUBLISHED = "sac_fig_4"
_DETECTORS = {CATHODE: "search", IDEALISED: "true background", BY_LABELS: "labels"}
_ALWAYS = "any"
_KEY = ["signal", "at", "embedding", "regime", "detector"]
_HOW = """\
Mean over the instances of the data; in brackets, on the last digits, first the statistical error
(standard deviation over instances, of one search and not of the mean, and that of the test events,
in quadrature), then the systematic one (standard deviation over random ensembles of classifiers);
a dash where there is none. The test events are common to all instances and lines. Search: with
samples of the flow; true background: with that in place of the samples (idealised); labels: a
classifier trained with labels, of no strength. At 0 nothing is injected: a cut at random has the
square root of eps_b there, 0.03 at the tight and 0.1 at the loose point; what is above that is the
search's own preference for events like the signal, and not a discovery. Instances share half of
their events and ensembles share classifiers: both spread less than independent ones would. True
background has fewer events than samples of the flow: it can be below the search. An empty cell
was not tried; a dash has too few background test events in some instance."""
_HOW_PUBLISHED = """\
The paper gives no error and does not say at which strength its numbers stand: ours are those at
the largest strength, with the total error. A ratio below 1: ours is smaller."""


def make(hunt: Hunt) -> Made:
    """Make the table and that of the paper's numbers; see `Entry.make`."""
    numbers = _ordered(sic_points(hunt.rows))
    published = _published(numbers)
    notes = tuple(_notes(numbers, hunt.settings.instances))
    sections = [
        _section(signal, numbers[numbers["signal"] == signal])
        for signal in dict.fromkeys(numbers["signal"])
    ]
    body = "\n".join(
        (
            "## What the paper says\n",
            _published_table(published),
            f"{_HOW_PUBLISHED}\n",
            *sections,
            _HOW,
        )
    )
    return of_hunt(
        hunt,
        used_rows(hunt.rows, (SIC,), "the search"),
        words=carried(numbers),
        body=body,
        numbers={"": numbers, "-published": published},
        notes=notes,
        assumed=load_values(PUBLISHED).assumed,
    )


def _ordered(points: pd.DataFrame) -> pd.DataFrame:
    known = list(DIPHOTON.signals)
    order = [_place(row, known) for row in points.to_dict("records")]
    return points.iloc[sorted(range(len(order)), key=order.__getitem__)].reset_index(drop=True)


def _place(row: dict[Any, Any], known: list[str]) -> tuple[Any, ...]:
    process = row["signal"].partition("/")[0]
    detectors = list(_DETECTORS)
    detector = row["detector"]
    return (
        known.index(process) if process in known else len(known),
        row["signal"],
        row["at"],
        embedding_order(row["embedding"]),
        row["embedding"],
        regime_order(row["regime"]),
        detectors.index(detector) if detector in detectors else len(detectors),
        detector,
        -1.0 if math.isnan(row["strength"]) else row["strength"],
    )


def _section(signal: str, numbers: pd.DataFrame) -> str:
    parts = [f"## {signal_text(signal)}\n"]
    for at, name in WORKING_POINTS.items():
        held = numbers[numbers["at"] == at]
        if len(held):
            parts += [f"### {name[0].upper()}{name[1:]} ({100 * at:g} %)\n", _table(held)]
    return "\n".join(parts)


def _table(numbers: pd.DataFrame) -> str:
    strengths = sorted(numbers["strength"].dropna().unique())
    columns = [f"{s:g}" for s in strengths] + [_ALWAYS] * int(numbers["strength"].isna().any())
    header = ["embedding", "regime", "detector", *columns]
    lines = []
    for _, line in numbers.groupby(_KEY, sort=False):
        first = line.iloc[0]
        detector = str(first["detector"])
        cells = {
            _ALWAYS if math.isnan(row["strength"]) else f"{row['strength']:g}": _cell(row)
            for row in line.to_dict("records")
        }
        names = [embedding_text(first["embedding"]), regime_text(first["regime"])]
        names.append(_DETECTORS.get(detector, detector))
        lines.append([*names, *(cells.get(column, "") for column in columns)])
    return markdown(header, lines, left=3)


def _cell(row: dict[Any, Any]) -> str:
    return bracketed(row["value"], row["statistical"], row["systematic"])


def _published(numbers: pd.DataFrame) -> pd.DataFrame:
    """Return the paper's numbers with ours at the largest strength."""
    rows = []
    for said in load_values(PUBLISHED).values:
        held = numbers[(numbers["detector"] == CATHODE) & (numbers["at"] == said.at)]
        for column in ("embedding", "regime", "signal"):
            held = held[held[column] == getattr(said, column)]
        ours = {}
        for row in held.sort_values("strength").to_dict("records"):
            ours = row  # the last one
        value = ours.get("value", math.nan)
        systematic = np.nan_to_num(ours.get("systematic", math.nan))
        error = math.hypot(ours.get("statistical", math.nan), float(systematic))
        rows.append(
            {
                "signal": said.signal,
                "at": said.at,
                "embedding": said.embedding,
                "regime": said.regime,
                "published": said.value,
                "strength": ours.get("strength", math.nan),
                "ours": value,
                "error": error,
                "ratio": value / said.value,
                "ratio_error": error / said.value,
            }
        )
    return pd.DataFrame(rows).sort_values(["signal", "at", "embedding"], ignore_index=True)


def _published_table(published: pd.DataFrame) -> str:
    header = ["signal", "point", "embedding", "paper", "at strength", "ours", "ours / paper"]
    lines = [
        [
            signal_text(row["signal"]),
            WORKING_POINTS[row["at"]],
            f"{embedding_text(row['embedding'])}, {regime_text(row['regime'])}",
            f"{row['published']:.1f}",
            f"{row['strength']:g}" if math.isfinite(row["strength"]) else DASH,
            bracketed(row["ours"], row["error"]),
            bracketed(row["ratio"], row["ratio_error"]),
        ]
        for row in published.to_dict("records")
    ]
    return markdown(header, lines, left=3)


def _notes(numbers: pd.DataFrame, instances: int) -> Iterator[str]:
    for said in load_values(PUBLISHED).values:
        same = (numbers["embedding"] == said.embedding) & (numbers["signal"] == said.signal)
        if not (same & (numbers["regime"] == said.regime)).any():
            named = f"{embedding_text(said.embedding)}, {regime_text(said.regime)}"
            yield f"{named}, {signal_text(said.signal)}: no rows beside the paper's number"
    for _, held in numbers.groupby(["embedding", "regime", "detector", "signal"], sort=False):
        first = held.iloc[0]
        name = f"{embedding_text(first['embedding'])}, {regime_text(first['regime'])}, "
        name += f"{first['detector']}, {signal_text(first['signal'])}"
        fewest = int(held["instances"].min())
        if held["strength"].notna().any() and fewest < instances:
            yield f"{name}: {fewest} of {instances} instances"
        yield from nulls(name, held)


TABLE = Entry(
    name="sic",
    task=TASK,
    title="Significance improvement of the search",
    reproduces=f"what {PAPER} says of its Fig. 4, and the numbers behind its Figs. 4 to 6",
    caption=(
        "Significance improvement eps_s/sqrt(eps_b) of the search at the tight (background "
        "efficiency 0.1 %) and the loose (1 %) working point, by the strength S/sqrt(B) of the "
        f"injected signal in the signal region. {EXPLAINED} Embeddings that learn from no label "
        "stand at background-only."
    ),
    needs="rows/hunt.csv and rows/hunt.json",
    source=HuntFiles(),
    make=make,
)
