"""The nine features as a graph."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from baselines.graphs.writing import stacked
from baselines.nine_features import NINE
from benchmark.schema import DIPHOTON, MET

if TYPE_CHECKING:
    from collections.abc import Sequence

    from baselines.graphs.writing import Graph, Value
    from baselines.nine_features import Standard

_DOUBLE = "float64"


def standard_nine(graph: Graph, scale: Standard, steep: Sequence[str] = ()) -> Value:
    """Return the nine features (n, 9) of the documented inputs, standardised.

    Args:
        graph: That it is written into.
        scale: Means and widths.
        steep: Features of which log(1 + x) is taken before.
    """
    columns = nine_columns(graph)
    for name in steep:
        columns[name] = (columns[name] + 1.0).map("Log")
    values = stacked(1, [columns[name] for name in NINE])
    return (values - list(scale.mean)) / list(scale.width)


def nine_columns(graph: Graph) -> dict[str, Value]:
    """Return each of the nine features, float64 (n,); see `nine_features`."""
    objects = graph.input("objects", "float32", (DIPHOTON.slots, len(DIPHOTON.features)))
    mask = graph.input("mask", "bool", (DIPHOTON.slots,))
    features = graph.input("features", "float32", (len(DIPHOTON.event_features),)).cast(_DOUBLE)
    column = {name: features.at(1, k) for k, name in enumerate(DIPHOTON.event_features)}
    mass, distance = _jet_pair(objects, mask)
    leptons = [
        mask.part(1, kind.start, kind.stop)
        for kind in (DIPHOTON.type_slice(name) for name in ("electron", "muon"))
    ]
    counted = leptons[0].cast(_DOUBLE).sum(1) + leptons[1].cast(_DOUBLE).sum(1)
    met = objects.at(1, DIPHOTON.type_slice(MET).start).at(1, DIPHOTON.feature_index("pt"))
    share = _relative_pt(column)
    return {
        "pt_g1_over_m": share[0],
        "pt_g2_over_m": share[1],
        "dr_gg": column["dr_gg"],
        "m_jj": mass,
        "dr_jj": distance,
        "ht30": column["ht30"],
        "has_lepton": counted.min(1.0),
        "met": met.cast(_DOUBLE),
        "n_jets": column["n_jets"],
    }


def _relative_pt(column: dict[str, Value]) -> tuple[Value, Value]:
    """Return the pT of the two photons over the mass of their pair; 0 where that is 0."""
    first, second = column["pt_g1"], column["pt_g2"]
    angle = (column["eta_g1"] - column["eta_g2"]).cosh() - (
        _turned(column["phi_g1"] - column["phi_g2"]).map("Cos")
    )
    mass = (first * second * angle * 2.0).max(0.0).map("Sqrt")
    there = mass > 0.0
    divisor = there.where(mass, 1.0)
    return (
        there.where(first / divisor, 0.0),
        there.where(second / divisor, 0.0),
    )


def _jet_pair(objects: Value, mask: Value) -> tuple[Value, Value]:
    """Return mass (GeV) and distance of the two leading small jets; 0 without two."""
    start = DIPHOTON.type_slice("jet").start
    jets = objects.part(1, start, start + 2).cast(_DOUBLE)
    pt, eta, phi, mass = (
        jets.at(2, DIPHOTON.feature_index(name)) for name in ("pt", "eta", "phi", "mass")
    )
    momentum = [pt * phi.map("Cos"), pt * phi.map("Sin"), pt * eta.sinh()]
    squares = momentum[0].square() + momentum[1].square() + momentum[2].square()
    energy = (squares + mass.square()).map("Sqrt")
    sums = [part.sum(1) for part in momentum]
    squared = energy.sum(1).square() - (sums[0].square() + sums[1].square() + sums[2].square())
    apart = _turned(phi.at(1, 0) - phi.at(1, 1)).square()
    distance = ((eta.at(1, 0) - eta.at(1, 1)).square() + apart).map("Sqrt")
    both = mask.at(1, start) & mask.at(1, start + 1)
    return (
        both.where(squared.max(0.0).map("Sqrt"), 0.0),
        both.where(distance, 0.0),
    )


def _turned(angle: Value) -> Value:
    """Return an angle in [-pi, pi)."""
    turns = ((angle + math.pi) * (1 / (2 * math.pi))).map("Floor")
    return angle - turns * (2 * math.pi)
