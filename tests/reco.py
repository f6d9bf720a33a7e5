"""Random reconstructed objects: every collection filled, many values near the thresholds."""

from __future__ import annotations

from typing import Any

import awkward as ak
import numpy as np

from benchmark.reco import FIELDS, RecoObjects, collection

# Mean number of objects and mean pT above 1 GeV; photons such that a good part of events pass.
_MEANS = {
    "photons": (2.5, 55.0),
    "electrons": (1.0, 20.0),
    "muons": (1.0, 20.0),
    "jets": (4.0, 40.0),
    "large_jets": (1.0, 200.0),
}


def random_objects(n: int, *, seed: int = 0) -> RecoObjects:
    """Return the objects of `n` random events."""
    rng = np.random.default_rng(seed)
    held: dict[str, Any] = {
        name: _random_collection(name, n, rng) for name in FIELDS if name != "met"
    }
    met = collection("met", pt=rng.exponential(30, n), phi=rng.uniform(-np.pi, np.pi, n))
    return RecoObjects(met=met, **held)


def _random_collection(name: str, n: int, rng: np.random.Generator) -> Any:
    number, pt = _MEANS[name]
    counts = rng.poisson(number, n)
    m = int(counts.sum())
    made = {
        "pt": 1 + rng.exponential(pt, m),
        "eta": rng.normal(0, 2, m),
        "phi": rng.uniform(-np.pi, np.pi, m),
        "iso": rng.exponential(0.4, m),
        "mass": rng.normal(10, 5, m),
        "btag": rng.integers(0, 2, m),
    }
    fields = {f: made.get(f, rng.uniform(0, 1, m)) for f in FIELDS[name]}
    return collection(name, **{f: ak.unflatten(v, counts) for f, v in fields.items()})
