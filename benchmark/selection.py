"""The event selections of both datasets: one implementation, for simulated and imported events."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from benchmark.errors import CardError, complaint
from benchmark.events import EventTable
from benchmark.photons import delta_phi, in_acceptance, select_pairs
from benchmark.ragged import Ragged
from benchmark.reco import FIELDS
from benchmark.schema import MET, SCHEMAS

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from benchmark.cards import DatasetCard, DiphotonSelection, LeptonSelection
    from benchmark.reco import RecoObjects
    from benchmark.schema import EventSchema


@dataclass(frozen=True, eq=False, kw_only=True)
class Selected:
    """The events that pass, in the slots of the schema; k of n events are kept.

    Attributes:
        schema: Meaning of slots and features.
        keep: bool (n,), which of the given events pass.
        objects: float32 (k, slots, features).
        mask: bool (k, slots).
        features: float32 (k, event features).
        m_gg: float32 (k,) in GeV, None when the schema has none.
    """

    schema: EventSchema
    keep: NDArray[np.bool_]
    objects: NDArray[np.float32]
    mask: NDArray[np.bool_]
    features: NDArray[np.float32]
    m_gg: NDArray[np.float32] | None

    def __len__(self) -> int:
        """Return the number of events kept."""
        return len(self.objects)

    def table(
        self,
        event_id: NDArray[np.uint64],
        *,
        process: str,
        point: str = "",
        weight: NDArray[np.float32] | float = 1.0,
        shard: int = -1,
        seed: int = -1,
    ) -> EventTable:
        """Return the kept events as a validated table.

        Args:
            event_id: Ids of the kept events, shape (k,).
            process: Name of the process.
            point: Mass point, "" when there is none.
            weight: One for all, or of each kept event, shape (k,).
            shard: Shard of the simulation, -1 when imported.
            seed: Seed of the generator, -1 when imported.

        Raises:
            DataError: A value breaks a rule of the table.
        """
        k = len(self)
        return EventTable(
            schema=self.schema,
            objects=self.objects,
            mask=self.mask,
            features=self.features,
            event_id=event_id,
            process=np.full(k, process),
            point=np.full(k, point),
            weight=np.broadcast_to(np.asarray(weight, dtype=np.float32), (k,)).copy(),
            m_gg=self.m_gg,
            shard=np.full(k, shard, dtype=np.int32),
            seed=np.full(k, seed, dtype=np.int64),
        )


def select(objects: RecoObjects, card: DatasetCard) -> Selected:
    """Apply the selection of the card.

    Thresholds are strict: pT > threshold, |eta| < limit, iso < limit.

    Diphoton: photons in acceptance; of the three hardest the pair nearest 125 GeV; trigger,
    relative pT and mass window (`benchmark.photons`). Jets, leptons and large jets above
    their thresholds go to the slots; HT and the numbers of jets count all jets, also those beyond
    the slots. A large jet may hold a photon or a small jet: to remove overlaps is for the
    detector.

    Lepton: an isolated electron or muon above the trigger threshold; then all leptons above
    `lepton_min_pt`, isolated or not, jets and MET. Jets that an isolated electron or muon makes
    are dropped (`jet_lepton_cleaning`) since detectors may not have done so.

    Negative masses of massless jets, which come from rounding, become zero.

    Args:
        objects: All reconstructed objects of n events.
        card: The dataset with its thresholds.

    Raises:
        CardError: The selection does not belong to the card's event schema.
    """
    schema = SCHEMAS[card.event_schema]
    held = {
        name: Ragged.of(getattr(objects, name), fields)
        for name, fields in FIELDS.items()
        if name != MET
    }
    if card.selection.kind == "diphoton" and schema.has_m_gg:
        return _diphoton(objects, held, schema, cuts=card.selection)
    if card.selection.kind == "lepton" and not schema.event_features:
        return _lepton(objects, held, schema, cuts=card.selection)
    message = complaint(
        "selection and event schema do not belong together",
        where=f"card {card.name}, selection.kind",
        found=f"{card.selection.kind} with {card.event_schema}",
        expected="diphoton with diphoton, or lepton with cms_adc",
    )
    raise CardError(message)


def _diphoton(
    objects: RecoObjects, held: dict[str, Ragged], schema: EventSchema, *, cuts: DiphotonSelection
) -> Selected:
    """Return the diphoton events."""
    photons = in_acceptance(held["photons"], cuts)
    pair, keep = select_pairs(photons, cuts)
    held = {name: ragged.in_events(keep) for name, ragged in held.items()}
    jets = _above(held["jets"], cuts.jet_min_pt.value, cuts.jet_max_eta.value)
    lepton_pt = cuts.lepton_min_pt.value
    in_slots = {
        "jet": jets,
        "large_jet": _above(
            held["large_jets"], cuts.large_jet_min_pt.value, cuts.large_jet_max_eta.value
        ),
        "electron": _above(held["electrons"], lepton_pt, cuts.electron_max_eta.value),
        "muon": _above(held["muons"], lepton_pt, cuts.muon_max_eta.value),
    }
    pair = pair.where(keep)
    counted = jets["pt"] > cuts.ht_min_jet_pt.value
    columns = pair.features() | {
        "ht30": jets.sums(jets["pt"] * counted),
        "n_jets": jets.counts(),
        "n_bjets": jets.sums(jets["btag"]),
        "n_photons": photons.in_events(keep).counts(),
    }
    features = np.stack([columns[name] for name in schema.event_features], axis=1)
    slots, mask = _fill(schema, in_slots, objects.met[keep])
    return Selected(
        schema=schema,
        keep=keep,
        objects=slots,
        mask=mask,
        features=features.astype(np.float32),
        m_gg=pair.mass().astype(np.float32),
    )


def _lepton(
    objects: RecoObjects, held: dict[str, Ragged], schema: EventSchema, *, cuts: LeptonSelection
) -> Selected:
    """Return the events with an isolated lepton."""
    isolation, trigger_pt = cuts.max_isolation.value, cuts.trigger_min_pt.value
    keep = np.zeros(len(objects), dtype=np.bool_)
    for name, max_eta in (
        ("electrons", cuts.electron_trigger_max_eta.value),
        ("muons", cuts.muon_trigger_max_eta.value),
    ):
        fired = _isolated(_above(held[name], trigger_pt, max_eta), isolation)
        keep |= fired.counts() > 0
    held = {name: ragged.in_events(keep) for name, ragged in held.items()}
    lepton_pt = cuts.lepton_min_pt.value
    electrons = _above(held["electrons"], lepton_pt, cuts.electron_max_eta.value)
    jets = _above(held["jets"], cuts.jet_min_pt.value, cuts.jet_max_eta.value)
    for name in ("electrons", "muons"):
        makers = held[name].where(held[name]["pt"] > cuts.cleaning_min_pt.value)
        jets = _away_from(jets, _isolated(makers, isolation), cuts.jet_lepton_cleaning.value)
    in_slots = {
        "electron": electrons,
        "muon": _above(held["muons"], lepton_pt, cuts.muon_max_eta.value),
        "jet": jets,
    }
    slots, mask = _fill(schema, in_slots, objects.met[keep])
    features = np.zeros((len(slots), 0), dtype=np.float32)
    return Selected(
        schema=schema, keep=keep, objects=slots, mask=mask, features=features, m_gg=None
    )


def _above(held: Ragged, min_pt: float, max_eta: float) -> Ragged:
    return held.where((held["pt"] > min_pt) & (np.abs(held["eta"]) < max_eta))


def _isolated(held: Ragged, max_isolation: float) -> Ragged:
    return held.where(held["iso"] < max_isolation)


def _away_from(jets: Ragged, makers: Ragged, distance: float) -> Ragged:
    """Return the jets at least `distance` (in eta and phi) from every maker of their event."""
    near = np.zeros(len(jets.event), dtype=np.bool_)
    most = int(makers.counts().max(initial=0)) if distance > 0 else 0
    eta, phi = makers.padded("eta", most), makers.padded("phi", most)
    number = makers.counts()[jets.event]
    for k in range(most):
        away = np.hypot(
            jets["eta"] - eta[jets.event, k], delta_phi(jets["phi"], phi[jets.event, k])
        )
        near |= (k < number) & (away < distance)
    return jets.where(~near)


def _fill(
    schema: EventSchema, in_slots: dict[str, Ragged], met: Any
) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
    """Return object and mask arrays of the schema."""
    n = len(met)
    objects = np.zeros((n, schema.slots, len(schema.features)), dtype=np.float32)
    mask = np.zeros((n, schema.slots), dtype=np.bool_)
    for kind in schema.types:
        slots = schema.type_slice(kind.name)
        for feature in kind.features:
            if kind.name == MET:
                values = np.asarray(met[feature], dtype=np.float64)[:, None]
            else:
                values = in_slots[kind.name].padded(feature, kind.count)
            objects[:, slots, schema.feature_index(feature)] = _storable(feature, values)
        number = 1 if kind.name == MET else in_slots[kind.name].counts()[:, None]
        mask[:, slots] = np.arange(kind.count) < number
    return objects, mask


def _storable(feature: str, values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return values that the event table takes: rounding must not make a mass negative."""
    return np.maximum(values, 0) if feature == "mass" else values
