"""The signal-aware encoder of the CMS-ADC task: labels, inputs, the latent, its regime."""

from __future__ import annotations

import functools
import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import torch

from baselines.adc_particles import AdcParticles
from baselines.diphoton_training import mean_and_log_variance
from baselines.inputs import AdcInputs
from baselines.networks.particle_transformer import ParticleTransformer
from baselines.registry import EMBEDDINGS
from baselines.rounding import GRID
from baselines.signal_aware_adc import SignalAwareAdc
from benchmark.embedding import embedding_class, uses_labels
from benchmark.errors import DataError, DiademError
from benchmark.events import EventTable
from benchmark.schema import CMS_ADC, MET
from benchmark.submissions.regimes import regime_of
from benchmark.submissions.rules import rules_of
from benchmark.submissions.schema import MAX_DIMENSIONS, TrainedOn
from benchmark.tasks.cms_adc import load_data
from benchmark.tasks.collect import hidden
from benchmark.tasks.source import open_source
from reproduce.contestants import contestant
from reproduce.profiles import load_profile
from reproduce.submitting import Origin, trained_on
from tests.adc import small_release

if TYPE_CHECKING:
    from pathlib import Path

SMALL: dict[str, Any] = {
    "width": 8,
    "heads": 2,
    "layers": 1,
    "class_layers": 1,
    "pair_width": 4,
    "head_width": 8,
    "batch_size": 64,
    "epochs": 2,
    "warm_up": 1,
    "patience": None,
}
BACKGROUND = {"qcd", "ttbar", "w", "z"}


@pytest.fixture(scope="module")
def release(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return small_release(tmp_path_factory.mktemp("release"), events=300)


@pytest.fixture(scope="module")
def events(release: Path) -> EventTable:
    return load_data(open_source(release), labels=True).train


@pytest.fixture(scope="module")
def fitted(events: EventTable) -> SignalAwareAdc:
    return SignalAwareAdc(**SMALL).fit(events, seed=1)


def weights(made: SignalAwareAdc) -> dict[str, torch.Tensor]:
    return dict(made._require_fitted()[0].state_dict())


def same(a: SignalAwareAdc, b: SignalAwareAdc) -> bool:
    left, right = weights(a), weights(b)
    return all(torch.equal(left[name], right[name]) for name in left)


def tensors(events: EventTable) -> list[torch.Tensor]:
    return [torch.from_numpy(x.copy()) for x in (events.objects, events.mask, events.features)]


def test_labels_are_of_background_and_asked_for(release: Path, events: EventTable) -> None:
    """By default there is none, and no event of a signal is among those that are learned from."""
    assert set(events.process) == BACKGROUND
    plain = load_data(open_source(release)).train
    assert set(plain.process) == {"hidden"}
    np.testing.assert_array_equal(plain.event_id, events.event_id)
    asking = {
        name
        for name, entry in EMBEDDINGS.items()
        if entry.task == "cms_adc" and uses_labels(embedding_class(entry.path))
    }
    assert asking == {"signal_aware_adc"}


def test_labels_decide_what_is_learned(events: EventTable, fitted: SignalAwareAdc) -> None:
    again = SignalAwareAdc(**SMALL).fit(events, seed=1)
    assert same(fitted, again)
    assert not same(fitted, SignalAwareAdc(**SMALL).fit(events, seed=2))
    order = np.random.default_rng(1).permutation(len(events))
    mixed = replace(events, process=events.process[order])
    assert not same(fitted, SignalAwareAdc(**SMALL).fit(mixed, seed=1))
    with pytest.raises(DataError, match=r"nothing to tell apart.*of hidden"):
        SignalAwareAdc(**SMALL).fit(hidden(events, weights=True), seed=1)


def test_the_latent_is_the_mean(events: EventTable, fitted: SignalAwareAdc) -> None:
    """In float64, to half a step of the grid; the event's id does not count."""
    network, inputs = fitted._require_fitted()
    objects, mask, features = tensors(events)
    exact = ParticleTransformer(outputs=12, features=7, event_features=0, **sizes()).double()
    exact.load_state_dict(network.state_dict())
    with torch.inference_mode():
        outputs = exact.eval()(inputs.tensors(objects.double(), mask, features.double()))
    found = fitted.transform(events)
    assert found.shape == (len(events), 6)
    # A millionth of a step: what float64 leaves open.
    assert np.abs(found - mean_and_log_variance(outputs)[0].numpy()).max() <= GRID * 0.500001
    others = replace(events, event_id=events.event_id + np.uint64(1))
    np.testing.assert_array_equal(fitted.transform(others), found)


def sizes() -> dict[str, Any]:
    kept = ("width", "heads", "layers", "class_layers", "pair_width")
    return {name: SMALL[name] for name in kept}


def test_early_stopping_holds_out_a_tenth(events: EventTable) -> None:
    made = SignalAwareAdc(**{**SMALL, "patience": 1})
    learned, watched = made._development(events)
    assert watched is not None
    assert set(learned.event_id.tolist()).isdisjoint(watched.event_id.tolist())
    assert len(learned) + len(watched) == len(events)
    # Six binomial standard deviations of a tenth of 700 events: one false alarm in 10^8.
    assert abs(len(watched) / len(events) - 0.1) < 6 * np.sqrt(0.09 / len(events))
    assert np.isfinite(made.fit(events, seed=1).transform(events)).all()
    assert SignalAwareAdc(**SMALL)._development(events)[1] is None


def test_what_the_network_sees(events: EventTable) -> None:
    inputs = AdcParticles.fit(events)
    assert inputs.scale == AdcInputs.fit(events.objects, events.mask, events.weight)
    objects, mask, features = tensors(events)
    seen = inputs.tensors(objects, mask, features)
    assert torch.equal(seen.objects, inputs.scale.features(objects, mask))
    assert seen.objects.shape[2:] == (inputs.object_numbers,)
    assert seen.event.shape == (len(events), inputs.event_numbers)
    for row in (0, 5):
        for slot, kind in enumerate(CMS_ADC.slot_types):
            pt, eta, phi = events.objects[row, slot]
            there = [pt, eta, phi, 0, float(kind != MET)]
            expected = there if events.mask[row, slot] else [0.0] * 5
            assert seen.kinematics[row, slot].tolist() == pytest.approx(expected)
    assert AdcParticles.from_state(inputs.state()) == inputs


def test_infinite_objects_are_refused(events: EventTable, fitted: SignalAwareAdc) -> None:
    few = events.select(slice(0, 3))
    objects = few.objects.copy()
    objects[1, 0, 0] = np.nan
    arrays = {name: value for name, value in vars(few).items() if name != "schema"}
    broken = EventTable.unchecked(few.schema, {**arrays, "objects": objects})
    with pytest.raises(DataError, match=r"bad input; found nan \(1 such\)"):
        fitted.transform(broken)
    with pytest.raises(DiademError, match="bad event_features; found -1"):
        ParticleTransformer(outputs=2, event_features=-1)


@pytest.mark.parametrize(("labels", "regime"), [(True, "background"), (False, "self-supervised")])
def test_its_regime_on_the_board(labels: bool, regime: str) -> None:
    rules = rules_of("cms_adc")
    said = trained_on(origin(labels=labels), rules)
    assert said["labels"] is labels
    assert {entry["process"] for entry in said["processes"]} == BACKGROUND
    held = TrainedOn.model_validate_json(json.dumps(said))
    assert {regime_of(held, name, rules.card) for name in rules.signals} == {regime}


def origin(*, labels: bool) -> Origin:
    return Origin(
        task="cms_adc",
        embedding="signal_aware_adc",
        variant="",
        regime="",
        number=0,
        profile="quick",
        release="v1",
        n_train=1,
        settings={},
        labels=labels,
    )


@functools.cache
def boarded(profile: str) -> Any:
    _, found = load_profile(profile)
    changes = found.leaderboard.cms_adc["signal_aware_adc"]
    return contestant("signal_aware_adc", found.cms_adc, changes, task="cms_adc").make()


@pytest.mark.parametrize("profile", ["quick", "reference", "paper"])
def test_it_is_on_the_board(profile: str) -> None:
    assert boarded(profile).settings.latent <= MAX_DIMENSIONS
