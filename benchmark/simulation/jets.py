"""Jets with FastJet: clustering, corrections, flavour, b-tagging, N-subjettiness."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import awkward as ak
import fastjet
import numpy as np

from benchmark.simulation.flow import Vectors
from benchmark.simulation.identification import pairs, wrap

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from benchmark.simulation.detector_card import DetectorCard, EnergyScale, PileupDensity
    from benchmark.simulation.truth import Truth

_B, _C = 5, 4
_KT_RADIUS = 1.5  # larger than any jet: the axes' clustering must not lose constituents
_TAUS = (1, 2, 3, 4)


@dataclass(frozen=True)
class Jets:
    """Jets of a batch, flat, ordered by event.

    Attributes:
        momentum: four-momenta.
        member: row among the inputs of each constituent, flat over jets.
        member_jet: jet of each constituent.
        flavour: 5, 4 or 0.
        b_tag: bool.
        tau: (n, 4) N-subjettiness tau1 to tau4, zero unless asked for.
    """

    momentum: Vectors
    member: NDArray[np.int64]
    member_jet: NDArray[np.int64]
    flavour: NDArray[np.int64]
    b_tag: NDArray[np.bool_]
    tau: NDArray[np.float64]

    def take(self, keep: NDArray[np.bool_]) -> Jets:
        """Chosen jets (boolean mask)."""
        number = np.cumsum(keep) - 1
        mine = keep[self.member_jet]
        return Jets(
            self.momentum.take(keep),
            self.member[mine],
            number[self.member_jet[mine]],
            self.flavour[keep],
            self.b_tag[keep],
            self.tau[keep],
        )


def _nested(vectors: Vectors, events: int) -> Any:
    counts = np.bincount(vectors.event, minlength=events)
    flat = ak.zip({"px": vectors.px, "py": vectors.py, "pz": vectors.pz, "E": vectors.e})
    return ak.unflatten(flat, counts)


def cluster(inputs: Vectors, events: int, *, radius: float, min_pt: float) -> Jets:
    """Anti-kT jets of each event above `min_pt` (GeV), with their constituents."""
    _silence_banner()
    definition = fastjet.JetDefinition(fastjet.antikt_algorithm, radius)
    sequence = fastjet.ClusterSequence(_nested(inputs, events), definition)
    found = sequence.inclusive_jets(min_pt=min_pt)
    members = sequence.constituent_index(min_pt=min_pt)
    counts = ak.to_numpy(ak.num(found.px))
    event = np.repeat(np.arange(events), counts)
    flat = {c: ak.to_numpy(ak.flatten(found[c])) for c in ("px", "py", "pz", "E")}
    momentum = Vectors(event, flat["px"], flat["py"], flat["pz"], flat["E"])
    per_jet = ak.flatten(members, axis=1)
    sizes = ak.to_numpy(ak.num(per_jet)).astype(np.int64)
    first = np.searchsorted(inputs.event, event)
    local = ak.to_numpy(ak.flatten(per_jet)).astype(np.int64)
    member_jet = np.repeat(np.arange(len(event)), sizes)
    n = len(event)
    return Jets(
        momentum,
        local + first[member_jet],
        member_jet,
        np.zeros(n, dtype=np.int64),
        np.zeros(n, dtype=bool),
        np.zeros((n, len(_TAUS))),
    )


def _silence_banner() -> None:
    """FastJet prints a banner at first use; its citation stands in the README instead."""
    fastjet._swig.ClusterSequence.set_fastjet_banner_stream(None)  # no public name


def without_members(jets: Jets, taken: NDArray[np.bool_]) -> Jets:
    """Drop jets that contain an input already used by a photon or lepton.

    Args:
        jets: jets.
        taken: (inputs,) whether an input belongs to a selected object.
    """
    hit = np.bincount(jets.member_jet, taken[jets.member], len(jets.flavour)) > 0
    return jets.take(~hit)


def scale_energy(jets: Jets, card: EnergyScale) -> Jets:
    """Apply the jet energy scale sqrt((constant - slope |eta|)^2 / pT + 1)."""
    pt, eta = jets.momentum.pt, np.abs(jets.momentum.eta)
    factor = np.sqrt((card.constant - card.slope * eta) ** 2 / pt + 1.0)
    return replace(jets, momentum=jets.momentum.scaled(factor))


def median_density(inputs: Vectors, events: int, card: PileupDensity) -> NDArray[np.float64]:
    """Median pT density (GeV per unit area) of each event in each range of rapidity.

    Cells of about `cell` x `cell` tile each range; the median runs over all of them, empty ones
    included. Without pile-up this is the density of the underlying event.

    Returns:
        (events, ranges).
    """
    rapidity = 0.5 * np.log((inputs.e + inputs.pz) / np.maximum(inputs.e - inputs.pz, 1e-12))
    columns = round(2 * np.pi / card.cell)
    phi_bin = np.floor((inputs.phi + np.pi) / (2 * np.pi) * columns).astype(int) % columns
    result = np.zeros((events, len(card.eta_edges) - 1))
    for k, (low, high) in enumerate(zip(card.eta_edges[:-1], card.eta_edges[1:], strict=True)):
        rows = max(1, int((high - low) / card.cell + 0.5))  # halves go up, as in FastJet
        inside = (rapidity > low) & (rapidity < high)
        row = np.floor((rapidity[inside] - low) / (high - low) * rows).astype(int)
        row = np.minimum(row, rows - 1)  # a rapidity just below the edge may round up to it
        key = (inputs.event[inside] * rows + row) * columns + phi_bin[inside]
        cells = np.bincount(key, inputs.pt[inside], events * rows * columns)
        area = (high - low) / rows * 2 * np.pi / columns
        result[:, k] = np.median(cells.reshape(events, -1), axis=1) / area
    return result


def subtract_density(
    jets: Jets, density: NDArray[np.float64], card: PileupDensity, *, radius: float, min_pt: float
) -> Jets:
    """Subtract density x area (pi R^2 along the jet axis), then apply the threshold."""
    eta = jets.momentum.eta
    region = np.clip(np.searchsorted(card.eta_edges, eta) - 1, 0, density.shape[1] - 1)
    offset = density[jets.momentum.event, region] * np.pi * radius**2
    pt = jets.momentum.pt
    jets = replace(jets, momentum=jets.momentum.scaled(np.maximum(1 - offset / pt, 1e-6)))
    return jets.take(pt - offset > min_pt)


def tag(jets: Jets, truth: Truth, card: DetectorCard, rng: np.random.Generator) -> Jets:
    """Give jets the flavour of the heaviest quark in the cone, and draw b-tags from it."""
    rules, momentum = card.flavour, jets.momentum
    jet, parton = pairs(momentum.event, truth.parton_event)
    d_eta = momentum.eta[jet] - truth.parton_eta[parton]
    d_phi = wrap(momentum.phi[jet] - truth.parton_phi[parton])
    near = d_eta**2 + d_phi**2 <= rules.cone**2
    near &= truth.parton_pt[parton] > rules.min_parton_pt
    near &= np.abs(truth.parton_eta[parton]) < rules.max_parton_eta
    flavour = np.zeros(len(momentum), dtype=np.int64)
    np.maximum.at(flavour, jet[near], np.abs(truth.parton_pid[parton[near]]).astype(np.int64))
    pt, eta, rule = momentum.pt, momentum.eta, card.b_tagging
    light = rule.light.constant + rule.light.slope * pt
    chance = np.select([flavour == _B, flavour == _C], [rule.b(pt, eta), rule.c(pt, eta)], light)
    return replace(jets, flavour=flavour, b_tag=rng.random(len(pt)) < chance)


def subjettiness(jets: Jets, inputs: Vectors, *, beta: float, radius: float) -> Jets:
    """N-subjettiness tau1 to tau4, normalised measure, axes from exclusive kT.

    tau_N = sum_i pT_i min_k(dR_ik)^beta / (R^beta sum_i pT_i), arXiv 1011.2268. A jet with fewer
    than N constituents has tau_N = 0.
    """
    count = len(jets.flavour)
    if not count:
        return jets
    members = inputs.take(jets.member)
    per_jet = replace(members, event=jets.member_jet)
    sequence = fastjet.ClusterSequence(
        _nested(per_jet, count), fastjet.JetDefinition(fastjet.kt_algorithm, _KT_RADIUS)
    )
    values = sequence.njettiness(
        measure_definition="NormalizedMeasure",
        axes_definition="KT_Axes",
        njets=list(_TAUS),
        beta=beta,
        R0=radius,
    )
    tau = np.maximum(ak.to_numpy(values).reshape(count, len(_TAUS)), 0.0)
    sizes = np.bincount(jets.member_jet, minlength=count)
    return replace(jets, tau=np.where(sizes[:, None] >= np.array(_TAUS), tau, 0.0))
