"""The measurements: from samples to rows of numbers."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from benchmark.fidelity import bins
from benchmark.fidelity.matching import close, nearest
from benchmark.fidelity.sample import Sample
from benchmark.fidelity.statistics import Estimate, efficiency, mean, median_and_s68
from benchmark.ragged import Ragged

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from numpy.typing import NDArray

PROMPT = (1, 11)  # straight from W, Z, H, or through a tau
POOLS: dict[str, dict[str, str]] = {
    "cms": {"electron": "tt+z", "muon": "tt+z", "jet": "tt+qcd", "tag": "tt+qcd"},
    "atlas": {
        "electron": "tt",
        "muon": "tt",
        "photon": "ggh",
        "jet": "tt+ggh",
        "tag": "tt",
        "pair": "ggh",
    },
}
"""The samples that each measurement takes together; other numbers are of single samples."""

_LEPTONS = {"electron": 11, "muon": 13}
_LEPTON_CONE = 0.1
_JET_CONE = {"cms": 0.2, "atlas": 0.3}  # half the radius of the jets
_CLEANING_CONE, _CLEANING_MIN_PT = 0.4, 5.0
_COUNTED_PT = 30.0
_MASS_WINDOW = (115.0, 135.0)
_FLAVOURS = {"b": 5, "c": 4, "light": 0}
_COUNT_EDGES = np.arange(-0.5, 11)
_MET_EDGES = np.arange(0.0, 161, 10)
_MISS_EDGES = np.arange(-60.0, 61, 5)
_MASS_EDGES = np.arange(115.0, 136, 1)


@dataclass(frozen=True)
class Row:
    """One measured number.

    Attributes:
        card: Detector card.
        sample: Physics processes, joined by "+".
        quantity: What was measured.
        object: Of what.
        eta: Label of the |eta| bin, "all" for none.
        bin: Label of the bin in pT (GeV), or in the variable of a distribution; "all" for none.
        value: The number.
        error: Its statistical error.
        n: True objects (efficiencies, medians, widths), jets (tags) or events that it rests on.
    """

    card: str
    sample: str
    quantity: str
    object: str
    eta: str
    bin: str
    value: float
    error: float
    n: int


def measure(samples: Mapping[str, Sample]) -> pd.DataFrame:
    """Return all rows that the samples of one detector card allow, by name.

    Pooled samples should have the same number of events each, for the mixture to be the same
    everywhere.
    """
    rows: list[Row] = []
    for what, names in POOLS[next(iter(samples.values())).card].items():
        parts = names.split("+")
        if all(part in samples for part in parts):
            pooled = Sample.concat([samples[part] for part in parts])
            rows += _pooled_rows(what, pooled)
    for sample in samples.values():
        rows += [*_met_rows(sample), *_multiplicity_rows(sample)]
    return pd.DataFrame([asdict(row) for row in rows])


def _pooled_rows(what: str, sample: Sample) -> Iterator[Row]:
    if what == "jet":
        return _jet_rows(sample)
    if what == "tag":
        return _tag_rows(sample)
    if what == "pair":
        return _pair_rows(sample)
    return _object_rows(sample, what)


def _row(
    sample: Sample, name: tuple[str, str], place: tuple[str, str], got: Estimate, n: int
) -> Row:
    """Row of a quantity and object in an (|eta|, other) bin."""
    return Row(sample.card, sample.name, *name, *place, got.value, got.error, n)


def _object_rows(sample: Sample, what: str) -> Iterator[Row]:
    """Efficiency and momentum response of prompt electrons, muons or photons."""
    truth = _true(sample, what)
    found = Ragged.of(_reconstructed(sample, what), ("pt", "eta", "phi", "charge"))
    match = nearest(truth, found, cone=_LEPTON_CONE, same="charge")
    edges, matched = bins.LEPTON_ETA[sample.card, what], (match, found["pt"])
    for pt_edges in (bins.LEPTON_PT, bins.TOGETHER):
        yield from _matched_rows(sample, what, truth, matched, (edges, pt_edges))


def _true(sample: Sample, what: str) -> Ragged:
    array = sample.photons if what == "photon" else sample.leptons
    truth = Ragged.of(array, ("pid", "pt", "eta", "phi", "cls"))
    if what == "photon":
        truth = truth.where(truth["cls"] == PROMPT[0])
        charge = np.zeros_like(truth["pid"])
    else:
        truth = truth.where(
            np.isin(truth["cls"], PROMPT) & (np.abs(truth["pid"]) == _LEPTONS[what])
        )
        charge = -np.sign(truth["pid"])
    return Ragged({**truth.values, "charge": charge}, truth.event, truth.events)


def _reconstructed(sample: Sample, what: str) -> object:
    return {
        "electron": sample.electrons,
        "muon": sample.muons,
        "photon": sample.reco_photons,
    }[what]


def _matched_rows(
    sample: Sample,
    what: str,
    truth: Ragged,
    found: tuple[NDArray[np.int64], NDArray[np.float64]],
    edges: tuple[bins.Edges, bins.Edges],
) -> Iterator[Row]:
    """Efficiency, median and width of pT(reco) / pT(truth) in bins of the true object."""
    match, found_pt = found
    matched = match >= 0
    ratio = np.full(len(match), np.nan)
    ratio[matched] = found_pt[match[matched]] / truth["pt"][matched]
    for eta, pt, inside in bins.cells(truth["eta"], truth["pt"], *edges):
        n, got = len(inside), inside[matched[inside]]
        centre, width = median_and_s68(ratio[got])
        yield _row(sample, ("efficiency", what), (eta, pt), efficiency(len(got), n), n)
        yield _row(sample, ("response median", what), (eta, pt), centre, n)
        yield _row(sample, ("response s68", what), (eta, pt), width, n)


def _cleaned(sample: Sample, jets: Ragged) -> Ragged:
    """Jets that are not near a prompt true lepton or photon."""
    lepton = Ragged.of(sample.leptons, ("pt", "eta", "phi", "cls"))
    photon = Ragged.of(sample.photons, ("pt", "eta", "phi", "cls"))
    for truth, classes in ((lepton, PROMPT), (photon, PROMPT[:1])):
        hard = np.isin(truth["cls"], classes) & (truth["pt"] > _CLEANING_MIN_PT)
        jets = jets.where(~close(jets, truth.where(hard), cone=_CLEANING_CONE))
    return jets


def _jet_rows(sample: Sample) -> Iterator[Row]:
    """Matching, response and resolution of jets."""
    truth = _cleaned(sample, Ragged.of(sample.gen_jets, ("pt", "eta", "phi")))
    found = Ragged.of(sample.jets, ("pt", "eta", "phi"))
    match = nearest(truth, found, cone=_JET_CONE[sample.card])
    edges = (bins.JET_ETA, bins.JET_PT)
    yield from _matched_rows(sample, "jet", truth, (match, found["pt"]), edges)


def _tag_rows(sample: Sample) -> Iterator[Row]:
    """B-tag efficiency by the flavour that the tagger used, and how frequent each flavour is."""
    jets = Ragged.of(sample.jets, ("pt", "eta", "phi", "flavour", "btag"))
    jets = _cleaned(sample, jets)
    edges = bins.TAG_ETA[sample.card]
    for eta, pt, inside in bins.cells(jets["eta"], jets["pt"], edges, bins.TAG_PT):
        flavour, tagged = jets["flavour"][inside], jets["btag"][inside] > 0
        for name, code in _FLAVOURS.items():
            mine = flavour == code
            n = int(mine.sum())
            got = efficiency(int(tagged[mine].sum()), n)
            yield _row(sample, ("b-tag efficiency", f"{name} jet"), (eta, pt), got, n)
            share = efficiency(n, len(inside))
            yield _row(sample, ("flavour fraction", f"{name} jet"), (eta, pt), share, len(inside))


def _multiplicity_rows(sample: Sample) -> Iterator[Row]:
    jets = Ragged.of(sample.jets, ("pt", "eta", "phi"))
    true_jets = Ragged.of(sample.gen_jets, ("pt", "eta", "phi"))
    counted = {
        "jet": jets,
        "jet away from leptons": _cleaned(sample, jets),
        "true jet": true_jets,
        "true jet away from leptons": _cleaned(sample, true_jets),
    }
    for what, found in counted.items():
        counts = found.where(found["pt"] > _COUNTED_PT).counts()
        got = mean(counts.astype(np.float64))
        yield _row(sample, ("multiplicity", what), (bins.ALL, ">30"), got, len(sample))
        yield from _distribution(sample, what, counts, _COUNT_EDGES)


def _met_rows(sample: Sample) -> Iterator[Row]:
    """Missing momentum against the sum of invisible particles."""
    met = np.stack([np.asarray(sample.met[c], dtype=np.float64) for c in ("px", "py")])
    true = np.stack([np.asarray(sample.invisible[c], dtype=np.float64) for c in ("px", "py")])
    place = (bins.ALL, bins.ALL)
    n = len(sample)
    _, width = median_and_s68((met - true).ravel())
    yield _row(sample, ("component s68", "MET"), place, width, n)
    yield _row(sample, ("mean", "MET"), place, mean(np.hypot(*met)), n)
    yield _row(sample, ("mean", "true MET"), place, mean(np.hypot(*true)), n)
    yield from _distribution(sample, "MET", np.hypot(*met), _MET_EDGES)
    yield from _distribution(sample, "MET component error", (met - true).ravel(), _MISS_EDGES)


def _pair_rows(sample: Sample) -> Iterator[Row]:
    """The two leading photons: how often there are two, in the window, and their mass there."""
    photons = Ragged.of(sample.reco_photons, ("pt", "eta", "phi"))
    pt, eta, phi = (photons.padded(field, 2) for field in ("pt", "eta", "phi"))
    two = pt[:, 1] > 0
    mass = np.sqrt(
        2 * pt[:, 0] * pt[:, 1] * (np.cosh(eta[:, 0] - eta[:, 1]) - np.cos(phi[:, 0] - phi[:, 1]))
    )
    window = two & (mass > _MASS_WINDOW[0]) & (mass < _MASS_WINDOW[1])
    place, n = (bins.ALL, bins.ALL), len(sample)
    centre, width = median_and_s68(mass[window])
    for quantity, passed in (("fraction with two", two), ("fraction in window", window)):
        got = efficiency(int(passed.sum()), n)
        yield _row(sample, (quantity, "photon pair"), place, got, n)
    yield _row(sample, ("mass median", "photon pair"), place, centre, int(window.sum()))
    yield _row(sample, ("mass s68", "photon pair"), place, width, int(window.sum()))
    yield from _distribution(sample, "photon pair mass", mass[window], _MASS_EDGES)


def _distribution(
    sample: Sample, what: str, values: NDArray[Any], edges: NDArray[np.float64]
) -> Iterator[Row]:
    """Share of the values in each bin, of all values."""
    counts, _ = np.histogram(values, edges)
    for count, low, high in zip(counts, edges[:-1], edges[1:], strict=True):
        place = (bins.ALL, bins.label(low, high))
        share = efficiency(int(count), len(values))
        yield _row(sample, ("distribution", what), place, share, len(values))
