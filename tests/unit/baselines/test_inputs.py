"""The normalisation of the ACLR paper."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
import pytest
import torch

from baselines import inputs
from baselines.inputs import FEATURES, AdcInputs
from benchmark.errors import DataError
from tests.augmented import SLOTS, random_events

if TYPE_CHECKING:
    from numpy.typing import NDArray

# float32 keeps a number to 6e-8 of its size; features are of order one, up to about ten.
TOLERANCE = 1e-6


def slow_mean(
    objects: NDArray[np.float32], mask: NDArray[np.bool_], weight: NDArray[np.float32]
) -> float:
    total = number = 0.0
    for event, held, times in zip(objects.tolist(), mask.tolist(), weight.tolist(), strict=True):
        for slot in range(1, 19):
            if held[slot]:
                total += times * event[slot][0]
                number += times
    return total / number


def test_mean_against_a_loop(monkeypatch: pytest.MonkeyPatch) -> None:
    objects, mask = (x.numpy() for x in random_events(500))
    weight = np.random.default_rng(1).uniform(0, 3, 500).astype(np.float32)
    monkeypatch.setattr(inputs, "_ROWS", 64)  # more than one block
    expected = slow_mean(objects, mask, weight)
    assert AdcInputs.fit(objects, mask, weight).mean_pt == pytest.approx(expected, rel=1e-9)


def test_no_weight_is_weight_one() -> None:
    objects, mask = (x.numpy() for x in random_events(100))
    ones = np.ones(100, dtype=np.float32)
    assert AdcInputs.fit(objects, mask) == AdcInputs.fit(objects, mask, ones)


def test_met_and_padding_do_not_enter_the_mean() -> None:
    objects, mask = np.zeros((2, 19, 3), np.float32), np.zeros((2, 19), np.bool_)
    objects[:, 0, 0], objects[:, 1, 0], objects[0, 9, 0] = 1000, 30, 60
    mask[:, :2], mask[0, 9] = True, True
    assert AdcInputs.fit(objects, mask).mean_pt == 40
    assert AdcInputs.fit(objects, mask, np.array([0, 1], np.float32)).mean_pt == 30


def test_features_against_a_loop() -> None:
    objects, mask = random_events(100)
    features = AdcInputs(mean_pt=40.0).features(objects, mask)
    assert features.shape == (100, 19, FEATURES)
    assert features.dtype == torch.float32
    expected = np.zeros((100, 19, FEATURES))
    for k, slots in enumerate(SLOTS.values()):
        for slot in range(slots.start, slots.stop):
            for row in np.flatnonzero(mask[:, slot]):
                pt, eta, phi = objects[row, slot].tolist()
                expected[row, slot, :3] = pt / 40, eta / 4, phi / math.pi
                expected[row, slot, 3 + k] = 1
    np.testing.assert_allclose(features, expected, rtol=TOLERANCE, atol=TOLERANCE)
    assert not features[~mask].any()


def test_flat_is_the_kinematic_part_slot_by_slot() -> None:
    objects, mask = random_events(100)
    scaled = AdcInputs(mean_pt=40.0)
    flat = scaled.flat(objects, mask)
    assert flat.shape == (100, 57)
    assert torch.equal(flat.reshape(100, 19, 3), scaled.features(objects, mask)[..., :3])


def test_padding_is_zero_whatever_it_held() -> None:
    objects, mask = random_events(50)
    dirty = torch.where(mask[:, :, None], objects, torch.nan)
    scaled = AdcInputs(mean_pt=40.0)
    assert torch.equal(scaled.features(dirty, mask), scaled.features(objects, mask))
    assert torch.equal(scaled.flat(dirty, mask), scaled.flat(objects, mask))


def test_the_events_are_not_changed() -> None:
    objects, mask = random_events(50)
    before = objects.clone()
    AdcInputs(mean_pt=40.0).features(objects, mask).zero_()
    AdcInputs(mean_pt=40.0).flat(objects, mask).zero_()
    assert torch.equal(objects, before)


@pytest.mark.parametrize("case", ["no event", "no object", "no weight", "nan", "nan weight"])
def test_no_mean_is_an_error(case: str) -> None:
    objects, mask = (x.numpy().copy() for x in random_events(20))
    weight = np.ones(20, dtype=np.float32)
    if case == "no event":
        objects, mask, weight = objects[:0], mask[:0], weight[:0]
    elif case == "no object":
        mask[:, 1:] = False
    elif case == "no weight":
        weight[:] = 0
    elif case == "nan":
        mask[3, 9], objects[3, 9, 0] = True, np.nan
    else:
        weight[3] = np.nan
    with pytest.raises(DataError, match="no mean object pT"):
        AdcInputs.fit(objects, mask, weight)


@pytest.mark.parametrize("mean", [0.0, -1.0, math.nan, math.inf])
def test_a_bad_mean_is_refused(mean: float) -> None:
    with pytest.raises(DataError, match="must be a positive number"):
        AdcInputs(mean_pt=mean)
