"""One training of the CMS-ADC task as a piece of work for the farm."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmark.cards import load_card
from benchmark.devices import on_cuda
from benchmark.embedding import Runtime, uses_labels
from benchmark.farm_spec import Spec
from benchmark.provenance import commit
from benchmark.tasks.cms_adc import CMS_ADC, load_data
from benchmark.tasks.contestant import Contestant, Keeper
from benchmark.tasks.evaluation import Protocol, Training, run_training
from benchmark.tasks.source import open_source

if TYPE_CHECKING:
    from benchmark.detectors import Device


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
        "resolved": contestant.resolved(),
        "code": contestant.code(__name__),
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
    resolved: dict[str, Any],
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
    data = load_data(open_source(folder), train_events=plan.train_events, labels=uses_labels(made))
    fitted = {
        "task": task,
        "source": source,
        "settings": resolved or settings,
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
