"""What a conditional flow is, its settings, and what all flows share: checks and scaling."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol, Self, runtime_checkable

import numpy as np
from pydantic import BaseModel, ConfigDict, Field

from benchmark.detectors.protocol import checked_latents
from benchmark.errors import DataError, complaint
from benchmark.mixing import canonical_json

if TYPE_CHECKING:
    from numpy.typing import NDArray

# Fewer sideband events than this cannot show early stopping anything (assumed).
MIN_EVENTS = 100
# Events that go through a flow at a time; what they need then stays in the cache.
CHUNK = 4096
# A dimension whose width is below this fraction of its largest value is a constant: its width is
# then rounding of float32 numbers, 2^-24 of them.
CONSTANT = 1e-6


class FlowSettings(BaseModel):
    """What can change a flow.

    The SAC paper (arXiv:2603.25794) states none of these: all are assumed. The structure is that
    of arXiv:1906.04032, the sizes suit 10,000 events of six near-Gaussian dimensions.

    Attributes:
        layers: Spline layers (assumed). In coupling flows, as many as reach all pairs of six
            dimensions.
        hidden: Widths of the network in a layer (assumed).
        bins: Bins of a spline (assumed; with 10,000 events 8 are further from a known density).
        bound: The splines end at so many standard deviations (assumed).
        learning_rate: Of Adam at the start; a cosine takes it to 0 at the last epoch (assumed).
        batch_size: Events in a batch (assumed). Many flows together cost the same with any number
            from 256 to 1024; one alone costs more with small batches.
        epochs: Most passes over the events (assumed; with 10,000 events, 20 overtrain).
        patience: Epochs without a better held-out likelihood before it stops (assumed).
        held_out: Fraction of the events held out for that (assumed).
        clip_norm: Longer gradients are shortened to this length (assumed).
    """

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    layers: int = Field(default=6, ge=1)
    # A list will do: settings come from YAML files.
    hidden: tuple[int, ...] = Field(default=(32, 32), min_length=1, strict=False)
    bins: int = Field(default=4, ge=2, le=100)
    bound: float = Field(default=5.0, gt=0, allow_inf_nan=False)
    learning_rate: float = Field(default=1e-3, gt=0, allow_inf_nan=False)
    batch_size: int = Field(default=256, ge=1)
    epochs: int = Field(default=10, ge=1)
    patience: int = Field(default=10, ge=1)
    held_out: float = Field(default=0.2, gt=0, lt=1)
    clip_norm: float = Field(default=5.0, gt=0, allow_inf_nan=False)

    def digest(self) -> str:
        """Return 64 hexadecimal digits that change with any setting."""
        return hashlib.sha256(canonical_json(self.model_dump()).encode()).hexdigest()


@runtime_checkable
class ConditionalFlow(Protocol):
    """A density of latents for a given mass: p(latents | m_gg), in the shape of scikit-learn.

    Attributes:
        name: As in `FLOWS`.
    """

    name: str

    def __init__(self, settings: FlowSettings | None = None, *, device: Any = "auto") -> None:
        """Keep the settings; nothing is built before `fit`."""
        ...

    def fit(self, latents: NDArray[np.float32], mass: NDArray[Any], *, seed: int) -> Self:
        """Learn from latents (n, d) float32 and masses (n,) in GeV; return self."""
        ...

    def log_prob(self, latents: NDArray[np.float32], mass: NDArray[Any]) -> NDArray[np.float64]:
        """Return log p(latents | mass), (n,), for the latents in their own units."""
        ...

    def sample(self, mass: NDArray[Any], *, rng: np.random.Generator) -> NDArray[np.float32]:
        """Return latents (n, d), one drawn at each mass (n,) in GeV."""
        ...


@dataclass(frozen=True)
class Scaling:
    """Means and widths of the latents and, last, of the mass: (d + 1,) float64."""

    mean: NDArray[np.float64]
    width: NDArray[np.float64]

    @classmethod
    def fit(cls, latents: NDArray[np.float32], mass: NDArray[Any], *, where: str) -> Self:
        """Return the scaling of checked events.

        Raises:
            DataError: A dimension, or the mass, is constant.
        """
        both = np.column_stack([latents.astype(np.float64), mass])
        mean, width = both.mean(axis=0), both.std(axis=0)
        constant = width <= CONSTANT * np.abs(both).max(axis=0)
        if constant.any():
            column = int(np.argmax(constant))
            what = "the mass" if column == latents.shape[1] else f"latent dimension {column}"
            found = f"only {both[0, column]:.6g}"
            message = complaint(f"{what} is constant", where=where, found=found)
            raise DataError(message)
        return cls(mean, width)

    @property
    def columns(self) -> int:
        """The number of latent dimensions."""
        return len(self.mean) - 1

    @property
    def log_volume(self) -> float:
        """The logarithm of the latents' volume over that of the standardised ones."""
        return float(np.log(self.width[:-1]).sum())

    def scaled(self, latents: NDArray[np.float32], mass: NDArray[Any]) -> NDArray[np.float32]:
        """Return standardised latents and mass, (n, d + 1)."""
        both = np.column_stack([latents.astype(np.float64), mass])
        return ((both - self.mean) / self.width).astype(np.float32)

    def scaled_mass(self, mass: NDArray[Any]) -> NDArray[np.float32]:
        """Return the standardised mass, (n,)."""
        scaled: NDArray[np.float64] = (np.asarray(mass) - self.mean[-1]) / self.width[-1]
        return scaled.astype(np.float32)

    def restored(self, scaled: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return latents (n, d) in their own units."""
        return (scaled * self.width[:-1] + self.mean[:-1]).astype(np.float32)


def checked_mass(mass: NDArray[Any], *, where: str, n: int | None = None) -> NDArray[np.float64]:
    """Return the masses (n,) in GeV as float64.

    Raises:
        DataError: Not n finite numbers.
    """
    found = np.asarray(mass)
    if found.ndim != 1 or found.dtype.kind not in "fiu" or n not in (None, len(found)):
        expected = f"({'n' if n is None else n},) numbers"
        message = complaint(
            "bad masses", where=where, found=f"{found.dtype} {found.shape}", expected=expected
        )
        raise DataError(message)
    bad = ~np.isfinite(found)
    if bad.any():
        message = complaint("a mass is not finite", where=f"{where}, row {int(np.argmax(bad))}")
        raise DataError(message)
    return found.astype(np.float64)


def checked_events(
    latents: NDArray[np.float32],
    mass: NDArray[Any],
    *,
    where: str,
    columns: int | None = None,
    least: int = 1,
) -> NDArray[np.float64]:
    """Check latents (n, d) and return their masses (n,) as float64.

    Raises:
        DataError: Wrong kind or shape, a value that is not finite, or fewer events than `least`.
    """
    checked_latents(latents, where=where, columns=columns)
    if len(latents) < least:
        message = complaint(
            "too few events", where=where, found=str(len(latents)), expected=f"{least} or more"
        )
        raise DataError(message)
    return checked_mass(mass, where=where, n=len(latents))
