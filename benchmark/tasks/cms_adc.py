"""The CMS-ADC task: which embedding lets an autoencoder see new physics in single-lepton events.

An embedding is learned from background, which has labels where the embedding asks for them; an
autoencoder on its latents scores test events; background and each signal are compared at AUC and
at a signal efficiency of 0.3, as in arXiv:2301.04660.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from benchmark.cards import load_card
from benchmark.errors import DataError, complaint
from benchmark.splits import Split
from benchmark.tasks.collect import gather, hidden
from benchmark.tasks.spec import DetectorSpec, MetricSpec, TaskSpec

if TYPE_CHECKING:
    from benchmark.events import EventTable
    from benchmark.tasks.source import Source

WORKING_POINT = 0.3

CMS_ADC = TaskSpec(
    name="cms_adc",
    version=1,
    title="Four signals against the single-lepton background of CMS ADC2021",
    dataset="cms_adc",
    release="v1",
    release_digest="d6e89352f43816c0c7566bb19d30103f96866daf51e84897389d859b575aa377",
    split="adc",
    regime="self-supervised",
    signals=("a_to_4l", "h0_to_tautau", "hplus_to_taunu", "leptoquark"),
    metrics=(
        MetricSpec(name="auc"),
        MetricSpec(name="background_rejection", at=WORKING_POINT),
        MetricSpec(name="significance_improvement", at=WORKING_POINT),
    ),
    curve=tuple(round(0.02 * k, 2) for k in range(1, 51)),
    detector=DetectorSpec(
        name="autoencoder",
        settings={
            "hidden": [256, 128, 64, 32, 16],
            "bottleneck": 5,
            "negative_slope": 0.01,
            "scaling": "global",
            "learning_rate": 1e-3,
            "batch_size": 4096,
            "epochs": 100,
            "max_events": 1_000_000,
        },
    ),
    primary="significance_improvement",
)


@dataclass(frozen=True)
class AdcData:
    """The events of the task.

    Attributes:
        train: Background for `fit` and for the detector; with weights, and without labels unless
            they were asked for.
        background: Background that scores are measured on.
        signals: Signal events that scores are measured on, by process.
        source: Name of the source, with its digest.
    """

    train: EventTable
    background: EventTable
    signals: dict[str, EventTable]
    source: str


def load_data(
    source: Source,
    *,
    part: str = "test",
    train_events: int | None = None,
    labels: bool = False,
    spec: TaskSpec = CMS_ADC,
) -> AdcData:
    """Return the training background, and background and signals of another part.

    Args:
        source: Where events come from.
        part: "test" for results; "validation" for choices.
        train_events: At most so many training events.
        labels: Whether training events keep their process, for an embedding that `uses_labels`.
        spec: The task.

    Raises:
        DataError: A signal or the background has no event there.
    """
    split = task_split(spec)
    background = sorted(set(source.files) - set(spec.signals))
    if not background:
        message = complaint(
            "no background process",
            where=str(source.folder),
            found=", ".join(sorted(source.files)),
        )
        raise DataError(message)
    train = gather(source, background, split, "train", limit=train_events)
    return AdcData(
        train=hidden(train, weights=True, labels=labels),
        background=gather(source, background, split, part),
        signals={name: gather(source, [name], split, part) for name in spec.signals},
        source=source.name,
    )


def task_split(spec: TaskSpec) -> Split:
    """Return the split of the task, from its dataset's card."""
    found = next(split for split in load_card(spec.dataset).splits if split.name == spec.split)
    return Split(found.salt, found.parts)


def detector_settings(spec: TaskSpec, changes: dict[str, Any]) -> dict[str, Any]:
    """Return the settings of the task's detector with a profile's changes.

    Raises:
        DataError: A change of something that the detector does not have.
    """
    unknown = sorted(set(changes) - set(spec.detector.settings))
    if unknown:
        message = complaint(
            "no such setting of the detector",
            found=", ".join(unknown),
            expected=", ".join(spec.detector.settings),
        )
        raise DataError(message)
    return {**spec.detector.settings, **changes}
