"""Which events a dataset keeps, and which objects of them; pT and masses in GeV."""

from __future__ import annotations

from typing import Literal, Self

from pydantic import BaseModel, model_validator

from benchmark.card_values import (
    CONFIG,
    Count,
    NotNegative,
    Positive,
    Value,
    Window,
    fault,
)


class DiphotonSelection(BaseModel):
    """Events with a photon pair near the Higgs boson mass.

    Of the `photon_candidates` hardest photons in the acceptance, the pair with the mass nearest to
    `target_mass` is taken. Acceptances are bounds on |eta|.

    Attributes:
        kind: "diphoton".
        photon_candidates: How many photons may form the pair.
        target_mass: GeV.
        photon_max_eta: Bound on |eta|.
        crack: |eta| between the barrel and the end cap, where no photon is taken.
        trigger_pair_pt: The pair's pT must exceed both (leading, subleading), GeV...
        trigger_single_pt: ...or the leading photon's pT this, GeV.
        relative_pt: Least pT / m_gg of the two photons (leading, subleading).
        mass_window: Kept m_gg, GeV.
        signal_region: m_gg of the signal region, GeV; the rest of the window is the side band.
        jet_min_pt: Of small jets, GeV.
        jet_max_eta: Of small jets.
        jet_radius: Anti-kT radius of small jets.
        large_jet_min_pt: GeV.
        large_jet_max_eta: Of large jets.
        large_jet_radius: Anti-kT radius of large jets.
        lepton_min_pt: Of electrons and muons, GeV.
        electron_max_eta: Of electrons.
        muon_max_eta: Of muons.
        ht_min_jet_pt: Jets above it enter the feature ht30, GeV.
        subjettiness_beta: Angular exponent of N-subjettiness.
    """

    model_config = CONFIG

    kind: Literal["diphoton"]
    photon_candidates: Value[Count]
    target_mass: Value[Positive]
    photon_max_eta: Value[Positive]
    crack: Value[Window]
    trigger_pair_pt: Value[tuple[NotNegative, NotNegative]]
    trigger_single_pt: Value[NotNegative]
    relative_pt: Value[tuple[NotNegative, NotNegative]]
    mass_window: Value[Window]
    signal_region: Value[Window]
    jet_min_pt: Value[Positive]
    jet_max_eta: Value[Positive]
    jet_radius: Value[Positive]
    large_jet_min_pt: Value[Positive]
    large_jet_max_eta: Value[Positive]
    large_jet_radius: Value[Positive]
    lepton_min_pt: Value[Positive]
    electron_max_eta: Value[Positive]
    muon_max_eta: Value[Positive]
    ht_min_jet_pt: Value[Positive]
    subjettiness_beta: Value[Positive]

    @model_validator(mode="after")
    def _nested_windows(self) -> Self:
        low, high = self.mass_window.value
        inner_low, inner_high = self.signal_region.value
        if not low < inner_low < inner_high < high:
            what = "the signal region leaves no side band on both sides"
            raise fault(
                what,
                key="signal_region.value",
                found=[inner_low, inner_high],
                expected=f"a window inside mass_window, [{low}, {high}]",
            )
        return self


class LeptonSelection(BaseModel):
    """Events with an isolated electron or muon that fires the trigger.

    Isolation is the scalar pT sum of the other visible particles in the cone, over the lepton's
    pT. Acceptances are bounds on |eta|.

    Attributes:
        kind: "lepton".
        trigger_min_pt: pT of the electron or muon that fires, GeV.
        electron_trigger_max_eta: Its |eta| if it is an electron.
        muon_trigger_max_eta: Its |eta| if it is a muon.
        max_isolation: Its isolation stays below.
        isolation_cone: Radius in (eta, phi).
        isolation_min_pt: Softer objects in the cone do not count, GeV.
        lepton_min_pt: Of all kept electrons and muons, GeV.
        electron_max_eta: Of kept electrons.
        muon_max_eta: Of kept muons.
        jet_min_pt: GeV.
        jet_max_eta: Of jets.
        jet_radius: Anti-kT radius.
        jet_lepton_cleaning: Jets nearer than this, in (eta, phi), to an isolated electron or muon
            are that lepton and are dropped; 0 for none.
        cleaning_min_pt: pT of the leptons that drop jets, GeV.
    """

    model_config = CONFIG

    kind: Literal["lepton"]
    trigger_min_pt: Value[Positive]
    electron_trigger_max_eta: Value[Positive]
    muon_trigger_max_eta: Value[Positive]
    max_isolation: Value[Positive]
    isolation_cone: Value[Positive]
    isolation_min_pt: Value[NotNegative]
    lepton_min_pt: Value[Positive]
    electron_max_eta: Value[Positive]
    muon_max_eta: Value[Positive]
    jet_min_pt: Value[Positive]
    jet_max_eta: Value[Positive]
    jet_radius: Value[Positive]
    jet_lepton_cleaning: Value[NotNegative]
    cleaning_min_pt: Value[Positive]
