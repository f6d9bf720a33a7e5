"""The particle transformer on events of the CMS-ADC task as a graph."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from baselines.graphs.objects import given, typed_objects
from baselines.graphs.particles import network_outputs
from baselines.graphs.slots import Slots
from baselines.graphs.writing import joined
from benchmark.schema import CMS_ADC, MET

if TYPE_CHECKING:
    from baselines.adc_particles import AdcParticles
    from baselines.graphs.writing import Graph, Value
    from baselines.networks.particle_transformer import ParticleTransformer


def adc_particle_outputs(
    graph: Graph, network: ParticleTransformer, inputs: AdcParticles
) -> Value:
    """Return the network's outputs (n, outputs) of the documented inputs.

    Args:
        graph: That it is written into.
        network: Has the weights.
        inputs: The normalisation.
    """
    objects, mask = given(graph)
    tokens = typed_objects(objects, mask, inputs.scale)
    slots = Slots(mask, CMS_ADC.slots)
    return network_outputs(network, slots, tokens, _kinematics(objects, mask))


def _kinematics(objects: Value, mask: Value) -> Value:
    """Return pT, eta, phi, mass and whether there is an eta: (n, slots, 5)."""
    there = mask.cast(objects.kind).expanded(2)
    polar = objects.take(2, [CMS_ADC.feature_index(name) for name in ("pt", "eta", "phi")])
    having = np.array([[name != MET] for name in CMS_ADC.slot_types], dtype=np.float32)
    return joined(2, [mask.expanded(2).where(polar, 0.0), there * 0.0, there * having])
