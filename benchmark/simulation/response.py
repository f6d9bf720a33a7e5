"""The detector response: from a truth record to reconstructed objects."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import awkward as ak
import numpy as np

from benchmark.reco import RecoObjects, collection
from benchmark.simulation import jets as jetlib
from benchmark.simulation.flow import Flow, FlowBuilder, Vectors
from benchmark.simulation.identification import Candidates, Identified, identify

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from benchmark.simulation.detector_card import DetectorCard, IsolationCard
    from benchmark.simulation.truth import Truth


@dataclass(frozen=True)
class Reconstruction:
    """What an analysis asks of the detector, beyond the detector card.

    Attributes:
        jet_radius: anti-kT radius of the jets.
        large_jet_radius: radius of the large jets, None for none.
        large_jet_min_pt: their threshold, GeV.
        subjettiness_beta: exponent of N-subjettiness.
        isolation: one isolation cone for photons and leptons instead of the detector card's.
    """

    jet_radius: float
    large_jet_radius: float | None = None
    large_jet_min_pt: float = 200.0
    subjettiness_beta: float = 1.0
    isolation: IsolationCard | None = None


class Response:
    """A detector card with its cells laid out, ready to measure batches of events."""

    def __init__(self, card: DetectorCard, options: Reconstruction) -> None:
        """Prepare a response; `card` has the detector, `options` the analysis."""
        self.card = card
        self.options = options
        self._flow = FlowBuilder(card)

    def __call__(
        self,
        truth: Truth,
        rng: np.random.Generator,
        *,
        preselect: Callable[[RecoObjects], NDArray[np.bool_]] | None = None,
    ) -> tuple[RecoObjects, NDArray[np.bool_]]:
        """Measure a batch of events.

        Args:
            truth: generated events.
            rng: generator of all random draws.
            preselect: sees photons, leptons and MET and says which events are worth the jets.

        Returns:
            The objects of the kept events, and the mask (n,) of those.
        """
        flow = self._flow.build(truth, rng)
        found = identify(flow, self.card, rng, isolation=self.options.isolation)
        met = self._met(flow)
        keep = np.ones(len(truth), dtype=bool)
        if preselect is not None:
            keep = preselect(_objects(found, met, None, None, len(truth)))
        small, large = self._jets(flow, found, truth, keep, rng)
        return _objects(found, met, small, large, len(truth))[keep], keep

    def inputs(self, flow: Flow, kind: str) -> tuple[Vectors, NDArray[np.int64]]:
        """Clustering inputs, `towers` (with smeared muons) or `energy_flow`, and their places.

        The places map the concatenation (ECAL towers, HCAL towers, muons) or (tracks, photons,
        neutral hadrons) to rows of the result.
        """
        if kind == "energy_flow":
            return Vectors.concat([flow.tracks.momentum, flow.photons, flow.neutral_hadrons])
        towers = [
            Vectors.massless(t.event, t.energy, t.eta, t.phi) for t in (flow.ecal, flow.hcal)
        ]
        return Vectors.concat([*towers, flow.muons.momentum])

    def _met(self, flow: Flow) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        vectors, _ = self.inputs(flow, self.card.met_inputs)
        px = -np.bincount(vectors.event, vectors.px, flow.events)
        py = -np.bincount(vectors.event, vectors.py, flow.events)
        return np.hypot(px, py), np.arctan2(py, px)

    def _jets(
        self,
        flow: Flow,
        found: Identified,
        truth: Truth,
        keep: NDArray[np.bool_],
        rng: np.random.Generator,
    ) -> tuple[jetlib.Jets, jetlib.Jets | None]:
        """Jets of the kept events; large jets where the analysis asks for them."""
        vectors, place = self.inputs(flow, self.card.jets.inputs)
        taken = self._taken(flow, found, place, len(vectors))
        usable = keep[vectors.event] & (vectors.e > 0)
        inputs, taken = vectors.take(usable), taken[usable]
        card, radius = self.card.jets, self.options.jet_radius
        min_pt = card.min_pt
        small = jetlib.cluster(inputs, flow.events, radius=radius, min_pt=min_pt)
        if card.pileup_density is not None:
            density = jetlib.median_density(inputs, flow.events, card.pileup_density)
            small = jetlib.subtract_density(
                small, density, card.pileup_density, radius=radius, min_pt=min_pt
            )
        small = jetlib.without_members(small, taken)
        if card.energy_scale is not None:
            small = jetlib.scale_energy(small, card.energy_scale)
        small = jetlib.tag(small, truth, self.card, rng)
        return small, self._large_jets(inputs, taken, flow.events)

    def _large_jets(
        self, inputs: Vectors, taken: NDArray[np.bool_], events: int
    ) -> jetlib.Jets | None:
        radius = self.options.large_jet_radius
        if radius is None:
            return None
        large = jetlib.cluster(inputs, events, radius=radius, min_pt=self.options.large_jet_min_pt)
        large = jetlib.without_members(large, taken)
        return jetlib.subjettiness(
            large, inputs, beta=self.options.subjettiness_beta, radius=radius
        )

    def _taken(
        self, flow: Flow, found: Identified, place: NDArray[np.int64], count: int
    ) -> NDArray[np.bool_]:
        """Inputs that belong to a selected photon, electron or muon."""
        taken = np.zeros(count, dtype=bool)
        if not self.card.jets.overlap_removal:
            return taken
        ecal, hcal = flow.ecal, flow.hcal
        taken[place[found.photons.source]] = True
        width = np.int64(1) << 32
        tower = ecal.event * width + ecal.cell  # sorted, as made by np.unique
        wanted = found.electrons.momentum.event * width + found.electrons.source
        row = np.searchsorted(tower, wanted)
        taken[place[row]] = True
        taken[place[len(ecal.cell) + len(hcal.cell) + found.muons.source]] = True
        return taken


def _objects(
    found: Identified,
    met: tuple[NDArray[np.float64], NDArray[np.float64]],
    small: jetlib.Jets | None,
    large: jetlib.Jets | None,
    events: int,
) -> RecoObjects:
    return RecoObjects(
        photons=_leptons("photons", found.photons, events),
        electrons=_leptons("electrons", found.electrons, events),
        muons=_leptons("muons", found.muons, events),
        jets=_jet_collection("jets", small, events),
        large_jets=_jet_collection("large_jets", large, events),
        met=collection("met", pt=met[0], phi=met[1]),
    )


def _leptons(name: str, found: Candidates, events: int) -> Any:
    p = found.momentum
    columns = {"pt": p.pt, "eta": p.eta, "phi": p.phi, "iso": found.isolation, "pid": found.pid}
    return _collection(name, columns, p.event, events)


def _jet_collection(name: str, jets: jetlib.Jets | None, events: int) -> Any:
    if jets is None:
        return collection(name, events=events)
    p = jets.momentum
    mass2 = np.maximum(p.e**2 - p.px**2 - p.py**2 - p.pz**2, 0.0)
    columns = {"pt": p.pt, "eta": p.eta, "phi": p.phi, "mass": np.sqrt(mass2)}
    columns |= {"btag": jets.b_tag.astype(float), "flavour": jets.flavour}
    columns |= {f"tau{n + 1}": jets.tau[:, n] for n in range(jets.tau.shape[1])}
    return _collection(name, columns, p.event, events)


def _collection(name: str, columns: dict[str, Any], event: NDArray[np.int64], events: int) -> Any:
    counts = np.bincount(event, minlength=events)
    return collection(name, **{k: ak.unflatten(v, counts) for k, v in columns.items()})
