"""What commands that use the farm share: where the work is done, and progress on stderr."""

from __future__ import annotations

import os
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Protocol

import click

from benchmark.devices import on_cuda
from reproduce.cli.output import console, escaped
from reproduce.cli.progress import duration

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from benchmark.farm import Finished, Spec

REUSED = "diadem.reused"
"""In a context's `meta`: pieces of work that a farm found in its store."""
_SHOWN = 10  # pieces of work kept from before that have a line each; the rest share one


class Asked(Protocol):
    """The part of a request that is about the farm."""

    @property
    def store(self) -> Path:
        """Folder of finished work."""

    @property
    def workers(self) -> int:
        """Processes of this machine."""

    @property
    def scheduler(self) -> str | None:
        """In their place, a cluster."""


def placed(chosen: dict[str, Any]) -> dict[str, Any]:
    """Return where work is done, as a request has it: `workers`, `scheduler`, perhaps `device`.

    Args:
        chosen: Values of the options of these names, as the user gave them.

    Raises:
        click.UsageError: Both workers of this machine and a cluster.
    """
    scheduler, workers = chosen["scheduler"], chosen["workers"]
    if scheduler is not None and workers is not None:
        message = (
            "--workers counts processes of this machine, --scheduler names a cluster: give one."
        )
        raise click.UsageError(message)
    found = {
        "scheduler": scheduler,
        "workers": workers or _workers_for(chosen.get("device", "cpu")),
    }
    if "device" in chosen:
        found["device"] = _device_for(chosen["device"], scheduler)
    return found


def _workers_for(device: str) -> int:
    """Return how many pieces of work are done at a time: one a core, or one with a GPU."""
    return 1 if _gpu(device) else len(os.sched_getaffinity(0))


def _device_for(device: str, scheduler: str | None) -> str:
    """Return what "auto" means here where others do the work: it is part of what results are."""
    if scheduler is None or device != "auto":
        return device
    return "cuda" if _gpu(device) else "cpu"


def _gpu(device: str) -> bool:
    # Where there is none but one was asked for, the work says so.
    return device == "cuda" or on_cuda(device)


def alone(request: Asked) -> bool:
    """Return whether this process does the work: progress within a piece of it can be shown."""
    return request.workers == 1 and request.scheduler is None


def farmed(
    specs: Sequence[Spec], request: Asked, *, folder: str, kept: str, suffix: str = ".parquet"
) -> list[Path]:
    """Do what is not yet done, with progress on stderr, and return the file of each spec.

    Args:
        specs: Pieces of work.
        request: Where they are done.
        folder: Of the results, in the store.
        kept: What they are, in the plural.
        suffix: Of the results' files.

    Raises:
        DiademError: See `benchmark.farm.run_farm`.
        KeyboardInterrupt: Ctrl-C; a note on it says how to go on.
    """
    from benchmark.farm import run_farm

    try:
        with reporting(len(specs)) as report:
            return run_farm(
                specs,
                store=request.store / folder,
                workers=request.workers,
                scheduler=request.scheduler,
                suffix=suffix,
                on_progress=report,
            )
    except KeyboardInterrupt as error:
        error.add_note(f"finished {kept} are kept in {request.store}: run the command again")
        raise


@contextmanager
def reporting(total: int) -> Iterator[Callable[[Finished], None]]:
    """Yield what a farm calls after each piece of work.

    Args:
        total: Pieces of work.
    """
    screen = console(stderr=True)
    start = time.monotonic()
    worked = reused = 0

    def line(text: str) -> None:
        screen.print(escaped(text), soft_wrap=True)

    def rest_reused() -> None:
        if reused > _SHOWN:
            line(f"{reused} of {total}: {reused - _SHOWN} more kept from before")

    def report(finished: Finished) -> None:
        nonlocal worked, reused
        where = f"{finished.done} of {total}: {finished.label}"
        if finished.reused:
            reused += 1
            if reused <= _SHOWN:
                line(f"{where}, kept from before")
            return
        if not worked:
            rest_reused()
        worked += 1
        left = total - finished.done
        seconds = time.monotonic() - start
        # What was found in the store took no time: it says nothing about the rest.
        pace = f", {duration(seconds / worked * left)} to go" if left else ""
        line(f"{where}, after {duration(seconds)}{pace}")

    yield report
    if not worked:
        rest_reused()
    if context := click.get_current_context(silent=True):
        context.meta[REUSED] = context.meta.get(REUSED, 0) + reused
