"""The density of m_gg, from a fit to the sidebands."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy.optimize import minimize

from benchmark.errors import DataError, complaint

if TYPE_CHECKING:
    from numpy.typing import NDArray

MIN_EVENTS = 100
"""Smallest number of sideband events: fewer leave the background in the region uncertain by far
more than a tenth."""
_STEPS = 2_000  # of the midpoint rule between two edges; its error is below 1e-7 for these
_TOLERANCE = 1e-8


@dataclass(frozen=True, eq=False)
class MassFit:
    """log p(m) = a x + b x^2 + const, with x from -1 to 1 over the window.

    Attributes:
        window: Edges of the fitted masses, GeV.
        region: Edges of the signal region, GeV, which the fit does not see.
        coefficients: (a, b).
        sideband: Number of events fitted.
    """

    window: tuple[float, float]
    region: tuple[float, float]
    coefficients: tuple[float, float]
    sideband: int

    @classmethod
    def fit(
        cls,
        mass: NDArray[Any],
        *,
        window: tuple[float, float],
        region: tuple[float, float],
    ) -> MassFit:
        """Fit the masses outside of the region by maximum likelihood, not binned.

        Args:
            mass: (n,), GeV; those in the region and outside of the window are left out.
            window: Edges, GeV.
            region: Edges, GeV.

        Raises:
            DataError: The region is not inside the window, there are too few events in the
                sidebands, or none in one of them.

        Example:
            >>> mass = np.random.default_rng(1).exponential(40, 20_000) + 105
            >>> fit = MassFit.fit(mass, window=(105, 160), region=(120, 130))
            >>> in_region = ((mass >= 120) & (mass < 130)).sum()
            >>> bool(abs(fit.expected() / in_region - 1) < 0.06)
            True
        """
        values = np.asarray(mass, dtype=np.float64)
        low, high = _sidebands(values, window, region)
        used = _scaled(np.concatenate((low, high)), window)
        moments = np.array([used.mean(), (used**2).mean()])
        steps = _steps(window[0], region[0]), _steps(region[1], window[1])
        grid, width = map(np.concatenate, zip(*steps, strict=True))
        powers = np.stack([_scaled(grid, window) ** k for k in (1, 2)])

        def loss(coefficients: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
            exponent = coefficients @ powers
            shift = exponent.max()
            density = width * np.exp(exponent - shift)
            gradient = powers @ density / density.sum() - moments
            return float(np.log(density.sum()) + shift - coefficients @ moments), gradient

        found = minimize(loss, np.zeros(2), jac=True, method="BFGS", options={"gtol": _TOLERANCE})
        return cls(window, region, (float(found.x[0]), float(found.x[1])), len(used))

    def expected(self) -> float:
        """Return the events expected in the region, from those in the sidebands."""
        (start, end), (low, high) = self.window, self.region
        outside = self._integral(start, low) + self._integral(high, end)
        return self.sideband * self._integral(low, high) / outside

    def sample(self, n: int, *, rng: np.random.Generator) -> NDArray[np.float32]:
        """Return n masses in the region, GeV."""
        edges = np.linspace(*self.region, _STEPS + 1)
        density = self._density((edges[1:] + edges[:-1]) / 2)
        total = np.concatenate(([0.0], np.cumsum(density)))
        masses = np.interp(rng.random(n) * total[-1], total, edges)
        # The upper edge belongs to the sideband.
        last = np.nextafter(np.float32(self.region[1]), np.float32(self.region[0]))
        below: NDArray[np.float32] = np.minimum(masses.astype(np.float32), last)
        return below

    def _integral(self, low: float, high: float) -> float:
        mass, width = _steps(low, high)
        return float((self._density(mass) * width).sum())

    def _density(self, mass: NDArray[np.float64]) -> NDArray[np.float64]:
        x = _scaled(mass, self.window)
        a, b = self.coefficients
        density: NDArray[np.float64] = np.exp(a * x + b * x**2)
        return density


def _steps(low: float, high: float) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the middles and the widths of steps between two edges: no step is cut by one."""
    edges = np.linspace(low, high, _STEPS + 1)
    return (edges[1:] + edges[:-1]) / 2, np.diff(edges)


def _scaled(mass: NDArray[np.float64], window: tuple[float, float]) -> NDArray[np.float64]:
    lo, hi = window
    return (2 * mass - lo - hi) / (hi - lo)


def _sidebands(
    mass: NDArray[np.float64], window: tuple[float, float], region: tuple[float, float]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    edges = (window[0], *region, window[1])
    if not (all(map(math.isfinite, edges)) and window[0] < region[0] < region[1] < window[1]):
        message = complaint(
            "the signal region must lie inside the window",
            found=f"{region[0]:g} to {region[1]:g} in {window[0]:g} to {window[1]:g} GeV",
        )
        raise DataError(message)
    low = mass[(mass >= window[0]) & (mass < region[0])]
    high = mass[(mass >= region[1]) & (mass <= window[1])]
    if not len(low) or not len(high) or len(low) + len(high) < MIN_EVENTS:
        message = complaint(
            "too few events in the sidebands",
            found=f"{len(low)} below and {len(high)} above the signal region",
            expected=f"some on both sides, {MIN_EVENTS} in all",
        )
        raise DataError(message)
    return low, high
