"""Training: seeded, resumed bit for bit, quiet, and loud when something is wrong."""

from __future__ import annotations

import logging
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from lightning.pytorch import LightningModule
from torch import Tensor, nn

from benchmark.batches import Batches, epoch_order
from benchmark.checkpoints import write_state
from benchmark.devices import on_cuda
from benchmark.errors import DataError, DiademError
from benchmark.training import CHECKPOINT, FitSettings, fit_module

ROOT = Path(__file__).resolve().parents[3]
EVENTS, WIDTH = 64, 4
SETTINGS = FitSettings(epochs=4, seed=3, device="cpu")


class Toy(LightningModule):
    """Dropout, a schedule of the learning rate and a validation loss: all that has a state."""

    def __init__(self, *, delay: float = 0.0) -> None:
        """Draw events and first weights, always the same."""
        super().__init__()
        generator = torch.Generator().manual_seed(1)
        self.x = torch.randn((EVENTS, WIDTH), generator=generator)
        self.network = nn.Sequential(
            nn.Linear(WIDTH, 8), nn.Dropout(0.5), nn.ReLU(), nn.Linear(8, WIDTH)
        )
        with torch.no_grad():
            for weight in self.network.parameters():
                weight.copy_(torch.randn(weight.shape, generator=generator) / 3)
        self.delay = delay
        self.order_of_epochs: list[int] = []
        self.spoil: Any = None

    def configure_optimizers(self) -> Any:
        """Adam, slower after two epochs."""
        optimizer = torch.optim.Adam(self.parameters(), lr=0.02)
        return [optimizer], [torch.optim.lr_scheduler.StepLR(optimizer, 2, 0.5)]

    def train_dataloader(self) -> Batches:
        """Batches of this epoch."""
        self.order_of_epochs.append(self.current_epoch)
        order = epoch_order(len(self.x), seed=5, epoch=self.current_epoch)
        return Batches((self.x,), 8, order=order)

    def val_dataloader(self) -> Batches:
        """One batch."""
        return Batches((self.x[:16],), 16)

    def training_step(self, batch: tuple[Tensor], index: int) -> Tensor:
        """Loss of a batch, unless something is spoilt first."""
        time.sleep(self.delay)
        if self.spoil is not None:
            self.spoil(self, index)
        loss: Tensor = (self.network(batch[0]) - batch[0]).square().mean()
        return loss

    def validation_step(self, batch: tuple[Tensor], _: int) -> None:
        """Log the loss."""
        self.log("validation_loss", (self.network(batch[0]) - batch[0]).square().mean())


class Rising(Toy):
    """Its validation loss only rises after the second epoch."""

    losses = (3.0, 1.0, 2.0, 2.0, 2.0, 2.0)

    def validation_step(self, batch: tuple[Tensor], _: int) -> None:
        """Log the loss."""
        self.log("validation_loss", batch[0].new_tensor(self.losses[self.current_epoch]))


def same(a: nn.Module, b: nn.Module) -> bool:
    pairs = zip(a.state_dict().values(), b.state_dict().values(), strict=True)
    return all(torch.equal(x, y) for x, y in pairs)


def trained(module: Toy | None = None, **changes: Any) -> Toy:
    module = Toy() if module is None else module
    fit_module(module, replace(SETTINGS, **changes))
    return module


def stop_at(epoch: int, index: int) -> Any:
    """Interrupts a training in the middle of an epoch."""

    def spoil(module: Toy, batch: int) -> None:
        if (module.current_epoch, batch) == (epoch, index):
            raise KeyboardInterrupt

    return spoil


def test_learns_and_is_fixed_by_the_seed() -> None:
    first = trained()
    assert not same(first, Toy())
    assert same(first, trained())
    assert first.order_of_epochs == [0, 1, 2, 3]
    assert not same(first, trained(seed=4)), "the seed fixes dropout"


def test_leaves_the_process_as_it_was(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    module = Toy()
    state, level = torch.get_rng_state(), logging.getLogger("lightning.pytorch").level
    handler, threads = signal.getsignal(signal.SIGINT), torch.get_num_threads()
    with torch.no_grad():
        trained(module)
        assert not torch.is_grad_enabled()
    assert torch.equal(torch.get_rng_state(), state)
    assert logging.getLogger("lightning.pytorch").level == level
    assert signal.getsignal(signal.SIGINT) is handler
    assert torch.get_num_threads() == threads
    assert not list(tmp_path.iterdir())
    assert capfd.readouterr() == ("", "")


def test_a_batch_system_is_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {"NTASKS": "4", "JOB_NAME": "x", "NODELIST": "a", "PROCID": "2"}.items():
        monkeypatch.setenv(f"SLURM_{name}", value)
    assert same(trained(), trained())


@pytest.mark.parametrize(("epoch", "index"), [(0, 3), (1, 0), (2, 5), (3, 7)])
@pytest.mark.parametrize("patience", [None, 3])
def test_resumes_bit_for_bit(tmp_path: Path, epoch: int, index: int, patience: int | None) -> None:
    kept: dict[str, Any] = {"checkpoint": tmp_path, "identity": "toy", "patience": patience}
    handler = signal.getsignal(signal.SIGINT)
    broken = Toy()
    broken.spoil = stop_at(epoch, index)
    with pytest.raises(KeyboardInterrupt):
        trained(broken, **kept)
    assert signal.getsignal(signal.SIGINT) is handler, "Ctrl-C works on"
    again = trained(**kept)
    assert same(again, trained(patience=patience))
    assert again.order_of_epochs == list(range(epoch, 4))
    third = trained(**kept)
    assert same(third, again)
    assert not third.order_of_epochs, "a finished training is not trained again"


PROGRAM = """
import sys
from pathlib import Path
from tests.unit.benchmark.test_training import Toy, trained
trained(Toy(delay=0.02), epochs=40, checkpoint=Path(sys.argv[1]), identity="k")
"""


def test_resumes_bit_for_bit_after_a_kill(tmp_path: Path) -> None:
    child = subprocess.Popen([sys.executable, "-c", PROGRAM, str(tmp_path)], cwd=ROOT)
    try:
        deadline = time.monotonic() + 60
        while not (tmp_path / CHECKPOINT).exists() and time.monotonic() < deadline:
            time.sleep(0.01)
        time.sleep(0.2)  # into the epochs after
    finally:
        child.kill()
        child.wait()
    assert child.returncode == -signal.SIGKILL
    again = trained(epochs=40, checkpoint=tmp_path, identity="k")
    assert again.order_of_epochs[0] > 0
    assert same(again, trained(epochs=40))


def test_stops_early_with_the_best_weights(tmp_path: Path) -> None:
    stopped = trained(Rising(), epochs=6, patience=2, checkpoint=tmp_path, identity="r")
    assert stopped.order_of_epochs == [0, 1, 2, 3]
    # The seeds of the epochs are the same, so two epochs alone end with the same weights.
    assert same(stopped, trained(Rising(), epochs=2))
    again = trained(Rising(), epochs=6, patience=2, checkpoint=tmp_path, identity="r")
    assert same(again, stopped)
    assert not again.order_of_epochs


def test_patience_survives_an_interruption(tmp_path: Path) -> None:
    kept: dict[str, Any] = {"checkpoint": tmp_path, "identity": "r", "epochs": 6, "patience": 2}
    broken = Rising()
    broken.spoil = stop_at(3, 2)
    with pytest.raises(KeyboardInterrupt):
        trained(broken, **kept)
    again = trained(Rising(), **kept)
    assert again.order_of_epochs == [3]
    assert same(again, trained(Rising(), epochs=2))


@pytest.mark.parametrize("change", [{"identity": "other"}, {"seed": 9}, {"epochs": 5}])
def test_refuses_the_checkpoint_of_another_training(
    tmp_path: Path, change: dict[str, Any]
) -> None:
    trained(checkpoint=tmp_path, identity="toy")
    kept: dict[str, Any] = {"checkpoint": tmp_path, "identity": "toy"}
    with pytest.raises(DiademError, match=r"another training.*found toy .*expected") as caught:
        trained(**(kept | change))
    key, value = next(iter(change.items()))
    assert (value if key == "identity" else f"{key}={value}") in str(caught.value)


@pytest.mark.parametrize("content", [b"", b"not a state", b"\x08" + bytes(7) + b"{}      "])
def test_refuses_a_broken_checkpoint(tmp_path: Path, content: bytes) -> None:
    (tmp_path / CHECKPOINT).write_bytes(content)
    with pytest.raises(DataError, match="not the state of a training"):
        trained(checkpoint=tmp_path, identity="toy")


def test_keeps_only_plain_states(tmp_path: Path) -> None:
    for state in (object(), {"x": float("nan")}, {"x": {1, 2}}):
        with pytest.raises(DataError, match="not a state that can be kept"):
            write_state(tmp_path / "x", state)
    assert not list(tmp_path.iterdir())


def test_no_silent_nan(tmp_path: Path) -> None:
    broken = Toy()

    def spoil(module: Toy, _: int) -> None:
        if module.current_epoch == 2:
            module.x.mul_(torch.inf)

    broken.spoil = spoil
    with pytest.raises(DiademError, match="toy, epoch 3: the loss is not finite"):
        trained(broken, label="toy", checkpoint=tmp_path, identity="toy")
    assert same(trained(checkpoint=tmp_path, identity="toy"), trained())


def test_no_silent_nan_in_the_weights() -> None:
    broken = Toy()

    def spoil(module: Toy, index: int) -> None:
        if module.current_epoch == 3 and index == 7:  # the last step: no loss sees its result
            for group in module.trainer.optimizers[0].param_groups:
                group["lr"] = float("inf")

    broken.spoil = spoil
    with pytest.raises(DiademError, match="epoch 4: the weights are not finite"):
        trained(broken)


class Mute(Toy):
    """Says nothing of its validation."""

    def validation_step(self, batch: tuple[Tensor], _: int) -> None:
        """Log nothing."""


def test_early_stopping_needs_a_loss() -> None:
    with pytest.raises(DiademError, match="epoch 1: no 'validation_loss'"):
        trained(Mute(), patience=1)


def test_refuses_bad_settings() -> None:
    with pytest.raises(DiademError, match="needs an identity"):
        FitSettings(epochs=1, seed=0, checkpoint=Path("x"))
    for bad in ({"epochs": 0}, {"patience": 0}):
        with pytest.raises(DiademError, match="expected 1 or more"):
            replace(SETTINGS, **bad)  # type: ignore[arg-type]


@pytest.mark.skipif(torch.cuda.is_available(), reason="needs a machine without a GPU")
def test_refuses_a_gpu_that_is_not_there() -> None:
    with pytest.raises(DiademError, match="no CUDA GPU"):
        trained(device="cuda")
    assert not on_cuda("auto")
    with pytest.raises(DiademError, match="unknown device"):
        on_cuda("tpu")


def test_draws_a_bar_on_a_terminal_only(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    for name in ("FORCE_COLOR", "TTY_COMPATIBLE", "TTY_INTERACTIVE"):
        monkeypatch.delenv(name, raising=False)
    plain = trained(progress=True, label="[toy]")
    assert capfd.readouterr() == ("", "")
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("COLUMNS", "120")
    assert same(plain, trained(progress=True, label="[toy]"))
    out, err = capfd.readouterr()
    assert out == ""
    for part in ("[toy]", "epoch 4/4", "loss", "events/s"):
        assert part in err
