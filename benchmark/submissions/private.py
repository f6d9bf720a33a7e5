"""Events that nobody has seen: simulated from a seed that the maintainer keeps.

An encoder that learned the published events by heart, or that was tuned on their scores, gains
nothing on these. The processes, the selection and the detector are those of the release.
"""

from __future__ import annotations

import hashlib
import math
from typing import TYPE_CHECKING

import numpy as np

from benchmark.errors import DataError, complaint
from benchmark.paths import datasets_root
from benchmark.simulation.production import Request, produce
from benchmark.submissions.reading import read_limited
from benchmark.submissions.rules import rules_of
from benchmark.table import EventTable
from benchmark.tasks.diphoton import DIPHOTON

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from benchmark.simulation.production import Progress

LEAST_SECRET = 32
"""Bytes of a seed file: nobody guesses so many."""
_MOST_SECRET = 4096
LEAST_EVENTS = 200
"""Of each mass point of a signal, whatever the scale."""
LEAST_BACKGROUND = 4000
"""Of all background processes together, whatever the scale, in the release's proportions: where
results are not weighted by expected yields, more of a rare process would be another background."""
LEAST_KEPT = 15
"""Background events after the cut: with ten or less nothing is reported of a cell."""


def secret_seed(path: Path, task: str) -> tuple[int, str]:
    """Return the seed of a task's private events, and the SHA-256 of the seed file.

    The second can be published: it commits the maintainer to the file without telling it.

    Args:
        path: Random bytes, such as of `head -c 32 /dev/urandom`.
        task: Name of the task.

    Raises:
        DataError: The file is not there, or too short or long.
    """
    try:
        secret = read_limited(path, _MOST_SECRET)
    except OSError as error:
        raise DataError(complaint("no seed file", where=str(path), found=str(error))) from error
    if len(secret) < LEAST_SECRET:
        message = complaint(
            "a seed file that could be guessed",
            where=str(path),
            found=f"{len(secret)} bytes",
            expected=f"{LEAST_SECRET} random bytes or more",
            remedy=f"Make one: `head -c {LEAST_SECRET} /dev/urandom > {path}`.",
        )
        raise DataError(message)
    own = hashlib.sha256(task.encode() + b"\0" + secret).digest()
    # Never the seed of a release, which are small numbers.
    return int.from_bytes(own[:7], "big") | 1 << 56, hashlib.sha256(secret).hexdigest()


def private_requests(task: str, scale: float) -> list[Request]:
    """Return what is simulated: the backgrounds, and the signals that scores are measured on.

    Args:
        task: Name of the task.
        scale: Fraction of the release's events of each point.
    """
    rules = rules_of(task)
    sizes, requests = rules.card.release.events, []
    of_background = _background_scale(task, scale)
    for process in rules.card.processes:
        if process.name not in sizes:
            continue
        for point in process.points:
            names = {process.name, f"{process.name}/{point.name}"}
            size = sizes[process.name]
            if process.kind == "background":
                events = max(1, round(of_background * size))
            elif names & set(rules.signals):
                events = min(size, max(LEAST_EVENTS, math.ceil(scale * size)))
            else:
                continue
            requests.append(Request(process.name, point.name, events))
    return requests


def _background_scale(task: str, scale: float) -> float:
    """Return the fraction of the release's background that is made: the same of each process."""
    card = rules_of(task).card
    total = sum(
        card.release.events.get(process.name, 0) * len(process.points)
        for process in card.processes
        if process.kind == "background"
    )
    return max(scale, min(1.0, LEAST_BACKGROUND / total))


def private_events(
    task: str,
    *,
    seed: int,
    scale: float,
    store: Path,
    workers: int,
    on_progress: Callable[[Progress], None] | None = None,
) -> EventTable:
    """Return labelled private events of a task, simulated or as they were kept.

    Args:
        task: Name of the task.
        seed: Of `secret_seed`.
        scale: Fraction of the release's events of each point.
        store: Folder of simulated events; who reads it knows the events.
        workers: Processes.
        on_progress: See `benchmark.simulation.production.produce`.

    Raises:
        DiademError: The simulation fails.
    """
    samples = produce(
        datasets_root() / rules_of(task).spec.dataset / "card.yaml",
        private_requests(task, scale),
        seed=seed,
        workers=workers,
        store=store,
        on_progress=on_progress,
    )
    return EventTable.concat([sample.read() for sample in samples])


def require_enough(task: str, events: EventTable, scale: float) -> None:
    """Refuse private events of which too few would pass a cut of the task's.

    Args:
        task: Name of the task.
        events: Labelled.
        scale: That they were made with.

    Raises:
        DataError: The cut of the primary number keeps less than `LEAST_KEPT` of the background.
    """
    if events.m_gg is None:
        return  # cms_adc cuts on the efficiency for signals; what is blank there is a high score
    rules = rules_of(task)
    low, high = rules.card.selection.signal_region.value  # type: ignore[union-attr]
    background = [process.name for process in rules.card.processes if process.kind == "background"]
    inside = np.isin(events.process, background) & (events.m_gg >= low) & (events.m_gg < high)
    kept = float(inside.sum()) * DIPHOTON.hunt.primary.at
    if kept < LEAST_KEPT:
        made = _background_scale(task, scale)
        message = complaint(
            "too few private events: hardly any background would pass the cut",
            found=f"{kept:.1f} expected of {inside.sum()} in the signal region",
            expected=f"{LEAST_KEPT} or more",
            remedy=f"Ask for --scale {made * LEAST_KEPT / max(kept, 1e-9):.2g} or more.",
        )
        raise DataError(message)
