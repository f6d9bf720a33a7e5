"""Training of a network with lightning: seeded, resumed after a kill, and without side effects.

    fit_module(module, FitSettings(epochs=100, seed=7))

The module supplies `train_dataloader`, which is asked anew at each epoch's start: `Batches` over
`epoch_order(n, seed=..., epoch=self.current_epoch)` suits. For early stopping it also supplies
`val_dataloader` and a `validation_step` that logs "validation_loss". On a CPU the weights depend
on the module, the data and the settings only, bit for bit, also when the training was killed and
resumed in between.
"""

from __future__ import annotations

import logging
import math
import signal
import threading
import warnings
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import torch
from lightning.fabric.plugins.environments.lightning import LightningEnvironment
from lightning.pytorch import Callback, LightningModule, Trainer

from benchmark.batches import Batches, as_tensor, checked_weight, epoch_order
from benchmark.checkpoints import read_state, write_state
from benchmark.devices import on_cuda
from benchmark.errors import DiademError, complaint
from benchmark.seeds import seed_for

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from torch import Tensor

__all__ = [
    "Batches",
    "FitSettings",
    "as_tensor",
    "checked_weight",
    "epoch_order",
    "fit_module",
]

CHECKPOINT = "training.safetensors"
MONITORED = "validation_loss"
_LOGGERS = ("lightning.pytorch", "lightning.fabric")


@dataclass(frozen=True, kw_only=True)
class FitSettings:
    """How `fit_module` trains.

    Attributes:
        epochs: Passes over the training events; fewer if stopped early.
        seed: Fixes dropout; each epoch draws from a generator seeded by (seed, epoch).
        device: "auto" takes a CUDA GPU when there is one, else the CPU.
        precision: "auto" is "bf16-mixed" on a GPU and "32-true" on a CPU.
        patience: Stop after so many epochs in a row without a smaller "validation_loss", and
            return the weights of the best epoch. None: never, and return the last weights.
        checkpoint: Folder for the state at the end of each epoch. A training that finds a state
            there goes on from it; one that finds a finished training only takes its weights.
        identity: What the state belongs to, such as a digest of task, settings and data; needed
            with `checkpoint`. A state of another identity, seed or patience is refused.
        progress: Show a bar on stderr if that is a terminal (or FORCE_COLOR is set).
        label: Names the training in the bar and in errors.
    """

    epochs: int
    seed: int
    device: Literal["auto", "cpu", "cuda"] = "auto"
    precision: Literal["auto", "32-true", "64-true", "bf16-mixed"] = "auto"
    patience: int | None = None
    checkpoint: Path | None = None
    identity: str = ""
    progress: bool = False
    label: str = ""

    def __post_init__(self) -> None:
        """Refuse what cannot work.

        Raises:
            DiademError: No epoch, no patience, or a checkpoint of nothing in particular.
        """
        if self.epochs < 1 or (self.patience is not None and self.patience < 1):
            found = f"epochs={self.epochs}, patience={self.patience}"
            message = complaint("bad settings of a training", found=found, expected="1 or more")
            raise DiademError(message)
        if self.checkpoint is not None and not self.identity:
            message = complaint(
                "a checkpoint needs an identity",
                where=str(self.checkpoint),
                expected="identity: a digest of what is trained, with which settings, on what",
            )
            raise DiademError(message)

    @property
    def name(self) -> str:
        """The label, or a stand-in."""
        return self.label or "training"

    def run(self) -> str:
        """Return what a state must agree on with these settings."""
        rules = f"epochs={self.epochs}, patience={self.patience}, seed={self.seed}"
        return f"{self.identity} ({rules})"


def fit_module(module: LightningModule, settings: FitSettings) -> None:
    """Train a module in place, on this process's device.

    Afterwards the module is on the CPU. Torch's global generators are as they were before, and
    nothing is written but the checkpoint.

    Raises:
        DiademError: No GPU where one was asked for, a loss that is not finite, or a checkpoint
            that is broken or of another training.
        KeyboardInterrupt: Ctrl-C; the checkpoint stays.
    """
    gpu = on_cuda(settings.device)
    with ExitStack() as stack:
        epochs = _Epochs(settings)
        if epochs.resume(module):
            return
        stack.enter_context(torch.random.fork_rng(devices=[0] if gpu else []))
        stack.enter_context(torch.enable_grad())
        stack.enter_context(_quiet())
        callbacks: list[Callback] = [epochs]
        if settings.progress:
            # Imported here, since few trainings are watched.
            from benchmark.training_progress import bar

            callbacks.append(stack.enter_context(bar(settings)))
        _fit(_trainer(settings, callbacks, gpu=gpu), module)


def _trainer(settings: FitSettings, callbacks: list[Callback], *, gpu: bool) -> Trainer:
    automatic: Literal["bf16-mixed", "32-true"] = "bf16-mixed" if gpu else "32-true"
    return Trainer(
        accelerator="gpu" if gpu else "cpu",
        devices=1,
        precision=automatic if settings.precision == "auto" else settings.precision,
        # Without this, lightning would take part in whatever batch system it finds.
        plugins=[LightningEnvironment()],
        max_epochs=settings.epochs,
        callbacks=callbacks,
        logger=False,
        enable_checkpointing=False,
        enable_progress_bar=False,
        enable_model_summary=False,
        num_sanity_val_steps=0,
        # Only early stopping looks at it.
        limit_val_batches=0 if settings.patience is None else 1.0,
        reload_dataloaders_every_n_epochs=1,
    )


def _fit(trainer: Trainer, module: LightningModule) -> None:
    """Call lightning; it would turn Ctrl-C into an exit and ignore any further one."""
    main = threading.current_thread() is threading.main_thread()
    handler = signal.getsignal(signal.SIGINT)
    module.train()
    try:
        trainer.fit(module)
    except SystemExit as ended:
        if isinstance(ended.__context__, KeyboardInterrupt):
            raise KeyboardInterrupt from ended
        raise
    finally:
        if main and handler is not None:
            signal.signal(signal.SIGINT, handler)


@contextmanager
def _quiet() -> Iterator[None]:
    """Silence what lightning says of itself; warnings about the training pass."""
    loggers = [logging.getLogger(name) for name in _LOGGERS]
    levels = [logger.level for logger in loggers]
    with warnings.catch_warnings():
        # A CPU may be chosen on purpose.
        warnings.filterwarnings("ignore", message="GPU available but not used")
        # Lightning 2.6 builds on names that torch 2.13 deprecates.
        warnings.filterwarnings("ignore", message=".*treespec, LeafSpec", category=FutureWarning)
        try:
            for logger in loggers:
                logger.setLevel(logging.WARNING)
            yield
        finally:
            for logger, level in zip(loggers, levels, strict=True):
                logger.setLevel(level)


class _Epochs(Callback):
    """Seeds and checks each epoch, keeps the best weights, and writes and reads the state.

    Lightning's own checkpoints are pickles, miss that a training was stopped, and are cut before
    the schedules of the learning rate move on. A state of ours is cut between two epochs.
    """

    def __init__(self, settings: FitSettings) -> None:
        self._settings = settings
        self._first = 0
        self._resumed: dict[str, Any] | None = None
        self._loss: Tensor | None = None
        self._best: float | None = None
        self._best_weights: dict[str, Tensor] | None = None
        self._waited = 0

    def resume(self, module: LightningModule) -> bool:
        """Take the state in the checkpoint, if any; return whether nothing is left to do."""
        settings = self._settings
        if settings.checkpoint is None or not (settings.checkpoint / CHECKPOINT).exists():
            return False
        path = settings.checkpoint / CHECKPOINT
        state = read_state(path)
        if state["run"] != settings.run():
            message = complaint(
                "the checkpoint is of another training",
                where=str(path),
                found=state["run"],
                expected=settings.run(),
                remedy="Choose another folder, or remove the file to begin anew.",
            )
            raise DiademError(message)
        module.load_state_dict(state["weights"])
        self._first, self._resumed = state["epoch"], state
        self._best, self._best_weights, self._waited = state["best"]
        return bool(state["finished"])

    def on_train_start(self, trainer: Trainer, pl_module: LightningModule) -> None:  # noqa: ARG002
        """Restore what lightning made anew."""
        if self._resumed is None:
            return
        for optimizer, state in zip(trainer.optimizers, self._resumed["optimizers"], strict=True):
            optimizer.load_state_dict(state)
        schedules = zip(trainer.lr_scheduler_configs, self._resumed["schedules"], strict=True)
        for schedule, state in schedules:
            schedule.scheduler.load_state_dict(state)
        self._resumed = None

    def setup(self, trainer: Trainer, pl_module: LightningModule, stage: str) -> None:  # noqa: ARG002
        """Number the epochs from where the state was cut."""
        count = dict.fromkeys(("ready", "started", "processed", "completed"), self._first)
        trainer.fit_loop.epoch_progress.load_state_dict({"total": count, "current": count})

    def on_train_epoch_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Write the state of the epochs before, then seed this one."""
        epoch = trainer.current_epoch
        if epoch > self._first:
            self._write(trainer, pl_module, finished=False)
        seed = seed_for("epoch", self._settings.seed, epoch)
        torch.default_generator.manual_seed(seed)
        if pl_module.device.type == "cuda":
            torch.cuda.manual_seed(seed)
        self._loss = None

    def on_train_batch_end(
        self,
        trainer: Trainer,  # noqa: ARG002
        pl_module: LightningModule,  # noqa: ARG002
        outputs: Any,
        *_: Any,
    ) -> None:
        """Add the loss up where it is: asking for its value would halt a GPU at each step."""
        loss = outputs["loss"]
        self._loss = loss.clone() if self._loss is None else self._loss.add_(loss)

    def on_train_epoch_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Check that all is finite, and judge the epoch."""
        epoch = trainer.current_epoch
        loss = math.nan if self._loss is None else float(self._loss)
        if not math.isfinite(loss):
            self._complain(epoch, "the loss is not finite")
        if not all(bool(torch.isfinite(weight).all()) for weight in pl_module.parameters()):
            self._complain(epoch, "the weights are not finite")
        if self._settings.patience is not None:
            self._judge(trainer, pl_module)

    def on_train_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Take the best weights and write the last state."""
        if self._best_weights is not None:
            pl_module.load_state_dict(self._best_weights)
        if self._settings.checkpoint is not None:
            self._write(trainer, pl_module, finished=True)

    def _judge(self, trainer: Trainer, module: LightningModule) -> None:
        """Keep the weights when the epoch is the best so far; stop when it has been too long."""
        found = trainer.callback_metrics.get(MONITORED)
        value = math.nan if found is None else float(found)
        if not math.isfinite(value):
            what = "no" if found is None else "a non-finite"
            self._complain(trainer.current_epoch, f"{what} {MONITORED!r} for early stopping")
        if self._best is None or value < self._best:
            self._best, self._waited = value, 0
            weights = module.state_dict()
            self._best_weights = {name: kept.detach().clone() for name, kept in weights.items()}
        else:
            self._waited += 1
        trainer.should_stop = self._waited >= (self._settings.patience or 0)

    def _complain(self, epoch: int, what: str) -> None:
        remedy = "Check the inputs, or lower the learning rate."
        message = complaint(what, where=f"{self._settings.name}, epoch {epoch + 1}", remedy=remedy)
        raise DiademError(message)

    def _write(self, trainer: Trainer, module: LightningModule, *, finished: bool) -> None:
        if self._settings.checkpoint is None:
            return
        schedules = [config.scheduler for config in trainer.lr_scheduler_configs]
        state = {
            "run": self._settings.run(),
            "epoch": trainer.current_epoch,
            "finished": finished,
            "weights": dict(module.state_dict()),
            "optimizers": [optimizer.state_dict() for optimizer in trainer.optimizers],
            "schedules": [schedule.state_dict() for schedule in schedules],
            "best": (self._best, self._best_weights, self._waited),
        }
        write_state(self._settings.checkpoint / CHECKPOINT, state)
