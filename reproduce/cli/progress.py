"""Progress of a production on stderr: a bar on a terminal, a plain line now and then elsewhere."""

from __future__ import annotations

import sys
import threading
import time
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from benchmark.simulation.production import Progress

LINE_SECONDS = 30.0


@dataclass
class Pace:
    """Events in hand over time, since this command began.

    Attributes:
        wanted: Selected events asked for.
        clock: Gives seconds.
        events: Selected events in hand.
        tried: Generated events behind them.
        name: Process and point just worked on.

    The first report may hold events of an earlier, interrupted command. The rate is therefore
    measured from the first report on.
    """

    wanted: int
    clock: Callable[[], float] = time.monotonic
    events: int = 0
    tried: int = 0
    name: str = "starting"
    _first: tuple[float, int] | None = field(default=None, init=False)
    _last: float = field(default=0.0, init=False)

    def update(self, progress: Progress) -> None:
        """Take a report."""
        self._last = self.clock()
        self.events, self.wanted, self.tried = progress.events, progress.wanted, progress.tried
        self.name = f"{progress.request.process} {progress.request.point}".strip()
        if self._first is None:
            self._first = (self._last, self.events)

    def rate(self) -> float | None:
        """Return selected events a second; None until it is known."""
        if self._first is None:
            return None
        seconds, events = self._last - self._first[0], self.events - self._first[1]
        return events / seconds if seconds > 0 and events > 0 else None

    def remaining(self) -> float | None:
        """Return the seconds to go; None until a rate is known."""
        rate = self.rate()
        if rate is None:
            return None
        return max((self.wanted - self.events) / rate - (self.clock() - self._last), 0.0)

    def text(self) -> str:
        """Return the state in words.

        Example:
            >>> Pace(wanted=1000).text()
            'starting: 0 of 1,000 events, rate not known yet'
        """
        start = f"{self.name}: {self.events:,} of {self.wanted:,} events"
        rate, left = self.rate(), self.remaining()
        if rate is None or left is None:
            return f"{start}, rate not known yet"
        return f"{start}, {rate:.1f} events/s, {duration(left)} to go"


def duration(seconds: float) -> str:
    """Return hours, minutes and seconds.

    Example:
        >>> duration(75), duration(7322)
        ('1:15', '2:02:02')
    """
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


@contextmanager
def reporting(wanted: int) -> Iterator[Callable[[Progress], None]]:
    """Show progress while the block runs; yields what `produce` calls after each shard."""
    pace = Pace(wanted)
    shower = _bar if sys.stderr.isatty() else _lines
    with shower(pace):
        yield pace.update


@contextmanager
def _bar(pace: Pace) -> Iterator[None]:
    """A bar that is drawn anew several times a second."""
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn

    from reproduce.cli.output import console

    columns = (
        SpinnerColumn(),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.description}", markup=False),
    )
    with Progress(*columns, console=console(stderr=True), transient=True) as progress:
        task = progress.add_task(pace.text(), total=pace.wanted)

        def draw() -> None:
            progress.update(
                task, completed=pace.events, total=pace.wanted, description=pace.text()
            )

        with _ticking(draw, 0.5):
            yield
        draw()


@contextmanager
def _lines(pace: Pace) -> Iterator[None]:
    with _ticking(lambda: click.echo(pace.text(), err=True), LINE_SECONDS):
        yield


@contextmanager
def _ticking(call: Callable[[], None], seconds: float) -> Iterator[None]:
    """Call in a thread of its own, again and again, until the block ends."""
    stop = threading.Event()

    def run() -> None:
        while not stop.wait(seconds):
            call()

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()
