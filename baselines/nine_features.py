"""The nine features of an event that HAXAD (arXiv:2508.13566) describes it by."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self

import numpy as np

from benchmark.errors import DataError, DiademError, complaint
from benchmark.photons import Pair, delta_phi
from benchmark.schema import DIPHOTON, MET
from benchmark.table import require_schema

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from benchmark.events import EventTable

NINE = (
    *("pt_g1_over_m", "pt_g2_over_m", "dr_gg", "m_jj", "dr_jj", "ht30", "has_lepton"),
    *("met", "n_jets"),
)
"""Names of the features, in order. GeV for m_jj, ht30 and met."""


def nine_features(events: EventTable) -> NDArray[np.float64]:
    """Return the nine features, float64 (n, 9), in the order of `NINE`.

    The jets are the two small ones with the largest pT; m_jj and dr_jj are 0 where there are
    fewer. The diphoton mass is made of the two photons, since the column m_gg is hidden from
    embeddings; where it is 0, so are the ratios to it. (That these are the nine features is
    inferred from the authors' public code.)

    Args:
        events: Of the schema diphoton.

    Raises:
        DataError: Events of another schema.
    """
    require_schema(events, DIPHOTON)
    columns = {
        name: events.features[:, k].astype(np.float64)
        for k, name in enumerate(DIPHOTON.event_features)
    }
    share = _relative_pt(columns)
    mass, distance = _jet_pair(events)
    found = {
        "pt_g1_over_m": share[:, 0],
        "pt_g2_over_m": share[:, 1],
        "dr_gg": columns["dr_gg"],
        "m_jj": mass,
        "dr_jj": distance,
        "ht30": columns["ht30"],
        "has_lepton": _slots(events.mask, "electron", "muon").any(axis=1),
        "met": events.objects[:, DIPHOTON.type_slice(MET).start, DIPHOTON.feature_index("pt")],
        "n_jets": columns["n_jets"],
    }
    return np.stack([found[name] for name in NINE], axis=1, dtype=np.float64)


@dataclass(frozen=True)
class Standard:
    """Means and widths that bring each of d columns to mean 0 and width 1.

    Attributes:
        mean: Of each column.
        width: Standard deviation of each column; 1 where the column is constant.

    Example:
        >>> Standard.fit(np.array([[1.0, 5.0], [3.0, 5.0]])).of(np.array([[3.0, 6.0]]))
        array([[1., 1.]])
    """

    mean: tuple[float, ...]
    width: tuple[float, ...]

    @classmethod
    def fit(cls, values: NDArray[Any]) -> Self:
        """Take means and widths of (n, d) values, every event alike.

        Raises:
            DataError: No event.
        """
        if len(values) == 0:
            message = complaint("no event to take means of", expected="one or more")
            raise DataError(message)
        width = values.std(axis=0, dtype=np.float64)
        width[width == 0] = 1
        return cls(tuple(values.mean(axis=0, dtype=np.float64).tolist()), tuple(width.tolist()))

    @classmethod
    def from_note(cls, note: Any, where: str) -> Self:
        """Return what `dataclasses.asdict` and JSON made of the scale of the nine features.

        Args:
            note: Holds "mean" and "width".
            where: Place of the note, for the error.

        Raises:
            DiademError: It is damaged.
        """
        try:
            mean, width = (tuple(map(float, note[name])) for name in ("mean", "width"))
        except (KeyError, TypeError, ValueError):
            mean, width = (), ()
        sane = len(mean) == len(width) == len(NINE) and all(map(math.isfinite, mean))
        if not (sane and all(math.isfinite(value) and value > 0 for value in width)):
            message = complaint(
                "no embedding can be read",
                where=where,
                expected=f"means and positive widths of {len(NINE)} features",
                remedy="Remove the folder; it is then made again.",
            )
            raise DiademError(message)
        return cls(mean, width)

    def of(self, values: NDArray[Any]) -> NDArray[np.float64]:
        """Return the standardised values, float64 (n, d)."""
        scaled: NDArray[np.float64] = (values - np.array(self.mean)) / np.array(self.width)
        return scaled


def _relative_pt(columns: Mapping[str, NDArray[np.float64]]) -> NDArray[np.float64]:
    """Return the pT of the two photons over the mass of their pair, (n, 2)."""
    pt, eta, phi = (
        np.stack([columns[f"{name}_g{k}"] for k in (1, 2)], axis=1)
        for name in ("pt", "eta", "phi")
    )
    mass = Pair(pt, eta, phi).mass()[:, None]
    return np.divide(pt, mass, out=np.zeros_like(pt), where=mass > 0)


def _jet_pair(events: EventTable) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return mass (GeV) and distance of the two leading small jets, each (n,); 0 without two."""
    first = DIPHOTON.type_slice("jet").start
    places = [DIPHOTON.feature_index(name) for name in ("pt", "eta", "phi", "mass")]
    jets = events.objects[:, first : first + 2, places].astype(np.float64)
    pt, eta, phi, mass = np.moveaxis(jets, 2, 0)
    momentum = np.stack([pt * np.cos(phi), pt * np.sin(phi), pt * np.sinh(eta)])
    energy = np.sqrt(np.square(momentum).sum(axis=0) + np.square(mass))
    squared = np.square(energy.sum(axis=1)) - np.square(momentum.sum(axis=2)).sum(axis=0)
    distance = np.hypot(eta[:, 0] - eta[:, 1], delta_phi(phi[:, 0], phi[:, 1]))
    both = events.mask[:, first : first + 2].all(axis=1)
    return np.where(both, np.sqrt(np.maximum(squared, 0)), 0), np.where(both, distance, 0)


def _slots(mask: NDArray[np.bool_], *kinds: str) -> NDArray[np.bool_]:
    """Return the columns of the mask that belong to some object types."""
    return np.concatenate([mask[:, DIPHOTON.type_slice(kind)] for kind in kinds], axis=1)
