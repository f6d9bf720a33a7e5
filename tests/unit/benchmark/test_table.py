"""The rules of the event table, one test a fault, and the digest against a slow reference."""

from __future__ import annotations

import hashlib
import json
import struct
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from benchmark.digest import ContentDigest
from benchmark.errors import DataError
from benchmark.schema import CMS_ADC, DIPHOTON, SCHEMAS, EventSchema
from benchmark.table import EventTable
from tests.tables import random_arrays, random_table
from tests.unit.benchmark.test_identity import WORD, slow_hash64, slow_splitmix64

if TYPE_CHECKING:
    from collections.abc import Callable

Arrays = dict[str, Any]
FEATURE = {name: index for index, name in enumerate(DIPHOTON.features)}
EVENT = {name: index for index, name in enumerate(DIPHOTON.event_features)}
ROW = 3
ALL = pytest.mark.parametrize("schema", SCHEMAS.values(), ids=SCHEMAS)


def full_arrays() -> Arrays:
    """Five events; row 3 has two jets, one large jet, one electron, no muon."""
    arrays = random_arrays(DIPHOTON, 5, seed=1)
    objects, mask = arrays["objects"][ROW], arrays["mask"][ROW]
    objects[:10], mask[:10] = 0, False
    for slot, pt in ((0, 90.0), (1, 50.0), (4, 200.0), (6, 30.0)):
        objects[slot, FEATURE["pt"]] = pt
        mask[slot] = True
    return arrays


def set_object(slot: int, feature: str, value: float) -> Callable[[Arrays], None]:
    def change(arrays: Arrays) -> None:
        arrays["objects"][ROW, slot, FEATURE[feature]] = value

    return change


def set_event(feature: str, value: float) -> Callable[[Arrays], None]:
    def change(arrays: Arrays) -> None:
        arrays["features"][ROW, EVENT[feature]] = value

    return change


def set_value(name: str, value: object) -> Callable[[Arrays], None]:
    def change(arrays: Arrays) -> None:
        arrays[name][ROW] = value

    return change


def fill_third_jet_not_second(arrays: Arrays) -> None:
    arrays["mask"][ROW, 1:3] = [False, True]
    arrays["objects"][ROW, 1] = 0
    arrays["objects"][ROW, 2, FEATURE["pt"]] = 40


def unmask_met(arrays: Arrays) -> None:
    arrays["mask"][ROW, 10] = False
    arrays["objects"][ROW, 10] = 0


FAULTS: dict[str, tuple[Callable[[Arrays], None], str]] = {
    "nan": (set_object(1, "eta", np.nan), r"column jet2_eta, row 3: .*found nan.*finite"),
    "infinite": (set_object(10, "pt", np.inf), r"column met_pt, row 3: .*found inf.*finite"),
    "negative pt": (set_object(10, "pt", -1), r"column met_pt, row 3: .*found -1.*>= 0"),
    "zero pt": (set_object(6, "pt", 0), r"column electron1_pt, row 3: .*zero.*pt > 0"),
    "eta": (set_object(0, "eta", -10.5), r"column jet1_eta, row 3: .*found -10.5.*<= 10"),
    "phi": (set_object(10, "phi", 3.2), r"column met_phi, row 3: .*found 3.2.*<= pi.*Wrap"),
    "mass": (set_object(4, "mass", -2), r"column large_jet1_mass, row 3: .*found -2.*>= 0"),
    "btag": (set_object(1, "btag", 0.5), r"column jet2_btag, row 3: .*found 0.5.*0 or 1"),
    "tau": (set_object(4, "tau3", -0.1), r"column large_jet1_tau3, row 3: .*found -0.1.*>= 0"),
    "padding": (set_object(2, "phi", 1), r"column jet3_phi, row 3: .*slot is empty.*found 1"),
    "foreign feature": (set_object(6, "btag", 1), r"column electron1_btag, row 3: .*not have"),
    "hole": (fill_third_jet_not_second, r"column jet3, row 3: a hole before"),
    "order": (set_object(1, "pt", 91), r"column jet2_pt, row 3: harder than the slot before"),
    "no met": (unmask_met, r"column met, row 3: the MET slot is empty"),
    "negative weight": (set_value("weight", -1), r"column weight, row 3: .*found -1.*>= 0"),
    "nan weight": (set_value("weight", np.nan), r"column weight, row 3: .*found nan.*finite"),
    "zero mass": (set_value("m_gg", 0), r"column m_gg, row 3: .*found 0.*mass > 0"),
    "event feature": (set_event("pt_gg", -5), r"column pt_gg, row 3: .*found -5.*>= 0"),
    "photon eta": (set_event("eta_g2", 11), r"column eta_g2, row 3: .*found 11.*<= 10"),
    "photon phi": (set_event("phi_g1", -4), r"column phi_g1, row 3: .*found -4.*<= pi"),
    "count": (set_event("n_jets", 1.5), r"column n_jets, row 3: .*found 1.5.*whole number"),
    "nan feature": (set_event("ht30", np.nan), r"column ht30, row 3: .*found nan.*finite"),
    "unnamed": (set_value("process", ""), r"column process, row 3: .*empty name.*a name"),
}


@pytest.mark.parametrize(("fault", "message"), FAULTS.values(), ids=FAULTS)
def test_fault_is_refused(fault: Callable[[Arrays], None], message: str) -> None:
    arrays = full_arrays()
    EventTable(schema=DIPHOTON, **arrays)
    fault(arrays)
    with pytest.raises(DataError, match=message):
        EventTable(schema=DIPHOTON, **arrays)


def test_repeated_id_names_both_rows() -> None:
    arrays = full_arrays()
    arrays["event_id"][ROW] = arrays["event_id"][1]
    with pytest.raises(DataError, match=r"column event_id, row 3: .*as in row 1"):
        EventTable(schema=DIPHOTON, **arrays)


def test_row_numbers_count_beyond_the_first_chunk() -> None:
    arrays = random_arrays(CMS_ADC, 20_000)
    arrays["objects"][19_999, 0, 0] = -1
    with pytest.raises(DataError, match="column met_pt, row 19999"):
        EventTable(schema=CMS_ADC, **arrays)


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("objects", np.zeros((5, 11, 9)), "column objects: wrong type; found float64.*astype"),
        ("objects", np.zeros((5, 19, 3), np.float32), r"wrong shape; .*\(5, 11, 9\)"),
        ("mask", np.ones((5, 11), np.uint8), "column mask: wrong type; found uint8"),
        ("features", np.zeros((4, 12), np.float32), "column features: wrong shape"),
        ("event_id", np.arange(5), "column event_id: wrong type; found int64.*uint64"),
        ("process", np.array(["a"] * 5, object), "column process: wrong type; found object"),
        ("point", np.array([""] * 4), "column point: wrong shape"),
        ("seed", [1] * 5, "column seed: not a NumPy array; found list"),
        ("m_gg", None, "column m_gg: not a NumPy array; found NoneType"),
    ],
)
def test_layout_is_checked(name: str, value: object, message: str) -> None:
    arrays = random_arrays(DIPHOTON, 5) | {name: value}
    with pytest.raises(DataError, match=message):
        EventTable(schema=DIPHOTON, **arrays)


def test_mass_column_where_there_is_none() -> None:
    arrays = random_arrays(CMS_ADC, 5) | {"m_gg": np.ones(5, np.float32)}
    with pytest.raises(DataError, match="column m_gg: not a column of this schema"):
        EventTable(schema=CMS_ADC, **arrays)


def test_phi_may_round_to_float32_pi() -> None:
    arrays = full_arrays()
    set_object(10, "phi", -np.pi)(arrays)
    held = EventTable(schema=DIPHOTON, **arrays).objects[..., DIPHOTON.feature_index("phi")]
    assert held.min() == np.float32(-np.pi)


@ALL
def test_select_and_concat(schema: EventSchema) -> None:
    table = random_table(schema, 50)
    chosen = table.process == "ggf"
    parts = [table.select(chosen), table.select(np.flatnonzero(~chosen)), table.select(slice(0))]
    joined = EventTable.concat(parts)
    assert len(joined) == 50
    assert set(joined.process[: chosen.sum()]) == {"ggf"}
    back = joined.select(np.argsort(np.r_[np.flatnonzero(chosen), np.flatnonzero(~chosen)]))
    for name in ("objects", "mask", "features", "event_id", "process", "point", "seed"):
        assert np.array_equal(getattr(back, name), getattr(table, name)), name


def test_joining_refuses() -> None:
    table = random_table(CMS_ADC, 5)
    with pytest.raises(DataError, match="no table"):
        EventTable.concat([])
    with pytest.raises(DataError, match=r"row [5-9]: the same event occurs twice"):
        EventTable.concat([table, table])
    with pytest.raises(DataError, match="occurs twice"):
        table.select(np.array([1, 1]))
    with pytest.raises(DataError, match="found diphoton; expected cms_adc"):
        EventTable.concat([table, random_table(DIPHOTON, 1)])


def slow_columns(table: EventTable) -> dict[str, Any]:
    """Every column by name, without the helpers of the package."""
    columns: dict[str, Any] = {
        name: getattr(table, name)
        for name in ("event_id", "process", "point", "weight", "shard", "seed")
    }
    if table.schema.has_m_gg:
        columns["m_gg"] = table.m_gg
    for index, name in enumerate(table.schema.event_features):
        columns[name] = table.features[:, index]
    columns["mask"] = [sum(2**s for s, on in enumerate(row) if on) for row in table.mask.tolist()]
    slot = 0
    for kind in table.schema.types:
        for k in range(1, kind.count + 1):
            prefix = "met" if kind.name == "met" else f"{kind.name}{k}"
            for feature in kind.features:
                place = table.schema.features.index(feature)
                columns[f"{prefix}_{feature}"] = table.objects[:, slot, place]
            slot += 1
    return columns


def slow_bits(value: object) -> int:
    if isinstance(value, str):
        return slow_hash64(str(value))
    if isinstance(value, np.float32):
        return int.from_bytes(struct.pack(">f", 0.0 if value == 0 else float(value)), "big")
    return int(value) % WORD  # type: ignore[call-overload, no-any-return]


def slow_digest(table: EventTable) -> str:
    """The documented digest, one event and one column at a time."""
    columns = slow_columns(table)
    lanes = []
    for lane in range(2):
        total, xored = 0, 0
        for row in range(len(table)):
            mixed = lane
            for name in sorted(columns):
                key = slow_hash64("column", name, lane)
                mixed = slow_splitmix64(mixed ^ ((slow_bits(columns[name][row]) + key) % WORD))
            total, xored = (total + mixed) % WORD, xored ^ mixed
        lanes.append([total, xored])
    schema = [table.schema.name, table.schema.version]
    content = {"lanes": lanes, "n": len(table), "schema": schema}
    text = json.dumps(content, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


@ALL
def test_digest_equals_the_slow_one(schema: EventSchema) -> None:
    table = random_table(schema, 40)
    assert table.digest() == slow_digest(table)


@ALL
def test_digest_does_not_depend_on_order_or_cut(schema: EventSchema) -> None:
    table = random_table(schema, 9000)  # more than one chunk
    order = np.random.default_rng(0).permutation(9000)
    assert table.select(order).digest() == table.digest()
    content = ContentDigest(schema)
    content.update(table.select(slice(100, None)))
    content.update(table.select(slice(0, 100)))
    assert content.hexdigest() == table.digest()


def test_digest_sees_every_column() -> None:
    base = random_table(DIPHOTON, 6)
    seen = {base.digest()}
    changes = dict.fromkeys(("event_id", "weight", "m_gg", "shard", "seed"), 0)
    for name in changes:
        arrays = random_arrays(DIPHOTON, 6)
        arrays[name][2] += 1
        seen.add(EventTable(schema=DIPHOTON, **arrays).digest())
    for name in ("process", "point"):
        arrays = random_arrays(DIPHOTON, 6)
        arrays[name][2] = "other"[: arrays[name].dtype.itemsize // 4]
        seen.add(EventTable(schema=DIPHOTON, **arrays).digest())
    for feature in range(len(DIPHOTON.event_features)):
        arrays = random_arrays(DIPHOTON, 6)
        arrays["features"][2, feature] += 1
        seen.add(EventTable(schema=DIPHOTON, **arrays).digest())
    for _, slot, feature in DIPHOTON.cells:
        arrays = random_arrays(DIPHOTON, 6)
        arrays["objects"][2, slot, feature] += 1
        seen.add(EventTable.unchecked(DIPHOTON, arrays).digest())
    assert len(seen) == 1 + 5 + 2 + 12 + len(DIPHOTON.cells)


def test_digest_takes_minus_zero_for_zero() -> None:
    arrays = full_arrays()
    before = EventTable(schema=DIPHOTON, **arrays).digest()
    set_object(2, "phi", -0.0)(arrays)
    assert EventTable(schema=DIPHOTON, **arrays).digest() == before


def test_digest_refuses_another_schema() -> None:
    with pytest.raises(DataError, match="wrong schema; found cms_adc; expected diphoton"):
        ContentDigest(DIPHOTON).update(random_table(CMS_ADC, 1))
