"""How well a flow learns the density of latents: what CATHODE stands on."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from benchmark.detectors.cathode_settings import CathodeSettings
from benchmark.detectors.weak_classifier import WeakClassifier
from benchmark.metrics import Measurement, evaluate
from benchmark.seeds import rng_for, seed_for
from benchmark.splits import uniform
from benchmark.tasks.diphoton import DIPHOTON

if TYPE_CHECKING:
    from benchmark.latents import Latents

CONTINUUM = "continuum"
FLOWS = 2
MIN_EVENTS = 600
"""Events of the continuum below which neither flow nor classifier says anything."""
_LEARNED = 2 / 3  # of the events; the others are compared with the samples
_REPLICAS = 100


def flow_auc(latents: Latents) -> Measurement:
    """Return how well unseen events of the continuum are told from samples: 1/2 is perfect.

    Flows with the task's settings learn two thirds of the events, given m_gg; the weak classifier
    of the task tells the last third from samples at masses of its own. Fewer events than a search
    has make it larger than there: it is for comparing latents with each other.

    Args:
        latents: Of one part; events of other processes are left out.
    """
    from benchmark.detectors.flows.bulk import BulkFlow

    settings = CathodeSettings.model_validate(DIPHOTON.hunt.detector.settings)
    events = latents.select(latents.process == CONTINUUM)
    if len(events) < MIN_EVENTS:
        reason = f"{len(events)} events of the continuum; at least {MIN_EVENTS} needed"
        return Measurement.null(reason, n_bkg=len(events))
    learned = uniform(events.event_id, "flow auc") < _LEARNED
    known, unseen = events.select(learned), events.select(~learned)
    seed = seed_for(DIPHOTON.name, "flow auc")
    bulk = BulkFlow(settings.flow).fit_many(
        [(known.values, known.m_gg)] * FLOWS, seeds=[seed + k for k in range(FLOWS)]
    )
    times = max(1, round(settings.oversampling / FLOWS))
    masses = np.tile(unseen.m_gg, times)
    rng = rng_for("flow auc", "samples")
    samples = np.concatenate([flow.sample(masses, rng=rng) for flow in bulk.members])
    made = WeakClassifier(settings.weak).fit(unseen.values, samples, seed=seed)
    return evaluate(made.data_scores, made.sample_scores, replicas=_REPLICAS, rng=rng)["auc"]
