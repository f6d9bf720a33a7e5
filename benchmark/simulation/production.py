"""Productions: many shards on many processes, resumable, the same whatever the number of workers.

A production asks for a number of selected events of each point. Shards are simulated in order
until the first k of them hold enough; these k shards, and no others, are the sample. Finished
shards stay in the store, so that an interrupted production goes on where it was.
"""

from __future__ import annotations

from concurrent.futures import FIRST_COMPLETED, Future, wait
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from benchmark.cards import DatasetCard, load_card
from benchmark.errors import SimulationError
from benchmark.events import EventTable, read_events
from benchmark.simulation.recipe import measurement_values
from benchmark.simulation.shard import Shard, ShardSummary, fingerprint, finished, simulate_shard
from benchmark.workers import pool_of, remove_leftovers, sole_user

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from concurrent.futures import ProcessPoolExecutor
    from pathlib import Path
from typing import Any

MAX_EMPTY_SHARDS = 20
"""So many shards without a single selected event end a production: the settings must be wrong."""


@dataclass(frozen=True)
class Request:
    """Selected events wanted of a process and point."""

    process: str
    point: str
    events: int


@dataclass(frozen=True)
class Progress:
    """State of a production, for a progress bar.

    Attributes:
        request: what was just worked on.
        events: selected events in hand, of the `wanted` ones, over all requests.
        wanted: selected events asked for.
        tried: generated events behind finished shards.
    """

    request: Request
    events: int
    wanted: int
    tried: int


@dataclass(frozen=True)
class Sample:
    """The shards that fulfil a request, in order."""

    request: Request
    shards: tuple[Shard, ...]
    files: tuple[Path, ...]
    summaries: tuple[ShardSummary, ...]

    def read(self) -> EventTable:
        """The first `events` events, with weights of mean one."""
        table = EventTable.concat([read_events(path) for path in self.files])
        table = table.select(slice(0, self.request.events))
        weight = table.weight / np.float32(table.weight.mean(dtype=np.float64))
        return EventTable(**{**vars(table), "weight": weight.astype(np.float32)})


@dataclass
class _Plan:
    """What is finished and under way for one request.

    Attributes:
        request: What is wanted.
        most: Events that one shard can give at most.
        done: Finished shards.
        running: Shards under way.
    """

    request: Request
    most: int
    done: dict[int, ShardSummary] = field(default_factory=dict)
    running: set[int] = field(default_factory=set)

    def prefix(self) -> tuple[int, int]:
        """Length of the unbroken run of finished shards, cut where it suffices, and its events."""
        count = events = 0
        while count in self.done and events < self.request.events:
            events += self.done[count].accepted
            count += 1
        return count, events

    def complete(self) -> bool:
        return self.prefix()[1] >= self.request.events

    def next_shard(self) -> int | None:
        """The next shard worth starting, None if those under way are expected to suffice."""
        known = sum(s.accepted for s in self.done.values())
        # Nothing is known before the first is done: a shard that selects all wastes no work.
        per_shard = known / len(self.done) if self.done else self.most
        expected = known + per_shard * len(self.running)
        if self.complete() or (expected >= self.request.events and self.running):
            return None
        index = 0
        while index in self.done or index in self.running:
            index += 1
        return index

    def check(self) -> None:
        if len(self.done) >= MAX_EMPTY_SHARDS and not any(s.accepted for s in self.done.values()):
            tried = sum(s.tried for s in self.done.values())
            msg = (
                f"{self.request.process} {self.request.point}: none of {tried} generated events "
                "passes the selection; check the Pythia settings and the selection of the card"
            )
            raise SimulationError(msg)


def produce(
    card_path: Path,
    requests: Sequence[Request],
    *,
    seed: int,
    workers: int,
    store: Path,
    truth_cache: Path | None = None,
    on_progress: Callable[[Progress], None] | None = None,
) -> list[Sample]:
    """Simulate until every request is fulfilled.

    Args:
        card_path: dataset card.
        requests: events wanted.
        seed: seed of the production.
        workers: processes; the result does not depend on it.
        store: folder of finished shards; reused by the next call.
        truth_cache: folder of generated events, reused when only the detector changes.
        on_progress: called once with what the store holds, then after each finished shard.

    Raises:
        DiademError: bad card or settings, full disk; a worker that dies.
        KeyboardInterrupt: Ctrl-C; finished shards stay in the store.
    """
    card = load_card(card_path)
    book = _Book(card, measurement_values(card), card_path, seed, store, truth_cache)
    plans = [
        _Plan(request, card.process(request.process).generator.events_per_shard)
        for request in requests
    ]
    with sole_user(store):
        remove_leftovers(store)
        for plan in plans:
            book.recover(plan)
        if on_progress is not None and plans:
            on_progress(_progress(plans[0], plans))
        with pool_of(workers) as pool:
            _run(pool, workers, plans, book, on_progress)
    return [book.sample(plan) for plan in plans]


@dataclass(frozen=True)
class _Book:
    """Where shards of a production are."""

    card: DatasetCard
    measurement: dict[str, Any]
    card_path: Path
    seed: int
    store: Path
    truth_cache: Path | None

    def shard(self, request: Request, index: int) -> Shard:
        return Shard(
            self.card_path, request.process, request.point, index, self.seed, self.truth_cache
        )

    def path(self, request: Request, index: int) -> Path:
        name = f"{request.process}-{request.point}" if request.point else request.process
        return self.store / f"{self.card.name}-seed{self.seed}" / name / f"{index:05d}.parquet"

    def recover(self, plan: _Plan) -> None:
        """Take finished shards from the store, as far as they go without a gap and are needed."""
        index = 0
        while not plan.complete():
            mark = fingerprint(self.card, self.shard(plan.request, index), self.measurement)
            summary = finished(self.path(plan.request, index), mark)
            if summary is None:
                return
            plan.done[index] = summary
            index += 1

    def sample(self, plan: _Plan) -> Sample:
        used = range(plan.prefix()[0])
        return Sample(
            plan.request,
            tuple(self.shard(plan.request, i) for i in used),
            tuple(self.path(plan.request, i) for i in used),
            tuple(plan.done[i] for i in used),
        )


def _run(
    pool: ProcessPoolExecutor,
    workers: int,
    plans: list[_Plan],
    book: _Book,
    on_progress: Callable[[Progress], None] | None,
) -> None:
    """Keep the workers busy until all plans are complete."""
    running: dict[Future[ShardSummary], tuple[_Plan, int]] = {}
    try:
        while not all(plan.complete() for plan in plans):
            _submit(pool, workers, plans, book, running)
            finished_now, _ = wait(running, return_when=FIRST_COMPLETED)
            for future in finished_now:
                plan, index = running.pop(future)
                plan.running.discard(index)
                plan.done[index] = future.result()
                plan.check()
                if on_progress is not None:
                    on_progress(_progress(plan, plans))
    except BrokenProcessPool as error:
        msg = (
            "a simulation process died (out of memory, or killed); finished shards are kept: "
            f"run the same command again, perhaps with fewer than {workers} workers"
        )
        raise SimulationError(msg) from error


def _submit(
    pool: ProcessPoolExecutor,
    workers: int,
    plans: list[_Plan],
    book: _Book,
    running: dict[Future[ShardSummary], tuple[_Plan, int]],
) -> None:
    """Start shards, of the first plan that needs one, until every worker has work."""
    for plan in plans:
        while len(running) < workers:
            index = plan.next_shard()
            if index is None:
                break
            plan.running.add(index)
            shard, path = book.shard(plan.request, index), book.path(plan.request, index)
            running[pool.submit(simulate_shard, shard, path)] = (plan, index)


def _progress(plan: _Plan, plans: list[_Plan]) -> Progress:
    done = (min(sum(s.accepted for s in p.done.values()), p.request.events) for p in plans)
    return Progress(
        request=plan.request,
        events=sum(done),
        wanted=sum(p.request.events for p in plans),
        tried=sum(s.tried for p in plans for s in p.done.values()),
    )
