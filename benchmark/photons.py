"""The photon pair of a diphoton event."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from benchmark.cards import DiphotonSelection
    from benchmark.ragged import Ragged


def delta_phi(first: NDArray[Any], second: NDArray[Any]) -> NDArray[np.float64]:
    """Return the angle from `second` to `first`, in [-pi, pi).

    Example:
        >>> float(delta_phi(np.array(3.0), np.array(-3.0)).round(4))
        -0.2832
    """
    return (np.asarray(first - second, dtype=np.float64) + np.pi) % (2 * np.pi) - np.pi


@dataclass(frozen=True, eq=False)
class Pair:
    """Two photons of each of n events; every array has shape (n, 2), harder photon first."""

    pt: NDArray[np.float64]
    eta: NDArray[np.float64]
    phi: NDArray[np.float64]

    def mass(self) -> NDArray[np.float64]:
        """Return the mass of two massless photons in GeV, shape (n,).

        m^2 = 2 pT1 pT2 (cosh(eta1 - eta2) - cos(phi1 - phi2))
        """
        angle = np.cosh(self.eta[:, 0] - self.eta[:, 1]) - np.cos(self.phi[:, 0] - self.phi[:, 1])
        squared: NDArray[np.float64] = np.maximum(2 * self.pt[:, 0] * self.pt[:, 1] * angle, 0)
        return np.sqrt(squared)

    def features(self) -> dict[str, NDArray[np.float64]]:
        """Return the event features of the pair by the names of the schema, each (n,)."""
        px, py = self.pt * np.cos(self.phi), self.pt * np.sin(self.phi)
        dphi = delta_phi(self.phi[:, 0], self.phi[:, 1])
        found = {
            "pt_gg": np.hypot(px.sum(axis=1), py.sum(axis=1)),
            "dr_gg": np.hypot(self.eta[:, 0] - self.eta[:, 1], dphi),
        }
        for k in (0, 1):
            found[f"pt_g{k + 1}"] = self.pt[:, k]
            found[f"eta_g{k + 1}"] = self.eta[:, k]
            found[f"phi_g{k + 1}"] = self.phi[:, k]
        return found

    def where(self, keep: NDArray[np.bool_]) -> Pair:
        """Return the pairs of the kept events."""
        return Pair(self.pt[keep], self.eta[keep], self.phi[keep])


def in_acceptance(photons: Ragged, cuts: DiphotonSelection) -> Ragged:
    """Return the photons inside the acceptance in eta and outside the crack."""
    eta = np.abs(photons["eta"])
    low, high = cuts.crack.value
    return photons.where((eta < cuts.photon_max_eta.value) & ((eta < low) | (eta > high)))


def select_pairs(photons: Ragged, cuts: DiphotonSelection) -> tuple[Pair, NDArray[np.bool_]]:
    """Return the photon pair of each event and whether the event passes.

    Of the hardest `photon_candidates` photons, the pair with mass closest to `target_mass`; then
    the trigger, the pT relative to the mass, and the mass window.

    Args:
        photons: Photons in acceptance.
        cuts: Thresholds of the card.

    Returns:
        The pairs of all n events (meaningless where there is none), and a mask (n,).
    """
    pair, found = _closest_pair(photons, cuts.photon_candidates.value, cuts.target_mass.value)
    mass = pair.mass()
    first, second = pair.pt.T
    low, high = cuts.trigger_pair_pt.value
    trigger = ((first > low) & (second > high)) | (first > cuts.trigger_single_pt.value)
    share_1, share_2 = cuts.relative_pt.value
    relative = (first > share_1 * mass) & (second > share_2 * mass)
    bottom, top = cuts.mass_window.value
    return pair, found & trigger & relative & (mass > bottom) & (mass < top)


def _closest_pair(
    photons: Ragged, candidates: int, target: float
) -> tuple[Pair, NDArray[np.bool_]]:
    """Return the pair with mass closest to `target`, and whether there is a pair at all.

    Of two pairs equally close, the one with the harder first, then second photon is taken.
    """
    columns = [photons.padded(name, candidates) for name in ("pt", "eta", "phi")]
    choices = np.array(list(combinations(range(candidates), 2)))
    number = np.minimum(photons.counts(), candidates)
    distance = np.empty((photons.events, len(choices)))
    for index, choice in enumerate(choices):
        pair = Pair(*(column[:, choice] for column in columns))
        distance[:, index] = np.where(choice[1] < number, np.abs(pair.mass() - target), np.inf)
    best = choices[np.argmin(distance, axis=1)]
    chosen = Pair(*(np.take_along_axis(column, best, axis=1) for column in columns))
    return chosen, number >= 2
