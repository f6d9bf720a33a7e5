"""The task farm: many small pieces of work, each done once, whatever is killed in between.

A piece of work is a `Spec`: a function by its import path and arguments of plain JSON. Its key is
a hash of both, its result one file in a store. A result that is in the store is never made again,
so a farm that was killed goes on where it was. Specs carry a digest of the code that they run:
results of other code are not found. The work is done in this process, in processes of this
machine, or on a cluster by the address of its scheduler; where makes no difference to the results.
"""

from __future__ import annotations

from concurrent.futures import FIRST_COMPLETED, Future, wait
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING

from benchmark.errors import DiademError, complaint
from benchmark.farm_spec import Spec, work
from benchmark.workers import pool_of, remove_leftovers, sole_user

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from concurrent.futures import ProcessPoolExecutor
    from pathlib import Path

__all__ = ["Finished", "Spec", "run_farm", "work"]
_AHEAD = 2  # pieces of work that a process has at a time, one of them waiting
_ENDING = 3600.0  # seconds: longer than the writing of a result takes


@dataclass(frozen=True)
class Finished:
    """A report for a progress bar: `done` of `total` specs, `label` the last one."""

    done: int
    total: int
    label: str
    reused: bool


def run_farm(
    specs: Sequence[Spec],
    *,
    store: Path,
    workers: int = 1,
    scheduler: str | None = None,
    suffix: str = ".parquet",
    on_progress: Callable[[Finished], None] | None = None,
) -> list[Path]:
    """Do the work that is not yet done and return the file of each spec, in their order.

    Args:
        specs: Pieces of work; equal ones are done once.
        store: Folder of results, kept between calls. A cluster must see it under the same path.
        workers: Processes, one thread each; 1 works in this process. Results do not depend on it.
        scheduler: In place of them the workers of a Dask cluster, by the address of its
            scheduler ("tcp://host:port") or the path of its scheduler file.
        suffix: Of the result files.
        on_progress: Called after each piece of work, in this process; first for what was there.

    Raises:
        DiademError: Another command uses the store, the scheduler cannot be reached or its
            workers are not like this process, a process died, or the work failed.
        KeyboardInterrupt: Ctrl-C; finished work stays in the store.
    """
    if scheduler is not None:
        from benchmark.farm_dask import address_of

        scheduler = address_of(scheduler)
    paths = {spec.key: store / f"{spec.key}{suffix}" for spec in specs}
    with sole_user(store):
        # Workers of a cluster end what they began, also after Ctrl-C here.
        remove_leftovers(store, idle=_ENDING if scheduler else 0.0)
        there = {
            path.name for path in store.iterdir()
        }  # to ask for each takes long on shared disks
        report = _Report(len(paths), on_progress)
        waiting = []
        for spec in {spec.key: spec for spec in specs}.values():
            if paths[spec.key].name in there:
                report(spec, reused=True)
            else:
                waiting.append(spec)
        if scheduler is not None and waiting:
            from benchmark.farm_dask import share_out

            share_out(scheduler, waiting, paths, report)
        elif workers > 1 and waiting:
            _share_out(min(workers, len(waiting)), waiting, paths, report)
        else:
            for spec in waiting:
                work(spec, paths[spec.key])
                report(spec)
    return [paths[spec.key] for spec in specs]


class _Report:
    """Counts what is done."""

    def __init__(self, total: int, on_progress: Callable[[Finished], None] | None) -> None:
        self._done, self._total, self._tell = 0, total, on_progress

    def __call__(self, spec: Spec, *, reused: bool = False) -> None:
        self._done += 1
        if self._tell is not None:
            self._tell(Finished(self._done, self._total, spec.label, reused))


def _share_out(workers: int, specs: list[Spec], paths: dict[str, Path], report: _Report) -> None:
    """Give every process of a pool work until none is left."""
    with pool_of(workers) as pool:
        _keep_busy(pool, workers, specs, paths, report)


def _keep_busy(
    pool: ProcessPoolExecutor,
    workers: int,
    specs: list[Spec],
    paths: dict[str, Path],
    report: _Report,
) -> None:
    waiting = iter(specs)
    running: dict[Future[None], Spec] = {}
    try:
        while True:
            # Not all at once: to wait for one of many takes time for each of them.
            for spec in islice(waiting, _AHEAD * workers - len(running)):
                running[pool.submit(work, spec, paths[spec.key])] = spec
            if not running:
                return
            for future in wait(running, return_when=FIRST_COMPLETED).done:
                future.result()
                report(running.pop(future))
    except BrokenProcessPool as error:
        message = complaint(
            "a worker process died (out of memory, or killed)",
            where=" or ".join(spec.label for spec in list(running.values())[:workers]),
            remedy="Finished work is kept: run the same command again, perhaps with fewer "
            "workers.",
        )
        raise DiademError(message) from error
