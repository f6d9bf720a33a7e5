"""Made-up latents of the diphoton task, whose truth is known."""

from __future__ import annotations

from typing import Any

import numpy as np

from benchmark.latents import Facts, Latents
from benchmark.tasks.diphoton import DIPHOTON
from benchmark.tasks.diphoton_events import diphoton_card

PROCESSES = (*DIPHOTON.backgrounds, *DIPHOTON.signals)
PARTS = ("train", "validation", "test")
RELEASE = f"v1@{DIPHOTON.release_digest[:12]}"


def made_up_facts(**changes: Any) -> Facts:
    """Where latents come from: signal_aware in the regime id, but for the changes."""
    plain: dict[str, Any] = {
        "task": DIPHOTON.name,
        "task_digest": DIPHOTON.digest(),
        "release": RELEASE,
        "profile": "smoke",
        "commit": "0123abc",
        "embedding": "signal_aware",
        "regime": "id",
        "n_train": 1000,
    }
    return Facts(**{**plain, **changes})


def made_up_latents(
    *, events: int = 12, dimensions: int = 3, apart: float = 2.0, seed: int = 1, **facts: Any
) -> Latents:
    """So many events of each mass point and part, Gaussian around a place of their process."""
    rng = np.random.default_rng(seed)
    cells = [
        (process.name, point.name, part)
        for process in diphoton_card().processes
        for point in process.points
        for part in PARTS
    ]
    process, point, part = (np.repeat(column, events) for column in zip(*cells, strict=True))
    n = len(process)
    centres = apart * rng.normal(size=(len(PROCESSES), dimensions))
    number = np.array([PROCESSES.index(name) for name in process])
    peak = process != "continuum"
    m_gg = np.where(peak, rng.normal(125, 1.5, n), rng.uniform(105, 160, n))
    return Latents(
        facts=made_up_facts(**facts),
        event_id=rng.permutation(n).astype(np.uint64),
        process=process,
        point=point,
        part=part,
        m_gg=m_gg.astype(np.float32),
        values=(centres[number] + rng.normal(size=(n, dimensions))).astype(np.float32),
    )


def log_probabilities(latents: Latents, processes: tuple[str, ...], seed: int = 2) -> Latents:
    """The same events with random log-probabilities of processes, the true one the largest."""
    rng = np.random.default_rng(seed)
    scores = rng.normal(size=(len(latents), len(processes)))
    seen = np.isin(latents.process, processes)
    numbers = [processes.index(name) for name in latents.process[seen]]
    scores[np.flatnonzero(seen), numbers] += 4
    scores -= np.log(np.exp(scores).sum(axis=1, keepdims=True))
    arrays = {name: getattr(latents, name) for name in vars(latents) if name != "facts"}
    facts = {**vars(latents.facts), "embedding": "supervised", "classes": processes}
    return Latents(**{**arrays, "facts": Facts(**facts), "values": scores.astype(np.float32)})
