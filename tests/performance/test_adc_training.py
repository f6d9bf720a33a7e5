"""Training on the official number of events, and what a step spends outside the network."""

from __future__ import annotations

import multiprocessing
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import torch

from baselines.anomaly_clr import AnomClrPlus
from baselines.inputs import AdcInputs
from benchmark.devices import on_cuda
from benchmark.events import EventTable, read_events
from benchmark.paths import datasets_root
from benchmark.tasks.cms_adc import CMS_ADC as TASK
from benchmark.tasks.cms_adc import task_split
from benchmark.tasks.collect import gather, hidden
from benchmark.tasks.source import open_source
from tests.adc import write_many

if TYPE_CHECKING:
    from baselines.contrastive_training import ContrastiveTraining

OFFICIAL = 13_450_000  # background events of the challenge
PEAK_GIB = 6.0
STEPS = 20
# Augmentations, normalisation and moving the batch, of a step of the paper's size on a GPU.
OUTSIDE_GPU = 0.15


def peak_gib() -> float:
    """Largest resident memory of this process so far; a parent's is not inherited."""
    status = Path("/proc/self/status").read_text()
    line = next(line for line in status.splitlines() if line.startswith("VmHWM"))
    return float(line.split()[1]) / 2**20


def _train_on(folder: str, queue: Any) -> None:
    source = open_source(folder)
    split = task_split(TASK)
    events = hidden(gather(source, ["background"], split, "train"), weights=True)
    made = AnomClrPlus(epochs=1)
    inputs = AdcInputs.fit(events.objects, events.mask, events.weight)
    module = made._training(made._encoder(1), inputs, events, 1)
    _steps(module, STEPS)
    queue.put((len(events), peak_gib()))


def _steps(module: ContrastiveTraining, count: int) -> None:
    """Take the first steps of an epoch, as the trainer does."""
    optimizer = module.configure_optimizers()
    module._generator = module._fresh("augmentations", 0)
    for number, batch in enumerate(module.train_dataloader()):
        if number == count:
            return
        optimizer.zero_grad()
        loss = module.training_step((batch[0], batch[1]))
        loss.backward()  # type: ignore[no-untyped-call]
        optimizer.step()


def test_memory_of_the_official_number_of_events(tmp_path: Path) -> None:
    """Read, split, normalise and train on 60 % of 13.45 million events."""
    write_many(tmp_path / "background_for_training.h5", OFFICIAL)
    context = multiprocessing.get_context("spawn")
    queue = context.Queue()
    child = context.Process(target=_train_on, args=(str(tmp_path), queue))
    child.start()
    events, peak = queue.get(timeout=1500)
    child.join()
    assert events > 0.59 * OFFICIAL
    assert peak < PEAK_GIB, f"{peak:.2f} GiB for {events:,} events"


def _events() -> EventTable:
    folder = datasets_root() / "cms_adc" / "v1"
    return EventTable.concat([read_events(folder / f"{name}.parquet") for name in ("w", "qcd")])


@pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA GPU")
def test_share_outside_the_network_on_a_gpu() -> None:
    outside, rate = _share(batch=1024)
    assert on_cuda("auto")
    assert outside < OUTSIDE_GPU, f"{outside:.1%} outside of the network, {rate:,.0f} events/s"


def test_share_outside_the_network_on_a_cpu() -> None:
    """There the network is so slow that all else must be next to nothing."""
    outside, rate = _share(batch=128)
    assert outside < OUTSIDE_GPU, f"{outside:.1%} outside of the network, {rate:,.0f} events/s"


def _share(batch: int) -> tuple[float, float]:
    """Return the share of a training step outside of the network, and events a second."""
    device = "cuda" if torch.cuda.is_available() else "cpu"
    events = hidden(_events(), weights=True)
    made = AnomClrPlus(batch_size=batch)
    inputs = AdcInputs.fit(events.objects, events.mask, events.weight)
    module = made._training(made._encoder(1), inputs, events, 1).to(device)
    _steps(module, 3)
    steps = min(STEPS, len(events) // batch)
    whole = _seconds(lambda: _steps(module, steps))

    def views_alone() -> None:
        generator = module._fresh("augmentations", 0)
        for number, (objects, mask) in enumerate(module.train_dataloader()):
            if number == steps:
                return
            module._views(objects, mask, generator=generator)

    return _seconds(views_alone) / whole, steps * batch / whole


def _seconds(work: Any) -> float:
    if torch.cuda.is_available():
        torch.cuda.synchronize()
    start = time.perf_counter()
    work()
    if torch.cuda.is_available():
        torch.cuda.synchronize()
    return time.perf_counter() - start
