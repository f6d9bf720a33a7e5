"""Pools of processes that end with their parent, and folders that one command uses at a time."""

from __future__ import annotations

import errno
import fcntl
import math
import multiprocessing
import os
import signal
import threading
import time
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

from benchmark.errors import DiademError, complaint
from benchmark.files import explained

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

# Libraries of linear algebra read these when they are loaded: one thread a process, or two
# processes on two cores would fight over them.
THREADS = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS")
"""Names in the environment that say how many threads a process may use."""

_NO_LOCKS = frozenset({errno.ENOSYS, errno.ENOLCK, errno.EOPNOTSUPP})


@contextmanager
def pool_of(workers: int) -> Iterator[ProcessPoolExecutor]:
    """A pool of fresh interpreters, one thread each, that end at once when work is interrupted."""
    context = multiprocessing.get_context("spawn")
    with one_thread_each():
        pool = ProcessPoolExecutor(workers, mp_context=context, initializer=_start_worker)
        try:
            yield pool
        except BaseException:
            processes = list((pool._processes or {}).values())  # no public way to stop them
            pool.shutdown(wait=False, cancel_futures=True)
            for process in processes:
                # Not terminated: lightning catches that signal, and would train on.
                process.kill()
            raise
        pool.shutdown(wait=True, cancel_futures=True)


@contextmanager
def one_thread_each() -> Iterator[None]:
    """Let processes started inside use one thread each; the environment is restored after."""
    before = {name: os.environ.get(name) for name in THREADS}
    os.environ.update(dict.fromkeys(THREADS, "1"))
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value


def _start_worker() -> None:
    """Leave Ctrl-C to the parent, and end with it, however it ends."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


@contextmanager
def sole_user(store: Path) -> Iterator[None]:
    """Hold a store's lock: two commands would clear away each other's unfinished files.

    Some shared disks have no locks; there it is up to the user.

    Raises:
        DiademError: Another command holds it.
    """
    with explained(store):
        store.mkdir(parents=True, exist_ok=True)
        opened = (store / ".lock").open("w")
    with opened as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            message = complaint(
                "another command is using this store",
                where=str(store),
                remedy="Wait for it, or choose another folder with --store.",
            )
            raise DiademError(message) from error
        except OSError as error:
            if error.errno not in _NO_LOCKS:
                raise
        yield


def remove_leftovers(store: Path, *, idle: float = 0.0) -> None:
    """Remove temporary files of killed processes: they never became results.

    Args:
        store: Folder of results.
        idle: Seconds for which nobody may have written into a file that is removed.
    """
    before = time.time() - idle if idle else math.inf  # clocks of disks differ
    for leftover in store.rglob(".tmp-*"):
        with suppress(FileNotFoundError):  # its writer may live after all
            if leftover.stat().st_mtime <= before:
                leftover.unlink()
