"""Table 1 of the signal-aware contrastive paper: the processes, and what a release has of them."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import pandas as pd

from reproduce.entry import Entry, Made
from reproduce.inputs import Samples
from reproduce.notation import DASH, bracketed, markdown
from reproduce.sac.names import PAPER, TASK

if TYPE_CHECKING:
    from benchmark.card_process import Point, Process
    from benchmark.cards import DatasetCard

_FB = 1e3  # in a pb
_HOW = """\
Points that a regime of interpolation leaves out are set in bold. Acceptance: share of generated
events that pass the selection; in brackets its statistical error, on the last digit. The cross
section is before the selection, times the branching fraction to two photons; without a bracket it
is an input of the card, else the generator's, with its statistical error. [a]: arbitrary, since
couplings or branching fractions are free."""


def make(samples: pd.DataFrame) -> Made:
    """Make the table and that of the mass points; see `Entry.make`.

    Args:
        samples: As `reproduce.inputs.Samples` reads them.
    """
    from benchmark.cards import load_card

    card = load_card(TASK)
    points = _points(card, samples)
    processes = _processes(card, points)
    there, known = set(zip(points["process"], points["point"], strict=True)), card.processes
    lacking = [f"{p.name} {q.name}".strip() for p in known for q in p.points]
    lacking = [
        name for name, (p, q) in zip(lacking, _keys(card), strict=True) if (p, q) not in there
    ]
    notes = (f"no events of {', '.join(lacking)} in the release",) if lacking else ()
    body = "\n".join(
        (
            _process_table(card, processes),
            "## Mass points in the release\n",
            _point_table(points),
            f"{_HOW}\n",
            *(f"- {p.name}: {p.cross_section_note}." for p in known if p.cross_section_note),
        )
    )
    release = str(samples["release"].iloc[0])
    origin = f"dataset {card.name} version {card.version}, release {release}"
    return Made(origin=origin, body=body, numbers={"": processes, "-points": points}, notes=notes)


def _keys(card: DatasetCard) -> list[tuple[str, str]]:
    return [(process.name, point.name) for process in card.processes for point in process.points]


def _points(card: DatasetCard, samples: pd.DataFrame) -> pd.DataFrame:
    """Return one row for each mass point of the release, in the order of the card."""
    found = {(row["process"], row["point"]): row for row in samples.to_dict("records")}
    rows = []
    for process in card.processes:
        for point in process.points:
            row = found.get((process.name, point.name))
            if row is None:
                continue
            physical = row["physical"]
            cross_section = float("nan") if physical is None else float(physical) * _FB
            relative = float(row["cross_section_error"]) / float(row["cross_section"])
            of_generator = process.cross_section is None
            rows.append(
                {
                    "process": process.name,
                    "point": point.name,
                    "masses_GeV": _masses(point, process),
                    "held_out": int(point.held_out),
                    "status": point.status,
                    "events": int(row["events"]),
                    "acceptance": float(row["acceptance"]),
                    "acceptance_error": float(row["acceptance_error"]),
                    "cross_section_fb": cross_section,
                    "cross_section_error_fb": (
                        cross_section * relative if of_generator else float("nan")
                    ),
                }
            )
    return pd.DataFrame(rows)


def _processes(card: DatasetCard, points: pd.DataFrame) -> pd.DataFrame:
    events = points.groupby("process")["events"].sum()
    return pd.DataFrame(
        [
            {
                "process": process.name,
                "label": process.label,
                "title": process.title,
                "kind": process.kind,
                "group": process.group,
                "points": "; ".join(
                    filter(None, (_masses(q, process) or q.name for q in process.points))
                ),
                "held_out": "; ".join(q.name for q in process.points if q.held_out),
                "events": int(events.get(process.name, 0)),
                "references": " ".join(process.references),
            }
            for process in card.processes
        ]
    )


def _masses(point: Point, process: Process) -> str:
    """Return the masses, with the name of the point where another one has the same."""
    text = ", ".join(f"{name} {value:g}" for name, value in point.masses.items())
    first = next(other for other in process.points if other.masses == point.masses)
    return text if first is point or not text else f"{text} ({point.name})"


def _process_table(card: DatasetCard, processes: pd.DataFrame) -> str:
    header = ["process", "label", "", "points (masses in GeV)", "references", "group", "events"]
    lines = [
        [
            row["process"],
            row["label"],
            row["title"],
            "; ".join(_shown(point, process) for point in process.points) or DASH,
            "<br>".join(_link(text) for text in process.references),
            str(row["group"]),
            f"{row['events']:,}",
        ]
        for process, row in zip(card.processes, processes.to_dict("records"), strict=True)
    ]
    return markdown(header, lines, left=5)


def _shown(point: Point, process: Process) -> str:
    text = _masses(point, process) or point.name or DASH
    return f"**{text}**" if point.held_out else text


def _link(reference: str) -> str:
    kind, _, number = reference.partition(":")
    return f"[{reference}](https://arxiv.org/abs/{number})" if kind == "arXiv" else reference


def _point_table(points: pd.DataFrame) -> str:
    header = ["process", "point", "status", "events", "acceptance", "cross section (fb)"]
    lines = [
        [
            row["process"],
            row["point"] or DASH,
            row["status"],
            f"{row['events']:,}",
            bracketed(row["acceptance"], row["acceptance_error"]),
            _cross_section(row["cross_section_fb"], row["cross_section_error_fb"]),
        ]
        for row in points.to_dict("records")
    ]
    return markdown(header, lines, left=3)


def _cross_section(value: float, error: float) -> str:
    if math.isnan(value):
        return "[a]"
    return f"{value:.4g}" if math.isnan(error) else bracketed(value, error)


TABLE = Entry(
    name="processes",
    task=TASK,
    title=f"Table 1 of {PAPER}: the processes",
    reproduces=f"Table 1 of {PAPER}",
    caption=(
        "The Standard Model processes and the families of new physics, each with a Higgs boson "
        "that decays to two photons (but for the non-resonant pairs). Processes of one group "
        "share a label in the contrastive loss. Events: selected ones in the bundled release, of "
        "all mass points together. Status of a mass point: stated in the paper, from its authors' "
        "code, inferred or assumed."
    ),
    needs="the card of the dataset and the manifest of its release",
    source=Samples(),
    make=make,
)
