"""How long each stage of the pipeline took, and on what: for the report, and to say what is to go.

The numbers stand in `results/<profile>/times.json`, which is no output of a stage: result rows are
the same on every machine, times are not.
"""

from __future__ import annotations

import json
import os
import platform
import sys
import threading
import time
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

import psutil
from pydantic import BaseModel, ConfigDict, NonNegativeFloat, NonNegativeInt, ValidationError

from benchmark.errors import DataError, complaint
from benchmark.files import atomic_path
from benchmark.provenance import commit

if TYPE_CHECKING:
    from collections.abc import Iterator

FILE = "times.json"
_EVERY = 0.5  # seconds between two looks at the memory
_CPU = Path("/proc/cpuinfo")


class StageTime(BaseModel):
    """What one run of a stage took.

    Attributes:
        seconds: By the clock.
        cpu_seconds: Of the command and of all its processes; None where nobody looked.
        memory: Most bytes that they had together at one time (resident; what they share counts
            in each of them), by a look twice a second; None where nobody looked.
        machine: System, processor and cores.
        gpu: Its name; empty without one, or where the command did not use the library for it.
        commit: Of the code.
        reused: Pieces of work that were found finished. A run with some says less than all costs.
        store: Bytes of finished work after it, in `.diadem`; None where nobody looked.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    seconds: NonNegativeFloat
    cpu_seconds: NonNegativeFloat | None = None
    memory: NonNegativeInt | None = None
    machine: str
    gpu: str = ""
    commit: str = ""
    reused: NonNegativeInt = 0
    store: NonNegativeInt | None = None

    def where(self) -> str:
        """Return on what it ran, in words."""
        return f"{self.machine}{f', {self.gpu}' if self.gpu else ''}"


Time = StageTime
"""The short name, for those who only read."""


def measured(profile: str, results: Path) -> dict[str, StageTime]:
    """Return what the stages of a profile took; see `read_times`."""
    return read_times(results / profile)


def note(stage: str, seconds: float, profile: str, results: Path) -> None:
    """Keep what a stage took by the clock, where a run by the pipeline has not measured it all.

    Raises:
        DiademError: See `keep_time`.
    """
    before = measured(profile, results).get(stage)
    if before is None or before.memory is None:
        took = StageTime(seconds=round(seconds, 2), machine=machine(), gpu=_gpu(), commit=commit())
        keep_time(results / profile, stage, took)


def read_times(folder: Path) -> dict[str, StageTime]:
    """Return what the stages of a profile took, by their names; nothing where nothing was kept.

    Args:
        folder: Of the profile's results.

    Raises:
        DataError: The file is not one of times.
    """
    path = folder / FILE
    try:
        held = json.loads(path.read_text(encoding="utf-8"))
        return {name: StageTime.model_validate(one) for name, one in held.items()}
    except FileNotFoundError:
        return {}
    except (OSError, ValueError, AttributeError, ValidationError) as error:
        message = complaint(
            "no times of stages",
            where=str(path),
            found=str(error).replace("\n", " "),
            remedy="Delete the file: the stages write it again.",
        )
        raise DataError(message) from error


def keep_time(folder: Path, stage: str, took: StageTime) -> None:
    """Write what a stage took beside what the others took.

    A whole run is not replaced by one that found finished work of the same code.

    Args:
        folder: Of the profile's results; made when missing.
        stage: Its name.
        took: By this run.

    Raises:
        DiademError: The file is not one of times, or cannot be written.
    """
    held = read_times(folder)
    before = held.get(stage)
    if before is not None and took.reused and not before.reused:
        return
    held[stage] = took
    content = {name: held[name].model_dump() for name in sorted(held)}
    with atomic_path(folder / FILE) as temporary:
        temporary.write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")


class Meter:
    """Measures this process and its children from `start` on."""

    def __init__(self) -> None:
        """Look at the clocks."""
        self._began, self._cpu = time.monotonic(), _cpu_seconds()
        self.memory = 0

    def look(self) -> None:
        """Take note of the memory that is used now."""
        self.memory = max(self.memory, _resident())

    def took(self, *, reused: int) -> StageTime:
        """Return what was measured, with the pieces of work that were found finished."""
        return StageTime(
            seconds=round(time.monotonic() - self._began, 2),
            cpu_seconds=round(max(_cpu_seconds() - self._cpu, 0.0), 2),
            memory=self.memory,
            machine=machine(),
            gpu=_gpu(),
            commit=commit(),
            reused=reused,
        )


@contextmanager
def metered() -> Iterator[Meter]:
    """Yield a meter that looks at the memory while the block runs."""
    meter, stop = Meter(), threading.Event()

    def watch() -> None:
        while True:
            meter.look()
            if stop.wait(_EVERY):
                return

    thread = threading.Thread(target=watch, daemon=True)
    thread.start()
    try:
        yield meter
    finally:
        stop.set()
        thread.join()


def size_of(folder: Path) -> int:
    """Return the bytes of all files in a folder; links are not followed, 0 if there is none."""
    total = 0
    for place, _, names in os.walk(folder):
        for name in names:
            with suppress(OSError):  # a farm may be tidying up
                total += os.lstat(Path(place, name)).st_size
    return total


def machine() -> str:
    """Return on what this runs, in words."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    kind = " ".join(filter(None, (platform.machine(), _processor())))
    return f"{platform.system()} {platform.release()}, {kind}, {cores} cores"


def _processor() -> str:
    """Return the name of the processor; empty where the system does not say."""
    try:
        lines = _CPU.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError):
        return ""
    names = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(names, "")


def _gpu() -> str:
    torch = sys.modules.get("torch")
    if torch is None or not torch.cuda.is_available():
        return ""
    return str(torch.cuda.get_device_name())


def _cpu_seconds() -> float:
    used = os.times()
    return used.user + used.system + used.children_user + used.children_system


def _resident() -> int:
    own = psutil.Process()
    total = 0
    for process in (own, *own.children(recursive=True)):
        try:
            total += int(process.memory_info().rss)
        except psutil.Error:  # it has ended
            continue
    return total
