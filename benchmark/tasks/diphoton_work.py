"""One training of the diphoton task as a piece of work for the farm: an embedding's latents."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from benchmark.devices import on_cuda
from benchmark.embedding import Runtime, latents_of
from benchmark.errors import DataError, complaint
from benchmark.farm_spec import Spec
from benchmark.latents import Facts, Latents, write_latents
from benchmark.provenance import commit
from benchmark.seeds import rng_for, seed_for
from benchmark.table import EventTable
from benchmark.tasks.contestant import Contestant, Keeper
from benchmark.tasks.diphoton import DIPHOTON
from benchmark.tasks.diphoton_events import (
    EVENTS,
    diphoton_card,
    fit_events,
    in_part,
    task_splits,
    unmarked,
)
from benchmark.tasks.each_by_itself import check_each_by_itself
from benchmark.tasks.regimes import Regime
from benchmark.tasks.source import open_source

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from benchmark.detectors import Device
    from benchmark.embedding import Embedding
    from benchmark.tasks.source import Source

CHUNK = 100_000  # events embedded at a time
_FITTED = (
    *("variant", "regime", "number", "train_events"),
    *("source", "fit", "card", "arithmetic"),
)
"""Arguments that a fit depends on, beside the embedding and its settings."""
_FIT = ("benchmark.tasks.diphoton_events", "benchmark.tasks.regimes", "benchmark.seeds")


def latents_spec(
    contestant: Contestant,
    regime: Regime,
    *,
    source: Path,
    source_name: str,
    profile: str,
    number: int = 0,
    train_events: int | None = None,
    runtime: Runtime,
    models: Path,
) -> Spec:
    """Return the work of training an embedding in a regime and embedding all events.

    Args:
        contestant: What is trained.
        regime: What it may see.
        source: Folder of events.
        source_name: Its label and digest.
        profile: Name of the sizes, for the file.
        number: Repetition of the training.
        train_events: At most so many events of each process and part; None for all.
        runtime: Where it is run.
        models: Folder of fitted embeddings, kept between runs.
    """
    made = contestant.make()
    arguments = {
        "embedding": contestant.path,
        "settings": contestant.settings,
        "resolved": contestant.resolved(),
        "variant": contestant.variant,
        "regime": regime.name,
        "number": number,
        "train_events": train_events,
        "profile": profile,
        "task": DIPHOTON.digest(),
        "source": source_name,
        "fit": fit_digest(contestant),
        "code": contestant.code(__name__),
        "card": diphoton_card().model_dump_json(),
        "arithmetic": "cuda" if on_cuda(runtime.device) else "cpu",
    }
    context = {
        "folder": str(source),
        "models": str(models),
        "device": runtime.device,
        "progress": runtime.progress,
    }
    label = f"{made.name} {contestant.variant}".strip() + f", regime {regime.name}"
    return Spec("benchmark.tasks.diphoton_work:write_latents_of", arguments, label, context)


def fit_digest(contestant: Contestant) -> str:
    """Return a digest of what a fit hangs on beside its settings: its code and its events' rules.

    How signals are sought later is not among it: a change there trains nothing anew.
    """
    return f"{EVENTS.digest()}-{contestant.code(*_FIT)}"


def fit_name(embedding: str, settings: Mapping[str, Any], arguments: Mapping[str, Any]) -> str:
    """Return the name of a fit's folder: a hash of all that the fit depends on.

    Args:
        embedding: Path of the class.
        settings: All of them.
        arguments: Of the piece of work; what else is in them does not count.
    """
    chosen = {name: arguments[name] for name in _FITTED}
    return Spec(embedding, {**chosen, "settings": dict(settings)}).key


def fit_identity(regime: str) -> str:
    """Return whose checkpoints a fit may go on from."""
    return f"task {EVENTS.digest()}, regime {regime}"


def write_latents_of(
    path: Path,
    *,
    embedding: str,
    settings: dict[str, Any],
    resolved: dict[str, Any],
    variant: str,
    regime: str,
    number: int,
    train_events: int | None,
    profile: str,
    task: str,
    source: str,
    fit: str,
    code: str,
    card: str,
    arithmetic: str,
    folder: str,
    models: str,
    device: Device,
    progress: bool,
) -> None:
    """Train an embedding, or read it where it was, and write the latents of all events."""
    contestant = Contestant(path=embedding, settings=settings, variant=variant)
    made = contestant.make()
    chosen = Regime.parse(regime, diphoton_card())
    arguments = {
        "variant": variant,
        "regime": regime,
        "number": number,
        "train_events": train_events,
        "source": source,
        "fit": fit,
        "card": card,
        "arithmetic": arithmetic,
    }
    del code  # part of the key
    kept = Path(models) / fit_name(embedding, resolved or settings, arguments)
    keeper = Keeper(made, kept, Runtime(device, None, fit_identity(regime), progress))
    events = open_source(folder)
    seen = fit_events(events, chosen, limit=train_events)
    seed = seed_for(DIPHOTON.name, made.name, variant, chosen.name, number, "embedding")
    keeper.fit(seen, seed=seed)
    facts = Facts(
        task=DIPHOTON.name,
        task_digest=task,
        release=source,
        profile=profile,
        commit=commit(),
        embedding=made.name,
        variant=variant,
        regime=chosen.name,
        number=number,
        n_train=int(in_part(seen, "train").sum()),
        classes=tuple(getattr(keeper.embedding, "classes", ())),
    )
    write_latents(path, embedded(keeper.embedding, events, facts))


def embedded(embedding: Embedding, source: Source, facts: Facts) -> Latents:
    """Return the latents of all events of the task's processes, embedded without their labels.

    Raises:
        DataError: The embedding gives something that is none, or depends on other events.
    """
    wanted = (*DIPHOTON.backgrounds, *DIPHOTON.signals)
    found = [name for name in wanted if name in source.files]
    events = EventTable.concat([table for name in found for table in source.events(name)])
    # In one random order of all: neither the tables nor their sequence tell a process.
    order = rng_for("order of the embedded events").permutation(len(events))
    bare = unmarked(events.select(order))
    values = np.empty((0, 0), dtype=np.float32)
    for start in range(0, len(events), CHUNK):
        rows = slice(start, start + CHUNK)
        some = bare.select(rows)
        part = latents_of(embedding, some)
        if not start:
            check_each_by_itself(embedding, some, part, rng_for("events that are embedded again"))
            values = np.empty((len(events), part.shape[1]), dtype=np.float32)
        _require_width(embedding, part, values)
        values[order[rows]] = part
    return Latents(
        facts=facts,
        event_id=events.event_id,
        process=events.process,
        point=events.point,
        part=task_splits().part_of(events.event_id),
        m_gg=np.asarray(events.m_gg),
        values=values,
    )


def _require_width(
    embedding: Embedding, part: NDArray[np.float32], values: NDArray[np.float32]
) -> None:
    if part.shape[1] != values.shape[1]:
        message = complaint(
            "the number of dimensions changes between calls",
            where=f"{embedding.name}.transform",
            found=str(part.shape[1]),
            expected=str(values.shape[1]),
        )
        raise DataError(message)
