"""The physical augmentations, against their stated distributions."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
import torch
from scipy import stats

from baselines.augmentations import PhysicalAugmentation, physical
from baselines.augmentations.physical import direction_width, smeared_jets
from tests.augmented import FALSE_ALARM, SLOTS, SPACE, generator, random_events, release_events

# The angle of a turn, up to pi, is rounded to 2^-22, twice.
ANGLE_TOLERANCE = 1e-6
WIDTH = 0.028  # of directions, far below 25 GeV
MOST_WIDTHS = 6  # a Gaussian number is further away with 2e-9


def turn(objects: torch.Tensor, changed: torch.Tensor, slot: int) -> np.ndarray:
    """By how much a slot turned, in [-pi, pi), float64."""
    difference = (changed[:, slot, 2].double() - objects[:, slot, 2].double()).numpy()
    return (difference + math.pi) % (2 * math.pi) - math.pi


def one_electron(pt: float, eta: float, n: int) -> tuple[torch.Tensor, torch.Tensor]:
    objects, mask = torch.zeros(n, 19, 3), torch.zeros(n, 19, dtype=torch.bool)
    objects[:, 1] = torch.tensor([pt, eta, 0.5])
    mask[:, :2] = True
    return objects, mask


def test_the_whole_event_turns_by_one_uniform_angle() -> None:
    objects, mask = random_events(20_000, edges=False)
    changed, _ = PhysicalAugmentation(SPACE)(objects, mask, generator=generator())
    angle = turn(objects, changed, 0)
    assert stats.kstest(angle, stats.uniform(-math.pi, 2 * math.pi).cdf).pvalue > FALSE_ALARM
    for slot in range(1, 9):
        held = (mask[:, slot] & (objects[:, slot, 0] > 27)).numpy()
        same = np.cos(turn(objects, changed, slot) - angle)[held]
        assert same.min() > 1 - ANGLE_TOLERANCE, "hard leptons turn with MET"


def test_met_keeps_its_size_and_leptons_their_pt() -> None:
    objects, mask = release_events()
    changed, held = PhysicalAugmentation(SPACE)(objects, mask, generator=generator())
    assert torch.equal(changed[:, :9, 0], objects[:, :9, 0])
    assert torch.equal(held, mask), "no object is lost or made"


def test_directions_of_soft_leptons_are_smeared() -> None:
    objects, mask = one_electron(10.0, 0.5, 20_000)
    objects[:, 0, 0] = 1.0
    changed, _ = PhysicalAugmentation(SPACE)(objects, mask, generator=generator())
    eta = changed[:, 1, 1] - 0.5
    assert stats.kstest(eta, stats.norm(0, WIDTH).cdf).pvalue > FALSE_ALARM
    phi = turn(objects, changed, 1) - turn(objects, changed, 0)
    phi = (phi + math.pi) % (2 * math.pi) - math.pi
    assert stats.kstest(phi, stats.norm(0, WIDTH).cdf).pvalue > FALSE_ALARM
    assert stats.pearsonr(eta, phi).pvalue > FALSE_ALARM


def test_width_falls_with_pt() -> None:
    pt = np.linspace(0.5, 400, 4000)
    found = direction_width(torch.tensor(pt)).numpy()
    with np.errstate(over="ignore"):
        expected = WIDTH / (1 + np.exp((pt - 25) / 0.1))
    np.testing.assert_allclose(found, expected, rtol=1e-9, atol=1e-12)
    assert (np.diff(found) <= 0).all()
    assert direction_width(torch.zeros(1)).item() == 0


def test_eta_is_mirrored_at_the_end_of_the_range() -> None:
    changed, _ = PhysicalAugmentation(SPACE)(*one_electron(10.0, 3.0, 5000), generator=generator())
    eta = changed[:, 1, 1]
    assert (eta <= 3).all()
    half = stats.halfnorm(0, WIDTH)
    assert stats.kstest(3 - eta, half.cdf).pvalue > FALSE_ALARM


def test_an_eta_beyond_the_range_by_rounding_is_no_further_out() -> None:
    changed, _ = PhysicalAugmentation(SPACE)(
        *one_electron(10.0, 3.0002, 5000), generator=generator()
    )
    assert changed[:, 1, 1].max() <= np.float32(3.0002)


@pytest.mark.parametrize("pt", [15.0, 16.0, 30.0, 200.0, 2000.0])
def test_jet_energies_follow_the_truncated_gaussian(pt: float) -> None:
    width = math.sqrt(0.052 * pt**2 + 1.502 * pt)
    expected = stats.truncnorm((15.0 - pt) / width, np.inf, loc=pt, scale=width)
    drawn = smeared_jets(torch.full((20_000,), pt), 15.0, generator())
    assert drawn.min() >= 15
    assert stats.kstest(drawn.double(), expected.cdf).pvalue > FALSE_ALARM


def test_the_ends_of_the_draw_are_finite(monkeypatch: pytest.MonkeyPatch) -> None:
    ends = torch.tensor([0.0, 1 - 2.0**-24])
    monkeypatch.setattr(physical, "uniform", lambda *_, **__: ends)
    for pt in (15.0, 40.0, 5000.0):
        low, high = smeared_jets(torch.full((2,), pt), 15.0, generator()).tolist()
        assert 15 <= low < pt + 1e-3
        assert pt < high < pt + MOST_WIDTHS * math.sqrt(0.052 * pt**2 + 1.502 * pt)


def test_padded_jets_stay_empty() -> None:
    assert not smeared_jets(torch.zeros(10, 10), 15.0, generator()).any()


def test_jets_are_smeared_one_by_one() -> None:
    objects, mask = random_events(5000, edges=False)
    objects[:, SLOTS["jet"], 0] = 500.0
    objects[:, SLOTS["jet"], 1] = torch.linspace(-3, 3, 10)
    mask[:, SLOTS["jet"]] = True
    changed, _ = PhysicalAugmentation(SPACE)(objects, mask, generator=generator())
    order = changed[:, SLOTS["jet"], 1].argsort(dim=1)  # eta tells which jet it was
    pt = changed[:, SLOTS["jet"], 0].gather(1, order).double().numpy()
    correlation = np.corrcoef(pt, rowvar=False)[np.triu_indices(10, 1)]
    # Of 5000 independent pairs the coefficient has the width 1/sqrt(5000).
    assert np.abs(correlation).max() < MOST_WIDTHS / math.sqrt(5000)


def test_a_lepton_that_fires_stays_in_the_range_of_the_trigger() -> None:
    narrow = PhysicalAugmentation(replace(SPACE, electron_trigger_max_eta=1.0))
    for pt, stays in ((24.0, True), (22.0, False)):
        changed, _ = narrow(*one_electron(pt, 0.999, 2000), generator=generator())
        assert bool((changed[:, 1, 1] <= 1).all()) == stays
