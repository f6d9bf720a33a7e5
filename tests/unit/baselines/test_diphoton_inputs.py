"""The normalisation of the SAC paper."""

from __future__ import annotations

import json
import math

import numpy as np
import pytest
import torch

from baselines import diphoton_inputs
from baselines.diphoton_inputs import FEATURES, DiphotonInputs
from baselines.moments import Moments
from benchmark.errors import DataError
from benchmark.schema import CMS_ADC, DIPHOTON
from benchmark.table import ARRAYS, EventTable
from tests.plain_transformer import tensors_of
from tests.tables import random_table

FLOAT64 = 1e-12  # sums of some thousand numbers of order one to ten
FLOAT32 = 1e-5  # numbers of order one to ten, kept to 6e-8 of their size, less a mean
UNIT = DiphotonInputs(means=(0.0,) * 9, widths=(1.0,) * 9)
DEFINED = {  # number: types that have it
    0: ("jet", "large_jet", "electron", "muon", "met"),
    1: ("jet", "large_jet", "electron", "muon"),
    2: ("jet", "large_jet", "electron", "muon", "met"),
    3: ("jet", "large_jet"),
    4: ("jet",),
    5: ("large_jet",),
    6: ("large_jet",),
}


def changed(events: EventTable, **arrays: object) -> EventTable:
    """The table with other arrays, which nobody checks."""
    kept = {name: getattr(events, name) for name in ARRAYS}
    return EventTable.unchecked(DIPHOTON, kept | arrays)


def slow_columns(events: EventTable) -> list[list[float]]:
    """All defined values of each number, by loops over events and slots."""
    columns: list[list[float]] = [[] for _ in range(9)]
    for event, held, features in zip(
        events.objects.tolist(), events.mask.tolist(), events.features.tolist(), strict=True
    ):
        for slot, kind in enumerate(DIPHOTON.slot_types):
            pt, eta, phi, mass, btag, _, tau2, tau3, tau4 = event[slot]
            logs = [math.log(x) if x > 0 else None for x in (pt, mass)]
            ratios = [a / b if b > 0 else None for a, b in ((tau3, tau2), (tau4, tau3))]
            values = [logs[0], eta, phi, logs[1], btag, *ratios]
            for k, value in enumerate(values):
                if held[slot] and kind in DEFINED[k] and value is not None:
                    columns[k].append(value)
        if features[0] > 0:
            columns[7].append(math.log(features[0]))
        columns[8].append(features[1])
    return columns


def test_the_fit_against_loops(monkeypatch: pytest.MonkeyPatch) -> None:
    events = random_table(DIPHOTON, 300)
    objects = events.objects.copy()
    objects[:40, 4:6, 6:] *= np.random.default_rng(1).integers(0, 2, (40, 2, 3))  # taus of zero
    objects[:40, 0, 3] = 0
    events = changed(events, objects=objects)
    monkeypatch.setattr(diphoton_inputs, "_ROWS", 64)  # more than one block
    fitted = DiphotonInputs.fit(events)
    columns = slow_columns(events)
    assert fitted.means == pytest.approx([np.mean(x) for x in columns], rel=FLOAT64)
    assert fitted.widths == pytest.approx([np.std(x) for x in columns], rel=FLOAT64)


def test_mean_zero_and_width_one_on_what_was_fitted() -> None:
    events = random_table(DIPHOTON, 500)
    made = tensors_of(events, DiphotonInputs.fit(events), torch.float64)
    held = events.mask[..., None] & (made.objects.numpy() != 0)
    for k, types in DEFINED.items():
        slots = [kind in types for kind in DIPHOTON.slot_types]
        values = made.objects[:, slots, k][torch.from_numpy(held[:, slots, k])]
        assert float(values.mean()) == pytest.approx(0, abs=FLOAT32)
        assert float(values.std(correction=0)) == pytest.approx(1, rel=FLOAT32)
        assert not made.objects[:, [not slot for slot in slots], k].any()
    dr = made.event[:, 1]
    assert float(dr.mean()) == pytest.approx(0, abs=FLOAT32)
    assert float(dr.std(correction=0)) == pytest.approx(1, rel=FLOAT32)
    assert made.objects.shape == (500, 11, FEATURES)


def test_one_event_by_hand() -> None:
    objects, mask = torch.zeros(1, 11, 9), torch.zeros(1, 11, dtype=torch.bool)
    objects[0, 0] = torch.tensor([math.exp(4), 1.0, -2.0, math.exp(2), 1, 0, 0, 0, 0])
    objects[0, 4] = torch.tensor([math.exp(6), -1.0, 3.0, 0.0, 0, 0.9, 0.8, 0.4, 0.1])
    objects[0, 5] = torch.tensor([math.exp(5), 0.5, 0.0, math.exp(3), 0, 0.9, 0.0, 0.0, 0.1])
    objects[0, 8] = torch.tensor([math.exp(3), 2.0, 1.0, 0, 0, 0, 0, 0, 0])
    objects[0, 10] = torch.tensor([math.exp(1), 0.0, 0.5, 0, 0, 0, 0, 0, 0])
    mask[0, [0, 4, 5, 8, 10]] = True
    features = torch.zeros(1, 12)
    features[0, :2] = torch.tensor([math.exp(2), 3.0])
    inputs = DiphotonInputs(
        means=(2.0, 0.5, 1.0, 1.0, 0.2, 0.3, 0.05, 1.0, 2.0),
        widths=(2.0, 0.5, 1.0, 0.5, 0.4, 0.1, 0.1, 0.5, 4.0),
    )
    made = inputs.tensors(objects, mask, features)
    wanted = torch.zeros(1, 11, 12)
    wanted[0, 0] = torch.tensor([1, 1, -3, 2, 2, 0, 0, 1, 0, 0, 0, 0])
    wanted[0, 4] = torch.tensor([2, -3, 2, 0, 0, 2, 2, 0, 1, 0, 0, 0])
    wanted[0, 5] = torch.tensor([1.5, 0, -1, 4, 0, 0, 0, 0, 1, 0, 0, 0])
    wanted[0, 8] = torch.tensor([0.5, 3, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0])
    wanted[0, 10] = torch.tensor([-0.5, 0, -0.5, 0, 0, 0, 0, 0, 0, 0, 0, 1])
    torch.testing.assert_close(made.objects, wanted, rtol=FLOAT32, atol=FLOAT32)
    torch.testing.assert_close(made.event, torch.tensor([[2.0, 0.25]]), rtol=FLOAT32, atol=FLOAT32)
    assert torch.equal(made.kinematics[..., :4], objects[..., :4])
    assert made.kinematics[0, :, 4].tolist() == [1, 0, 0, 0, 1, 1, 0, 0, 1, 0, 0]
    assert torch.equal(made.mask, mask)


def test_numbers_all_alike_or_absent() -> None:
    events = random_table(DIPHOTON, 50)
    objects, features = events.objects.copy(), events.features.copy()
    objects[..., 1] = np.where(events.mask, 0.1, 0)
    objects[..., 6:] = 0
    features[:, 0] = 0
    events = changed(events, objects=objects, features=features)
    fitted = DiphotonInputs.fit(events)
    assert [fitted.widths[k] for k in (1, 5, 6, 7)] == [1] * 4
    made = tensors_of(events, fitted)
    assert all(part.isfinite().all() for part in made)
    assert float(made.objects[..., 1].abs().max()) < FLOAT32
    assert not made.objects[..., 5:7].any()
    assert not made.event[:, 0].any()


def test_the_state_goes_through_json() -> None:
    fitted = DiphotonInputs.fit(random_table(DIPHOTON, 50))
    assert DiphotonInputs.from_state(json.loads(json.dumps(fitted.state()))) == fitted
    with pytest.raises(DataError, match="found no widths"):
        DiphotonInputs.from_state({"means": [0.0]})


@pytest.mark.parametrize("value", [np.inf, -np.inf, np.nan])
@pytest.mark.parametrize("name", ["pt", "eta", "mass", "tau2", "pt_gg", "dr_gg"])
def test_what_is_not_finite_is_refused(name: str, value: float) -> None:
    events = random_table(DIPHOTON, 50)
    objects, features = events.objects.copy(), events.features.copy()
    if name.endswith("_gg"):
        features[7, DIPHOTON.event_features.index(name)] = value
    else:
        row = int(np.flatnonzero(events.mask[:, 4])[0])
        objects[row, 4, DIPHOTON.feature_index(name)] = value
    with pytest.raises(DataError, match=f"feature {name}: bad input"):
        DiphotonInputs.fit(changed(events, objects=objects, features=features))


def test_other_events_are_refused() -> None:
    with pytest.raises(DataError, match="another schema"):
        DiphotonInputs.fit(random_table(CMS_ADC, 3))
    with pytest.raises(DataError, match="no event"):
        DiphotonInputs.fit(random_table(DIPHOTON, 0))


@pytest.mark.parametrize(
    ("means", "widths", "message"),
    [
        ((0.0,) * 8, (1.0,) * 9, "bad means"),
        ((0.0,) * 9, (1.0,) * 10, "bad widths"),
        ((math.nan,) * 9, (1.0,) * 9, "bad means"),
        ((0.0,) * 9, (0.0,) * 9, "must be positive"),
    ],
)
def test_bad_numbers(means: tuple[float, ...], widths: tuple[float, ...], message: str) -> None:
    with pytest.raises(DataError, match=message):
        DiphotonInputs(means=means, widths=widths)


def test_no_event_and_events_unchanged() -> None:
    none = tensors_of(random_table(DIPHOTON, 0), UNIT)
    assert [tuple(part.shape) for part in none] == [(0, 11, 12), (0, 11, 5), (0, 11), (0, 2)]
    events = random_table(DIPHOTON, 5)
    before = events.objects.copy()
    for part in tensors_of(events, UNIT):
        part.zero_() if part.dtype != torch.bool else None
    assert np.array_equal(events.objects, before)


def test_moments_far_from_zero() -> None:
    values = 1e8 + np.random.default_rng(1).normal(size=1000)
    moments = Moments()
    for part in np.split(values, [0, 10, 500, 500]):
        moments.add(part)
    assert moments.mean == pytest.approx(values.mean(), rel=FLOAT64)
    assert moments.width == pytest.approx(values.std(), rel=1e-7)  # 1e-16 of 1e8 in each value
