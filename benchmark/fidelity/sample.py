"""Events with truth and reconstruction side by side, from either detector."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from typing import Any

import awkward as ak

from benchmark.errors import DataError, complaint


@dataclass(frozen=True, eq=False, kw_only=True)
class Sample:
    """n events as a detector saw them, with the truth they are held against.

    All but the names are awkward arrays of n events, in GeV and rad. Flavour is the one that the
    tagger used (5, 4, or 0 for all else), for it alone is defined alike on both sides.

    Attributes:
        card: Detector card, "atlas" or "cms".
        name: Physics process, or several joined by "+".
        leptons: True electrons and muons above 2 GeV: pid, pt, eta, phi, cls
            (`benchmark.simulation.truth`: 1 prompt, 11 through a tau).
        photons: True photons above 5 GeV, the same fields.
        gen_jets: Jets of all visible stable particles: pt, eta, phi.
        electrons: Reconstructed electrons: pt, eta, phi, charge.
        muons: Reconstructed muons, the same fields.
        reco_photons: Reconstructed photons: pt, eta, phi, charge (0).
        jets: Reconstructed jets: pt, eta, phi, flavour, btag.
        met: px, py of the missing transverse momentum.
        invisible: px, py summed over the invisible particles.
    """

    card: str
    name: str
    leptons: Any
    photons: Any
    gen_jets: Any
    electrons: Any
    muons: Any
    reco_photons: Any
    jets: Any
    met: Any
    invisible: Any

    def __len__(self) -> int:
        """Return the number of events."""
        return len(self.met)

    def renamed(self, name: str) -> Sample:
        """Return the same events under another name."""
        return replace(self, name=name)

    @staticmethod
    def concat(parts: list[Sample]) -> Sample:
        """Return the events of all parts, in order; different names are joined by "+".

        Raises:
            DataError: There is no part, or the detector cards differ.
        """
        cards = {part.card for part in parts}
        if len(cards) != 1:
            message = complaint(
                "samples of one detector are needed", found=", ".join(sorted(cards)) or "none"
            )
            raise DataError(message)
        arrays = [f.name for f in fields(Sample) if f.name not in ("card", "name")]
        joined = {a: ak.concatenate([getattr(p, a) for p in parts]) for a in arrays}
        names = dict.fromkeys(part.name for part in parts)
        return Sample(card=cards.pop(), name="+".join(names), **joined)
