"""The autoencoder of HAXAD: its loss, its training, and what it refuses."""

from __future__ import annotations

import functools
import json
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import torch

from baselines.haxad_vae import HaxadVae, VaeSettings, _flattened, _tensor
from baselines.networks.vae import Vae
from baselines.nine_features import NINE, nine_features
from benchmark.embedding import Runtime
from benchmark.errors import DataError, DiademError
from benchmark.events import EventTable, read_events
from benchmark.noise import standard_normal
from benchmark.paths import datasets_root
from benchmark.schema import CMS_ADC, DIPHOTON
from benchmark.tasks.collect import hidden
from benchmark.tasks.diphoton_events import in_part
from tests.tables import random_table

if TYPE_CHECKING:
    from pathlib import Path

SMALL: dict[str, Any] = {"hidden": (16,), "latent": 4, "batch_size": 64, "epochs": 2}
FLOAT64 = 1e-12  # both sides in float64
SINGLE = 1e-5  # float32, and half a step of the grid of latents, for numbers of order one


@functools.cache
def events() -> EventTable:
    """150 events of each of four processes, two of them with several points."""
    folder = datasets_root() / "diphoton" / "v1"
    parts = []
    for name in ("continuum", "ttH", "zprime", "stop"):
        table = read_events(folder / f"{name}.parquet")
        parts.append(table.select(np.random.default_rng(1).permutation(len(table))[:150]))
    return hidden(EventTable.concat(parts), labels=True)


def weights(made: HaxadVae) -> dict[str, torch.Tensor]:
    return dict(made._require_fitted()[0].state_dict())


def same(a: HaxadVae, b: HaxadVae) -> bool:
    left, right = weights(a), weights(b)
    return all(torch.equal(left[name], right[name]) for name in left)


def test_the_loss_is_the_squared_error_and_the_divergence() -> None:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(1)
        network = Vae(features=3, hidden=(5, 4), latent=2).double()
        x = torch.randn(7, 3, dtype=torch.float64)
    noise = torch.randn(7, 2, generator=torch.Generator().manual_seed(2), dtype=torch.float64)
    with torch.no_grad():
        both = network.encoder(x)
        wanted = 0.0
        for row in range(7):
            mean, logs = both[row, :2], both[row, 2:]
            back = network.decoder(mean + torch.exp(logs / 2) * noise[row])
            wanted += float(((back - x[row]) ** 2).sum())
            wanted += 0.3 * float((mean**2 + torch.exp(logs) - 1 - logs).sum()) / 2
        found = network.loss(x, 0.3, generator=torch.Generator().manual_seed(2))
    assert float(found) == pytest.approx(wanted / 7, rel=FLOAT64)
    shapes = [tuple(weight.shape) for weight in network.parameters() if weight.ndim == 2]
    assert shapes == [(5, 3), (4, 5), (4, 4), (4, 2), (5, 4), (3, 5)]


def test_steep_features_are_logarithms() -> None:
    found, plain = _flattened(events()), nine_features(events())
    for k, name in enumerate(NINE):
        steep = name in {"m_jj", "ht30", "met"}
        np.testing.assert_array_equal(found[:, k], np.log1p(plain[:, k]) if steep else plain[:, k])


def test_training_lowers_the_loss() -> None:
    def loss(epochs: int) -> float:
        made = HaxadVae(**{**SMALL, "epochs": epochs}).fit(events(), seed=3)
        network, scale = made._require_fitted()
        x = _tensor(scale, _flattened(events()))
        with torch.no_grad():
            return float(network.loss(x, 0.1, generator=torch.Generator().manual_seed(5)))

    assert loss(40) < 0.8 * loss(1)


def test_latents_are_drawn_by_the_events_own_noise() -> None:
    """Mean and width of the network, times noise of the id, whatever else is in the table."""
    made = HaxadVae(**SMALL).fit(events(), seed=1)
    network, scale = made._require_fitted()
    with torch.no_grad():
        mean, log_variance = network(_tensor(scale, _flattened(events())))
    noise = standard_normal(events().event_id, "latent noise", 4)
    wanted = mean.numpy() + np.exp(log_variance.numpy() / 2) * noise
    found = made.transform(events())
    assert found.dtype == np.float32
    np.testing.assert_allclose(found, wanted, rtol=SINGLE, atol=SINGLE)
    some = np.array([400, 3, 17])
    np.testing.assert_array_equal(made.transform(events().select(some)), found[some])
    assert made.transform(events().select(slice(0, 0))).shape == (0, 4)


def test_the_seed_fixes_everything_and_the_global_generator_is_left_alone() -> None:
    before = torch.random.get_rng_state()
    first = HaxadVae(**SMALL).fit(events(), seed=1)
    assert same(first, HaxadVae(**SMALL).fit(events(), seed=1))
    assert not same(first, HaxadVae(**SMALL).fit(events(), seed=2))
    assert torch.equal(torch.random.get_rng_state(), before)


def test_every_process_comes_as_often() -> None:
    """The training draws by labels but learns none: their names change nothing."""
    few = np.flatnonzero(events().process != "stop")[:-100]
    table = events().select(few)
    made = HaxadVae(**SMALL).fit(table, seed=1)
    unlabelled = HaxadVae(**SMALL).fit(hidden(table), seed=1)
    assert not same(made, unlabelled), "labels do not reach the order of events"


def test_early_stopping_holds_events_out() -> None:
    settings = {**SMALL, "epochs": 40, "learning_rate": 0.3}
    stopped = HaxadVae(**settings, patience=2).fit(events(), seed=1)
    assert np.isfinite(stopped.transform(events())).all()
    assert not same(stopped, HaxadVae(**settings).fit(events(), seed=1))


def test_a_checkpoint_is_resumed_and_that_of_another_training_refused(tmp_path: Path) -> None:
    def train(epochs: int, table: EventTable, task: str = "one") -> HaxadVae:
        made = HaxadVae(**{**SMALL, "epochs": epochs})
        made.runtime = Runtime(device="cpu", checkpoint=tmp_path, identity=f"task {task}")
        return made.fit(table, seed=1)

    first = train(3, events())
    again = train(3, events())
    assert same(first, again)
    assert same(first, HaxadVae(**{**SMALL, "epochs": 3}).fit(events(), seed=1))
    for epochs, table, task in (
        (4, events(), "one"),
        (3, events().select(slice(0, 500)), "one"),
        (3, events(), "two"),
    ):
        with pytest.raises(DiademError, match="checkpoint is of another training"):
            train(epochs, table, task)


def test_save_and_load(tmp_path: Path) -> None:
    made = HaxadVae(**SMALL).fit(events(), seed=1)
    made.save(tmp_path)
    loaded = HaxadVae.load(tmp_path)
    np.testing.assert_array_equal(loaded.transform(events()), made.transform(events()))
    assert loaded.settings == made.settings
    assert {path.suffix for path in tmp_path.iterdir()} == {".json", ".safetensors"}


def test_a_damaged_folder_is_named(tmp_path: Path) -> None:
    HaxadVae(**SMALL).fit(events(), seed=1).save(tmp_path)
    path = tmp_path / "encoder.json"
    note = json.loads(path.read_text())
    for change, message in (
        ({"name": "clr"}, "another encoder; found clr; expected haxad_vae"),
        ({"settings": {**note["settings"], "latent": 5}}, "weights of another network"),
        ({"settings": {"depth": 5}}, "haxad_vae, setting depth"),
        ({"mean": [1.0]}, "no embedding can be read"),
        ({"width": [0.0] * 9}, "no embedding can be read"),
        ({"width": None}, "no embedding can be read"),
    ):
        path.write_text(json.dumps({**note, **change}))
        with pytest.raises(DiademError, match=message):
            HaxadVae.load(tmp_path)


def test_what_cannot_be_trained() -> None:
    with pytest.raises(DataError, match="no event"):
        HaxadVae(**SMALL).fit(events().select(slice(0, 0)), seed=1)
    train = events().select(in_part(events(), "train"))
    with pytest.raises(DataError, match=r"no event in the task's part 'validation'.*patience"):
        HaxadVae(**SMALL, patience=1).fit(train, seed=1)
    with pytest.raises(DataError, match="schema"):
        HaxadVae(**SMALL).fit(random_table(CMS_ADC, 3), seed=1)
    with pytest.raises(DiademError, match="not fitted"):
        HaxadVae().transform(events())
    one = HaxadVae(**SMALL).fit(train.select(slice(0, 1)), seed=1)
    assert one.transform(events().select(slice(0, 1))).shape == (1, 4)


def test_bad_settings() -> None:
    for settings in ({"beta": -1}, {"hidden": ()}, {"latent": 0}, {"depth": 3}, {"epochs": 0}):
        with pytest.raises(DiademError, match=f"haxad_vae, setting {next(iter(settings))}"):
            HaxadVae(**settings)
    assert HaxadVae(hidden=[8, 4]).settings.hidden == (8, 4)
    assert VaeSettings().latent == 6


def test_random_tables_are_fine() -> None:
    """Values that no selection has let through."""
    table = random_table(DIPHOTON, 100)
    latents = HaxadVae(**SMALL).fit(table, seed=1).transform(table)
    assert np.isfinite(latents).all()
