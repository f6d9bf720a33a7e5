"""The report of `diadem submit check`, as a table and as JSON."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import TYPE_CHECKING

from benchmark.files import atomic_path
from reproduce.cli.output import console, escaped, table

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from benchmark.submissions.check import CheckReport
    from benchmark.submissions.findings import Finding


def show(report: CheckReport, folder: Path) -> None:
    """Print what was found."""
    out = console()
    if report.findings:
        shown = table(f"Findings in {escaped(folder)}", ("level", "code", "message"))
        for finding in report.findings:
            shown.add_row(finding.level, finding.code, escaped(finding.message))
        out.print(shown)
    out.print(escaped(verdict(report)))


def verdict(report: CheckReport) -> str:
    """Return what became of a submission, in a line."""
    if report.faults or report.submission is None or report.latents is None:
        return f"refused: {_counted(report.faults, 'fault')} ({report.seconds:.1f} s)"
    flags = f", {_counted(report.flags, 'flag')}" if report.flags else ""
    events, dimensions = report.latents.shape
    return (
        f"accepted: {report.submission.name}, {events:,} events in {dimensions} dimensions"
        f"{flags} ({report.seconds:.1f} s)"
    )


def _counted(findings: Sequence[Finding], name: str) -> str:
    return f"{len(findings)} {name}{'' if len(findings) == 1 else 's'}"


def write_json(report: CheckReport, path: Path) -> None:
    """Write what was found, all or nothing.

    Raises:
        DiademError: The file cannot be written.
    """
    plain = {
        "accepted": not report.faults,
        "submission": None
        if report.submission is None
        else report.submission.model_dump(mode="json"),
        "findings": [asdict(finding) for finding in report.findings],
        "events": None if report.latents is None else len(report.latents),
        "seconds": round(report.seconds, 3),
    }
    with atomic_path(path) as temporary:
        temporary.write_text(json.dumps(plain, indent=2) + "\n", encoding="utf-8")
