"""What `diadem embed` does once its options are known to be right."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from baselines.registry import entry
from benchmark.digest import joint_digest
from benchmark.embedding import latents_of
from benchmark.errors import DataError, DiademError, complaint
from benchmark.events import digest_of, iter_events
from benchmark.latents import Facts, write_columns
from benchmark.paths import datasets_root
from benchmark.provenance import commit
from benchmark.seeds import rng_for
from benchmark.table import EventTable
from benchmark.tasks.cms_adc import CMS_ADC, task_split
from benchmark.tasks.collect import hidden
from benchmark.tasks.diphoton import DIPHOTON
from benchmark.tasks.diphoton_events import task_splits, unmarked
from benchmark.tasks.each_by_itself import check_each_by_itself
from benchmark.tasks.source import open_source
from benchmark.tasks.spec import check_digest
from reproduce.contestants import contestant
from reproduce.kept import Place, diphoton_spec, fitted_adc, fitted_diphoton
from reproduce.profiles import load_profile
from reproduce.regimes import regime_named

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from numpy.typing import NDArray

    from benchmark.detectors import Device
    from benchmark.embedding import Embedding
    from reproduce.kept import Fitted

CHUNK = 100_000  # events read and embedded at a time


@dataclass(frozen=True, kw_only=True)
class Request:
    """What a user asked for; see the options of `diadem embed`."""

    embedding: str
    files: tuple[Path, ...]
    settings: dict[str, Any]
    task: str | None = None
    regime: str | None = None
    profile: str | None = None
    data: Path | None = None
    compute: bool = True
    store: Path
    seed: int | None = None
    device: Device = "auto"


def run(request: Request, output: Path) -> dict[str, str]:
    """Embed all events; return what was done, in words.

    Raises:
        DiademError: Bad names, settings or profile; files that hold no events of the task; no fit
            is kept and none may be made; a failed training.
    """
    spec = _task(request)
    check_digest(spec)
    events = EventTable.concat(list(_events(request.files)))
    _require_schema(events, spec.dataset)
    fitted, facts = _FITS[spec.name](request)
    values = _embedded(fitted.embedding, events, unmarked if spec is DIPHOTON else hidden)
    write_columns(output, facts, _columns(events, spec.name), values)
    return {
        "events": f"{len(events):,}",
        "latents": f"{values.shape[1]} dimensions",
        "embedding": " ".join(filter(None, (facts.embedding, facts.variant, facts.regime))),
        "trained": "now" if fitted.hours else "kept from before",
        "output": str(output),
    }


def _task(request: Request) -> Any:
    """Return the specification of the task.

    Raises:
        DiademError: An embedding of one's own, and no task; or a registered one of another.
    """
    own = entry(request.embedding).task
    name = request.task or own
    if not name:
        message = complaint(
            "whose task is this embedding for?",
            where=request.embedding,
            remedy="Add --task cms_adc or --task diphoton.",
        )
        raise DiademError(message)
    if own not in ("", name):
        message = complaint(
            "an embedding of another task", where=request.embedding, found=own, expected=name
        )
        raise DiademError(message)
    if name == CMS_ADC.name and request.regime is not None:
        message = complaint("this task has no regimes", where="--regime", found=request.regime)
        raise DiademError(message)
    return {CMS_ADC.name: CMS_ADC, DIPHOTON.name: DIPHOTON}[name]


def _events(files: tuple[Path, ...]) -> Iterator[EventTable]:
    for path in files:
        if path.is_dir():
            source = open_source(path)
            for process in source.files:
                yield from source.events(process, CHUNK)
        else:
            yield from iter_events(path, CHUNK)


def _require_schema(events: EventTable, dataset: str) -> None:
    if events.schema.name != dataset:
        message = complaint(
            "events of another task",
            found=f"the schema {events.schema.name}",
            expected=dataset,
            remedy="Choose an embedding of that task: `diadem list embedding`.",
        )
        raise DataError(message)


def _release(request: Request) -> str:
    """Return label and short digest of the events that are embedded."""
    if len(request.files) == 1 and request.files[0].is_dir():
        return open_source(request.files[0]).name
    digests = [
        open_source(path).digest if path.is_dir() else digest_of(path) for path in request.files
    ]
    return f"own@{joint_digest(digests)[:12]}"


def _place(request: Request, dataset: str, release: str) -> Place:
    folder = request.data or datasets_root() / dataset / release
    return Place(
        source=open_source(folder),
        store=request.store,
        device=request.device,
        train=request.compute,
    )


def _diphoton(request: Request) -> tuple[Fitted, Facts]:
    name, profile = load_profile(request.profile)
    made = contestant(
        request.embedding,
        profile.diphoton,
        request.settings,
        task=DIPHOTON.name,
        seed=request.seed,
    )
    held = entry(request.embedding).regimes
    regime = regime_named(request.regime or (held[0] if held else "id"))
    place = _place(request, DIPHOTON.dataset, DIPHOTON.release)
    limit = profile.diphoton.train_events
    spec = diphoton_spec(made, regime, place, profile=name, number=0, train_events=limit)
    fitted = fitted_diphoton(made, spec, place)
    return fitted, _facts(request, fitted, DIPHOTON, (name, made.variant, regime.name))


def _adc(request: Request) -> tuple[Fitted, Facts]:
    name, profile = load_profile(request.profile)
    made = contestant(
        request.embedding,
        profile.cms_adc,
        request.settings,
        task=CMS_ADC.name,
        seed=request.seed,
    )
    place = _place(request, CMS_ADC.dataset, CMS_ADC.release)
    fitted = fitted_adc(made, place, protocol=profile.cms_adc.protocol.protocol(), number=0)
    return fitted, _facts(request, fitted, CMS_ADC, (name, made.variant, CMS_ADC.regime))


_FITS = {DIPHOTON.name: _diphoton, CMS_ADC.name: _adc}


def _facts(request: Request, fitted: Fitted, spec: Any, names: tuple[str, str, str]) -> Facts:
    profile, variant, regime = names
    return Facts(
        task=spec.name,
        task_digest=spec.digest(),
        release=_release(request),
        profile=profile,
        commit=commit(),
        embedding=fitted.embedding.name,
        variant=variant,
        regime=regime,
        n_train=fitted.n_train,
        classes=tuple(getattr(fitted.embedding, "classes", ())),
    )


def _embedded(embedding: Embedding, events: EventTable, bare: Any) -> NDArray[np.float32]:
    """Return the latents (n, d) of events without their labels, in one random order of all."""
    order = rng_for("order of the embedded events").permutation(len(events))
    shown = bare(events.select(order))
    parts = [
        latents_of(embedding, shown.select(slice(start, start + CHUNK)))
        for start in range(0, len(shown), CHUNK)
    ]
    first = shown.select(slice(0, CHUNK))
    check_each_by_itself(embedding, first, parts[0], rng_for("events that are embedded again"))
    values = np.empty((len(events), parts[0].shape[1]), dtype=np.float32)
    values[order] = np.concatenate(parts)
    return values


def _columns(events: EventTable, task: str) -> dict[str, NDArray[Any]]:
    if task == DIPHOTON.name:
        part = task_splits().part_of(events.event_id)
    else:
        part = task_split(CMS_ADC).assign(events.event_id)
    found = {name: getattr(events, name) for name in ("event_id", "process", "point")}
    mass = {} if events.m_gg is None else {"m_gg": np.asarray(events.m_gg)}
    return {**found, "part": part, **mass}
