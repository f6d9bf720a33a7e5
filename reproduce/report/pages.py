"""The report as files: Markdown, one HTML page that needs no other file, CSV and JSON."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape

from benchmark.files import atomic_paths
from benchmark.results.comparison import SIGMAS
from reproduce.report.claims import load_claims
from reproduce.report.comparing import RESOLUTION
from reproduce.report.judging import judge, metrics_of
from reproduce.report.origins import assumed, departures, machine, versions
from reproduce.report.pictures import pictures
from reproduce.report.results import TASKS, read_results
from reproduce.report.shown import frame, line, parts_frame
from reproduce.report.spent import said, spent
from reproduce.report.verdicts import OUTCOMES, VERDICTS
from reproduce.saving import write_csv, write_text

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from reproduce.report.claims import Claims
    from reproduce.report.results import Results
    from reproduce.report.shown import Line
    from reproduce.report.verdicts import Judged

FILES = ("report.md", "report.html", "claims.csv", "claims-comparisons.csv", "tally.json")


@dataclass(frozen=True, kw_only=True)
class Report:
    """All claims, judged from the rows of a profile.

    Attributes:
        claims: As read.
        results: The rows.
        judged: Each claim with its verdict, in the same order.
        folder: Of the profile's results.
        profile: Its name.
    """

    claims: Claims
    results: Results
    judged: tuple[Judged, ...]
    folder: Path
    profile: str

    def tally(self) -> dict[str, dict[str, int]]:
        """Return how often each verdict was given, by paper."""
        return {
            paper: {
                VERDICTS[outcome]: sum(
                    one.outcome == outcome for one in self.judged if one.claim.paper == paper
                )
                for outcome in OUTCOMES
            }
            for paper in self.claims.papers
        }


def make_report(folder: Path, profile: str, *, claims: Path | None = None) -> Report:
    """Judge all claims.

    Args:
        folder: Of the profile's results.
        profile: Its name.
        claims: File of claims; None for the one that comes with the package.

    Raises:
        DataError: There are no rows at all, or rows or claims are not valid.
    """
    held = load_claims(claims)
    results = read_results(folder, metrics_of(held.claims))
    judged = tuple(judge(claim, results, profile) for claim in held.claims)
    return Report(claims=held, results=results, judged=judged, folder=folder, profile=profile)


def write_report(report: Report, folder: Path) -> list[Path]:
    """Write all files; the same rows and figures give the same bytes on the same machine.

    Args:
        report: From `make_report`.
        folder: Made when missing.

    Raises:
        DiademError: The folder cannot be written.
    """
    content = _content(report, folder)
    paths = [folder / name for name in FILES]
    with atomic_paths(paths) as (text, page, claims, parts, tally):
        write_text(_environment().get_template("report.md.j2").render(content), text)
        write_text(_environment().get_template("report.html.j2").render(content), page)
        write_csv(frame(report.judged, report.claims.papers), claims)
        write_csv(parts_frame(report.judged), parts)
        write_text(json.dumps(report.tally(), indent=2) + "\n", tally)
    return paths


def _content(report: Report, folder: Path) -> dict[str, Any]:
    lines = [line(one) for one in report.judged]
    tasks = tuple(task for task in TASKS if task in report.results.rows)
    rules = {"sigmas": SIGMAS, "resolution": RESOLUTION}
    return {
        "profile": report.profile,
        "papers": report.claims.papers,
        "tally": report.tally(),
        "verdicts": dict(zip(OUTCOMES, (VERDICTS[o] for o in OUTCOMES), strict=True)),
        "rules": {kind: text.format(**rules) for kind, text in report.claims.rules.items()},
        "claims": {
            paper: _by_source(
                made
                for made, one in zip(lines, report.judged, strict=True)
                if one.claim.paper == paper
            )
            for paper in report.claims.papers
        },
        "pictures": list(pictures(report.folder, lines)),
        "place": lambda path: _relative(path, folder),
        "departures": list(departures(report.results, report.folder, report.profile)),
        "assumed": list(assumed(tasks)),
        "files": report.results.files,
        "versions": versions(),
        "machine": machine(),
        "times": spent(report.folder),
        "times_said": said(report.folder),
    }


def _by_source(lines: Iterable[Line]) -> dict[str, list[Line]]:
    found: dict[str, list[Line]] = {}
    for one in lines:
        found.setdefault(one.source, []).append(one)
    return found


def _relative(path: Path, folder: Path) -> str:
    return os.path.relpath(path, folder).replace(os.sep, "/")


@cache
def _environment() -> Environment:
    made = Environment(
        loader=PackageLoader("reproduce.report"),
        autoescape=select_autoescape(enabled_extensions=("html.j2",), default=False),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    made.filters["cell"] = lambda text: str(text).replace("|", r"\|").replace("\n", " ")
    return made
