from __future__ import annotations

import awkward as ak
import numpy as np
import pytest

from benchmark.errors import DataError
from benchmark.reco import FIELDS, RecoObjects, collection
from tests.reco import random_objects


def test_collection_sorts_every_field_by_pt() -> None:
    muons = collection("muons", pt=[[5.0, 9.0], []], eta=[[1.0, 2.0], []], phi=0.0, iso=0.1)
    assert muons.pt.tolist() == [[9.0, 5.0], []]
    assert muons.eta.tolist() == [[2.0, 1.0], []]


def test_rows_are_chosen_in_every_collection() -> None:
    objects = random_objects(6)
    few = objects[np.array([True, False, True, False, False, True])]
    assert len(few) == 3
    for name in FIELDS:
        assert ak.to_list(getattr(few, name)) == ak.to_list(getattr(objects, name)[[0, 2, 5]])


def parts(**changed: object) -> dict[str, object]:
    objects = random_objects(4)
    return {name: getattr(objects, name) for name in FIELDS} | changed


def test_a_missing_field_is_named() -> None:
    jets = ak.zip({"pt": [[1.0]] * 4, "eta": [[0.0]] * 4})
    with pytest.raises(DataError, match=r"collection jets: field phi is missing; found pt, eta"):
        RecoObjects(**parts(jets=jets))
    with pytest.raises(DataError, match="field iso is missing"):
        collection("photons", pt=[[1.0]], eta=[[0.0]], phi=[[0.0]])


def test_another_number_of_events_is_refused() -> None:
    with pytest.raises(DataError, match="collection muons: number of events differs; found 3"):
        RecoObjects(**parts(muons=collection("muons", events=3)))


def test_rising_pt_is_refused_with_the_event() -> None:
    rising = ak.Array(
        [[], [], [{"pt": p, "eta": 0.0, "phi": 0.0, "iso": 0.0} for p in (1, 2)], []]
    )
    with pytest.raises(DataError, match="collection muons, event 2: pT rises"):
        RecoObjects(**parts(muons=rising))


def test_fields_of_different_shapes_are_refused() -> None:
    with pytest.raises(DataError, match="collection photons: the fields have different shapes"):
        collection("photons", pt=[[1.0]], eta=[[1.0, 2.0]], phi=0.0, iso=0.0)
