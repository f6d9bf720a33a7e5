"""The autoencoder against plain training, principal components and its own promises."""

from __future__ import annotations

import json
import tracemalloc
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import torch
from pydantic import ValidationError
from torch import nn

from benchmark.batches import epoch_order
from benchmark.detectors.autoencoder import FACTS, Autoencoder, AutoencoderSettings
from benchmark.detectors.autoencoder_network import (
    ReconstructionTraining,
    build,
    chosen_events,
    root_mean_square,
)
from benchmark.errors import DataError

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

SMALL = AutoencoderSettings(hidden=(8,), bottleneck=2, batch_size=32, epochs=3)


def sample(n: int = 200, d: int = 6, *, rank: int = 2, noise: float = 0.1) -> NDArray[np.float32]:
    rng = np.random.default_rng(1)
    mixed = rng.normal(size=(n, rank)) @ rng.normal(size=(rank, d))
    return (1 + mixed + noise * rng.normal(size=(n, d))).astype(np.float32)


def fitted(settings: AutoencoderSettings, x: NDArray[np.float32], **kept: Any) -> Autoencoder:
    return Autoencoder(settings, device="cpu").fit(x, seed=1, **kept)


def test_the_paper_is_the_default() -> None:
    settings = AutoencoderSettings()
    assert (settings.learning_rate, settings.batch_size, settings.epochs) == (1e-3, 4096, 100)
    assert settings.max_events == 10**6
    layers = list(build(57, settings, seed=1))
    widths = [layer.out_features for layer in layers if isinstance(layer, nn.Linear)]
    assert widths == [256, 128, 64, 32, 16, 5, 16, 32, 64, 128, 256, 57]
    slopes = [index for index, layer in enumerate(layers) if isinstance(layer, nn.LeakyReLU)]
    assert slopes == [1, 3, 5, 7, 9, 12, 14, 16, 18, 20]  # not after the bottleneck at 10


def test_settings_are_checked_and_digested() -> None:
    assert AutoencoderSettings().digest() == AutoencoderSettings().digest()
    assert AutoencoderSettings().digest() != AutoencoderSettings(epochs=99).digest()
    assert AutoencoderSettings.model_validate({"hidden": [8]}).hidden == (8,)
    for bad in ({"widths": (1,)}, {"epochs": 0}, {"epochs": "9"}, {"hidden": (0,)}):
        with pytest.raises(ValidationError):
            AutoencoderSettings.model_validate(bad)


def test_first_weights_leave_the_global_generator_alone() -> None:
    state = torch.get_rng_state()
    first, again, other = (next(build(3, SMALL, seed=seed).parameters()) for seed in (1, 1, 2))
    assert torch.equal(torch.get_rng_state(), state)
    assert torch.equal(first, again)
    assert not torch.equal(first, other)


def test_agrees_with_a_plain_training_in_double_precision() -> None:
    x, weight = sample(), np.random.default_rng(2).uniform(0.2, 1.8, 200)
    found = fitted(SMALL, x, weight=weight).score_samples(x)
    data, importance = chosen_events(x, weight, 10**6, 1)
    scale = root_mean_square(data, importance)
    inputs, w = (torch.from_numpy(part).double() for part in (data / scale, importance))
    network = build(6, SMALL, seed=1).double()
    optimizer = torch.optim.Adam(network.parameters(), lr=SMALL.learning_rate)
    for epoch in range(SMALL.epochs):
        for rows in torch.split(epoch_order(200, seed=1, epoch=epoch), SMALL.batch_size):
            difference = network(inputs[rows]) - inputs[rows]
            loss = (difference.square().mean(dim=1) * w[rows]).mean()
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
    with torch.no_grad():
        all_x = torch.from_numpy(x).double() / scale
        expected = (network(all_x) - all_x).square().mean(dim=1).numpy()
    # Single precision, 2^-24, through 21 steps of Adam, each of which can enlarge it some times.
    np.testing.assert_allclose(found, expected, rtol=1e-4)


def test_without_hidden_layers_it_finds_the_principal_components() -> None:
    x = sample(512, rank=2, noise=0.3)
    settings = AutoencoderSettings(
        hidden=(), bottleneck=2, batch_size=128, epochs=250, learning_rate=0.01, scaling="none"
    )
    found = float(fitted(settings, x).score_samples(x).mean())
    centred = x.astype(np.float64) - x.mean(axis=0, dtype=np.float64)
    singular = np.linalg.svd(centred, compute_uv=False)
    best = float((singular[2:] ** 2).sum() / x.size)
    # The components are the optimum: the training can only come near, from above.
    assert best * (1 - 1e-6) < found < 1.02 * best


def test_gradients_reach_all_parameters() -> None:
    network = build(57, AutoencoderSettings(), seed=1)
    data = (torch.randn((64, 57), generator=torch.Generator().manual_seed(1)), torch.ones(64))
    module = ReconstructionTraining(network, AutoencoderSettings(), data, seed=1)
    module.training_step(data, 0).backward()  # type: ignore[no-untyped-call]
    for name, weight in network.named_parameters():
        assert weight.grad is not None, name
        assert bool((weight.grad != 0).any()), name


def test_displaced_events_score_higher() -> None:
    x = sample(400)
    detector = fitted(SMALL.model_copy(update={"epochs": 30}), x)
    displaced = x + np.float32(3) * np.array([1, -1, 1, -1, 1, -1], dtype=np.float32)
    assert np.median(detector.score_samples(displaced)) > 3 * np.median(detector.score_samples(x))


def test_weight_two_is_the_event_twice() -> None:
    x = sample(30)
    weight = np.where(np.arange(30) < 10, 2.0, 1.0)
    twice = np.concatenate([x, x[:10]])
    whole = SMALL.model_copy(update={"batch_size": 64, "epochs": 20})  # one batch: no other order
    weighted, repeated = fitted(whole, x, weight=weight), fitted(whole, twice)
    # Sums in another order, through 20 steps of Adam in single precision.
    np.testing.assert_allclose(weighted.score_samples(x), repeated.score_samples(x), rtol=1e-3)


def test_one_learning_rate_suits_inputs_of_any_scale() -> None:
    x = sample()
    found = fitted(SMALL, x).score_samples(x)
    # A power of two scales exactly, so even the roundings are the same.
    larger = fitted(SMALL, x * np.float32(1024)).score_samples(x * np.float32(1024))
    np.testing.assert_array_equal(larger, found)
    unscaled = fitted(SMALL.model_copy(update={"scaling": "none"}), x).score_samples(x)
    assert not np.allclose(unscaled, found)


def test_inputs_of_zero_are_no_trouble() -> None:
    x = np.zeros((8, 3), dtype=np.float32)
    assert np.isfinite(fitted(SMALL, x).score_samples(x)).all()


def test_of_many_events_a_random_part_is_taken() -> None:
    x = np.arange(1000, dtype=np.float32)[:, None]
    weight = np.arange(1000) + 1.0
    rows, importance = chosen_events(x, weight, 100, 1)
    assert len(np.unique(rows)) == len(rows) == 100
    assert importance.mean(dtype=np.float64) == pytest.approx(1, abs=1e-6)
    np.testing.assert_allclose(
        importance / importance[0], (rows[:, 0] + 1) / (rows[0, 0] + 1), 1e-6
    )
    # The mean of 100 of 0 to 999 has a standard deviation of 27: 5 of them.
    assert abs(rows.mean() - 499.5) < 5 * 27
    assert not np.array_equal(rows, chosen_events(x, weight, 100, 2)[0])


def test_a_large_array_is_not_copied() -> None:
    x = np.zeros((400_000, 8), dtype=np.float32)
    x[:, 0] = np.linspace(0, 1, len(x))
    small = SMALL.model_copy(update={"max_events": 1000, "epochs": 1})
    tracemalloc.start()
    try:
        fitted(small, x)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    # NumPy's memory: 8 bytes an event for the choice, and the checks of a chunk.
    assert peak < 0.5 * x.nbytes


def test_stops_early_on_held_out_events() -> None:
    x = sample(40, rank=6)
    settings = AutoencoderSettings(
        hidden=(64,), bottleneck=5, batch_size=8, epochs=150, learning_rate=0.03, patience=2
    )
    stopped = fitted(settings, x).score_samples(x)
    never = fitted(settings.model_copy(update={"patience": None}), x).score_samples(x)
    assert stopped.mean() > never.mean()
    with pytest.raises(DataError, match="too few events"):
        fitted(settings, x[:1])


def test_an_overflowing_event_is_refused() -> None:
    x = sample()
    detector = fitted(SMALL, x)
    huge = x[:3].copy()
    huge[1] = np.finfo(np.float32).max
    with pytest.raises(DataError, match="row 1: the reconstruction overflows"):
        detector.score_samples(huge)


def test_facts_that_disagree_are_refused(tmp_path: Path) -> None:
    fitted(SMALL, sample()).save(tmp_path)
    facts = json.loads((tmp_path / FACTS).read_text())
    assert facts["settings_digest"] == SMALL.digest()
    facts["settings"]["epochs"] = 4
    (tmp_path / FACTS).write_text(json.dumps(facts))
    with pytest.raises(DataError, match="digests"):
        Autoencoder.load(tmp_path)
