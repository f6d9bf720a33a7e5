"""The anomaly augmentations, against what they promise and against a plain loop over events."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from scipy import stats

from baselines.augmentations import KINDS, AnomalyAugmentation
from baselines.augmentations.adding import recoiled
from baselines.augmentations.anomaly import choice
from baselines.augmentations.events import Events
from benchmark.errors import DataError
from tests.augmented import (
    FALSE_ALARM,
    MAX_ETA,
    MIN_PT,
    SLOTS,
    SOURCES,
    SPACE,
    SUM_TOLERANCE,
    TRIGGER_PT,
    generator,
    momentum,
    random_events,
    release_events,
    slow_anomaly,
)

each_source = pytest.mark.parametrize("source", SOURCES)


def augmented(
    events: tuple[torch.Tensor, torch.Tensor], *kinds: str, seed: int = 1
) -> tuple[torch.Tensor, torch.Tensor]:
    return AnomalyAugmentation(SPACE, kinds)(*events, generator=generator(seed))


def counts(mask: torch.Tensor) -> np.ndarray:
    """How many electrons, muons and jets, (n, 3)."""
    return torch.stack([mask[:, SLOTS[name]].sum(dim=1) for name in MIN_PT], dim=1).numpy()


def summaries(objects: np.ndarray) -> list[np.ndarray]:
    """MET, total and leading pT, numbers of objects and sum of eta of each event."""
    pt, eta, _ = objects.transpose(2, 0, 1)
    leading = [pt[:, 1:9].max(axis=1), pt[:, 9:].max(axis=1)]
    number = [(pt[:, slots] > 0).sum(axis=1) for slots in SLOTS.values()]
    return [pt[:, 0], pt.sum(axis=1), *leading, *number, eta.sum(axis=1)]


def lone_lepton(pt: float, n: int = 1, *, met: float = 20.0) -> tuple[torch.Tensor, torch.Tensor]:
    objects, mask = torch.zeros(n, 19, 3), torch.zeros(n, 19, dtype=torch.bool)
    objects[:, 0] = torch.tensor([met, 0.0, 1.0])
    objects[:, 1] = torch.tensor([pt, 0.5, -1.0])
    mask[:, :2] = True
    return objects, mask


@each_source
@pytest.mark.parametrize("kind", KINDS)
def test_every_event_that_can_is_changed(kind: str, source: str) -> None:
    events = SOURCES[source]()
    able = AnomalyAugmentation(SPACE, (kind,)).possible(*events)[:, 0]
    changed, mask = augmented(events, kind)
    differs = (changed != events[0]).flatten(1).any(dim=1)
    assert torch.equal(differs, able)
    assert torch.equal(mask[~able], events[1][~able])


@each_source
def test_all_kinds_together_change_every_event(source: str) -> None:
    events = SOURCES[source]()
    assert (augmented(events, *KINDS)[0] != events[0]).flatten(1).any(dim=1).all()


def test_what_is_possible_against_the_loop() -> None:
    objects, mask = random_events(2000)
    for kind in KINDS:
        able = AnomalyAugmentation(SPACE, (kind,)).possible(objects, mask)[:, 0]
        _, used = slow_anomaly(objects.numpy(), np.random.default_rng(1), (kind,))
        assert able.tolist() == [bool(name) for name in used]


@each_source
def test_added_objects_recoil_against_met(source: str) -> None:
    events = SOURCES[source]()
    changed, mask = augmented(events, "add")
    size = changed[..., 0].double().sum(dim=1).numpy()
    for old, new in zip(momentum(events[0]), momentum(changed), strict=True):
        assert (np.abs(new.sum(axis=1) - old.sum(axis=1)) / size).max() < SUM_TOLERANCE
    assert (counts(mask) >= counts(events[1])).all()


def test_met_against_float64() -> None:
    objects, _ = random_events(500)
    new_pt, new_phi = 100 * torch.rand(500, 5, generator=generator()), torch.ones(500, 5)
    pt, phi = recoiled(Events.of(objects), new_pt.T, new_phi.T)
    met, added = objects[:, 0].double().numpy(), new_pt.double().numpy().sum(axis=1)
    x = met[:, 0] * np.cos(met[:, 2]) - added * math.cos(1)
    y = met[:, 0] * np.sin(met[:, 2]) - added * math.sin(1)
    size = met[:, 0] + added
    assert (np.abs(pt[0].double().numpy() - np.hypot(x, y)) / size).max() < SUM_TOLERANCE
    angle = phi[0].double().numpy() - np.arctan2(y, x)
    # The angle of a short sum of long vectors is known less well.
    assert (np.abs(np.sin(angle / 2)) * np.hypot(x, y) / size).max() < SUM_TOLERANCE


@each_source
def test_added_objects_leave_the_others_as_they_were(source: str) -> None:
    events = SOURCES[source]()
    changed, _ = augmented(events, "add")
    for before, after in zip(events[0][:300].tolist(), changed[:300].tolist(), strict=True):
        for slots in (SLOTS[name] for name in MIN_PT):
            rest = [found for found in after[slots] if found[0] > 0]
            for found in before[slots]:
                if found[0] > 0:
                    assert found in rest, "an object was changed"
                    rest.remove(found)


def test_added_objects_are_uniform() -> None:
    changed, mask = augmented(lone_lepton(50.0, 20_000), "add")
    number = counts(mask) - [1, 0, 0]
    assert (number.sum(axis=1) > 0).all()
    code = number @ [1, 4, 20]
    choices = np.bincount(code, minlength=220)[1:]
    assert stats.chisquare(choices).pvalue > FALSE_ALARM
    for name, slots in SLOTS.items():
        if name == "met":
            continue
        found = changed[:, slots][mask[:, slots]]
        new = found[found[:, 0] != 50].double().numpy().T
        ranges = (MIN_PT[name], 50), (-MAX_ETA[name], MAX_ETA[name]), (-math.pi, math.pi)
        for values, (low, high) in zip(new, ranges, strict=True):
            assert stats.kstest(values, stats.uniform(low, high - low).cdf).pvalue > FALSE_ALARM


def test_added_objects_are_no_harder_than_the_event() -> None:
    events = random_events(4000)
    hardest = events[0][:, :, 0].amax(dim=1).clamp_min(15)
    changed, mask = augmented(events, "add")
    for name in MIN_PT:
        assert (changed[:, SLOTS[name], 0] <= hardest[:, None]).all()
    assert mask.any()


@each_source
def test_splitting_keeps_total_pt_and_met(source: str) -> None:
    events = SOURCES[source]()
    changed, mask = augmented(events, "split")
    assert torch.equal(changed[:, 0], events[0][:, 0])
    for name in MIN_PT:
        before, after = (x[:, SLOTS[name], 0].double().sum(dim=1) for x in (events[0], changed))
        assert ((after - before).abs() <= SUM_TOLERANCE * before).all()
    more = counts(mask) - counts(events[1])
    assert (more >= 0).all()
    assert (more <= counts(events[1])).all(), "each object is split once at most"


def test_hard_parts_keep_their_direction() -> None:
    events = random_events(2000, edges=False)
    changed, _ = augmented(events, "split")
    for before, after in zip(events[0].tolist(), changed.tolist(), strict=True):
        for slots in (SLOTS[name] for name in MIN_PT):
            known = {tuple(found[1:]) for found in before[slots]}
            # Above 30 GeV the width of the smearing is below 1e-22.
            assert all(tuple(found[1:]) in known for found in after[slots] if found[0] > 30)


def test_shares_are_uniform() -> None:
    changed, mask = augmented(lone_lepton(60.0, 20_000), "split")
    assert mask[:, 2].all()
    # The part that fires has 23 to 57 GeV, the other 3 to 37 GeV: which is first, pT decides.
    first, second = changed[:, 1, 0].double(), changed[:, 2, 0].double()
    assert ((first + second - 60).abs() < 60 * SUM_TOLERANCE).all()
    firing = stats.uniform(TRIGGER_PT, 57 - TRIGGER_PT)

    def cdf(x: np.ndarray) -> np.ndarray:
        harder: np.ndarray = firing.cdf(x) - firing.cdf(60 - x)
        return harder.clip(0, 1)

    assert stats.kstest(first, cdf).pvalue > FALSE_ALARM


def test_soft_parts_are_smeared() -> None:
    changed, _ = augmented(lone_lepton(27.0, 20_000), "split")
    for moved in (changed[:, 1, 1] - 0.5, changed[:, 2, 1] - 0.5, changed[:, 2, 2] + 1):
        held = moved[changed[:, 1, 0] < 24]
        assert stats.kstest(held, stats.norm(0, 0.028).cdf).pvalue > FALSE_ALARM


@pytest.mark.parametrize(("pt", "able"), [(25.9, False), (26.0, True), (6.0, True), (5.9, False)])
def test_the_only_lepton_that_fires_needs_pt_for_both_parts(pt: float, able: bool) -> None:
    found = AnomalyAugmentation(SPACE, ("split",)).possible(*lone_lepton(pt))
    assert found.tolist() == [[able]]


def test_with_a_second_lepton_that_fires_one_may_go_below() -> None:
    objects, mask = lone_lepton(25.0, 2000)
    objects[:, 2] = torch.tensor([24.0, 1.0, 0.0])
    mask[:, 2] = True
    changed, held = augmented((objects, mask), "split")
    assert held[:, 3].all()
    assert torch.equal(changed[:, 1], objects[:, 1]), "the hardest one has no pT to spare"


def test_full_types_are_not_split() -> None:
    events = random_events(4000)
    full = counts(events[1]) == [4, 4, 10]
    changed, _ = augmented(events, "split")
    for k, name in enumerate(MIN_PT):
        rows = torch.from_numpy(full[:, k])
        assert torch.equal(changed[rows][:, SLOTS[name]], events[0][rows][:, SLOTS[name]])


def test_scaling_is_one_of_three_with_a_uniform_factor() -> None:
    events = random_events(20_000, edges=False)
    changed, mask = augmented(events, "scale")
    assert torch.equal(mask, events[1])
    assert torch.equal(changed[..., 1:], events[0][..., 1:])
    ratio = (changed[..., 0].double() / events[0][..., 0].double()).numpy()
    with_objects = (counts(mask).sum(axis=1) > 0) & (events[0][:, 0, 0] > 0).numpy()
    ratio = ratio[with_objects]
    met, objects = ratio[:, 0], np.nanmean(ratio[:, 1:], axis=1)
    assert (np.nanmax(ratio[:, 1:], axis=1) - objects < SUM_TOLERANCE * 5).all()
    kinds = (objects == 1), (met == 1), np.abs(met - objects) < SUM_TOLERANCE * 5
    assert stats.chisquare([kind.sum() for kind in kinds]).pvalue > FALSE_ALARM
    assert np.sum(kinds, axis=0).max() == 1
    assert stats.kstest(met[kinds[0]], stats.uniform(0.5, 4.5).cdf).pvalue > FALSE_ALARM
    for kind in kinds[1:]:
        assert stats.kstest(objects[kind], stats.uniform(1, 4).cdf).pvalue > FALSE_ALARM


def test_what_an_event_lacks_is_not_scaled_alone() -> None:
    objects, mask = lone_lepton(30.0, 1000, met=0.0)
    assert (augmented((objects, mask), "scale")[0][:, 1, 0] > 30).all()
    objects, mask = lone_lepton(30.0, 1000)
    objects[:, 1], mask[:, 1] = 0, False
    changed, held = augmented((objects, mask), "scale")
    assert (changed[:, 0, 0] != 20).all()
    assert not held[:, 1:].any()


def test_kinds_have_equal_shares() -> None:
    changed, mask = augmented(lone_lepton(60.0, 30_000), *KINDS)
    scaled = (counts(mask).sum(axis=1) == 1).sum()
    # Splitting alone leaves MET and the total as they were.
    split = ((changed[:, 0, 0] == 20) & mask[:, 2]).sum()
    shares = [int(scaled), int(split), 30_000 - int(scaled) - int(split)]
    assert stats.chisquare(shares).pvalue > FALSE_ALARM


def test_events_that_cannot_be_split_get_the_other_kinds() -> None:
    _, mask = augmented(lone_lepton(24.0, 30_000), *KINDS)
    scaled = int((counts(mask).sum(axis=1) == 1).sum())
    assert stats.chisquare([scaled, 30_000 - scaled]).pvalue > FALSE_ALARM


def test_choice_is_uniform_over_what_is_possible() -> None:
    drawn = torch.rand(30_000, generator=generator())
    possible = torch.tensor([[True, False, True, True]]).expand(30_000, -1)
    found = np.bincount(choice(possible, drawn), minlength=4)
    assert found[1] == 0
    assert stats.chisquare(found[[0, 2, 3]]).pvalue > FALSE_ALARM
    last = torch.tensor([1 - 2**-24])
    assert choice(possible[:1], last).tolist() == [3]
    assert choice(possible[:1] & False, last).tolist() == [-1]


@pytest.mark.parametrize("kind", KINDS)
def test_the_loop_over_events_finds_the_same_distributions(kind: str) -> None:
    objects, mask = release_events()
    changed, _ = augmented((objects, mask), kind)
    slow, _ = slow_anomaly(objects.numpy(), np.random.default_rng(1), (kind,))
    # Both start from the same events: their likeness makes the test a little blunt, never sharp.
    for fast, plain in zip(summaries(changed.numpy()), summaries(slow), strict=True):
        # Thousands of events: the asymptotic distribution is exact enough, and never overflows.
        assert stats.ks_2samp(fast, plain, method="asymp").pvalue > FALSE_ALARM


def test_the_order_of_the_kinds_does_not_matter() -> None:
    events = random_events(100)
    first, _ = augmented(events, "scale", "add")
    second, _ = augmented(events, "add", "scale")
    assert torch.equal(first, second)


@pytest.mark.parametrize("kinds", [(), ("adds",), ("add", "add")])
def test_bad_kinds_are_refused(kinds: tuple[str, ...]) -> None:
    with pytest.raises(DataError, match="some of add, split, scale, each once"):
        AnomalyAugmentation(SPACE, kinds)
