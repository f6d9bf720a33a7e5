"""Classifiers that look for the difference between recorded events and their background."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np

from benchmark.detectors.cathode import require_region
from benchmark.detectors.weak_classifier import WeakClassifier
from benchmark.hunt.sample import NONRESONANT
from benchmark.seeds import rng_for, seed_for

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from benchmark.detectors.cathode import Generated
    from benchmark.detectors.cathode_settings import CathodeSettings
    from benchmark.hunt.sample import Sample
    from benchmark.pseudodata import Pool, PseudoData

Detector = Literal["cathode", "idealised", "supervised"]
"""Samples of flows; true background in their place; or labels: the two yardsticks."""


@dataclass(frozen=True, eq=False)
class Sides:
    """What classifiers are to tell apart, as rows of a sample.

    Attributes:
        data: Rows (n,) of the recorded events in the signal region, or of the signal.
        simulated: Rows (m,) of simulated background.
        weight: (m,), expected events that each stands for.
        generated: Samples of flows for each encoder; none of the yardsticks.
    """

    data: NDArray[np.intp]
    simulated: NDArray[np.intp]
    weight: NDArray[np.float64]
    generated: tuple[Generated, ...] = ()


@dataclass(frozen=True, eq=False)
class Scored:
    """Scores of the classifiers of all encoders, higher = more like data.

    Every event is scored by the model that saw none of its fold.

    Attributes:
        events: (classifiers, k), of the rows asked for.
        data: (classifiers, n), of `Sides.data`.
        background: For each classifier (m,), of the generated events, then the simulated ones.
        background_weight: For each encoder (m,).
    """

    events: NDArray[np.float64]
    data: NDArray[np.float64]
    background: tuple[NDArray[np.float64], ...]
    background_weight: tuple[NDArray[np.float64], ...]


def recorded(
    sample: Sample,
    drawn: PseudoData,
    pool: tuple[Pool, NDArray[np.intp]],
    settings: CathodeSettings,
    *,
    generated: Sequence[Generated],
) -> Sides:
    """Return the data in the signal region against CATHODE's or, without samples, true background.

    Simulated background is of events that were not drawn.

    Raises:
        DataError: Too few events in the region.
    """
    rows = pool[1][drawn.rows]
    data = rows[sample.in_region[rows]]
    require_region(len(data))
    left = ~sample.private
    left[rows] = False
    processes = list(sample.yields)
    if generated:
        resonant = settings.resonant == "simulated"
        processes = [name for name in processes if resonant and name != NONRESONANT]
    simulated, weight = sample.weighted(left, processes, drawn, pool[0])
    return Sides(data, simulated, weight, tuple(generated))


def labelled(sample: Sample, signal: str, drawn: PseudoData, pool: Pool) -> Sides:
    """Return all events of a signal in the region against all of the Standard Model there."""
    known = ~sample.private
    background, weight = sample.weighted(known, sample.yields, drawn, pool)
    data = np.flatnonzero(known & sample.in_region & sample.signal(signal))
    return Sides(data, background, weight)


def search(
    sample: Sample,
    sides: Sides,
    rows: NDArray[np.intp],
    settings: CathodeSettings,
    *,
    classifiers: int,
    name: str | int,
) -> Scored:
    """Train the classifiers of every encoder and score events.

    Args:
        sample: Events.
        sides: What to tell apart.
        rows: (k,) events to score, whether or not they are among the sides.
        settings: Of CATHODE.
        classifiers: For each encoder; they differ in their folds.
        name: Of the instance: it decides the folds.

    Raises:
        DataError: Too few events in a fold.
    """
    events, data, background, weights = [], [], [], []
    for e, values in enumerate(sample.values):
        samples, weight = background_side(sides, values, e)
        weights.append(weight)
        for c in range(classifiers):
            label = f"{name}/{e}/{c}"
            fold = sample.folds(label, settings.weak.folds)
            new = len(samples) - len(sides.simulated)
            rng = rng_for("hunt", "folds of samples", label)
            other = rng.integers(settings.weak.folds, size=new)
            model = WeakClassifier(settings.weak).fit(
                values[sides.data],
                samples,
                seed=seed_for("hunt", label),
                sample_weight=weight,
                folds=(fold[sides.data], np.concatenate((other, fold[sides.simulated]))),
            )
            events.append(model.score_samples(values[rows], fold=fold[rows]))
            data.append(model.data_scores)
            background.append(model.sample_scores)
    return Scored(np.stack(events), np.stack(data), tuple(background), tuple(weights))


def background_side(
    sides: Sides, values: NDArray[np.float32], encoder: int
) -> tuple[NDArray[np.float32], NDArray[np.float64]]:
    """Return the latents and weights of an encoder's background, generated events first."""
    simulated = values[sides.simulated]
    if not sides.generated:
        return simulated, sides.weight
    made = sides.generated[encoder]
    each = np.full(len(made.latents), made.expected / len(made.latents))
    return np.concatenate((made.latents, simulated)), np.concatenate((each, sides.weight))
