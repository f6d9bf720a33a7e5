"""The pieces that all augmentations share."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch
from scipy import stats

from baselines.augmentations import AnomalyAugmentation, PhaseSpace, PhysicalAugmentation
from baselines.augmentations.drawing import numbers, per_type
from baselines.augmentations.events import Events, ordered, ranks, smeared, wrapped
from baselines.augmentations.slots import ADC_SLOTS
from benchmark.cards import load_card
from benchmark.errors import DataError
from tests.augmented import (
    FALSE_ALARM,
    MIN_PT,
    ROUNDING,
    SLOTS,
    SOURCES,
    SPACE,
    assert_valid,
    fires,
    generator,
    random_events,
)

LEPTONS, JETS = ADC_SLOTS.leptons, ADC_SLOTS.jets
# An angle of up to three turns is rounded to 2^-20; the wrap loses no more than twice that.
WRAP_TOLERANCE = 2e-6
AUGMENTATIONS = [
    PhysicalAugmentation(SPACE),
    *(
        AnomalyAugmentation(SPACE, kinds)
        for kinds in (("add",), ("split",), ("scale",), ("add", "split", "scale"))
    ),
]
every = pytest.mark.parametrize(
    "augmentation", AUGMENTATIONS, ids=["physical", "add", "split", "scale", "all"]
)


@every
@pytest.mark.parametrize("source", SOURCES)
def test_events_stay_in_the_phase_space(
    augmentation: PhysicalAugmentation | AnomalyAugmentation, source: str
) -> None:
    objects, mask = SOURCES[source]()
    before, held = objects.clone(), mask.clone()
    changed, changed_mask = augmentation(objects, mask, generator=generator())
    assert_valid(changed, changed_mask, rounding=ROUNDING if source == "release" else 0.0)
    assert fires(changed)[fires(objects)].all(), "an event no longer fires the trigger"
    assert torch.equal(objects, before), "the input changed"
    assert torch.equal(mask, held), "the mask of the input changed"
    assert changed.shape == objects.shape


@every
def test_nothing_is_shared_with_the_input(
    augmentation: PhysicalAugmentation | AnomalyAugmentation,
) -> None:
    objects, mask = random_events(20)
    before, held = objects.clone(), mask.clone()
    changed, changed_mask = augmentation(objects, mask, generator=generator())
    changed.zero_()
    changed_mask.zero_()
    assert torch.equal(objects, before)
    assert torch.equal(mask, held)


@every
def test_the_generator_alone_decides(
    augmentation: PhysicalAugmentation | AnomalyAugmentation,
) -> None:
    objects, mask = random_events(100)
    state = torch.random.get_rng_state()
    first, second, other = (
        augmentation(objects, mask, generator=generator(seed))[0] for seed in (1, 1, 2)
    )
    assert torch.equal(first, second)
    assert not torch.equal(first, other)
    assert torch.equal(torch.random.get_rng_state(), state), "the global generator was used"


@every
@pytest.mark.parametrize("n", [0, 1])
def test_small_batches(augmentation: PhysicalAugmentation | AnomalyAugmentation, n: int) -> None:
    changed, mask = augmentation(*random_events(n), generator=generator())
    assert changed.shape == (n, 19, 3)
    assert_valid(changed, mask)


@every
def test_wrong_tensors_are_refused(
    augmentation: PhysicalAugmentation | AnomalyAugmentation,
) -> None:
    objects, mask = random_events(3)
    for wrong in (
        (objects[:, :18], mask),
        (objects, mask[:, :18]),
        (objects[:2], mask),
        (objects.long(), mask),
        (objects, mask.float()),
    ):
        with pytest.raises(DataError, match="not events of the schema cms_adc"):
            augmentation(*wrong, generator=generator())


def test_wrap_against_float64() -> None:
    phi = np.random.default_rng(1).uniform(-20, 20, 10_000).astype(np.float32)
    found = wrapped(torch.from_numpy(phi)).double().numpy()
    away = phi.astype(np.float64)
    assert np.abs(found).max() <= np.float32(math.pi)
    assert np.hypot(np.cos(found) - np.cos(away), np.sin(found) - np.sin(away)).max() < (
        WRAP_TOLERANCE
    )


@pytest.mark.parametrize("phi", [0.0, 1.5, math.pi, -math.pi])
def test_wrap_leaves_angles_in_range(phi: float) -> None:
    assert wrapped(torch.tensor(phi)) == torch.tensor(phi)


@pytest.mark.parametrize("slots", [slice(1, 19), LEPTONS, JETS])
def test_order_against_sorted_lists(slots: slice) -> None:
    objects, _ = random_events(200)
    rng = np.random.default_rng(2)
    mixed = objects.clone()
    for part in list(SLOTS.values())[1:]:
        if slots.start <= part.start and part.stop <= slots.stop:
            places = rng.permuted(np.tile(np.arange(part.start, part.stop), (200, 1)), axis=1)
            mixed[:, part] = objects.gather(1, torch.tensor(places)[:, :, None].expand(-1, -1, 3))
    found = ordered(Events.of(mixed), slots).objects()
    for row, event in zip(found.tolist(), mixed.tolist(), strict=True):
        for part in SLOTS.values():
            assert [x[0] for x in row[part]] == [x[0] for x in sorted(event[part], reverse=True)]
            assert sorted(row[part]) == sorted(event[part]), "an object was torn apart"


def test_ranks_against_a_stable_sort() -> None:
    keys = torch.randint(6, (7, 3, 500), generator=generator()).float()  # many ties
    order = keys.argsort(dim=0, descending=True, stable=True)
    assert torch.equal(ranks(keys).gather(0, order)[:, 0, 0], torch.arange(7))
    assert torch.equal(ranks(keys), order.argsort(dim=0))


def test_smearing_is_gaussian_and_mirrored() -> None:
    width = torch.full((20_000,), 0.5)
    free = smeared(torch.ones(20_000), width, generator=generator())
    assert stats.kstest(free, stats.norm(1, 0.5).cdf).pvalue > FALSE_ALARM
    bounded = smeared(torch.ones(20_000), width, generator=generator(), bound=torch.tensor(1.2))
    mirrored = torch.where(free > 1.2, 2.4 - free, free).clamp_min(-1.2)
    assert torch.allclose(bounded, mirrored)


def test_numbers_are_uniform_over_all_choices_but_none() -> None:
    drawn = numbers(
        torch.tensor([[2], [1], [3]]).expand(-1, 23_000),
        like=torch.zeros(1),
        generator=generator(),
    )
    code = drawn[0] + 3 * drawn[1] + 6 * drawn[2]
    counts = np.bincount(code.numpy(), minlength=24)
    assert counts[0] == 0
    assert len(counts) == 24
    assert stats.chisquare(counts[1:]).pvalue > FALSE_ALARM


def test_no_choice_gives_no_number() -> None:
    nothing = torch.zeros(3, 5, dtype=torch.int64)
    assert torch.equal(numbers(nothing, like=torch.zeros(1), generator=generator()), nothing)


def test_counts_per_type() -> None:
    _, mask = random_events(50)
    expected = torch.stack([mask[:, SLOTS[name]].sum(dim=1) for name in MIN_PT])
    assert torch.equal(per_type(mask[:, 1:].T, ADC_SLOTS.counts), expected)


def test_ranges_of_the_card() -> None:
    assert PhaseSpace.from_card(load_card("cms_adc").selection) == PhaseSpace(
        lepton_min_pt=3.0,
        electron_max_eta=3.0,
        muon_max_eta=2.1,
        jet_min_pt=15.0,
        jet_max_eta=4.0,
        trigger_min_pt=23.0,
        electron_trigger_max_eta=3.0,
        muon_trigger_max_eta=2.1,
    )


@pytest.mark.parametrize(
    "wrong",
    [
        {"jet_min_pt": 0.0},
        {"jet_max_eta": math.nan},
        {"muon_max_eta": math.inf},
        {"trigger_min_pt": 2.0},
        {"electron_trigger_max_eta": 3.5},
        {"muon_trigger_max_eta": 2.4},
    ],
)
def test_bad_ranges_are_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(DataError, match="bad kinematic ranges"):
        replace(SPACE, **wrong)


@every
def test_a_narrower_trigger_is_kept(
    augmentation: PhysicalAugmentation | AnomalyAugmentation,
) -> None:
    space = replace(SPACE, trigger_min_pt=40.0, electron_trigger_max_eta=1.0)
    objects, mask = random_events(4000)
    pt, eta = objects[:, LEPTONS, 0].T, objects[:, LEPTONS, 1].T
    before = space.fires(pt, eta).any(dim=0)
    changed, _ = replace(augmentation, space=space)(objects, mask, generator=generator())
    after = space.fires(changed[:, LEPTONS, 0].T, changed[:, LEPTONS, 1].T).any(dim=0)
    assert 0.1 < before.float().mean() < 0.99
    assert after[before].all()
