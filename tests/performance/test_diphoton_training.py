"""Memory of the diphoton task at a million events, and the share of a step outside the network."""

from __future__ import annotations

import itertools
import multiprocessing
import resource
import time
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import torch

from baselines.diphoton_inputs import DiphotonInputs
from baselines.diphoton_training import LabelledTraining, Plan, SignalAwareObjective
from baselines.signal_aware import SignalAware
from benchmark.events import EventTable, read_events, write_events
from benchmark.mixing import splitmix64
from benchmark.paths import datasets_root
from benchmark.tasks.collect import hidden
from benchmark.tasks.diphoton import DIPHOTON
from benchmark.tasks.diphoton_events import fit_events, in_part, unmarked
from benchmark.tasks.regimes import Regime
from benchmark.tasks.source import open_source

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

MILLION = 1_000_000
PEAK_GIB = 6.0
# An encoder that learns next to nothing: what is measured is the way of the events.
TINY: dict[str, Any] = {"width": 8, "heads": 2, "layers": 1, "class_layers": 1, "pair_width": 4}
OUTSIDE = 0.15  # of a step: normalisation, batches, loss and optimiser
STEPS = 20


def copies(process: str, n: int) -> Iterator[EventTable]:
    """Yield the release's events of a process again and again, with new ids, until there are n."""
    table = read_events(datasets_root() / "diphoton" / "v1" / f"{process}.parquet")
    made = 0
    for repetition in itertools.count(1):
        some = table.select(slice(0, min(len(table), n - made)))
        arrays = {name: value for name, value in vars(some).items() if name != "schema"}
        arrays["event_id"] = splitmix64(some.event_id + np.uint64(repetition))
        yield EventTable.unchecked(some.schema, arrays)
        made += len(some)
        if made >= n:
            return


def write_copies(folder: Path, events: int) -> None:
    processes = (*DIPHOTON.backgrounds, *DIPHOTON.signals)
    for process in processes:
        write_events(copies(process, events // len(processes)), folder / f"{process}.parquet")


def _train_and_embed(folder: str, queue: Any) -> None:
    torch.set_num_threads(1)
    source = open_source(folder)
    seen = fit_events(source, Regime("id"))
    made = SignalAware(**TINY, batch_size=8192, epochs=1, patience=None).fit(seen, seed=1)
    embedded = 0
    for process in source.files:
        for table in source.events(process):
            embedded += len(made.transform(unmarked(table)))
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20  # Linux counts in KiB
    queue.put((len(seen), embedded, peak))


def test_memory_of_a_million_events(tmp_path: Path) -> None:
    """Read, split, normalise, train an epoch and embed all of them."""
    write_copies(tmp_path, MILLION)
    context = multiprocessing.get_context("spawn")
    queue = context.Queue()
    child = context.Process(target=_train_and_embed, args=(str(tmp_path), queue))
    child.start()
    seen, embedded, peak = queue.get(timeout=1500)
    child.join()
    assert embedded > 0.99 * MILLION
    assert seen > 0.39 * MILLION, "0.8 of a half"
    assert peak < PEAK_GIB, f"{peak:.2f} GiB for {embedded:,} events"


def test_share_outside_of_the_network() -> None:
    """On a GPU nothing waits for the host; on a CPU the network takes nearly all."""
    device = "cuda" if torch.cuda.is_available() else "cpu"
    size = 8192 if device == "cuda" else 1024
    processes = (*DIPHOTON.backgrounds, *DIPHOTON.signals)
    folder = datasets_root() / "diphoton" / "v1"
    events = hidden(
        EventTable.concat([read_events(folder / f"{name}.parquet") for name in processes]),
        labels=True,
    )
    events = events.select(in_part(events, "train"))
    made = SignalAware(patience=None, batch_size=size)
    module = LabelledTraining(
        made._network(12, seed=1),
        SignalAwareObjective(latent=6, head_width=64, temperature=0.3, beta=0.001),
        DiphotonInputs.fit(events),
        Plan(learning_rate=1e-3, batch_size=size, epochs=1, warm_up=0, seed=1),
        events,
    ).to(device)
    batches = list(itertools.islice(module.train_dataloader(), STEPS if device == "cuda" else 4))
    optimizer = module.configure_optimizers()["optimizer"]
    inputs = [module._inputs.tensors(*batch[:3]) for batch in batches]

    def steps() -> None:
        for batch in batches:
            optimizer.zero_grad(set_to_none=True)
            loss = module.training_step(tuple(batch))  # type: ignore[arg-type]
            loss.backward()  # type: ignore[no-untyped-call]
            optimizer.step()

    def network() -> None:
        for x in inputs:
            module.network(x).float().pow(2).mean().backward()

    steps()
    whole, inside = _best(steps), _best(network)
    rate = len(batches) * size / whole
    assert 1 - inside / whole < OUTSIDE, f"{1 - inside / whole:.1%} outside, {rate:,.0f} events/s"


def _best(work: Any) -> float:
    times = []
    for _ in range(3):
        _wait()
        start = time.perf_counter()
        work()
        _wait()
        times.append(time.perf_counter() - start)
    return min(times)


def _wait() -> None:
    if torch.cuda.is_available():
        torch.cuda.synchronize()


@pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA GPU")
def test_rate_on_a_gpu() -> None:
    """The paper's size at its batch: trained as `fit` trains, in half precision."""
    folder = datasets_root() / "diphoton" / "v1"
    names = (*DIPHOTON.backgrounds, *DIPHOTON.signals)
    tables = [read_events(folder / f"{name}.parquet") for name in names]
    events = hidden(EventTable.concat(tables), labels=True)
    epochs, n = 10, int(in_part(events, "train").sum())
    start = time.perf_counter()
    SignalAware(patience=None, epochs=epochs, warm_up=0).fit(events, seed=1)
    rate = epochs * n / (time.perf_counter() - start)
    assert rate > 0.25e6 / 2, f"{rate:,.0f} events/s, with the start; aimed at 250,000"
