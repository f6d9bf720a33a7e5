"""CATHODE's model of the background: flows learn the sidebands and are sampled in the region."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from benchmark.detectors.mass_fit import MassFit
from benchmark.errors import DataError, complaint
from benchmark.seeds import rng_for, seed_for

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from benchmark.detectors import Device
    from benchmark.detectors.cathode_settings import CathodeSettings

MIN_REGION = 200
"""Smallest number of recorded events in the signal region: a cut at 1 % keeps two of them."""


@dataclass(frozen=True, eq=False)
class Generated:
    """Samples of the non-resonant background in the signal region.

    Attributes:
        latents: float32 (m, d), of all flows together.
        expected: Events that they stand for: the sidebands' fit, in the region.
        losses: Mean of -log p over the held-out sideband events, one for each flow.
        epochs: That each flow trained.
    """

    latents: NDArray[np.float32]
    expected: float
    losses: tuple[float, ...]
    epochs: tuple[int, ...]


def generate(
    latents: NDArray[np.float32],
    mass: NDArray[Any],
    settings: CathodeSettings,
    *,
    window: tuple[float, float],
    region: tuple[float, float],
    flows: int,
    seed: int,
    device: Device = "auto",
) -> Generated:
    """Train flows on the sidebands of the data and sample them in the signal region.

    Args:
        latents: (n, d), recorded events of the whole window.
        mass: (n,), their masses in GeV.
        settings: See there; smearing is the caller's.
        window: Edges of the masses, GeV.
        region: Edges of the signal region, GeV.
        flows: So many, trained together; each gives its part of the samples.
        seed: Fixes everything random.
        device: Where the flows train.

    Raises:
        DataError: The region is not inside the window, a sideband is empty, there are too few
            events, or a latent is constant in the sidebands.
    """
    # torch is slow to import, and whoever looks at settings alone needs none of it.
    from benchmark.detectors.flows.bulk import BulkFlow

    fit = sideband_fit(mass, settings, window=window, region=region)
    inside = (mass >= region[0]) & (mass < region[1])
    require_region(int(inside.sum()))
    expected = fit.expected()
    low, high = latents[~inside], np.asarray(mass)[~inside]
    bulk = BulkFlow(settings.flow, device=device).fit_many(
        [(low, high)] * flows, seeds=[seed_for("flow", seed, k) for k in range(flows)]
    )
    wanted = round(settings.oversampling * expected)
    counts = [len(part) for part in np.array_split(np.arange(wanted), flows)]
    parts = []
    for k, (flow, count) in enumerate(zip(bulk.members, counts, strict=True)):
        rng = rng_for("samples", seed, k)
        if settings.masses == "region":
            masses = rng.choice(np.asarray(mass)[inside], count)
        else:
            masses = fit.sample(count, rng=rng)
        parts.append(flow.sample(masses, rng=rng))
    return Generated(
        latents=np.concatenate(parts),
        expected=expected,
        losses=tuple(flow.held_out_loss for flow in bulk.members),
        epochs=tuple(flow.epochs for flow in bulk.members),
    )


def sideband_fit(
    mass: NDArray[Any],
    settings: CathodeSettings,
    *,
    window: tuple[float, float],
    region: tuple[float, float],
) -> MassFit:
    """Return the fit to the sidebands, without the margins at the ends of the window.

    Raises:
        DataError: See `MassFit.fit`; the region is in a margin.
    """
    low, high = window
    margin = settings.mass_margin
    return MassFit.fit(mass, window=(low + margin, high - margin), region=region)


def require_region(found: int) -> None:
    """Refuse too few recorded events in the signal region.

    Raises:
        DataError: Fewer than `MIN_REGION`.
    """
    if found < MIN_REGION:
        message = complaint(
            "too few events in the signal region",
            found=str(found),
            expected=f"{MIN_REGION} or more",
            remedy="Ask for a larger luminosity, or simulate more events.",
        )
        raise DataError(message)
