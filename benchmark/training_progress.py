"""A bar on stderr that shows how far a training is."""

from __future__ import annotations

import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from lightning.pytorch import Callback
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lightning.pytorch import LightningModule, Trainer

    from benchmark.training import FitSettings


@contextmanager
def bar(settings: FitSettings) -> Iterator[Callback]:
    """Draw on a terminal while the block runs; yields the callback that moves the bar."""
    console = Console(stderr=True)
    columns = (
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        TextColumn("{task.fields[state]}", markup=False),
        TimeRemainingColumn(),
    )
    # The rate of the whole training so far, as epochs differ little in length.
    with Progress(
        *columns,
        console=console,
        transient=True,
        disable=not console.is_terminal,
        speed_estimate_period=3600.0,
    ) as progress:
        yield TrainingBar(progress, settings)


class TrainingBar(Callback):
    """Moves a bar by the batch, and its text by the epoch."""

    def __init__(self, progress: Progress, settings: FitSettings) -> None:
        """Add a task to the bar."""
        self._progress = progress
        self._epochs = settings.epochs
        self._task = progress.add_task(settings.name, total=None, state="starting")
        self._events = 0
        self._loss: Any = None
        self._began = 0.0

    def on_train_epoch_start(self, trainer: Trainer, pl_module: LightningModule) -> None:  # noqa: ARG002
        """Put the bar where the epoch begins."""
        batches = int(trainer.num_training_batches)
        done = trainer.current_epoch * batches
        self._progress.update(self._task, total=self._epochs * batches, completed=done)
        self._events, self._began = 0, time.monotonic()

    def on_train_batch_end(
        self,
        trainer: Trainer,  # noqa: ARG002
        pl_module: LightningModule,  # noqa: ARG002
        outputs: Any,
        batch: Any,
        batch_idx: int,  # noqa: ARG002
    ) -> None:
        """Move on by a batch."""
        self._events += len(batch[0] if isinstance(batch, (tuple, list)) else batch)
        self._loss = outputs["loss"]
        self._progress.advance(self._task)

    def on_train_epoch_end(self, trainer: Trainer, pl_module: LightningModule) -> None:  # noqa: ARG002
        """Write the epoch, its last loss and the pace."""
        pace = self._events / max(time.monotonic() - self._began, 1e-9)
        state = (
            f"epoch {trainer.current_epoch + 1}/{self._epochs}, "
            f"loss {float(self._loss):.4g}, {pace:,.0f} events/s,"
        )
        self._progress.update(self._task, state=state)
