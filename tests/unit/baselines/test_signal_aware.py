"""The signal-aware encoder and what shares its network: training, resuming, refusals."""

from __future__ import annotations

import functools
import itertools
import json
import math
import os
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from baselines.diphoton_inputs import DiphotonInputs
from baselines.diphoton_training import (
    LabelledTraining,
    Plan,
    SignalAwareObjective,
    SoftmaxObjective,
    _rate,
    label_codes,
    mean_and_log_variance,
)
from baselines.method_card import method_card
from baselines.networks.compiling import compiled
from baselines.signal_aware import EncoderSettings, RandomEncoder, SignalAware, Supervised
from benchmark.embedding import Runtime
from benchmark.errors import DataError, DiademError
from benchmark.events import EventTable, read_events
from benchmark.noise import standard_normal
from benchmark.paths import datasets_root
from benchmark.tasks.collect import hidden
from benchmark.tasks.diphoton_events import in_part
from benchmark.training import FitSettings, fit_module

ROOT = Path(__file__).resolve().parents[3]
SMALL: dict[str, Any] = {
    "width": 8,
    "heads": 2,
    "layers": 1,
    "class_layers": 1,
    "pair_width": 4,
    "head_width": 8,
    "batch_size": 32,
    "epochs": 2,
    "warm_up": 1,
    "patience": None,
}
SINGLE = 1e-5  # float32, and half a step of the grid of latents, for numbers of order one
ALL = (SignalAware, Supervised, RandomEncoder)
TRAINED = (SignalAware, Supervised)


@functools.cache
def events(n: int = 120, names: tuple[str, ...] = ("ggF", "ttH", "zprime")) -> EventTable:
    folder = datasets_root() / "diphoton" / "v1"
    tables = [read_events(folder / f"{name}.parquet") for name in names]
    rng = np.random.default_rng(1)
    return hidden(
        EventTable.concat([t.select(rng.permutation(len(t))[:n]) for t in tables]), labels=True
    )


def part(name: str) -> EventTable:
    return events().select(in_part(events(), name))


def weights(made: Any) -> dict[str, torch.Tensor]:
    network, _ = made._require_fitted()
    return dict(network.state_dict())


def same(a: Any, b: Any) -> bool:
    left, right = weights(a), weights(b)
    return all(torch.equal(left[name], right[name]) for name in left)


@pytest.mark.parametrize("kind", TRAINED)
def test_the_seed_fixes_all(kind: type[Any]) -> None:
    first = kind(**SMALL).fit(events(), seed=1)
    before = torch.random.get_rng_state()
    assert same(first, kind(**SMALL).fit(events(), seed=1))
    assert torch.equal(torch.random.get_rng_state(), before), "the global generator was used"
    assert not same(first, kind(**SMALL).fit(events(), seed=2))


@pytest.mark.parametrize("kind", ALL)
def test_only_the_training_part_is_learned_from(kind: type[Any]) -> None:
    """Test and validation events do not count, but for early stopping (here there is none)."""
    whole = kind(**SMALL).fit(events(), seed=1)
    assert same(whole, kind(**SMALL).fit(part("train"), seed=1))
    expected = DiphotonInputs.fit(part("train"))
    assert whole._require_fitted()[1] == expected
    assert expected != DiphotonInputs.fit(events())


def test_early_stopping_watches_the_validation_part() -> None:
    patient: dict[str, Any] = {**SMALL, "epochs": 30, "patience": 2, "learning_rate": 0.05}
    stopped = SignalAware(**patient).fit(events(), seed=1)
    assert np.isfinite(stopped.transform(events())).all()
    assert not same(stopped, SignalAware(**{**patient, "patience": None}).fit(events(), seed=1))
    with pytest.raises(DataError, match=r"no event in the task's part 'validation'.*patience"):
        SignalAware(**patient).fit(part("train"), seed=1)


def test_background_alone_has_a_beta_of_its_own() -> None:
    """Far apart, so that the weight of the divergence is seen in what is not the event's noise."""
    loose: dict[str, Any] = {**SMALL, "epochs": 20, "learning_rate": 3e-3}

    def beside_noise(names: tuple[str, ...], **betas: float) -> float:
        table = events(120, names)
        found = SignalAware(**loose, **betas).fit(table, seed=1).transform(table)
        own = standard_normal(table.event_id, "latent noise", found.shape[1])
        return float((found - own).std())

    background, signal = ("ggF", "ttH"), ("ggF", "zprime")
    strong, weak = {"beta": 1e-6, "beta_background": 10.0}, {"beta": 10.0, "beta_background": 1e-6}
    assert beside_noise(background, **strong) < 0.5 * beside_noise(background, **weak)
    assert beside_noise(signal, **strong) > 2 * beside_noise(signal, **weak)


def test_a_latent_is_drawn_by_the_events_own_noise() -> None:
    """Mean and width of the network, times noise of the id: another id, another latent."""
    made = SignalAware(**SMALL).fit(events(), seed=1)
    table = events().select(slice(0, 50))
    network, inputs = made._require_fitted()
    held = (torch.from_numpy(x.copy()) for x in (table.objects, table.mask, table.features))
    with torch.inference_mode():
        mean, log_variance = mean_and_log_variance(network(inputs.tensors(*held)))
    noise = standard_normal(table.event_id, "latent noise", mean.shape[1])
    wanted = mean.numpy() + np.exp(log_variance.numpy() / 2) * noise
    found = made.transform(table)
    np.testing.assert_allclose(found, wanted, rtol=SINGLE, atol=SINGLE)
    some = np.array([40, 3, 17])
    np.testing.assert_array_equal(made.transform(table.select(some)), found[some])


def test_the_way_of_a_gpu_gives_the_same_latents() -> None:
    made = SignalAware(**SMALL).fit(events(), seed=1)
    found = made.transform(events())
    made._require_fitted()[0].packed = False
    np.testing.assert_array_equal(made.transform(events()), found)


def module(**changes: Any) -> LabelledTraining:
    plan = Plan(learning_rate=1e-3, batch_size=30, epochs=4, warm_up=1, seed=5)
    objective = SignalAwareObjective(latent=6, head_width=8, temperature=0.1, beta=0.01)
    made = SignalAware(**SMALL)
    inputs = DiphotonInputs.fit(part("train"))
    return LabelledTraining(
        made._network(12, seed=1),
        objective,
        inputs,
        replace(plan, **changes),
        part("train"),
        held_out=part("validation"),
    )


def test_batches_hold_every_process_equally() -> None:
    made = module()
    for loader in (made.train_dataloader(), made.val_dataloader()):
        for batch in loader:
            counts = torch.bincount(batch[3], minlength=3)
            assert int(counts.max() - counts.min()) <= 1
            assert batch[0].shape[1:] == (11, 9)
    assert len(made.train_dataloader()) == round(len(part("train")) / 30)


@pytest.mark.parametrize("softmax", [False, True])
def test_training_lowers_the_loss(softmax: bool) -> None:
    made = module(learning_rate=3e-3, epochs=30)
    if softmax:
        made.objective, made.network = SoftmaxObjective(), SignalAware(**SMALL)._network(3, seed=1)
        made._call = made.network.__call__
    batch = tuple(torch.cat(parts) for parts in zip(*made.train_dataloader(), strict=True))

    def loss() -> float:
        made.eval()
        with torch.no_grad():
            return float(made._loss(batch, torch.Generator().manual_seed(1)))

    before = loss()
    fit_module(made, FitSettings(epochs=30, seed=1, device="cpu"))
    assert loss() < before - 0.1  # the softmax begins at log 3 = 1.10


def test_the_noise_is_drawn_where_it_should_be() -> None:
    """The loss of one batch is a function of the generator; the latent is drawn for it."""
    made = module().eval()
    batch = next(iter(made.train_dataloader()))
    with torch.no_grad():
        losses = [
            float(made._loss(batch, torch.Generator().manual_seed(seed))) for seed in (1, 1, 2)
        ]
    assert losses[0] == losses[1] != losses[2]


def test_the_objective_is_its_formula() -> None:
    """Against plain sums in float64, with a head that changes nothing."""
    rng = torch.Generator().manual_seed(1)
    outputs = torch.randn(9, 4, generator=rng)
    labels = torch.tensor([0, 0, 0, 1, 1, 1, 2, 2, 2])
    objective = SignalAwareObjective(latent=2, head_width=2, temperature=0.5, beta=0.3)
    objective.head = torch.nn.Identity()  # type: ignore[assignment]
    found = float(objective(outputs, labels, torch.Generator().manual_seed(7)))
    mean, log_variance = (x.double() for x in mean_and_log_variance(outputs))
    noise = torch.randn(9, 2, generator=torch.Generator().manual_seed(7)).double()
    z = mean + (log_variance / 2).exp() * noise
    z = z / z.norm(dim=1, keepdim=True)
    terms = []
    for i in range(9):
        others = [a for a in range(9) if a != i]
        bottom = math.log(sum(math.exp(float(z[i] @ z[a]) / 0.5) for a in others))
        mates = [p for p in others if labels[p] == labels[i]]
        terms.append(sum(bottom - float(z[i] @ z[p]) / 0.5 for p in mates) / len(mates))
    kl = 0.5 * (mean**2 + log_variance.exp() - 1 - log_variance).sum(dim=1).mean()
    # float32 against float64
    assert found == pytest.approx(sum(terms) / 9 + 0.3 * float(kl), rel=1e-5)


def test_compiling_on_a_gpu(monkeypatch: pytest.MonkeyPatch) -> None:
    """Played on a CPU: compiled where the compiler works, else with a warning as it is."""
    network, inputs = torch.nn.Linear(2, 2), torch.ones(3, 2)
    cpu, gpu = torch.device("cpu"), torch.device("cuda")

    def no_compiling(_function: Any) -> Any:
        message = "no Triton\nand more"
        raise RuntimeError(message)

    calls: list[int] = []

    def played(function: Any) -> Any:
        def call(x: Any) -> Any:
            calls.append(len(x))
            return function(x)

        return call

    monkeypatch.setattr(torch, "compile", played)
    assert torch.equal(compiled(network, inputs, device=gpu)(inputs), network(inputs))
    assert calls == [3, 3]
    compiled(network, inputs, device=cpu)(inputs)
    assert calls == [3, 3]

    def broken(_function: Any) -> Any:
        return no_compiling

    monkeypatch.setattr(torch, "compile", broken)
    with pytest.warns(RuntimeWarning, match="does not work here.*no Triton$"):
        call = compiled(network, inputs, device=gpu)
    assert torch.equal(call(inputs), network(inputs))


def test_the_rate_rises_and_falls() -> None:
    rates = [_rate(step, rise=10, total=50) for step in range(51)]
    assert rates[:10] == pytest.approx([0.1 * k for k in range(1, 11)])
    assert rates[30] == pytest.approx(0.5)
    assert rates[50] == pytest.approx(0.0)
    assert all(a >= b for a, b in itertools.pairwise(rates[9:]))
    assert _rate(0, rise=0, total=5) == 1


@pytest.mark.parametrize("kind", TRAINED)
def test_resumed_after_a_kill(kind: type[Any], tmp_path: Path) -> None:
    """Weights are those of a training that was not interrupted, bit for bit."""
    code = (
        "from pathlib import Path\n"
        "from tests.unit.baselines.test_signal_aware import interrupted\n"
        f"interrupted({kind.__name__!r}, Path({str(tmp_path)!r}))\n"
    )
    child = subprocess.Popen([sys.executable, "-c", code], cwd=ROOT, env={**os.environ})
    deadline = time.monotonic() + 120
    while not list(tmp_path.glob("[!.]*.safetensors")) and time.monotonic() < deadline:
        time.sleep(0.01)
    child.kill()
    assert child.wait() != 0, "the training ended before it could be killed"
    assert same(interrupted(kind.__name__, tmp_path), interrupted(kind.__name__, None))


def interrupted(kind: str, checkpoint: Path | None) -> Any:
    made = globals()[kind](**{**SMALL, "epochs": 40})
    made.runtime = Runtime(device="cpu", checkpoint=checkpoint)
    return made.fit(events(), seed=1)


def test_a_checkpoint_of_other_labels_is_refused(tmp_path: Path) -> None:
    def train(table: EventTable, task: str) -> None:
        made = SignalAware(**SMALL)
        made.runtime = Runtime(device="cpu", checkpoint=tmp_path, identity=f"task {task}")
        made.fit(table, seed=1)

    train(events(), "one")
    with pytest.raises(DiademError, match="checkpoint is of another training"):
        train(part("train"), "one")
    with pytest.raises(DiademError, match=r"task one.*expected .*task two"):
        train(events(), "two")


def test_supervised_gives_log_probabilities_of_its_classes() -> None:
    made = Supervised(**SMALL).fit(events(), seed=1)
    assert made.classes == ("ggF", "ttH", "zprime")
    np.testing.assert_allclose(np.exp(made.transform(events())).sum(axis=1), 1, rtol=1e-5)
    assert not SignalAware(**SMALL).fit(events(), seed=1).classes


def test_what_cannot_be_trained() -> None:
    one = events(120, ("ttH",))
    with pytest.raises(DataError, match=r"nothing to tell apart.*of ttH; expected"):
        SignalAware(**SMALL).fit(one, seed=1)
    with pytest.raises(DataError, match="no event in the task's part 'train'"):
        SignalAware(**SMALL).fit(part("validation"), seed=1)
    with pytest.raises(DataError, match="no event in"):
        RandomEncoder(**SMALL).fit(part("validation"), seed=1)
    with pytest.raises(DataError, match="a process without a label; found stop"):
        label_codes(events(5, ("stop",)), ("ggF", "ttH"))


def test_infinite_features_are_refused() -> None:
    table = part("train")
    objects = table.objects.copy()
    objects[0, 10, 0] = np.inf
    arrays = {**{k: v for k, v in vars(table).items() if k != "schema"}, "objects": objects}
    broken = EventTable.unchecked(table.schema, arrays)
    with pytest.raises(DataError, match="pt"):
        SignalAware(**SMALL).fit(broken, seed=1)
    with pytest.raises(DataError, match="pt"):
        SignalAware(**SMALL).fit(table, seed=1).transform(broken)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"heads": 3}, "heads"),
        ({"width": 0}, "greater than 0"),
        ({"beta": -1.0}, "greater than or equal to 0"),
        ({"temperature": math.inf}, "finite"),
        ({"widht": 8}, "one of width"),
        ({"dropout": 1.0}, "less than 1"),
    ],
)
def test_bad_settings(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(DiademError, match=message):
        SignalAware(**{**SMALL, **changes})


def test_another_encoders_folder(tmp_path: Path) -> None:
    Supervised(**SMALL).fit(events(), seed=1).save(tmp_path)
    with pytest.raises(DiademError, match="another encoder; found supervised; expected signal"):
        SignalAware.load(tmp_path)
    note = tmp_path / "encoder.json"
    note.write_text(note.read_text().replace('"width": 8', '"width": 16'))
    with pytest.raises(DiademError, match="weights of another network"):
        Supervised.load(tmp_path)


@pytest.mark.parametrize("field", ["settings", "inputs", "classes", "schema", "name"])
def test_a_note_without_a_field(field: str, tmp_path: Path) -> None:
    SignalAware(**SMALL).fit(events(), seed=1).save(tmp_path)
    path = tmp_path / "encoder.json"
    note = json.loads(path.read_text())
    path.write_text(json.dumps({key: value for key, value in note.items() if key != field}))
    with pytest.raises(DiademError, match=f"encoder.json.*{field}"):
        SignalAware.load(tmp_path)
    texts = ["[]", *(json.dumps({**note, name: None}) for name in ("inputs", "classes"))]
    for text in texts:
        path.write_text(text)
        with pytest.raises(DiademError, match=r"damaged|no encoder can be read"):
            SignalAware.load(tmp_path)


def test_an_encoder_of_another_schema(tmp_path: Path) -> None:
    SignalAware(**SMALL).fit(events(), seed=1).save(tmp_path)
    path = tmp_path / "encoder.json"
    path.write_text(path.read_text().replace('"diphoton 1"', '"diphoton 7"'))
    with pytest.raises(DiademError, match=r"schema: .*found diphoton 7; expected diphoton 1"):
        SignalAware.load(tmp_path)


def test_the_method_card_has_every_setting() -> None:
    card = method_card("signal_aware")
    assert set(card) == set(EncoderSettings.model_fields)
    for name in ("temperature", "learning_rate", "beta", "beta_background"):
        assert card[name].status == "assumed"
    assert SignalAware().settings.latent == 6
