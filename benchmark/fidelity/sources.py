"""Where samples come from: our own response, and files of Delphes output."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import awkward as ak
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from benchmark.errors import DataError, complaint
from benchmark.fidelity.sample import Sample
from benchmark.simulation import jets as jetlib
from benchmark.simulation.flow import Vectors

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from benchmark.reco import RecoObjects
    from benchmark.simulation.truth import Truth

GEN_JETS = {"atlas": (0.6, 20.0), "cms": (0.4, 15.0)}
"""Radius and threshold (GeV) of each card's jets of true particles."""

_LEPTON_MIN_PT, _PHOTON_MIN_PT = 2.0, 5.0  # GeV, as in the Delphes files
_FLAVOURS = (4, 5)
_DELPHES = {
    "leptons": ("tl", {"pid": "pid", "pt": "pt", "eta": "eta", "phi": "phi", "cls": "cls"}),
    "photons": ("tph", {"pid": "pid", "pt": "pt", "eta": "eta", "phi": "phi", "cls": "cls"}),
    "gen_jets": ("gj", {"pt": "pt", "eta": "eta", "phi": "phi"}),
    "electrons": ("el", {"pt": "pt", "eta": "eta", "phi": "phi", "charge": "q"}),
    "muons": ("mu", {"pt": "pt", "eta": "eta", "phi": "phi", "charge": "q"}),
    "reco_photons": ("ph", {"pt": "pt", "eta": "eta", "phi": "phi"}),
    "jets": ("jet", {"pt": "pt", "eta": "eta", "phi": "phi", "flavour": "flav", "btag": "btag"}),
}


def from_delphes(path: Path, card: str, name: str) -> Sample:
    """Read a file of Delphes output, one row an event (columns: `datasets/validation/README.md`).

    CMS jets are the charged-hadron-subtracted ones, CMS muons the tight ones.

    Raises:
        DataError: The file cannot be read or lacks a column.
    """
    columns = {f"{prefix}_{c}" for prefix, names in _DELPHES.values() for c in names.values()}
    columns |= {"met", "met_phi", "nu_px", "nu_py"}
    try:
        table = pq.read_table(path, columns=sorted(columns))
    except (OSError, pa.ArrowException) as error:
        message = complaint("not a readable file of Delphes output", where=str(path))
        raise DataError(message) from error
    missing = sorted(columns - set(table.column_names))
    if missing:
        message = complaint(f"column {missing[0]} is missing", where=str(path))
        raise DataError(message)
    data = {c: ak.drop_none(ak.from_arrow(table[c])) for c in table.column_names}
    found = {
        key: ak.zip({field: data[f"{prefix}_{c}"] for field, c in names.items()})
        for key, (prefix, names) in _DELPHES.items()
    }
    found["reco_photons"]["charge"] = ak.zeros_like(found["reco_photons"].pt)
    flavour, tag = found["jets"].flavour, found["jets"].btag
    found["jets"]["flavour"] = ak.where((flavour == 4) | (flavour == 5), flavour, 0)
    found["jets"]["btag"] = ak.values_astype(tag & 1, float)  # bit 0 is the card's working point
    met, phi = ak.to_numpy(data["met"]), ak.to_numpy(data["met_phi"])
    return Sample(
        card=card,
        name=name,
        met=_components(met * np.cos(phi), met * np.sin(phi)),
        invisible=_components(ak.to_numpy(data["nu_px"]), ak.to_numpy(data["nu_py"])),
        **found,
    )


def from_simulation(truth: Truth, objects: RecoObjects, card: str, name: str) -> Sample:
    """Pair generated events with what our response made of them.

    Args:
        truth: Generated events.
        objects: All of them as reconstructed; leptons carry `pid`, jets `flavour`.
        card: Detector card.
        name: Physics process.

    Raises:
        DataError: The numbers of events differ.
    """
    if len(truth) != len(objects):
        message = complaint(
            "truth and reconstruction differ in events",
            found=str(len(objects)),
            expected=str(len(truth)),
        )
        raise DataError(message)
    flavour = objects.jets.flavour
    kept = ("pt", "eta", "phi", "btag")
    jets = ak.with_field(objects.jets[list(kept)], flavour, "flavour")
    met = objects.met
    return Sample(
        card=card,
        name=name,
        leptons=_true_objects(truth, (11, 13), _LEPTON_MIN_PT),
        photons=_true_objects(truth, (22,), _PHOTON_MIN_PT),
        gen_jets=_gen_jets(truth, *GEN_JETS[card]),
        electrons=_charged(objects.electrons),
        muons=_charged(objects.muons),
        reco_photons=_charged(objects.photons),
        jets=jets,
        met=_components(met.pt * np.cos(met.phi), met.pt * np.sin(met.phi)),
        invisible=_components(truth.invisible_px, truth.invisible_py),
    )


def _components(px: Any, py: Any) -> Any:
    return ak.zip({"px": ak.Array(px), "py": ak.Array(py)})


def _charged(objects: Any) -> Any:
    charge = np.where(objects.pid == 22, 0, -np.sign(objects.pid))
    return ak.with_field(objects[["pt", "eta", "phi"]], charge, "charge")


def _true_objects(truth: Truth, codes: tuple[int, ...], min_pt: float) -> Any:
    pt = np.hypot(truth.px, truth.py)
    chosen = np.flatnonzero(np.isin(np.abs(truth.pid), codes) & (pt > min_pt))
    columns = {
        "pid": truth.pid[chosen].astype(np.int64),
        "pt": pt[chosen].astype(np.float64),
        "eta": np.arcsinh(truth.pz[chosen].astype(np.float64) / pt[chosen]),
        "phi": np.arctan2(truth.py[chosen], truth.px[chosen]).astype(np.float64),
        "cls": truth.origin[chosen].astype(np.int64),
    }
    return _nested(columns, truth.event[chosen], len(truth))


def _gen_jets(truth: Truth, radius: float, min_pt: float) -> Any:
    inputs = Vectors(
        truth.event, *(getattr(truth, c).astype(np.float64) for c in ("px", "py", "pz", "e"))
    )
    found = jetlib.cluster(inputs, len(truth), radius=radius, min_pt=min_pt).momentum
    columns = {"pt": found.pt, "eta": found.eta, "phi": found.phi}
    return _nested(columns, found.event, len(truth))


def _nested(columns: dict[str, Any], event: NDArray[np.int64], events: int) -> Any:
    counts = np.bincount(event, minlength=events)
    return ak.zip({name: ak.unflatten(values, counts) for name, values in columns.items()})
