"""What `diadem submit export` does once its options are known to be right."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from baselines.registry import EMBEDDINGS, entry
from benchmark.embedding import latents_of, uses_labels
from benchmark.errors import DataError, DiademError, complaint
from benchmark.files import atomic_folder
from benchmark.latents import read_latents
from benchmark.paths import datasets_root
from benchmark.seeds import rng_for
from benchmark.submissions.folder import README, open_folder
from benchmark.submissions.published import published_events
from benchmark.submissions.rules import TASKS
from benchmark.submissions.schema import FILE, MAX_DIMENSIONS
from benchmark.table import EventTable
from benchmark.tasks.cms_adc import CMS_ADC, load_data
from benchmark.tasks.collect import hidden
from benchmark.tasks.diphoton import DIPHOTON
from benchmark.tasks.evaluation import CHUNK
from benchmark.tasks.source import open_source
from benchmark.tasks.spec import check_digest
from reproduce.cli.farming import farmed
from reproduce.contestants import contestant
from reproduce.kept import Place, diphoton_spec, fitted_adc, fitted_diphoton
from reproduce.profiles import load_profile
from reproduce.regimes import regime_named
from reproduce.submitting import Origin, as_yaml, described

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from benchmark.detectors import Device
    from benchmark.embedding import Embedding
    from benchmark.latents import Latents
    from benchmark.tasks.contestant import Contestant
    from benchmark.tasks.source import Source
    from reproduce.kept import Fitted

_SUFFIX = ".parquet"
_PAYLOADS = {"latents": "latents.parquet", "encoder": "encoder.onnx"}


@dataclass(frozen=True, kw_only=True)
class Request:
    """What a user asked for; see the options of `diadem submit export`."""

    embedding: str
    kind: str
    regime: str | None = None
    number: int = 0
    task: str | None = None
    profile: str | None = None
    settings: dict[str, Any]
    data: Path | None = None
    store: Path
    device: Device = "auto"
    name: str = ""
    workers: int = 1
    scheduler: str | None = None


def run(request: Request, output: Path) -> str:
    """Write a submission and return its name on the board.

    Raises:
        DiademError: Bad names, regime, settings, events or profile; latents of another task or
            release, or of more than 64 dimensions; a failed training.
    """
    made = _from_file(request) if request.embedding.endswith(_SUFFIX) else _from_fit(request)
    with atomic_folder(output) as folder:
        fields = described(
            made.origin, kind=request.kind, dimensions=made.dimensions, name=request.name
        )
        (folder / FILE).write_text(as_yaml(fields), encoding="utf-8")
        text = f"Made by `diadem submit export` of the embedding {made.origin.embedding}.\n"
        (folder / README).write_text(text, encoding="utf-8")
        made.write(folder / _PAYLOADS[request.kind])
        open_folder(folder)  # a fault of ours is found here, not by who submits it
    return str(fields["name"])


@dataclass(frozen=True, eq=False, kw_only=True)
class _Made:
    """A submission's payload: latents with their ids, or a fitted embedding."""

    origin: Origin
    dimensions: int
    event_id: NDArray[np.uint64] | None = None
    values: NDArray[np.float32] | None = None
    embedding: Any = None

    def write(self, path: Path) -> None:
        """Write the payload."""
        if self.values is None:
            from baselines.exporting import export_onnx

            export_onnx(self.embedding, path)
            return
        columns = {f"z{k + 1}": pa.array(column) for k, column in enumerate(self.values.T)}
        rows = pa.table({"event_id": pa.array(self.event_id), **columns})
        pq.write_table(rows, path, compression="zstd", use_dictionary=False)


def _from_file(request: Request) -> _Made:
    """Return the published part of a file of latents of the pipeline."""
    from pathlib import Path

    if request.kind != "latents" or request.settings or request.regime:
        message = complaint(
            "a file of latents is what it is",
            where=request.embedding,
            found="an encoder, a regime or settings asked for",
            expected="--kind latents alone",
            remedy="Name the embedding instead of the file.",
        )
        raise DiademError(message)
    latents = read_latents(Path(request.embedding))
    facts, source = latents.facts, _source(request, DIPHOTON.name)
    for what, found, expected in (
        ("task", f"{facts.task} {facts.task_digest}", f"{DIPHOTON.name} {DIPHOTON.digest()}"),
        ("release", facts.release, source.name),
    ):
        if found != expected:
            message = complaint(
                f"latents of another {what}",
                where=request.embedding,
                found=found,
                expected=expected,
            )
            raise DataError(message)
    _, profile = load_profile(facts.profile)
    known = facts.embedding in EMBEDDINGS and not facts.variant
    settings = (
        contestant(facts.embedding, profile.diphoton, {}, task=DIPHOTON.name).resolved()
        if known
        else {}
    )
    return _published_part(latents, _origin(latents, source, settings), source)


def _origin(
    latents: Latents, source: Source, settings: dict[str, Any], hours: float = 0.0
) -> Origin:
    facts = latents.facts
    return Origin(
        task=facts.task,
        embedding=facts.embedding,
        variant=facts.variant,
        regime=facts.regime,
        number=facts.number,
        profile=facts.profile,
        release=source.label,
        n_train=facts.n_train,
        settings=settings,
        hours=hours,
    )


def _published_part(latents: Latents, origin: Origin, source: Source) -> _Made:
    """Return the latents of the published events, in the order in which they are published."""
    wanted = published_events(origin.task, source).event_id
    order = np.argsort(latents.event_id)
    places = np.searchsorted(latents.event_id[order], wanted)
    rows = order[np.minimum(places, len(order) - 1)]
    missing = latents.event_id[rows] != wanted
    if missing.any():
        message = complaint(
            f"{missing.sum()} published events have no latents",
            found=f"none of event {wanted[int(np.argmax(missing))]}",
            remedy="Make the latents again, of the whole release.",
        )
        raise DataError(message)
    values = latents.values[rows]
    return _Made(
        origin=origin, dimensions=_allowed(values.shape[1]), event_id=wanted, values=values
    )


def _from_fit(request: Request) -> _Made:
    """Return the latents or the encoder of an embedding that is trained, or was."""
    task = _task(request)
    check_digest(TASKS[task])
    name, profile = load_profile(request.profile)
    source = _source(request, task)
    place = Place(source=source, store=request.store, device=request.device)
    if task == DIPHOTON.name:
        made = contestant(request.embedding, profile.diphoton, request.settings, task=task)
        return _diphoton(request, made, place, (name, profile.diphoton.train_events))
    made = contestant(request.embedding, profile.cms_adc, request.settings, task=task)
    _allowed(getattr(getattr(made.make(), "settings", None), "dimension", 1))
    if request.regime:
        message = complaint("the task has no regimes", where=task, found=request.regime)
        raise DiademError(message)
    protocol = profile.cms_adc.protocol.protocol()
    fitted = fitted_adc(made, place, protocol=protocol, number=request.number)
    origin = Origin(
        task=task,
        embedding=fitted.embedding.name,
        variant=made.variant,
        regime="",
        number=request.number,
        profile=name,
        release=source.label,
        n_train=fitted.n_train,
        settings=made.resolved(),
        labels=uses_labels(fitted.embedding),
        hours=fitted.hours,
    )
    return _of_adc(fitted, origin, source, request.kind)


def _task(request: Request) -> str:
    """Return the task: that of a registered embedding, or the one that is asked for."""
    own = entry(request.embedding).task
    if not own and not request.task:
        message = complaint(
            "no task is named", where=request.embedding, remedy="Add --task diphoton or cms_adc."
        )
        raise DiademError(message)
    return request.task or own


def _diphoton(
    request: Request, made: Contestant, place: Place, profile: tuple[str, int | None]
) -> _Made:
    if not request.regime:
        message = complaint(
            "no regime is named", where=request.embedding, remedy="Add --regime, such as id."
        )
        raise DiademError(message)
    spec = diphoton_spec(
        made,
        regime_named(request.regime),
        place,
        profile=profile[0],
        number=request.number,
        train_events=profile[1],
    )
    if request.kind == "latents":
        # The pipeline's own file, so that no digit differs.
        (file,) = farmed([spec], request, folder="latents", kept="trainings")
        latents = read_latents(file)
        origin = _origin(latents, place.source, made.resolved())
        return _published_part(latents, origin, place.source)
    fitted = fitted_diphoton(made, spec, place)
    origin = Origin(
        task=DIPHOTON.name,
        embedding=fitted.embedding.name,
        variant=made.variant,
        regime=spec.arguments["regime"],
        number=request.number,
        profile=profile[0],
        release=place.source.label,
        n_train=fitted.n_train,
        settings=made.resolved(),
        hours=fitted.hours,
    )
    few = published_events(DIPHOTON.name, place.source).events.select(slice(0, 2))
    width = latents_of(fitted.embedding, few).shape[1]
    return _Made(origin=origin, dimensions=_allowed(width), embedding=fitted.embedding)


def _of_adc(fitted: Fitted, origin: Origin, source: Source, kind: str) -> _Made:
    if kind == "encoder":
        few = published_events(CMS_ADC.name, source).events.select(slice(0, 2))
        width = latents_of(fitted.embedding, few).shape[1]
        return _Made(origin=origin, dimensions=_allowed(width), embedding=fitted.embedding)
    event_id, values = _adc_latents(fitted.embedding, source)
    width = _allowed(values.shape[1])
    return _Made(origin=origin, dimensions=width, event_id=event_id, values=values)


def _adc_latents(
    embedding: Embedding, source: Source
) -> tuple[NDArray[np.uint64], NDArray[np.float32]]:
    """Return the ids and latents of all published events, in the batches of the pipeline.

    In other batches the last digits would differ, and with them what a detector learns.
    """
    data = load_data(source)
    test = EventTable.concat([data.background, *data.signals.values()])
    order = rng_for("order of the test events").permutation(len(test))
    shuffled = hidden(test.select(order))
    parts = [hidden(data.train)]
    parts += [shuffled.select(slice(start, start + CHUNK)) for start in range(0, len(test), CHUNK)]
    values = np.concatenate([latents_of(embedding, part) for part in parts])
    return np.concatenate([part.event_id for part in parts]), values


def _allowed(dimensions: int) -> int:
    """Return a number of dimensions.

    Raises:
        DiademError: They are too many for a submission.
    """
    if dimensions > MAX_DIMENSIONS:
        message = complaint(
            "too many dimensions for a submission",
            found=str(dimensions),
            expected=f"at most {MAX_DIMENSIONS}",
            remedy=f"Train a smaller one, such as by --set dimension={MAX_DIMENSIONS}.",
        )
        raise DiademError(message)
    return dimensions


def _source(request: Request, task: str) -> Source:
    spec = TASKS[task]
    return open_source(request.data or datasets_root() / spec.dataset / spec.release)
