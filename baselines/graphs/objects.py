"""The encoder of the ACLR paper and its inputs as a graph."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from baselines.graphs.attention import attended, hiding, perceptron
from baselines.graphs.slots import Slots
from baselines.graphs.writing import joined
from baselines.inputs import ETA_SCALE, PHI_SCALE
from benchmark.schema import CMS_ADC

if TYPE_CHECKING:
    from baselines.graphs.writing import Graph, Value
    from baselines.inputs import AdcInputs
    from baselines.networks.transformer import EventTransformer


def scaled_objects(graph: Graph, inputs: AdcInputs) -> tuple[Value, Value]:
    """Return pT, eta and phi, scaled, of all slots (n, slots, 3), and the mask (n, slots)."""
    objects, mask = given(graph)
    return _scaled(objects, mask, inputs), mask


def given(graph: Graph) -> tuple[Value, Value]:
    """Return the documented objects (n, slots, 3) and mask (n, slots)."""
    objects = graph.input("objects", "float32", (CMS_ADC.slots, len(CMS_ADC.features)))
    return objects.cast("float64"), graph.input("mask", "bool", (CMS_ADC.slots,))


def typed_objects(objects: Value, mask: Value, inputs: AdcInputs) -> Value:
    """Return what `AdcInputs.features` gives of what `given` gives, (n, slots, 7)."""
    kinds = [kind.name for kind in CMS_ADC.types]
    one_hot = [[float(kind == name) for kind in kinds] for name in CMS_ADC.slot_types]
    types = mask.cast(objects.kind).expanded(2) * one_hot
    return joined(2, [_scaled(objects, mask, inputs), types])


def _scaled(objects: Value, mask: Value, inputs: AdcInputs) -> Value:
    scaled = objects / [inputs.mean_pt, ETA_SCALE, PHI_SCALE]
    return mask.expanded(2).where(scaled, 0.0)


def representation(graph: Graph, network: EventTransformer, inputs: AdcInputs) -> Value:
    """Return the representations (n, dimension) of the documented inputs."""
    objects, mask = given(graph)
    slots = Slots(mask, CMS_ADC.slots)
    tokens = slots.gather(typed_objects(objects, mask, inputs)).linear(network.embed)
    hidden = hiding(slots.filled)
    layers: list[Any] = list(network.layers)
    for layer in layers:
        width = layer.merge.in_features
        read = attended(tokens.linear(layer.project), layer.heads, width, hidden)
        tokens = (tokens + read.linear(layer.merge)).normalised(layer.norms[0])
        tokens = (tokens + perceptron(tokens, layer.feed)).normalised(layer.norms[1])
    return (tokens * slots.filled.cast(tokens.kind).expanded(2)).sum(1)
