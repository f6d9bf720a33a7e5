"""What `diadem hunt` does once its options are known to be right."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from baselines.registry import EMBEDDINGS
from benchmark.checksums import written_paths
from benchmark.errors import DiademError, complaint
from benchmark.hunt.outcome import checked, facts, gathered
from benchmark.hunt.plan import cells, make_plan
from benchmark.hunt.setup import Setup
from benchmark.hunt.template import SUFFIX
from benchmark.hunt.yields import background_yields
from benchmark.naming import unknown
from benchmark.paths import datasets_root
from benchmark.results import put_rows
from benchmark.tasks.diphoton import DIPHOTON
from benchmark.tasks.spec import check_digest
from reproduce.cli.farming import farmed
from reproduce.cli.latent_files import checked_facts, latent_files
from reproduce.cli.writable import require_file
from reproduce.profile_names import signal_points
from reproduce.profiles import load_profile

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    import pandas as pd

    from benchmark.detectors import Device
    from benchmark.hunt.plan import Plan
    from benchmark.hunt.profile import HuntProfile
    from benchmark.latents import Facts
    from reproduce.cli.farming import Asked

ROWS, FACTS = "rows/hunt.csv", "rows/hunt.json"
POINTS = {"sculpting": "points/sculpting.csv", "latent-1d": "points/latent-1d.csv"}
TEMPLATES = "templates"  # folder of the store
FILES = (ROWS, FACTS, *POINTS.values())
_WHENCE = (
    *("task", "task_digest", "release", "profile", "commit"),
    *("embedding", "variant", "regime", "number", "what"),
)
COLUMNS = {
    "sculpting": (*_WHENCE, "at", "x", "x_high", "y", "error"),
    "latent-1d": (*_WHENCE, "dimension", "low", "high", "density", "error", "events"),
}
"""Columns of the files of points."""


@dataclass(frozen=True, kw_only=True)
class Request:
    """What a user asked for; see the options of `diadem hunt`."""

    latents: tuple[Path, ...]
    profile: str | None = None
    signals: tuple[str, ...] = ()
    strengths: tuple[float, ...] = ()
    instances: int | None = None
    per_injection: bool = False
    changes: dict[str, Any] = field(default_factory=dict)
    data: Path | None = None
    store: Path
    device: Device = "auto"
    workers: int = 1
    scheduler: str | None = None


def run(request: Request, output: Path | None) -> pd.DataFrame:
    """Search; return the result rows, and write all files below `output`.

    Raises:
        DiademError: Bad latents, profile, signals or release; a search fails. Nothing is written
            then.
        KeyboardInterrupt: Ctrl-C; finished work is kept.
    """
    if output is not None:
        for name in FILES:
            require_file(output / name)
    plan, said = planned(request)
    made = searched(plan, request)
    if output is not None:
        _write(output, made, said)
    return made["rows"]


def searched(plan: Plan, request: Asked) -> dict[str, pd.DataFrame]:
    """Do the work of a plan, where it is not done, and return its tables; see `gathered`.

    Raises:
        DiademError: A search fails.
        KeyboardInterrupt: Ctrl-C; finished work is kept.
    """
    farmed(plan.templates, request, folder=TEMPLATES, kept="flows", suffix=SUFFIX)
    quiet, loud = ([piece.spec for piece in part] for part in (plan.sculpting, plan.hunts))
    kept = "searches"
    sculpting = farmed(quiet, request, folder="sculpting", kept=kept, suffix=".json")
    return gathered(plan, farmed(loud, request, folder="hunts", kept=kept), sculpting)


def planned(request: Request) -> tuple[Plan, dict[str, Any]]:
    """Return all work, and what captions say of it; everything that can be mistaken is looked at.

    Raises:
        DiademError: Bad latents, profile, signals or release.
    """
    check_digest(DIPHOTON)
    files = latent_files(request.latents)
    known = checked_facts(files)
    profile = _with_own(_profile(request, known[0].profile), known)
    folder = request.data or datasets_root() / DIPHOTON.dataset / DIPHOTON.release
    setup = Setup.of_task(background_yields(folder, release=known[0].release), **request.changes)
    chosen = cells(files, profile)
    said = facts(checked(chosen, setup, profile), chosen, setup, profile)
    plan = make_plan(
        chosen,
        setup,
        profile,
        store=request.store / TEMPLATES,
        device=request.device,
        per_injection=request.per_injection,
    )
    return plan, said


def _with_own(profile: HuntProfile, known: Sequence[Facts]) -> HuntProfile:
    """Return a profile that asks the user's own embeddings for every signal, too.

    A profile names the suite's: of these it leaves out what no figure needs. Where that is all
    that is there, it was named on purpose, and is searched like one's own.
    """
    named = dict.fromkeys(facts.embedding for facts in known if not facts.classes)
    own = [name for name in named if name not in EMBEDDINGS]
    if not own and not set(named) & set(profile.embeddings):
        own = list(named)
    return profile.model_copy(
        update={"embeddings": {**profile.embeddings, **dict.fromkeys(own, ())}}
    )


def _profile(request: Request, profile: str) -> HuntProfile:
    """Return the profile's sizes with the user's changes.

    Raises:
        DiademError: There is no such profile, it is not that of the latents, or a signal or a
            strength is none.
    """
    name, found = load_profile(request.profile or profile)
    if name != profile:
        message = complaint(
            "the latents are of another profile",
            where="--profile",
            found=name,
            expected=profile,
            remedy="Leave --profile out, or make latents with that profile.",
        )
        raise DiademError(message)
    changes: dict[str, Any] = {}
    if request.signals:
        _require_signals(request.signals)
        changes["signals"] = request.signals
        changes["embeddings"] = dict.fromkeys(found.diphoton.hunt.embeddings, ())
        changes["sharing"] = ()
    if request.strengths:
        changes["strengths"] = tuple(sorted(set(request.strengths)))
    if request.instances:
        changes["instances"] = request.instances
    return found.diphoton.hunt.model_copy(update=changes)


def _require_signals(names: tuple[str, ...]) -> None:
    known = signal_points()
    for name in names:
        if name not in known:
            raise DiademError(unknown("signal", name, known, where="--signal"))


def _write(output: Path, made: dict[str, pd.DataFrame], said: dict[str, Any]) -> None:
    """Write all files, or none."""
    with written_paths(output / name for name in FILES) as (rows, told, *points):
        put_rows(made["rows"], rows)
        told.write_text(json.dumps(said, indent=1) + "\n", encoding="utf-8")
        for name, path in zip(POINTS, points, strict=True):
            table = made[name].reindex(columns=list(COLUMNS[name]))
            table.to_csv(path, index=False, float_format="%.6g", lineterminator="\n")
