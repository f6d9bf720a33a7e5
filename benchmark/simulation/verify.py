"""Checks of a release on disk against its manifest and its card."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from benchmark.cards import load_card
from benchmark.errors import DataError, DiademError
from benchmark.events import digest_of, open_events, read_columns
from benchmark.files import sha256
from benchmark.simulation.recipe import recipe_digest
from benchmark.simulation.release import MANIFEST

if TYPE_CHECKING:
    from pathlib import Path


@dataclass(frozen=True)
class Check:
    """One check: what was looked at, whether it holds, and what was found."""

    what: str
    passed: bool
    detail: str


def read_manifest(folder: Path) -> dict[str, Any]:
    """The manifest of a release folder.

    Raises:
        DataError: there is none, or it is not a manifest.
    """
    path = folder / MANIFEST
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        msg = f"{path}: no manifest ({error.strerror}); an interrupted release has none: rerun it"
        raise DataError(msg) from error
    except ValueError as error:
        msg = f"{path}: not JSON ({error}); restore it from version control"
        raise DataError(msg) from error
    missing = {"dataset", "files", "samples", "digest", "recipe"} - set(content)
    if missing:
        msg = f"{path}: not a release manifest: {', '.join(sorted(missing))} missing"
        raise DataError(msg)
    return dict(content)


def verify_release(folder: Path) -> list[Check]:
    """Check files, contents, identifiers, counts, seeds and recipe of a release.

    Raises:
        DataError: the manifest cannot be read (all else is a failed check).
    """
    manifest = read_manifest(folder)
    checks = [_stray_files(folder, manifest), _recipe(manifest), _rates(manifest)]
    for entry in manifest["files"]:
        checks += _file_checks(folder / entry["file"], entry)
    checks += [_seeds(manifest)]
    if all(c.passed for c in checks):
        checks += _content(folder, manifest)
    return checks


def _stray_files(folder: Path, manifest: dict[str, Any]) -> Check:
    listed = {f["file"] for f in manifest["files"]}
    stray = sorted({p.name for p in folder.glob("*.parquet")} - listed)
    return Check("no event file beside the manifest's", not stray, ", ".join(stray) or "none")


def _recipe(manifest: dict[str, Any]) -> Check:
    what = "made by the present cards and settings"
    try:
        now = recipe_digest(load_card(manifest["dataset"]))
    except DiademError as error:
        return Check(what, passed=False, detail=str(error))
    same = now == manifest["recipe"]
    detail = (
        "same recipe" if same else "a card or settings file changed since: make the release again"
    )
    return Check(what, same, detail)


def _rates(manifest: dict[str, Any]) -> Check:
    """Rates in the manifest against the card, whose cross sections may change without events."""
    what = "rates follow from the present card"
    try:
        card = load_card(manifest["dataset"])
        stale = [
            f"{s['process']} {s['point']}".strip()
            for s in manifest["samples"]
            if card.process(s["process"]).physical_cross_section(s["cross_section"])
            != s["physical"]
        ]
    except DiademError as error:
        return Check(what, passed=False, detail=str(error))
    detail = f"stale: {', '.join(stale)}; make the release again" if stale else "same rates"
    return Check(what, not stale, detail)


def _file_checks(path: Path, entry: dict[str, Any]) -> list[Check]:
    name = path.name
    if not path.exists():
        return [Check(f"{name}: present", passed=False, detail="missing; restore it")]
    found = sha256(path)
    if found != entry["sha256"]:
        detail = f"found {found[:12]}, expected {entry['sha256'][:12]}; restore the file"
        return [Check(f"{name}: SHA-256", passed=False, detail=detail)]
    try:
        events, digest = open_events(path).n_events, digest_of(path)
    except DiademError as error:
        return [Check(f"{name}: readable", passed=False, detail=str(error))]
    return [
        Check(f"{name}: SHA-256", passed=True, detail=found[:12]),
        Check(f"{name}: events", events == entry["events"], f"{events:,}"),
        Check(f"{name}: valid, content digest", digest == entry["digest"], digest[:12]),
    ]


def _seeds(manifest: dict[str, Any]) -> Check:
    seeds = Counter(seed for s in manifest["samples"] for seed in s["seeds"])
    twice = [seed for seed, count in seeds.items() if count > 1]
    return Check("generator seeds differ", not twice, f"{len(seeds)} seeds, {len(twice)} twice")


def _content(folder: Path, manifest: dict[str, Any]) -> list[Check]:
    """Identifiers over all files, and events of each process and point."""
    paths = [folder / f["file"] for f in manifest["files"]]
    columns = read_columns(paths, ["event_id", "process", "point"])
    ids = columns["event_id"]
    unique = len(np.unique(ids))
    names = Counter(zip(columns["process"].tolist(), columns["point"].tolist(), strict=True))
    expected = {(s["process"], s["point"]): s["events"] for s in manifest["samples"]}
    wrong = [
        f"{p} {q}" for p, q in set(names) | set(expected) if names[p, q] != expected.get((p, q))
    ]
    return [
        Check("event identifiers unique over all files", unique == len(ids), f"{unique:,} ids"),
        Check(
            "events of each process and point",
            not wrong,
            ", ".join(wrong) or f"{len(names)} right",
        ),
    ]
