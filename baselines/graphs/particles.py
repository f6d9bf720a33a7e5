"""The particle transformer and its inputs as a graph."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from baselines.diphoton_inputs import OBJECT_NUMBERS
from baselines.graphs.attention import HIDDEN, class_block, hiding, particle_block, perceptron
from baselines.graphs.slots import Slots
from baselines.graphs.writing import joined, numbers, stacked
from baselines.networks.pair_features import (
    CENTRES,
    DR_FLOOR,
    KT_FLOOR,
    MASS2_FLOOR,
    SCALES,
    Z_FLOOR,
)
from benchmark.schema import DIPHOTON

if TYPE_CHECKING:
    from baselines.diphoton_inputs import DiphotonInputs
    from baselines.graphs.writing import Graph, Value
    from baselines.networks.particle_transformer import ParticleTransformer

SMALLEST = 1e-20  # keeps a ratio of padded slots defined


def particle_outputs(graph: Graph, network: ParticleTransformer, inputs: DiphotonInputs) -> Value:
    """Return the network's outputs (n, outputs) of the documented inputs.

    Args:
        graph: That it is written into.
        network: Has the weights; one without numbers of the event does not read its features.
        inputs: The normalisation.
    """
    shape = (DIPHOTON.slots, len(DIPHOTON.features))
    objects = graph.input("objects", "float32", shape).cast("float64")
    mask = graph.input("mask", "bool", (DIPHOTON.slots,))
    event = _event_numbers(graph, inputs) if network.event_features else None
    tokens = _object_numbers(objects, mask, inputs)
    slots = Slots(mask, DIPHOTON.slots)
    return network_outputs(network, slots, tokens, _kinematics(objects, mask), event)


def network_outputs(
    network: ParticleTransformer,
    slots: Slots,
    tokens: Value,
    kinematics: Value,
    event: Value | None = None,
) -> Value:
    """Return the network's outputs (n, outputs) of what it takes; see `EventInputs`.

    Args:
        network: Has the weights.
        slots: Those that are filled.
        tokens: Numbers of the objects, (n, slots, k).
        kinematics: Of the objects, (n, slots, 5).
        event: Numbers of the event, (n, k); None where there are none.
    """
    tokens = perceptron(slots.gather(tokens), network.embed)
    bias = _bias(slots, kinematics, network)
    for block in network.blocks:
        tokens = particle_block(tokens, block, bias)  # type: ignore[arg-type]
    # The class token of every event is the same: (n, 1) zeros carry their number.
    zero = kinematics.at(1, 0).part(1, 0, 1) * 0.0
    token = zero + numbers(network.token)
    hidden = joined(1, [zero, slots.filled.where(0.0, HIDDEN)]).expanded(1)
    for block in network.class_blocks:
        token = class_block(token, tokens, block, hidden)  # type: ignore[arg-type]
    read = token.normalised(network.norm)
    if event is not None and network.embed_event is not None:
        read = joined(1, [read, perceptron(event, network.embed_event)])
    return perceptron(read, network.head)


def _object_numbers(objects: Value, mask: Value, inputs: DiphotonInputs) -> Value:
    """Return the numbers of objects (n, slots, 12), standardised."""
    column = {name: objects.at(2, k) for k, name in enumerate(DIPHOTON.features)}
    held = {name: mask & _slots_with(name) for name in DIPHOTON.features}
    plain = [(column[name], held[name]) for name in ("eta", "phi", "btag")]
    found = [
        _logarithm(column["pt"], held["pt"]),
        *plain[:2],
        _logarithm(column["mass"], held["mass"]),
        plain[2],
        _ratio(column["tau3"], column["tau2"], held["tau2"]),
        _ratio(column["tau4"], column["tau3"], held["tau3"]),
    ]
    middle, width = np.array(inputs.means), np.array(inputs.widths)
    scaled = [
        there.where((values - middle[k]) / width[k], 0.0)
        for k, (values, there) in enumerate(found)
    ]
    types = mask.cast(objects.kind).expanded(2) * _one_hot()
    return joined(2, [stacked(2, scaled), types])


def _event_numbers(graph: Graph, inputs: DiphotonInputs) -> Value:
    """Return the numbers of events (n, 2), standardised."""
    count = len(DIPHOTON.event_features)
    features = graph.input("features", "float32", (count,)).cast("float64")
    pt, dr = (features.at(1, DIPHOTON.event_features.index(name)) for name in ("pt_gg", "dr_gg"))
    split = len(OBJECT_NUMBERS)
    middle, width = inputs.means[split:], inputs.widths[split:]
    positive = pt > 0.0
    logarithm = (positive.where(pt, 1.0).map("Log") - middle[0]) / width[0]
    return stacked(1, [positive.where(logarithm, 0.0), (dr - middle[1]) / width[1]])


def _logarithm(values: Value, held: Value) -> tuple[Value, Value]:
    held = held & (values > 0.0)
    return held.where(values, 1.0).map("Log"), held


def _ratio(above: Value, below: Value, held: Value) -> tuple[Value, Value]:
    held = held & (below > 0.0)
    return above / held.where(below, 1.0), held


def _slots_with(feature: str) -> list[bool]:
    having = {kind.name for kind in DIPHOTON.types if feature in kind.features}
    return [name in having for name in DIPHOTON.slot_types]


def _one_hot() -> list[list[float]]:
    kinds = [kind.name for kind in DIPHOTON.types]
    return [[float(kind == name) for kind in kinds] for name in DIPHOTON.slot_types]


def _kinematics(objects: Value, mask: Value) -> Value:
    """Return pT, eta, phi, mass and whether there is an eta: (n, slots, 5)."""
    there = mask.cast(objects.kind).expanded(2)
    kept = objects.take(2, [DIPHOTON.feature_index(k) for k in ("pt", "eta", "phi", "mass")])
    has_eta = there * np.array(_slots_with("eta"), dtype=np.float32)[:, None]
    return joined(2, [mask.expanded(2).where(kept, 0.0), has_eta])


def _bias(slots: Slots, kinematics: Value, network: ParticleTransformer) -> Value:
    """Return what is added to the logits of attention between objects."""
    first, second = slots.pairs(slots.gather(kinematics))
    mixed = perceptron(_pair_features(first, second), network.pairs.mix)
    square = slots.square(mixed, network.pairs.heads).transpose(0, 3, 1, 2)
    return square + hiding(slots.filled)


def _pair_features(first: Value, second: Value) -> Value:
    """Return the six features (n, pairs, 6) of pairs; see `pair_features`."""
    pt1, eta1, phi1, mass1, has_eta1 = (first.at(2, k) for k in range(5))
    pt2, eta2, phi2, mass2, has_eta2 = (second.at(2, k) for k in range(5))
    flat = has_eta1 * has_eta2
    eta1, eta2 = eta1 * flat, eta2 * flat
    d_eta, d_phi = (eta1 - eta2).map("Abs"), (phi1 - phi2).map("Abs")
    d_phi = d_phi.min((2 * math.pi - d_phi).map("Abs"))
    ln_dr = _log(d_eta.square() + d_phi.square(), DR_FLOOR**2) * 0.5
    ln_softer = _log(pt1.min(pt2), KT_FLOOR / 10)
    ln_total = _log(pt1 + pt2, KT_FLOOR / 10)
    features = [
        d_eta,
        d_phi,
        ln_dr,
        (ln_softer + ln_dr).max(math.log(KT_FLOOR)),
        (ln_softer - ln_total).max(math.log(Z_FLOOR)),
        _log(_mass2((pt1, eta1, mass1), (pt2, eta2, mass2), d_eta, d_phi), MASS2_FLOOR),
    ]
    return (stacked(2, features) - np.array(CENTRES)) / np.array(SCALES)


def _mass2(
    first: tuple[Value, Value, Value],
    second: tuple[Value, Value, Value],
    d_eta: Value,
    d_phi: Value,
) -> Value:
    (pt1, eta1, mass1), (pt2, eta2, mass2) = first, second
    p1, p2 = pt1 * eta1.cosh(), pt2 * eta2.cosh()
    square1, square2 = mass1.square(), mass2.square()
    e1, e2 = (p1.square() + square1).map("Sqrt"), (p2.square() + square2).map("Sqrt")
    above = square1 * p2.square() + square2 * p1.square() + square1 * square2
    below = (e1 * e2 + p1 * p2).max(SMALLEST)
    opening = (d_eta * 0.5).sinh().square() + (d_phi * 0.5).map("Sin").square()
    return square1 + square2 + above / below * 2.0 + pt1 * pt2 * opening * 4.0


def _log(values: Value, floor: float) -> Value:
    return values.max(floor).map("Log")
