"""The farm on a cluster: work goes to a Dask scheduler, results come over a shared disk.

What travels through the scheduler is a spec and the path of its result: a few kilobytes, never
data. Workers write results as processes of this machine do, under a temporary name, so that a
worker may be killed at any moment. The scheduler gives what it did to another one.
"""

from __future__ import annotations

import asyncio
import json
import logging
import socket
import time
import uuid
from concurrent.futures import CancelledError
from contextlib import contextmanager, suppress
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from benchmark.errors import DiademError, complaint
from benchmark.farm_worker import Visit, appeared, do, identity, look, modules_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from distributed import Client, Future

    from benchmark.farm_spec import Spec

PATIENCE = 10.0
"""Seconds that a scheduler has to answer."""
# Pieces of work under way or queued at the scheduler: so many for each worker, and so many at
# least, by which a cluster that grows with the demand sees it.
_AHEAD, _AT_LEAST = 2, 256
_SIZE_EVERY = 2.0  # seconds between two questions for the number of workers
_EXPECTED = "tcp://HOST:PORT, or the path of a scheduler file"
_START = "Start one with `dask scheduler`; see docs/cluster.md."


def address_of(scheduler: str) -> str:
    """Return the address that names a scheduler, or that its scheduler file holds.

    Raises:
        DiademError: It is neither an address nor such a file.

    Example:
        >>> address_of("tcp://10.0.0.1:8786")
        'tcp://10.0.0.1:8786'
    """
    if "://" in scheduler:
        return _checked(scheduler, "scheduler")
    path = Path(scheduler)
    if not path.is_file():
        message = complaint(
            "no such file", where="scheduler", found=repr(scheduler), expected=_EXPECTED
        )
        raise DiademError(message)
    try:
        address = json.loads(path.read_text(encoding="utf-8"))["address"]
    except (OSError, ValueError, LookupError, TypeError) as error:
        message = complaint(
            "not a scheduler file",
            where=str(path),
            found=f"{type(error).__name__}: {error}",
            expected='JSON with an "address"',
            remedy="`dask scheduler --scheduler-file FILE` writes one.",
        )
        raise DiademError(message) from error
    return _checked(str(address), str(path))


def _checked(address: str, where: str) -> str:
    try:
        parts = urlsplit(address)
        good = parts.scheme in ("tcp", "tls") and parts.hostname and parts.port
    except ValueError:  # the port is no number
        good = None
    if not good or parts.path.strip("/") or parts.query:
        message = complaint(
            "not the address of a scheduler", where=where, found=repr(address), expected=_EXPECTED
        )
        raise DiademError(message)
    return address


def share_out(
    scheduler: str, specs: list[Spec], paths: dict[str, Path], report: Callable[[Spec], None]
) -> None:
    """Let a cluster do work until none is left.

    Args:
        scheduler: Its address.
        specs: What is to be done.
        paths: File of each spec, by key; all in one folder, which is there.
        report: Called with each spec that is done.

    Raises:
        DiademError: The scheduler cannot be reached or is lost, a worker is not like this
            process, or the work failed. What was queued is cancelled.
    """
    paths = {key: path.absolute() for key, path in paths.items()}
    modules = modules_of(specs)
    with connected(scheduler) as client, _marked(paths[specs[0].key].parent) as marker:
        visit = Visit(str(marker), modules, identity(modules))
        _visit(client, visit)
        _Run(client, scheduler, paths, visit).share(specs, report)


@contextmanager
def connected(address: str) -> Iterator[Client]:
    """Yield a client of a scheduler.

    Raises:
        DiademError: None answers within `PATIENCE`.
    """
    from distributed import Client

    try:
        _knock(address)
        client = Client(address, timeout=PATIENCE, set_as_default=False)
    except (OSError, ValueError, TypeError, RuntimeError, MemoryError) as error:
        # Dask takes the greeting of another server for a size: no memory has so much.
        other = isinstance(error, MemoryError)
        message = complaint(
            "no scheduler answers",
            where=address,
            found="another server" if other else str(error) or "silence",
            expected=f"a Dask scheduler, within {PATIENCE:g} s",
            remedy=_START,
        )
        raise DiademError(message) from error
    with client:
        yield client


def _knock(address: str) -> None:
    """See whether a scheduler is there.

    Dask would go on trying where nobody listens, and wait for ever where somebody else does.
    """
    from distributed.comm.core import connect
    from distributed.security import Security

    parts = urlsplit(address)
    with socket.create_connection((parts.hostname, parts.port), timeout=PATIENCE):
        pass

    async def greet() -> None:
        options = Security().get_connection_args("client")  # of Dask's own configuration
        async with asyncio.timeout(PATIENCE):
            comm = await connect(address, timeout=PATIENCE, **options)
        comm.abort()

    asyncio.run(greet())


@contextmanager
def _marked(store: Path) -> Iterator[Path]:
    """Yield a file of the store by which workers see that theirs is the same."""
    marker = store / f".tmp-client-{uuid.uuid4().hex}"  # swept up if this process is killed
    marker.touch()
    try:
        yield marker
    finally:
        marker.unlink(missing_ok=True)


def _visit(client: Client, visit: Visit) -> None:
    """Refuse workers that are there and unlike this process, before any work starts.

    Raises:
        DiademError: A worker is not like this process, or cannot import DIADEM.
    """
    try:
        seen = client.run(look, visit)
    except (ImportError, AttributeError) as error:
        message = complaint(
            "a worker cannot import DIADEM",
            found=str(error),
            remedy="Start the workers in the environment in which diadem is installed.",
        )
        raise DiademError(message) from error
    if not seen:
        # No error: jobs that start workers may wait in a queue.
        logging.getLogger(__name__).warning("the cluster has no worker yet: waiting for one")


class _Run:
    """Work under way on a cluster."""

    def __init__(
        self, client: Client, scheduler: str, paths: dict[str, Path], visit: Visit
    ) -> None:
        self._client, self._scheduler, self._paths, self._visit = client, scheduler, paths, visit
        self._name = uuid.uuid4().hex[:8]
        self._running: dict[Future[None], Spec] = {}
        self._size, self._asked = _AT_LEAST, float("-inf")

    def share(self, specs: list[Spec], report: Callable[[Spec], None]) -> None:
        """Do all of it."""
        from distributed import as_completed

        waiting = iter(specs)
        finished = as_completed(loop=self._client.loop)
        try:
            with self._reached():
                self._submit(waiting, finished)
            for future in finished:
                spec = self._running[future]
                self._require_done(future, spec)
                del self._running[future]
                report(spec)
                with self._reached():
                    self._submit(waiting, finished)
        finally:
            # After a failure or Ctrl-C: what has begun ends by itself, the rest is not begun.
            if self._running and self._client.status == "running":
                with suppress(OSError, TimeoutError):
                    self._client.cancel(list(self._running), force=True)

    @contextmanager
    def _reached(self) -> Iterator[None]:
        """Say in a user's words that the scheduler is not there any more."""
        from distributed.client import ClosedClientError

        try:
            yield
        except (OSError, TimeoutError, CancelledError, ClosedClientError) as error:
            raise DiademError(self._lost()) from error

    def _lost(self) -> str:
        return complaint(
            "the scheduler was lost",
            where=self._scheduler,
            remedy="Finished work is kept: start it and its workers, and run the same command "
            "again.",
        )

    def _submit(self, waiting: Iterator[Spec], finished: Any) -> None:
        if time.monotonic() - self._asked > _SIZE_EVERY:
            self._size = max(_AT_LEAST, _AHEAD * sum(self._client.nthreads().values()))
            self._asked = time.monotonic()
        for spec in islice(waiting, max(self._size - len(self._running), 0)):
            future = self._client.submit(
                do,
                spec,
                str(self._paths[spec.key]),
                self._visit,
                key=f"diadem-{self._name}-{spec.key}",
                pure=False,
            )
            self._running[future] = spec
            finished.add(future)

    def _require_done(self, future: Future[None], spec: Spec) -> None:
        """Raise what went wrong with one piece of work."""
        from distributed import KilledWorker

        if future.status in ("cancelled", "lost"):
            raise DiademError(self._lost())
        try:
            if future.status == "error":  # else the result, nothing, is not worth asking for
                future.result()
        except KilledWorker as error:
            message = complaint(
                f"workers died {error.allowed_failures + 1} times at this work (out of memory, "
                "or killed)",
                where=spec.label,
                remedy="Finished work is kept: give workers more memory and run the same "
                "command again; see docs/cluster.md for machines that are taken away.",
            )
            raise DiademError(message) from error
        path = self._paths[spec.key]
        if not appeared(path):
            message = complaint(
                "a worker's result does not appear", where=spec.label, expected=str(path)
            )
            raise DiademError(message)
