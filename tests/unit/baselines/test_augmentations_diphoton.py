"""The augmentations on the slots of the diphoton schema, event by event in float64."""

from __future__ import annotations

import math
from functools import cache

import numpy as np
import pytest
import torch
from scipy import stats

from baselines.augmentations import KINDS, AnomalyAugmentation, PhaseSpace, PhysicalAugmentation
from baselines.augmentations.events import Events
from baselines.augmentations.slots import DIPHOTON_SLOTS
from benchmark.cards import load_card
from benchmark.errors import DataError
from benchmark.events import EventTable, read_events
from benchmark.schema import DIPHOTON
from tests.augmented import FALSE_ALARM, ROUNDING, SUM_TOLERANCE, generator
from tests.diphoton import BUNDLED

SPACE = PhaseSpace.from_card(load_card("diphoton").selection)
TYPES = ("jet", "large_jet", "electron", "muon")
PART = {name: DIPHOTON.type_slice(name) for name in (*TYPES, "met")}
MIN_PT = {"jet": 20.0, "large_jet": 200.0, "electron": 10.0, "muon": 10.0}
MAX_ETA = {"jet": 4.4, "large_jet": 2.0, "electron": 2.47, "muon": 2.5}
PT, ETA, PHI, MASS, BTAG = (
    DIPHOTON.feature_index(n) for n in ("pt", "eta", "phi", "mass", "btag")
)
# A pT is multiplied and divided again: a few roundings of float32.
FLOAT32 = 1e-6
EVERY: dict[str, PhysicalAugmentation | AnomalyAugmentation] = {
    "physical": PhysicalAugmentation(SPACE),
    **{name: AnomalyAugmentation(SPACE, (name,)) for name in KINDS},
    "all": AnomalyAugmentation(SPACE),
}
every = pytest.mark.parametrize("name", EVERY)
MOST_SIGMA = 6.0
DIRECTION_WIDTH = 0.028


@cache
def events() -> EventTable:
    """Events with few objects and with many."""
    names = ("continuum", "ttH", "stop", "rpv_neutralino")
    return EventTable.concat(
        [read_events(BUNDLED / f"{name}.parquet").select(slice(0, 400)) for name in names]
    )


@cache
def tensors() -> tuple[torch.Tensor, torch.Tensor]:
    return torch.tensor(events().objects), torch.tensor(events().mask)


@cache
def changed(name: str) -> tuple[torch.Tensor, torch.Tensor]:
    return EVERY[name](*tensors(), generator=generator())


def rows(objects: torch.Tensor, name: str) -> list[list[list[float]]]:
    """The objects of a type of each event, as lists."""
    found: list[list[list[float]]] = objects[:, PART[name]].double().tolist()
    return [[row for row in event if row[PT] > 0] for event in found]


def possible(kind: str) -> np.ndarray:
    return AnomalyAugmentation(SPACE, (kind,)).possible(*tensors())[:, 0].numpy()


def momentum(objects: torch.Tensor, *names: str) -> np.ndarray:
    """Vector sum of the transverse momenta of some types, (n, 2)."""
    held = torch.cat([objects[:, PART[name]] for name in names], dim=1).double().numpy()
    pt, phi = held[..., PT], held[..., PHI]
    return np.stack([(pt * np.cos(phi)).sum(1), (pt * np.sin(phi)).sum(1)], axis=1)


@every
def test_events_stay_valid(name: str) -> None:
    objects, mask = changed(name)
    before, _ = tensors()
    assert objects.shape == before.shape
    assert objects.dtype == torch.float32
    assert torch.isfinite(objects).all()
    assert mask[:, PART["met"]].all()
    assert not objects[~mask].any()
    assert (objects[..., PHI].abs() <= np.float32(math.pi)).all()
    held = {cell[1:] for cell in DIPHOTON.cells}
    for slot in range(DIPHOTON.slots):
        for feature in range(len(DIPHOTON.features)):
            if (slot, feature) not in held:
                assert not objects[:, slot, feature].any(), "a feature that its type does not have"
    for kind in TYPES:
        part, there = objects[:, PART[kind]], mask[:, PART[kind]]
        assert (part[..., PT] > 0).equal(there)
        assert (part[:, 1:, PT] <= part[:, :-1, PT]).all(), f"{kind}: not in order of pT"
        assert (part[there][:, PT] >= MIN_PT[kind] * (1 - ROUNDING)).all()
        assert (part[there][:, ETA].abs() <= MAX_ETA[kind] * (1 + ROUNDING)).all()
    assert set(objects[..., BTAG].flatten().tolist()) <= {0.0, 1.0}


@every
def test_the_input_stays_and_the_generator_decides(name: str) -> None:
    objects, mask = (x.clone() for x in tensors())
    first, again, other = (
        EVERY[name](objects, mask, generator=generator(seed))[0] for seed in (1, 1, 2)
    )
    assert torch.equal(first, again)
    assert not torch.equal(first, other)
    assert torch.equal(objects, tensors()[0])
    assert torch.equal(mask, tensors()[1])


@every
@pytest.mark.parametrize("n", [0, 1])
def test_small_batches(name: str, n: int) -> None:
    objects, mask = (x[:n] for x in tensors())
    found, held = EVERY[name](objects, mask, generator=generator())
    assert (found.shape, held.shape) == (objects.shape, mask.shape)


@every
def test_events_of_the_other_task_are_refused(name: str) -> None:
    with pytest.raises(DataError, match="not events of the schema diphoton"):
        EVERY[name](torch.zeros(2, 19, 3), torch.zeros(2, 19) > 0, generator=generator())


def test_there_and_back() -> None:
    objects, mask = tensors()
    held = Events.of(objects, DIPHOTON_SLOTS)
    assert torch.allclose(held.objects(), objects, rtol=FLOAT32, atol=0)
    assert held.mask().equal(mask)
    types = [DIPHOTON.slot_types[slot] for slot in DIPHOTON_SLOTS.order]
    assert types == ["met", *["electron"] * 2, *["muon"] * 2, *["jet"] * 4, *["large_jet"] * 2]


def test_a_physical_view_turns_the_event() -> None:
    before, after = tensors()[0], changed("physical")[0]
    met = PART["met"].start
    turn = (after - before)[:, met, PHI].double()
    assert torch.equal(after[:, met, PT], before[:, met, PT])
    share = ((turn + 2 * math.pi) % (2 * math.pi)) / (2 * math.pi)
    assert stats.kstest(share, "uniform").pvalue > FALSE_ALARM
    for kind in ("electron", "muon"):  # jets may change places
        for event, (old, new) in enumerate(
            zip(rows(before, kind), rows(after, kind), strict=True)
        ):
            for first, second in zip(old, new, strict=True):
                off = (second[PHI] - first[PHI] - float(turn[event]) + math.pi) % (2 * math.pi)
                assert abs(off - math.pi) < MOST_SIGMA * DIRECTION_WIDTH
                assert second[PT] == first[PT]


@pytest.mark.parametrize("kind", ["jet", "large_jet"])
def test_smeared_jets_keep_what_else_they_are(kind: str) -> None:
    before, after = rows(tensors()[0], kind), rows(changed("physical")[0], kind)
    moved = 0
    for old, new in zip(before, after, strict=True):
        nature = [sorted((x[MASS] / x[PT], *x[BTAG:]) for x in some) for some in (old, new)]
        assert np.allclose(nature[0], nature[1], rtol=FLOAT32, atol=FLOAT32)
        moved += sum(x[PT] != y[PT] for x, y in zip(old, new, strict=True))
    assert moved > 0.9 * sum(map(len, before))


def test_split_objects_add_up() -> None:
    before, after = tensors()[0], changed("split")[0]
    assert torch.equal(after[:, PART["met"]], before[:, PART["met"]])
    assert torch.equal(after[:, PART["large_jet"], PT], before[:, PART["large_jet"], PT])
    able = possible("split")
    assert 0.2 < able.mean() < 1
    number = np.zeros(len(before))
    for kind in ("jet", "electron", "muon"):
        for event, (old, new) in enumerate(
            zip(rows(before, kind), rows(after, kind), strict=True)
        ):
            number[event] += len(new) - len(old)
            for column in (PT, MASS):
                sums = [sum(x[column] for x in some) for some in (old, new)]
                assert sums[1] == pytest.approx(sums[0], rel=SUM_TOLERANCE, abs=SUM_TOLERANCE)
            # Every part goes where an object went, and is of its nature.
            for x in new:
                assert any(
                    abs(x[ETA] - y[ETA]) < MOST_SIGMA * DIRECTION_WIDTH
                    and x[BTAG] == y[BTAG]
                    and x[MASS] / x[PT] == pytest.approx(y[MASS] / y[PT], rel=FLOAT32)
                    for y in old
                )
    assert (number[able] > 0).all()
    assert not number[~able].any()


def test_added_objects_recoil_against_met() -> None:
    before, after = tensors()[0], changed("add")[0]
    sums = [momentum(x, "met", "jet", "electron", "muon") for x in (before, after)]
    scale = (
        before[..., PT].double().sum(1).numpy()[:, None]
        + after[..., PT].double().sum(1)[:, None].numpy()
    )
    assert (np.abs(sums[0] - sums[1]) / scale).max() < SUM_TOLERANCE
    natures = {
        (round(x[MASS] / x[PT], 5), x[BTAG]) for event in rows(before, "jet") for x in event
    }
    added = np.zeros(len(before))
    for kind in ("jet", "electron", "muon"):
        for event, (old, new) in enumerate(
            zip(rows(before, kind), rows(after, kind), strict=True)
        ):
            there = [tuple(x[:3]) for x in new]
            assert all(tuple(x[:3]) in there for x in old), "an object went missing"
            extra = [x for x in new if tuple(x[:3]) not in [tuple(y[:3]) for y in old]]
            added[event] += len(extra)
            least = max(MIN_PT[kind], float(before[event, :, PT].max()))
            assert all(x[PT] <= least * (1 + FLOAT32) for x in extra)
            if kind == "jet":
                assert {(round(x[MASS] / x[PT], 5), x[BTAG]) for x in extra} <= natures
    assert torch.allclose(after[:, PART["large_jet"]], before[:, PART["large_jet"]], rtol=FLOAT32)
    able = possible("add")
    assert (added[able] > 0).all()
    assert not added[~able].any()


def test_photons_bound_what_is_added() -> None:
    """An event with nothing but little MET gets objects as hard as its photons."""
    objects, mask = torch.zeros(4000, 11, 9), torch.zeros(4000, 11, dtype=torch.bool)
    mask[:, -1] = True
    objects[:, -1, PT] = 1.0
    add = AnomalyAugmentation(SPACE, ("add",))
    alone, _ = add(objects, mask, generator=generator())
    beside, _ = add(objects, mask, generator=generator(), beside=torch.full((4000,), 80.0))
    jets = beside[:, PART["jet"], PT]
    assert set(alone[:, PART["jet"], PT].flatten().tolist()) == {0.0, 20.0}
    assert stats.kstest(jets[jets > 0], stats.uniform(20, 60).cdf).pvalue > FALSE_ALARM


def test_no_lender_leaves_zeros() -> None:
    objects, mask = torch.zeros(50, 11, 9), torch.zeros(50, 11, dtype=torch.bool)
    mask[:, -1] = True
    found, held = AnomalyAugmentation(SPACE, ("add",))(objects, mask, generator=generator())
    assert held[:, PART["jet"]].any()
    assert not found[..., MASS].any()
    assert not found[..., BTAG].any()


def test_scaled_objects_share_a_factor() -> None:
    before, after = tensors()[0].double(), changed("scale")[0].double()
    met = PART["met"].start
    which = set()
    for old, new in zip(before, after, strict=True):
        there = old[:met, PT] > 0
        factors = (new[:met, PT] / old[:met, PT])[there]
        met_factor = float(new[met, PT] / old[met, PT]) if old[met, PT] else 1.0
        if len(factors):
            assert float(factors.max() - factors.min()) < FLOAT32 * 10
            factor = float(factors[0])
            assert torch.allclose(new[:met, MASS], old[:met, MASS] * factor, rtol=FLOAT32 * 10)
            assert 1 <= factor <= 5 * (1 + FLOAT32)
            scaled = (factor > 1, abs(met_factor - 1) > FLOAT32)
            which.add(scaled)
            assert scaled != (True, True) or met_factor == pytest.approx(factor, rel=1e-5)
        for column in (ETA, PHI, *range(BTAG, len(DIPHOTON.features))):
            assert torch.equal(new[:, column], old[:, column])
    assert which == {(True, False), (False, True), (True, True)}


def test_ranges_of_the_card() -> None:
    assert (
        PhaseSpace(
            lepton_min_pt=10.0,
            electron_max_eta=2.47,
            muon_max_eta=2.5,
            jet_min_pt=20.0,
            jet_max_eta=4.4,
            large_jet_min_pt=200.0,
            large_jet_max_eta=2.0,
            slots=DIPHOTON_SLOTS,
        )
        == SPACE
    )


@pytest.mark.parametrize(
    "wrong",
    [
        {"large_jet_min_pt": None},
        {"large_jet_min_pt": None, "large_jet_max_eta": None},
        {"trigger_min_pt": 30.0},
        {"large_jet_max_eta": 0.0},
    ],
)
def test_half_a_range_is_refused(wrong: dict[str, float | None]) -> None:
    given = {name: value for name, value in vars(SPACE).items() if name != "slots"}
    with pytest.raises(DataError, match="bad kinematic ranges"):
        PhaseSpace(**{**given, **wrong}, slots=DIPHOTON_SLOTS)
