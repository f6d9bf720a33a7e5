"""What `diadem probe` does once its options are known to be right."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import pandas as pd

from benchmark.checksums import written_paths
from benchmark.errors import DiademError, complaint
from benchmark.probes.work import probe_specs
from benchmark.results import put_rows
from benchmark.tasks.diphoton_events import diphoton_card
from benchmark.tasks.regimes import Regime
from reproduce.cli.farming import farmed
from reproduce.cli.latent_files import checked_facts, latent_files
from reproduce.cli.writable import require_file
from reproduce.profiles import load_profile

if TYPE_CHECKING:
    from pathlib import Path

    from benchmark.probes.settings import ProbeSettings

ROWS, TSNE = "rows/probes.csv", "points/tsne.csv"
_WHENCE = (
    *("task", "task_digest", "release", "profile", "commit"),
    *("embedding", "variant", "number", "regime"),
)
COLUMNS = (*_WHENCE, "process", "point", "held_out", "x", "y")
"""Columns of the file of points."""


@dataclass(frozen=True, kw_only=True)
class Request:
    """What a user asked for; see the options of `diadem probe`."""

    latents: tuple[Path, ...]
    profile: str | None = None
    store: Path
    workers: int = 1
    scheduler: str | None = None
    tsne_events: int | None = None


def run(request: Request, output: Path | None) -> pd.DataFrame:
    """Probe; return the result rows, and write them and the points below `output`.

    Raises:
        DiademError: Bad latents, profile or release; a probe fails. Nothing is written then.
        KeyboardInterrupt: Ctrl-C; finished work is kept.
    """
    if output is not None:
        for name in (ROWS, TSNE):
            require_file(output / name)
    files = latent_files(request.latents)
    facts = checked_facts(files)
    settings = _settings(request, facts[0].profile)
    work = [
        (kind, spec)
        for file, fact in zip(files, facts, strict=True)
        for kind, spec in probe_specs(file, fact, settings).items()
    ]
    made = farmed([spec for _, spec in work], request, folder="probes", kept="probes")
    tables: dict[bool, list[pd.DataFrame]] = {True: [], False: []}
    for (kind, _), path in zip(work, made, strict=True):
        tables[kind == "tsne"].append(_read(path))
    rows = pd.concat(tables[False], ignore_index=True)
    if output is not None:
        _write(output, rows, _points(tables[True]))
    return rows


def _settings(request: Request, profile: str) -> ProbeSettings:
    """Return the profile's sizes with the user's changes.

    Raises:
        DiademError: There is no such profile, or it is not that of the latents.
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
    settings = found.diphoton.probes
    for regime in settings.tsne_regimes:
        Regime.parse(regime, diphoton_card())
    changes = {"tsne_events": request.tsne_events} if request.tsne_events else {}
    return settings.model_copy(update=changes)


def _read(file: Path) -> pd.DataFrame:
    try:
        return pd.read_parquet(file)
    except (OSError, ValueError) as error:  # Arrow's errors are among these
        message = complaint(
            "a finished probe cannot be read",
            where=str(file),
            found=str(error),
            remedy="Remove the file and run the command again.",
        )
        raise DiademError(message) from error


def _points(tables: list[pd.DataFrame]) -> pd.DataFrame:
    """Return points with the columns of their file; without any, these alone."""
    if not tables:
        return pd.DataFrame(columns=list(COLUMNS))
    whole = pd.concat(tables, ignore_index=True)[list(COLUMNS)]
    return whole.sort_values(["embedding", "variant", "regime", "number"], kind="stable")


def _write(output: Path, rows: pd.DataFrame, points: pd.DataFrame) -> None:
    """Write both files, or none."""
    with written_paths((output / ROWS, output / TSNE)) as (of_rows, of_points):
        put_rows(rows, of_rows)
        points.to_csv(of_points, index=False, float_format="%.6g", lineterminator="\n")
