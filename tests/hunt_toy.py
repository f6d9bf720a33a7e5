"""A search whose best result is known: a Gaussian signal in a Gaussian background.

Masses of the background fall exponentially, and the mean of its latents moves with the mass; the
signal peaks at 125 GeV. The densities are known, and so is the best significance improvement that
any cut on the latents has.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from benchmark.detectors.cathode import Generated, generate
from benchmark.hunt.ensembles import ensembles, measure
from benchmark.hunt.sample import NONRESONANT, Sample
from benchmark.hunt.search import Sides, recorded, search
from benchmark.metrics import evaluate
from benchmark.mixing import splitmix64
from benchmark.pseudodata import Pool, PseudoData, draw
from benchmark.seeds import rng_for, seed_for

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from benchmark.detectors.cathode_settings import CathodeSettings
    from benchmark.hunt.ensembles import Key
    from benchmark.hunt.search import Scored
    from benchmark.metrics import Measurement

WINDOW, REGION = (105.0, 160.0), (120.0, 130.0)
DECAY = 80.0  # GeV; a fifth of the window's events is in the region
PEAK, RESOLUTION = 125.0, 1.5  # GeV
SLOPE = 0.5  # of each latent's mean, in widths, from the middle of the window to its edge
MIXING = 0.3  # of each latent into the next
SIGNAL = "zprime"
RECORDED = 30_000  # events of the background in the window
POINTS = (0.001, 0.01)
METRIC = "significance_improvement_at_background"


@dataclass(frozen=True)
class Toy:
    """Densities of latents and masses.

    Attributes:
        dimensions: Of the latents.
        distance: Of the signal's centre from the background's, along the first two latents.
        width: Of the signal.
    """

    dimensions: int = 2
    distance: float = 3.0
    width: float = 0.5

    @property
    def _shape(self) -> NDArray[np.float64]:
        """The matrix (d, d) that makes the background's latents of independent ones."""
        return np.eye(self.dimensions) + MIXING * np.eye(self.dimensions, k=-1)

    @property
    def _centre(self) -> NDArray[np.float64]:
        found = np.zeros(self.dimensions)
        found[:2] = self.distance / math.sqrt(2)
        return found

    def masses(self, n: int, rng: np.random.Generator) -> NDArray[np.float32]:
        """Masses (n,) of background events, exponential in the window."""
        span = -math.expm1((WINDOW[0] - WINDOW[1]) / DECAY)
        return (WINDOW[0] - DECAY * np.log1p(-span * rng.random(n))).astype(np.float32)

    def background(
        self, mass: NDArray[np.float32], rng: np.random.Generator
    ) -> NDArray[np.float32]:
        """Latents (n, d) of background events."""
        normal = rng.normal(size=(len(mass), self.dimensions))
        return (_mean(mass)[:, None] + normal @ self._shape.T).astype(np.float32)

    def signal(self, n: int, rng: np.random.Generator) -> NDArray[np.float32]:
        """Latents (n, d) of signal events."""
        normal = rng.normal(size=(n, self.dimensions))
        return (self._centre + self.width * normal).astype(np.float32)

    def log_prob(self, z: NDArray[np.float32], mass: NDArray[np.float32]) -> NDArray[np.float64]:
        """Log density (n,) of the background's latents at given masses."""
        normal = np.linalg.solve(self._shape, (z - _mean(mass)[:, None]).T)
        # The determinant of the matrix is one.
        return np.asarray(
            -(normal**2).sum(axis=0) / 2 - self.dimensions / 2 * math.log(2 * math.pi)
        )

    def log_ratio(self, z: NDArray[np.float32]) -> NDArray[np.float64]:
        """Log (n,) of the signal's density over the background's in the region."""
        nodes, weights = np.polynomial.legendre.leggauss(8)  # exact to rounding for these
        lo, hi = REGION
        at = (lo + hi) / 2 + (hi - lo) / 2 * nodes
        share = weights * np.exp(-at / DECAY)
        each = [self.log_prob(z, np.full(len(z), m)) for m in at]
        background = np.logaddexp.reduce(
            [one + math.log(w) for one, w in zip(each, share / share.sum(), strict=True)], axis=0
        )
        normal = (z - self._centre) / self.width
        signal = -(normal**2).sum(axis=1) / 2
        signal -= self.dimensions * (math.log(2 * math.pi) / 2 + math.log(self.width))
        return np.asarray(signal - background)

    def sample(self, seed: int, *, background: int = 250_000, signal: int = 20_000) -> Sample:
        """Simulated events: so many of the background, of which 30,000 are recorded."""
        rng = np.random.default_rng(seed)
        n = background + signal
        mass = np.concatenate(
            (self.masses(background, rng), rng.normal(PEAK, RESOLUTION, signal))
        ).astype(np.float32)
        latents = np.concatenate(
            (self.background(mass[:background], rng), self.signal(signal, rng))
        )
        return Sample(
            facts=(),
            event_id=splitmix64(np.arange(n, dtype=np.uint64) + np.uint64(seed * 10**9)),
            process=np.repeat((NONRESONANT, SIGNAL), (background, signal)),
            point=np.repeat(("", "400"), (background, signal)),
            m_gg=mass,
            recordable=np.ones(n, dtype=np.bool_),
            private=np.zeros(n, dtype=np.bool_),
            values=(latents,),
            yields={NONRESONANT: float(RECORDED)},
            region=REGION,
        )


def _mean(mass: NDArray[np.float32]) -> NDArray[np.float64]:
    middle, half = sum(WINDOW) / 2, (WINDOW[1] - WINDOW[0]) / 2
    return np.asarray(SLOPE * (np.asarray(mass, dtype=np.float64) - middle) / half)


@cache
def best(toy: Toy, events: int = 1_000_000) -> dict[float, float]:
    """Significance improvement of the likelihood ratio at `POINTS`, from a large sample.

    With a million events the cut at 0.001 is known to 3 %, and the improvement to half of that.
    """
    rng = np.random.default_rng(99)
    mass = toy.masses(6 * events, rng)
    mass = mass[(mass >= REGION[0]) & (mass < REGION[1])][:events]
    background = toy.log_ratio(toy.background(mass, rng))
    signal = toy.log_ratio(toy.signal(events // 5, rng))
    cuts = {at: float(np.quantile(background, 1 - at)) for at in POINTS}
    return {at: float((signal > cut).mean()) / math.sqrt(at) for at, cut in cuts.items()}


class Data(NamedTuple):
    """An instance of the data."""

    sample: Sample
    pool: tuple[Pool, NDArray[np.intp]]
    drawn: PseudoData
    instance: int


def record(sample: Sample, instance: int, strength: float = 0.0) -> Data:
    """Draw 30,000 events of the background, with a signal if there is a strength."""
    pool = sample.pool()
    name = SIGNAL if strength else ""
    drawn = draw(pool[0], luminosity=1.0, instance=instance, signal=name, strength=strength)
    return Data(sample, pool, drawn, instance)


def template(data: Data, settings: CathodeSettings, *, flows: int) -> Generated:
    """Learn the sidebands of an instance, and sample the region."""
    rows = data.pool[1][data.drawn.rows]
    return generate(
        data.sample.values[0][rows],
        data.sample.m_gg[rows],
        settings,
        window=WINDOW,
        region=REGION,
        flows=flows,
        seed=seed_for("toy", data.instance),
        device="cpu",
    )


def sides_of(data: Data, settings: CathodeSettings, generated: Generated | None) -> Sides:
    """The data in the region against samples, or true background where there are none."""
    made = () if generated is None else (generated,)
    return recorded(data.sample, data.drawn, data.pool, settings, generated=made)


def searched(
    data: Data, settings: CathodeSettings, generated: Generated | None, *, classifiers: int
) -> Scored:
    """Scores of all background in the region, then of all signal there."""
    background, signal = rows_of_test(data.sample)
    return search(
        data.sample,
        sides_of(data, settings, generated),
        np.concatenate((background, signal)),
        settings,
        classifiers=classifiers,
        name=data.instance,
    )


def rows_of_test(sample: Sample) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Rows of the background and of the signal in the region."""
    return (
        np.flatnonzero(sample.in_region & sample.background()),
        np.flatnonzero(sample.in_region & sample.signal(SIGNAL)),
    )


def measured(data: Data, scored: Scored, *, replicas: int = 100) -> dict[Key, Measurement]:
    """What the scores are worth."""
    n = len(rows_of_test(data.sample)[0])
    chosen = ensembles(len(scored.events), 10, rng=rng_for("toy/ensembles", data.instance))
    return measure(
        scored.events[:, n:],
        scored.events[:, :n],
        weight=np.ones(n),
        chosen=chosen,
        curve=POINTS,
        working_points=POINTS,
        replicas=replicas,
        seed=data.instance,
    )


def blind_auc(data: Data, scored: Scored, *, replicas: int = 100) -> tuple[float, float]:
    """AUC of the data against their background, each event scored out of fold, and its error."""
    found = evaluate(
        scored.data.mean(axis=0),
        np.mean(scored.background, axis=0),
        weight_bkg=scored.background_weight[0],
        replicas=replicas,
        rng=rng_for("toy/auc", data.instance),
    )["auc"]
    value, low, high = (x or 0.0 for x in (found.value, found.err_lo, found.err_hi))
    return value, (low + high) / 2
