"""From an embedding to result rows: fit, embed, detect, measure."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from benchmark.detectors import make_detector
from benchmark.embedding import latents_of, uses_labels
from benchmark.events import EventTable
from benchmark.metrics import evaluate
from benchmark.seeds import rng_for, seed_for
from benchmark.tasks.cms_adc import detector_settings
from benchmark.tasks.collect import hidden
from benchmark.tasks.each_by_itself import check_each_by_itself

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from benchmark.detectors import Device
    from benchmark.detectors.protocol import Detector
    from benchmark.embedding import Embedding
    from benchmark.tasks.cms_adc import AdcData
    from benchmark.tasks.spec import TaskSpec

CHUNK = 100_000  # events embedded and scored at a time
LABELLED = "background"
"""Regime of what learned from labels of background; see `benchmark.submissions.regimes`."""


@dataclass(frozen=True, kw_only=True)
class Protocol:
    """How much of the task is run: what a profile sets.

    Attributes:
        train_events: At most so many training events; None for all.
        embedding_trainings: Trainings of an embedding that learns, each with its own seed.
        detector_trainings: Detectors on each of them.
        detector_trainings_alone: Detectors where the embedding learns nothing.
        detector: Changes of the detector's settings.
        replicas: Bootstrap replicas of the test events.
    """

    train_events: int | None = None
    embedding_trainings: int = 5
    detector_trainings: int = 3
    detector_trainings_alone: int = 5
    detector: dict[str, Any] = field(default_factory=dict)
    replicas: int = 200

    def trainings(self, *, learns: bool) -> list[tuple[int, tuple[int, ...]]]:
        """Return the numbers of the trainings, and of the detectors on each.

        What learns nothing is the same each time, so that each detector is work of its own.
        """
        if learns:
            detectors = tuple(range(self.detector_trainings))
            return [(k, detectors) for k in range(self.embedding_trainings)]
        return [(0, (k,)) for k in range(self.detector_trainings_alone)]


@dataclass(frozen=True, kw_only=True)
class Training:
    """One training of an embedding and the detectors on it.

    Attributes:
        embedding: Not fitted.
        variant: Which settings differ from the default ones, "" for none.
        number: Repetition; seeds are hashed from it.
        detectors: Numbers of the detectors; seeds are hashed from these too.
        curves: Whether to report whole curves.
        device: Of the detectors.
    """

    embedding: Embedding
    variant: str = ""
    number: int = 0
    detectors: tuple[int, ...] = (0,)
    curves: bool = True
    device: Device = "auto"

    def seed(self, spec: TaskSpec, *names: str | int) -> int:
        """Return a seed of this training for some purpose."""
        return seed_for(spec.name, self.embedding.name, self.variant, self.number, *names)


def run_training(
    training: Training,
    data: AdcData,
    spec: TaskSpec,
    protocol: Protocol,
) -> pd.DataFrame:
    """Fit an embedding and its detectors and return their rows, without provenance.

    Raises:
        DataError: The embedding gives something that is none.
        DiademError: A training fails.
    """
    embedding = training.embedding.fit(data.train, seed=training.seed(spec, "embedding"))
    detectors = _detectors(embedding, training, data, spec, protocol)
    background, *sought = _scores(embedding, detectors, [data.background, *data.signals.values()])
    signals = dict(zip(data.signals, sought, strict=True))
    rows: list[dict[str, Any]] = []
    for k, number in enumerate(training.detectors):
        scores = {name: found[k] for name, found in signals.items()}
        measured = _measure(scores, background[k], data, spec, protocol)
        kept = [row for row in measured if training.curves or _kept(row)]
        rows += [{"detector_seed": number, **row} for row in kept]
    return pd.DataFrame(rows).assign(
        task=spec.name,
        task_digest=spec.digest(),
        release=data.source,
        embedding=embedding.name,
        variant=training.variant,
        regime=LABELLED if uses_labels(embedding) else spec.regime,
        strength=None,
        embedding_seed=training.number,
        n_train=len(data.train),
    )


def _detectors(
    embedding: Embedding, training: Training, data: AdcData, spec: TaskSpec, protocol: Protocol
) -> list[Detector]:
    """Return fitted detectors; only the events that they can take are embedded."""
    settings = detector_settings(spec, protocol.detector)
    events = data.train
    if len(events) > settings["max_events"]:
        rng = rng_for(spec.name, "detector events", training.number)
        events = events.select(rng.permutation(len(events))[: settings["max_events"]])
    latents = latents_of(embedding, hidden(events))
    made = []
    for k in training.detectors:
        detector = make_detector(spec.detector.name, settings, device=training.device)
        seed = training.seed(spec, "detector", k)
        made.append(detector.fit(latents, seed=seed, weight=events.weight))
    return made


def _scores(
    embedding: Embedding, detectors: Sequence[Detector], parts: Sequence[EventTable]
) -> list[NDArray[np.float32]]:
    """Return the scores (detectors, n) of each part; never holds all latents.

    The events of all parts are embedded together in one random order: neither the size of a
    table nor an average over it tells background from signal.
    """
    events = EventTable.concat(parts)
    order = rng_for("order of the test events").permutation(len(events))
    shuffled = hidden(events.select(order))
    found = np.empty((len(detectors), len(events)), dtype=np.float32)
    for start in range(0, len(events), CHUNK):
        rows = slice(start, start + CHUNK)
        some = shuffled.select(rows)
        latents = latents_of(embedding, some)
        if not start:
            rng = rng_for("events that are embedded again")
            check_each_by_itself(embedding, some, latents, rng)
        for k, detector in enumerate(detectors):
            found[k, order[rows]] = detector.score_samples(latents)
    return np.split(found, np.cumsum([len(part) for part in parts])[:-1], axis=1)


def _kept(row: dict[str, Any]) -> bool:
    return bool(row["metric"] != "background_efficiency")


def _measure(
    scores: dict[str, NDArray[Any]],
    background: NDArray[Any],
    data: AdcData,
    spec: TaskSpec,
    protocol: Protocol,
) -> list[dict[str, Any]]:
    """Return the measured columns of each signal's rows."""
    at = next(metric.at for metric in spec.metrics if metric.at is not None)
    rows = []
    for signal, values in scores.items():
        found = evaluate(
            values,
            background,
            weight_sig=data.signals[signal].weight,
            weight_bkg=data.background.weight,
            signal_efficiency=at,
            grid=spec.curve,
            replicas=protocol.replicas,
            # The same replicas for every contestant: differences between them can be compared.
            rng=rng_for(spec.name, spec.version, "bootstrap", signal),
        )
        rows += [{"signal": signal, **row} for row in found.rows()]
    return rows
