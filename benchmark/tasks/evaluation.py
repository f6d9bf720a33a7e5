"""From an embedding to result rows: fit, embed, detect, measure."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pandas as pd

from benchmark.detectors import make_detector
from benchmark.embedding import latents_of
from benchmark.metrics import evaluate
from benchmark.seeds import rng_for, seed_for
from benchmark.tasks.cms_adc import detector_settings
from benchmark.tasks.collect import hidden

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from benchmark.detectors import Device
    from benchmark.embedding import Embedding
    from benchmark.tasks.cms_adc import AdcData
    from benchmark.tasks.spec import TaskSpec


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

    def trainings(self, *, learns: bool) -> tuple[int, int]:
        """Return the numbers of embeddings and of detectors on each."""
        if learns:
            return self.embedding_trainings, self.detector_trainings
        return 1, self.detector_trainings_alone


@dataclass(frozen=True, kw_only=True)
class Training:
    """One training of an embedding and the detectors on it.

    Attributes:
        embedding: Not fitted.
        variant: Which settings differ from the default ones, "" for none.
        number: Repetition; seeds are hashed from it.
        detectors: Number of detectors.
        curves: Whether to report whole curves.
        device: Of the detectors.
    """

    embedding: Embedding
    variant: str = ""
    number: int = 0
    detectors: int = 1
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
    *,
    tell: Callable[[str], None] = lambda _: None,
) -> pd.DataFrame:
    """Fit an embedding and its detectors and return their rows, without provenance.

    Raises:
        DataError: The embedding gives something that is none.
        DiademError: A training fails.
    """
    start = time.monotonic()
    embedding = training.embedding.fit(data.train, seed=training.seed(spec, "embedding"))
    tell(f"embedding fitted in {time.monotonic() - start:.0f} s")
    train = latents_of(embedding, hidden(data.train))
    background = latents_of(embedding, hidden(data.background))
    signals = {name: latents_of(embedding, hidden(e)) for name, e in data.signals.items()}
    rows: list[dict[str, Any]] = []
    for k in range(training.detectors):
        settings = detector_settings(spec, protocol.detector)
        detector = make_detector(spec.detector.name, settings, device=training.device)
        detector.fit(train, seed=training.seed(spec, "detector", k), weight=data.train.weight)
        scores = {name: detector.score_samples(latents) for name, latents in signals.items()}
        measured = _measure(scores, detector.score_samples(background), data, spec, protocol)
        rows += [{"detector_seed": k, **row} for row in measured if training.curves or _kept(row)]
        tell(f"detector {k + 1} of {training.detectors}: {time.monotonic() - start:.0f} s")
    return pd.DataFrame(rows).assign(
        task=spec.name,
        task_digest=spec.digest(),
        release=data.source,
        embedding=embedding.name,
        variant=training.variant,
        regime=spec.regime,
        strength=None,
        embedding_seed=training.number,
    )


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
