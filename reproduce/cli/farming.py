"""Progress of a farm on stderr: a bar on a terminal, a line for each piece of work elsewhere."""

from __future__ import annotations

import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

from reproduce.cli.output import console, escaped
from reproduce.cli.progress import duration

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from benchmark.farm import Finished


@contextmanager
def reporting(total: int) -> Iterator[Callable[[Finished], None]]:
    """Yield what a farm calls after each piece of work.

    Args:
        total: Pieces of work.
    """
    screen = console(stderr=True)
    start = time.monotonic()
    worked = 0

    def report(finished: Finished) -> None:
        nonlocal worked
        worked += not finished.reused
        left = total - finished.done
        seconds = time.monotonic() - start
        # What was found in the store took no time: it says nothing about the rest.
        pace = f", {duration(seconds / worked * left)} to go" if worked and left else ""
        word = "kept from before" if finished.reused else f"after {duration(seconds)}"
        screen.print(
            escaped(f"{finished.done} of {total}: {finished.label}, {word}{pace}"), soft_wrap=True
        )

    yield report
