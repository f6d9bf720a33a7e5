"""Speed of the augmentations on one thread, in processor time: other programs do not count."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import numpy as np
import pytest
import torch

from baselines.augmentations import KINDS, AnomalyAugmentation, PhysicalAugmentation
from tests.augmented import SPACE, generator, release_events, slow_anomaly

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

BATCH = 16_384
SLOW_EVENTS = 1024
EVENTS_PER_SECOND = 300_000
TIMES_THE_LOOP = 20


@pytest.fixture(autouse=True)
def _one_thread() -> Iterator[None]:
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


def rate(run: Callable[[], object], events: int, *, times: int) -> float:
    """Events per second of the fastest of some runs."""
    best = float("inf")
    for _ in range(times):
        start = time.process_time()
        run()
        best = min(best, time.process_time() - start)
    return events / best


def batch(n: int) -> tuple[torch.Tensor, torch.Tensor]:
    """Events of all processes, in a random order, as many times as needed."""
    objects, mask = release_events()
    rows = torch.randint(len(objects), (n,), generator=generator())
    return objects[rows], mask[rows]


def test_anomalies() -> None:
    objects, mask = batch(BATCH)
    augmentation, seeded = AnomalyAugmentation(SPACE), generator()
    fast = rate(lambda: augmentation(objects, mask, generator=seeded), BATCH, times=30)
    plain, rng = objects[:SLOW_EVENTS].numpy(), np.random.default_rng(1)
    slow = rate(lambda: slow_anomaly(plain, rng, tuple(KINDS)), SLOW_EVENTS, times=3)
    assert fast > EVENTS_PER_SECOND, f"{fast:.0f} events/s"
    assert fast > TIMES_THE_LOOP * slow, f"{fast / slow:.0f} times the loop"


def test_physical() -> None:
    objects, mask = batch(BATCH)
    augmentation, seeded = PhysicalAugmentation(SPACE), generator()
    fast = rate(lambda: augmentation(objects, mask, generator=seeded), BATCH, times=30)
    assert fast > EVENTS_PER_SECOND, f"{fast:.0f} events/s"
