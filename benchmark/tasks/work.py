"""One training of the CMS-ADC task as a piece of work for the farm."""

from __future__ import annotations

import inspect
import shutil
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmark.cards import load_card
from benchmark.code import code_digest
from benchmark.embedding import Embedding, Runtime, Storable, embedding_class
from benchmark.farm import Spec
from benchmark.files import atomic_folder, sha256
from benchmark.provenance import commit
from benchmark.tasks.cms_adc import CMS_ADC, load_data
from benchmark.tasks.evaluation import Protocol, Training, run_training
from benchmark.tasks.source import open_source
from benchmark.training import on_cuda

if TYPE_CHECKING:
    from benchmark.detectors import Device
    from benchmark.events import EventTable

# The simulation and the pages about it are not in the way from events to numbers.
_APART = ("simulation", "describe", "fidelity")


def _code() -> str:
    """Return a digest of all code of ours that a number may depend on."""
    inside = sorted(path.name for path in Path(__file__).resolve().parents[1].iterdir())
    used = [name for name in inside if name not in _APART]
    ours = [name for name in used if name.endswith(".py") or "." not in name]
    return code_digest(f"benchmark/{name}" for name in ours if not name.startswith("__pycache"))


@dataclass(frozen=True, kw_only=True)
class Contestant:
    """An embedding by the path of its class, its settings, and what is special about them.

    Attributes:
        path: "package.module:Class".
        settings: Keyword arguments of the class; plain JSON.
        variant: As in the result rows; "" for the default settings.
    """

    path: str
    settings: dict[str, Any]
    variant: str = ""

    def make(self) -> Any:
        """Return a new, not fitted embedding.

        Raises:
            DiademError: There is no such class, or it refuses the settings.
        """
        return embedding_class(self.path)(**self.settings)

    def code(self) -> str:
        """Return a digest of the code that the embedding learns with.

        Of one's own embedding it is the file of the class alone, not what that imports.
        """
        if self.path.startswith("baselines."):
            return _code() + code_digest(["baselines"])
        own = inspect.getsourcefile(embedding_class(self.path)) or ""
        return _code() + sha256(Path(own))[:16]


def training_specs(
    contestant: Contestant,
    *,
    source: Path,
    source_name: str,
    protocol: Protocol,
    runtime: Runtime,
    models: Path,
    curves: bool = True,
) -> list[Spec]:
    """Return one spec for each training of a contestant.

    Args:
        contestant: What is trained.
        source: Folder of events.
        source_name: Its label and digest.
        protocol: How much is run.
        runtime: Where it is run.
        models: Folder of fitted embeddings, kept between runs.
        curves: Whether rows hold whole curves.
    """
    made = contestant.make()
    trainings = protocol.trainings(learns=getattr(made, "learns", True))
    arguments = {
        "embedding": contestant.path,
        "settings": contestant.settings,
        "variant": contestant.variant,
        "curves": curves,
        "protocol": vars(protocol),
        "task": CMS_ADC.digest(),
        "source": source_name,
        "code": contestant.code(),
        "card": load_card(CMS_ADC.dataset).model_dump_json(),
        "arithmetic": "cuda" if on_cuda(runtime.device) else "cpu",
    }
    context = {
        "folder": str(source),
        "models": str(models),
        "device": runtime.device,
        "progress": runtime.progress,
    }
    label = f"{made.name} {contestant.variant}".strip()
    return [
        Spec(
            "benchmark.tasks.work:train_and_measure",
            {**arguments, "number": number, "detectors": list(detectors)},
            f"{label}, training {k + 1} of {len(trainings)}",
            context,
        )
        for k, (number, detectors) in enumerate(trainings)
    ]


def train_and_measure(
    path: Path,
    *,
    embedding: str,
    settings: dict[str, Any],
    variant: str,
    number: int,
    detectors: list[int],
    curves: bool,
    protocol: dict[str, Any],
    task: str,
    source: str,
    code: str,
    card: str,
    arithmetic: str,
    folder: str,
    models: str,
    device: Device,
    progress: bool,
) -> None:
    """Write the rows of one training; `benchmark.tasks.evaluation.run_training` does the work."""
    contestant = Contestant(path=embedding, settings=settings, variant=variant)
    made = contestant.make()
    plan = Protocol(**protocol)
    data = load_data(open_source(folder), train_events=plan.train_events)
    fitted = {
        "task": task,
        "source": source,
        "settings": settings,
        "variant": variant,
        "number": number,
        "train_events": plan.train_events,
        "code": code,
        "card": card,
        "arithmetic": arithmetic,
    }
    folder_of_fit = Path(models) / Spec(embedding, fitted).key
    keeper = Keeper(made, folder_of_fit, Runtime(device, None, f"task {task}", progress))
    training = Training(
        embedding=keeper,
        variant=variant,
        number=number,
        detectors=tuple(detectors),
        curves=curves,
        device=device,
    )
    rows = run_training(training, data, CMS_ADC, plan).assign(commit=commit())
    rows.to_parquet(path, index=False)


class Keeper:
    """An embedding that is read from a folder if it was fitted before, and kept there if not.

    The folder's name is a hash of all that the fit depends on. Unfinished trainings keep their
    checkpoints beside it.
    """

    def __init__(self, embedding: Embedding, folder: Path, runtime: Runtime) -> None:
        """Take an embedding, not fitted, and the folder of its fit."""
        self.name = embedding.name
        self._embedding, self._folder = embedding, folder
        self._checkpoint = folder.with_name(folder.name + ".unfinished")
        if hasattr(embedding, "runtime"):
            embedding.runtime = replace(runtime, checkpoint=self._checkpoint)

    def fit(self, events: EventTable, *, seed: int) -> Keeper:
        """Fit, or read what was fitted with the same events, settings and seed."""
        made = self._embedding
        if not isinstance(made, Storable):
            made.fit(events, seed=seed)
        elif self._folder.exists():
            runtime = getattr(made, "runtime", None)
            self._embedding = type(made).load(self._folder)
            if runtime is not None:
                self._embedding.runtime = runtime  # type: ignore[attr-defined]
        else:
            made.fit(events, seed=seed)
            with atomic_folder(self._folder) as temporary:
                made.save(temporary)
            shutil.rmtree(self._checkpoint, ignore_errors=True)
        return self

    def transform(self, events: EventTable) -> Any:
        """Return the latents of events."""
        return self._embedding.transform(events)
