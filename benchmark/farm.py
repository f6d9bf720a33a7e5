"""The task farm: many small pieces of work, each done once, whatever is killed in between.

A piece of work is a `Spec`: a function by its import path and arguments of plain JSON. Its key is
a hash of both, its result one file in a store. A result that is in the store is never made again,
so a farm that was killed goes on where it was. Specs carry a digest of the code that they run:
results of other code are not found.
"""

from __future__ import annotations

import hashlib
import importlib
import json
from concurrent.futures import FIRST_COMPLETED, Future, wait
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from benchmark.errors import DiademError, complaint
from benchmark.files import atomic_path
from benchmark.workers import pool_of, remove_leftovers, sole_user

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from concurrent.futures import ProcessPoolExecutor
    from pathlib import Path


@dataclass(frozen=True)
class Spec:
    """One piece of work.

    Attributes:
        function: "package.module:function", called as `function(path, **arguments)`: it writes
            its result to `path`.
        arguments: Plain JSON values; all that the result depends on.
        label: For people.
        context: Plain JSON values that change where or how the work is done, never its result
            (device, folders); passed as further arguments, left out of the key.
    """

    function: str
    arguments: dict[str, Any]
    label: str = ""
    context: dict[str, Any] | None = None

    @property
    def key(self) -> str:
        """64 hexadecimal digits of the function and its arguments.

        Example:
            >>> Spec("a:f", {"x": 1, "y": 2}).key == Spec("a:f", {"y": 2, "x": 1}, "again").key
            True
        """
        plain = json.dumps([self.function, self.arguments], sort_keys=True, allow_nan=False)
        return hashlib.sha256(plain.encode()).hexdigest()


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
    suffix: str = ".parquet",
    on_progress: Callable[[Finished], None] | None = None,
) -> list[Path]:
    """Do the work that is not yet done and return the file of each spec, in their order.

    Args:
        specs: Pieces of work; equal ones are done once.
        store: Folder of results, kept between calls.
        workers: Processes, one thread each; 1 works in this process. Results do not depend on it.
        suffix: Of the result files.
        on_progress: Called after each piece of work, in this process.

    Raises:
        DiademError: Another command uses the store, a process died, or the work failed.
        KeyboardInterrupt: Ctrl-C; finished work stays in the store.
    """
    paths = {spec.key: store / f"{spec.key}{suffix}" for spec in specs}
    with sole_user(store):
        remove_leftovers(store)
        waiting = {spec.key: spec for spec in specs if not paths[spec.key].exists()}
        report = _Report(len(paths), on_progress)
        for spec in {spec.key: spec for spec in specs}.values():
            if spec.key not in waiting:
                report(spec, reused=True)
        if workers == 1:
            for spec in waiting.values():
                work(spec, paths[spec.key])
                report(spec)
        elif waiting:
            with pool_of(min(workers, len(waiting))) as pool:
                _share_out(pool, list(waiting.values()), paths, report)
    return [paths[spec.key] for spec in specs]


def work(spec: Spec, path: Path) -> None:
    """Do one piece of work; its file appears whole or not at all.

    Raises:
        DiademError: The function cannot be found.
    """
    module, _, name = spec.function.partition(":")
    function = getattr(importlib.import_module(module), name, None)
    if not callable(function):
        message = complaint("no such function", found=spec.function, expected="module:function")
        raise DiademError(message)
    with atomic_path(path) as temporary:
        function(temporary, **spec.arguments, **(spec.context or {}))


class _Report:
    """Counts what is done."""

    def __init__(self, total: int, on_progress: Callable[[Finished], None] | None) -> None:
        self._done, self._total, self._tell = 0, total, on_progress

    def __call__(self, spec: Spec, *, reused: bool = False) -> None:
        self._done += 1
        if self._tell is not None:
            self._tell(Finished(self._done, self._total, spec.label, reused))


def _share_out(
    pool: ProcessPoolExecutor, specs: list[Spec], paths: dict[str, Path], report: _Report
) -> None:
    """Give every worker work until none is left."""
    running: dict[Future[None], Spec] = {
        pool.submit(work, spec, paths[spec.key]): spec for spec in specs
    }
    try:
        while running:
            finished, _ = wait(running, return_when=FIRST_COMPLETED)
            for future in finished:
                spec = running.pop(future)
                future.result()
                report(spec)
    except BrokenProcessPool as error:
        message = complaint(
            "a worker process died (out of memory, or killed)",
            remedy="Finished work is kept: run the same command again, perhaps with fewer "
            "workers.",
        )
        raise DiademError(message) from error
