"""The encoders, their training and what they refuse."""

from __future__ import annotations

import functools
import itertools
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from baselines.anomaly_clr import AnomClr, AnomClrPlus, Clr, Untrained
from baselines.contrastive_settings import ContrastiveSettings
from benchmark.embedding import Runtime
from benchmark.errors import DataError, DiademError
from benchmark.events import EventTable, read_events
from benchmark.paths import datasets_root
from benchmark.tasks.collect import hidden

ROOT = Path(__file__).resolve().parents[3]
SMALL: dict[str, Any] = {
    "dimension": 8,
    "layers": 1,
    "batch_size": 32,
    "epochs": 2,
    "learning_rate": 1e-3,
}
KINDS = ("add", "split", "scale")
COMBINATIONS = [c for n in (1, 2, 3) for c in itertools.combinations(KINDS, n)]


@functools.cache
def events(n: int = 200) -> EventTable:
    path = datasets_root() / "cms_adc" / "v1" / "qcd.parquet"
    return hidden(read_events(path).select(slice(0, n)), weights=True)


def weights(made: Any) -> dict[str, torch.Tensor]:
    encoder, _ = made._require_fitted()
    return dict(encoder.state_dict())


def same(a: Any, b: Any) -> bool:
    left, right = weights(a), weights(b)
    return all(torch.equal(left[name], right[name]) for name in left)


@pytest.mark.parametrize("kinds", COMBINATIONS, ids="+".join)
def test_every_combination_of_augmentations(kinds: tuple[str, ...]) -> None:
    made = AnomClrPlus(**SMALL, augmentations=kinds).fit(events(), seed=1)
    assert made.transform(events()).shape == (200, 8)


@pytest.mark.parametrize("dimension", [4, 400])
def test_any_dimension(dimension: int) -> None:
    made = AnomClr(**{**SMALL, "dimension": dimension, "epochs": 1}).fit(events(64), seed=1)
    assert made.transform(events(64)).shape == (64, dimension)


@pytest.mark.parametrize("kind", [Clr, AnomClr, AnomClrPlus])
def test_training_lowers_the_loss(kind: type[Any]) -> None:
    """Loss of the first and the last epoch, on the same views of the same events."""

    def loss(epochs: int) -> float:
        made = kind(**{**SMALL, "epochs": epochs}).fit(events(), seed=3)
        encoder, inputs = made._require_fitted()
        module = made._training(encoder, inputs, events(), 3)
        module.eval()
        batch = module.objects, module.mask
        with torch.no_grad():
            return float(module._loss(batch, torch.Generator().manual_seed(5)))

    assert loss(12) < loss(1)


def test_views_and_order_are_fixed_by_the_seed() -> None:
    first = AnomClrPlus(**SMALL).fit(events(), seed=1)
    assert same(first, AnomClrPlus(**SMALL).fit(events(), seed=1))
    assert not same(first, AnomClrPlus(**SMALL).fit(events(), seed=2))


def test_the_global_generator_is_left_alone() -> None:
    before = torch.random.get_rng_state()
    AnomClrPlus(**SMALL).fit(events(64), seed=1)
    assert torch.equal(torch.random.get_rng_state(), before)


def test_early_stopping_holds_events_out() -> None:
    made = AnomClrPlus(**{**SMALL, "epochs": 30, "learning_rate": 0.3}, patience=2)
    made.fit(events(), seed=1)
    assert np.isfinite(made.transform(events())).all()


def test_resumed_after_a_kill(tmp_path: Path) -> None:
    """Weights are those of a training that was not interrupted, bit for bit."""
    code = (
        "from pathlib import Path\n"
        "from tests.unit.baselines.test_anomaly_clr import interrupted\n"
        f"interrupted(Path({str(tmp_path)!r}))\n"
    )
    child = subprocess.Popen([sys.executable, "-c", code], cwd=ROOT, env={**os.environ})
    deadline = time.monotonic() + 120
    while not list(tmp_path.glob("[!.]*.safetensors")) and time.monotonic() < deadline:
        time.sleep(0.01)
    child.kill()
    assert child.wait() != 0, "the training ended before it could be killed"
    resumed = interrupted(tmp_path)
    assert same(resumed, interrupted(None))


def interrupted(checkpoint: Path | None) -> AnomClrPlus:
    made = AnomClrPlus(**{**SMALL, "epochs": 25})
    made.runtime = Runtime(device="cpu", checkpoint=checkpoint)
    return made.fit(events(), seed=1)


def test_a_checkpoint_of_other_events_or_another_task_is_refused(tmp_path: Path) -> None:
    def train(table: EventTable, task: str) -> None:
        made = AnomClrPlus(**SMALL)
        made.runtime = Runtime(device="cpu", checkpoint=tmp_path, identity=f"task {task}")
        made.fit(table, seed=1)

    train(events(100), "one")
    with pytest.raises(DiademError, match="checkpoint is of another training"):
        train(events(120), "one")
    with pytest.raises(DiademError, match=r"task one.*expected .*task two"):
        train(events(100), "two")


def test_what_cannot_be_trained() -> None:
    with pytest.raises(DataError, match="too few events"):
        Clr(**SMALL).fit(events(1), seed=1)
    with pytest.raises(DiademError, match="batch"):
        Clr(**{**SMALL, "batch_size": 1}).fit(events(8), seed=1)
    made = AnomClrPlus(**{**SMALL, "batch_size": 1, "epochs": 1}).fit(events(8), seed=1)
    assert made.transform(events(8)).shape == (8, 8)


def test_another_encoders_folder(tmp_path: Path) -> None:
    Clr(**{**SMALL, "epochs": 1}).fit(events(40), seed=1).save(tmp_path)
    with pytest.raises(DiademError, match="another encoder; found clr; expected anomclr"):
        AnomClr.load(tmp_path)
    (tmp_path / "encoder.json").write_text("{")
    with pytest.raises(DiademError, match="no encoder can be read"):
        Clr.load(tmp_path)


def test_a_damaged_folder_is_named(tmp_path: Path) -> None:
    Untrained(**SMALL).fit(events(40), seed=1).save(tmp_path)
    path = tmp_path / "encoder.safetensors"
    path.write_bytes(path.read_bytes()[:100])
    with pytest.raises(DiademError, match="no encoder can be read"):
        Untrained.load(tmp_path)


def test_untrained_has_the_weights_that_training_starts_from() -> None:
    made = Untrained(**SMALL).fit(events(40), seed=1)
    still = AnomClrPlus(**{**SMALL, "learning_rate": 1e-30}).fit(events(40), seed=1)
    np.testing.assert_array_equal(made.transform(events(40)), still.transform(events(40)))


def test_one_spelling_of_the_augmentations() -> None:
    for spelling in ("split+add", ["split", "add"], ("add", "split")):
        made = ContrastiveSettings.model_validate({"augmentations": spelling})
        assert made.augmentations == ("add", "split")
    assert ContrastiveSettings.model_validate({"augmentations": "add"}).augmentations == ("add",)
    for bad in ("add+add", "mirror", ""):
        with pytest.raises(ValueError, match="augmentations"):
            ContrastiveSettings.model_validate({"augmentations": bad})


def test_defaults_are_the_papers() -> None:
    made = ContrastiveSettings()
    assert (made.dimension, made.batch_size, made.epochs) == (160, 128, 300)
    assert made.learning_rate == 5e-5
    assert set(made.augmentations) == set(KINDS)
