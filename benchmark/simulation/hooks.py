"""Vetoes inside Pythia: each skips events that could not be used, before they cost time.

A hook must outlive the generator that calls it: keep the object that `make_hook` returns.
"""

from __future__ import annotations

from typing import Any

import pythia8mc

from benchmark.errors import SimulationError

_HIGGS, _PHOTON, _B_QUARK = 25, 22, 5


class OneDiphotonHiggs(pythia8mc.UserHooks):  # type: ignore[misc]
    """Keep hard processes in which exactly one Higgs boson decays to two photons.

    With the two-photon branching fraction raised in the settings file, the other Higgs boson keeps
    its Standard Model decays. Exact: resonance decays are complete at process level.
    """

    def __init__(self) -> None:
        """Create the hook."""
        pythia8mc.UserHooks.__init__(self)

    def canVetoProcessLevel(self) -> bool:
        """Tell Pythia to ask."""
        return True

    def doVetoProcessLevel(self, process: Any) -> bool:
        """Veto unless exactly one H -> gamma gamma is in the hard process."""
        count = 0
        for i in range(process.size()):
            particle = process[i]
            if particle.id() == _HIGGS:
                first, second = particle.daughter1(), particle.daughter2()
                count += process[first].id() == _PHOTON and process[second].id() == _PHOTON
        return count != 1


class CentralPhotons(pythia8mc.UserHooks):  # type: ignore[misc]
    """Keep hard processes whose two photons are hard and central enough to be selected later.

    |eta| < 3.0 and pT > 22 GeV at process level: initial-state radiation can move a photon across
    the edge, which loses 1.8 % of the selected continuum events with the power shower.
    """

    max_abs_eta = 3.0
    min_pt = 22.0  # GeV

    def __init__(self) -> None:
        """Create the hook."""
        pythia8mc.UserHooks.__init__(self)

    def canVetoProcessLevel(self) -> bool:
        """Tell Pythia to ask."""
        return True

    def doVetoProcessLevel(self, process: Any) -> bool:
        """Veto if an outgoing photon of the hard process is too forward or too soft."""
        for i in range(process.size()):
            photon = process[i]
            if photon.id() != _PHOTON or photon.status() <= 0:
                continue
            if abs(photon.eta()) > self.max_abs_eta or photon.pT() < self.min_pt:
                return True
        return False


class HardBottom(pythia8mc.UserHooks):  # type: ignore[misc]
    """Keep parton showers that hold a hard b quark when the evolution reaches 10 GeV.

    The threshold (pT > 25 GeV) loses less than 2 % of the events with an isolated lepton above
    23 GeV from a b hadron. Gluon splittings to b quarks below 10 GeV are lost.
    """

    scale = 10.0  # GeV
    min_pt = 25.0  # GeV

    def __init__(self) -> None:
        """Create the hook."""
        pythia8mc.UserHooks.__init__(self)

    def canVetoPT(self) -> bool:
        """Tell Pythia to ask during the evolution."""
        return True

    def scaleVetoPT(self) -> float:
        """Scale of the evolution (GeV) at which Pythia asks."""
        return self.scale

    def doVetoPT(self, position: int, event: Any) -> bool:  # noqa: ARG002
        """Veto unless a b quark above the threshold is there."""
        for i in range(event.size()):
            quark = event[i]
            if abs(quark.id()) == _B_QUARK and quark.status() > 0 and quark.pT() > self.min_pt:
                return False
        return True


HOOKS: dict[str, type[pythia8mc.UserHooks]] = {
    "one_diphoton_higgs": OneDiphotonHiggs,
    "central_photons": CentralPhotons,
    "hard_bottom": HardBottom,
}


def hook_settings(name: str | None) -> dict[str, Any] | None:
    """Return a hook's name and thresholds, for the recipe of what it vetoes."""
    if name is None:
        return None
    thresholds = {k: v for k, v in vars(HOOKS[name]).items() if isinstance(v, float)}
    return {"name": name, **thresholds}


def make_hook(name: str) -> pythia8mc.UserHooks:
    """Create a hook by name; `SimulationError` for a name that is not in `HOOKS`."""
    if name not in HOOKS:
        msg = f"unknown generator hook {name!r}; known hooks: {', '.join(sorted(HOOKS))}"
        raise SimulationError(msg)
    return HOOKS[name]()
