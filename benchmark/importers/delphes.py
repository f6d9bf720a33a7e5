"""Trees of the fast simulation Delphes, read through uproot.

The card of the dataset holds the selection, so an imported event passed the same cuts in the same
code as a simulated one. What Delphes did before is not ours to change: jet radius, isolation cone,
identification and overlap removal are those of the Delphes card that made the file.
"""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Any

import awkward as ak
import numpy as np

from benchmark.errors import DataError, complaint
from benchmark.ids import imported_event_ids
from benchmark.importers.delphes_tree import DelphesTree, open_tree
from benchmark.reco import RecoObjects, collection
from benchmark.selection import select

if TYPE_CHECKING:
    import os
    from collections.abc import Iterator, Mapping

    from numpy.typing import NDArray

    from benchmark.cards import DatasetCard
    from benchmark.events import EventTable

_POLAR = {"pt": "PT", "eta": "Eta", "phi": "Phi"}
_LEPTON = _POLAR | {"iso": "IsolationVar"}
_LEAVES: dict[str, dict[str, str]] = {
    "photons": _LEPTON,
    "electrons": _LEPTON,
    "muons": _LEPTON,
    "jets": _POLAR | {"mass": "Mass", "btag": "BTag"},
    "large_jets": _POLAR | {"mass": "Mass", "taus": "Tau"},
    "met": {"pt": "MET", "phi": "Phi"},
}
# Branches of each collection, the preferred one first.
_BRANCHES: dict[str, tuple[str, ...]] = {
    "photons": ("Photon",),
    "electrons": ("Electron",),
    "muons": ("MuonTight", "Muon"),
    "jets": ("Jet",),
    "large_jets": ("FatJet",),
    "met": ("MissingET",),
}
_USED = {
    "diphoton": tuple(_LEAVES),
    "cms_adc": ("electrons", "muons", "jets", "met"),
}
_TAUS = ("tau1", "tau2", "tau3", "tau4")


class MissingBranchWarning(UserWarning):
    """A branch that may be absent is: the events have none of its objects."""


def iter_delphes(
    path: str | os.PathLike[str],
    *,
    card: DatasetCard,
    process: str,
    point: str = "",
    branches: Mapping[str, str] | None = None,
    chunk: int = 10_000,
    first_row: int = 0,
) -> Iterator[EventTable]:
    """Yield the events of a Delphes file that pass the selection of the card, chunk by chunk.

    Muons come from `MuonTight` where there is one, large jets from `FatJet` (none with a
    `MissingBranchWarning` where there is no such branch); a jet is b-tagged if the lowest bit of
    `BTag` is set. Event ids depend on process, point and entry alone. The weight is 1
    when all events of the file weigh the same, else `Event.Weight`.

    Args:
        path: The ROOT file, with a tree `Delphes`.
        card: The dataset: event schema and selection.
        process: Name of the process.
        point: Mass point, "" when there is none.
        branches: Branches to read instead of the usual, such as
            {"jets": "JetPUPPI", "met": "PuppiMissingET"}; keys as in `benchmark.reco.FIELDS`.
        chunk: Entries read at a time.
        first_row: Number of the file's first entry in the ids: for the second file of a process,
            the number of entries of the first.

    Yields:
        The events kept of each chunk, also when there are none.

    Raises:
        DataError: The file cannot be read, lacks a branch, or holds a value that is not a number,
            or a pT or mass above the collision energy of the card.
    """
    with open_tree(path) as tree:
        chosen = _choose(tree, _USED[card.event_schema], branches or {})
        weight = _weights(tree)
        for start in range(0, len(tree), chunk):
            stop = min(start + chunk, len(tree))
            objects = _objects(tree, chosen, start, stop, most=card.energy.value)
            selected = select(objects, card)
            ids = imported_event_ids(
                f"{card.name}/delphes", process, point, stop - start, start=first_row + start
            )
            yield selected.table(
                ids[selected.keep],
                process=process,
                point=point,
                weight=weight[start:stop][selected.keep],
            )


def _choose(tree: DelphesTree, used: tuple[str, ...], wanted: Mapping[str, str]) -> dict[str, str]:
    """Return the branch to read for each used collection; large jets may be left out."""
    unknown = sorted(set(wanted) - set(_BRANCHES))
    if unknown:
        message = complaint("no such collection", found=unknown[0], expected=", ".join(_BRANCHES))
        raise DataError(message)
    chosen = {}
    for name in used:
        options = (wanted[name],) if name in wanted else _BRANCHES[name]
        branch = next((option for option in options if tree.has(option)), options[-1])
        if name == "large_jets" and name not in wanted and not tree.has(branch):
            warnings.warn(
                f"{tree.path}: no branch {branch}; the events will have no large jets. Add "
                "large jets with N-subjettiness to the Delphes card to have them.",
                MissingBranchWarning,
                stacklevel=3,
            )
            continue
        for leaf in _LEAVES[name].values():
            tree.require(f"{branch}.{leaf}")
        chosen[name] = branch
    return chosen


def _weights(tree: DelphesTree) -> NDArray[np.float32]:
    """Return the weight of every entry."""
    name = "Event.Weight"
    if not tree.has_leaf(name):
        return np.ones(len(tree), dtype=np.float32)
    weight = ak.to_numpy(ak.firsts(tree.leaf(name, 0, len(tree))))
    if len(weight) == 0 or (weight == weight[0]).all():
        return np.ones(len(tree), dtype=np.float32)
    negative = np.flatnonzero(weight < 0)
    if len(negative):
        message = complaint(
            "negative event weight",
            where=f"{tree.path}, {name}, entry {negative[0]}",
            found=f"{weight[negative[0]]:g}",
            expected="a weight >= 0",
            remedy="Use a sample without negative weights.",
        )
        raise DataError(message)
    return np.asarray(weight, dtype=np.float32)


def _objects(
    tree: DelphesTree, chosen: dict[str, str], start: int, stop: int, *, most: float = np.inf
) -> RecoObjects:
    """Return the objects of some entries; no pT or mass may exceed `most` (GeV)."""
    held = {name: collection(name, events=stop - start) for name in _LEAVES if name != "met"}
    for name, branch in chosen.items():
        leaves = {
            field: tree.leaf(f"{branch}.{leaf}", start, stop)
            for field, leaf in _LEAVES[name].items()
        }
        for field in sorted(leaves.keys() & {"pt", "mass"}):
            where = f"{tree.path}, {branch}.{_LEAVES[name][field]}"
            _refuse_above(leaves[field], most, where=where, first_entry=start)
        if name == "met":
            leaves = _only_one(tree, branch, leaves, start)
        if "taus" in leaves:
            taus = leaves.pop("taus")
            leaves |= {tau: taus[:, :, k] for k, tau in enumerate(_TAUS)}
        if "btag" in leaves:
            leaves["btag"] = leaves["btag"] & 1
        held[name] = collection(name, **leaves)
    return RecoObjects(**held)


def _refuse_above(values: Any, most: float, *, where: str, first_entry: int) -> None:
    """Refuse a value above `most`, in GeV."""
    highest = ak.to_numpy(ak.fill_none(ak.max(values, axis=1), 0.0))
    above = np.flatnonzero(highest > most)
    if len(above):
        message = complaint(
            "value out of range",
            where=f"{where}, entry {first_entry + above[0]}",
            found=f"{highest[above[0]]:g}",
            expected=f"at most {most:g} GeV, the collision energy",
            remedy="Drop the event from the file.",
        )
        raise DataError(message)


def _only_one(
    tree: DelphesTree, branch: str, leaves: dict[str, Any], start: int
) -> dict[str, Any]:
    """Return the one MET of each entry."""
    number = ak.to_numpy(ak.num(leaves["pt"], axis=1))
    wrong = np.flatnonzero(number != 1)
    if len(wrong):
        message = complaint(
            "not one MET in the event",
            where=f"{tree.path}, {branch}, entry {start + wrong[0]}",
            found=str(number[wrong[0]]),
            expected="1",
            remedy="Write one MissingET an event in the TreeWriter of the Delphes card.",
        )
        raise DataError(message)
    return {field: values[:, 0] for field, values in leaves.items()}
