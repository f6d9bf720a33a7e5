"""What `diadem data simulate` does once its options are known to be right."""

from __future__ import annotations

import json
import time
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from benchmark.events import EventTable, digest_of, write_events
from benchmark.simulation.production import produce
from benchmark.simulation.recipe import software
from benchmark.simulation.release import make_release, rate_of, requests_of
from reproduce.cli.output import console, number, print_pairs, size, table
from reproduce.cli.progress import reporting

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from benchmark.cards import DatasetCard
    from benchmark.simulation.production import Request, Sample
    from benchmark.simulation.release import Rate


@dataclass(frozen=True)
class Run:
    """A production of a card.

    Attributes:
        card: The dataset.
        path: Its card.
        workers: Number of processes.
        store: Folder of finished shards.
        truth_cache: Folder of generated events, or None.
    """

    card: DatasetCard
    path: Path
    workers: int
    store: Path
    truth_cache: Path | None

    def sample(self, requests: Sequence[Request], seed: int, output: Path) -> None:
        """Simulate requests into one file and print what it holds.

        Raises:
            DiademError: See `benchmark.simulation.production.produce`.
            KeyboardInterrupt: Ctrl-C; a note on it says how to go on.
        """
        start = time.monotonic()
        with self._kept(), reporting(sum(r.events for r in requests)) as report:
            samples = produce(
                self.path,
                requests,
                seed=seed,
                workers=self.workers,
                store=self.store,
                truth_cache=self.truth_cache,
                on_progress=report,
            )
            tables = [sample.read() for sample in samples]
            rates = self._rates(samples, tables)
            notes = [
                {"process": s.request.process, "point": s.request.point, **vars(rate)}
                for s, rate in zip(samples, rates, strict=True)
            ]
            metadata = {
                "dataset": self.card.name,
                "seed": str(seed),
                "samples": json.dumps(notes),
                "software": json.dumps(software()),
            }
            events = write_events(tables, output, metadata=metadata)
        _print_rates(samples, rates)
        self._print_end(events, start, digest_of(output), f"{output}, {_size_of(output)}")

    def release(self, output: Path) -> None:
        """Make the release of the card and print its manifest in short.

        Raises:
            DiademError: See `benchmark.simulation.release.make_release`.
            KeyboardInterrupt: Ctrl-C; a note on it says how to go on.
        """
        start = time.monotonic()
        with self._kept(), reporting(sum(r.events for r in requests_of(self.card))) as report:
            manifest = make_release(
                self.path,
                output,
                workers=self.workers,
                store=self.store,
                truth_cache=self.truth_cache,
                on_progress=report,
            )
        events = sum(int(file["events"]) for file in manifest["files"])
        place = f"{output}, {len(manifest['files'])} files, {size(int(manifest['bytes']))}"
        self._print_end(events, start, str(manifest["digest"]), place)

    def _rates(self, samples: Sequence[Sample], tables: Sequence[EventTable]) -> list[Rate]:
        return [
            rate_of(self.card.process(sample.request.process), sample, events)
            for sample, events in zip(samples, tables, strict=True)
        ]

    @contextmanager
    def _kept(self) -> Iterator[None]:
        """Tell who interrupts how to go on."""
        try:
            yield
        except KeyboardInterrupt as stop:
            stop.add_note(f"finished shards are kept in {self.store}, run the same command again")
            raise

    def _print_end(self, events: int, start: float, digest: str, place: str) -> None:
        seconds = time.monotonic() - start
        rate = f"{seconds:.1f} s, {events / seconds:.1f} events/s, workers: {self.workers}"
        print_pairs({"events": f"{events:,}", "time": rate, "digest": digest, "output": place})


def _print_rates(samples: Sequence[Sample], rates: Sequence[Rate]) -> None:
    columns = (
        *("events", "generated", "acceptance", "generator [pb]"),
        *("cross section [pb]", "luminosity [1/fb]"),
    )
    shown = table("Samples", ("process", "point"), columns)
    for sample, rate in zip(samples, rates, strict=True):
        shown.add_row(
            sample.request.process,
            sample.request.point,
            f"{sample.request.events:,}",
            f"{rate.tried:,}",
            number(rate.acceptance, rate.acceptance_error),
            number(rate.cross_section, rate.cross_section_error),
            number(rate.physical),
            number(rate.effective_luminosity),
        )
    console().print(shown)


def _size_of(path: Path) -> str:
    return size(path.stat().st_size)
