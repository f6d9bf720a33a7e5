"""Encoders of strangers, looked at and run in a confined process.

    latents = encode(content, events, dimensions=6)

An encoder is its bytes: a file's name could stand for other ones at every look.

The process is `benchmark.sandbox.onnx_child`: a new interpreter without the user's environment,
in an empty folder of its own that holds the encoder and the tensors, under the limits of
`benchmark.sandbox.jail`. Tensors go in and come out as files of plain numbers; of its answers
only short JSON is read. What is not in order is a `Refused` with its own code.
"""

from __future__ import annotations

import json
import os
import select
import signal
import subprocess
import sys
import tempfile
import time
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from benchmark.submissions.findings import fault
from benchmark.submissions.tensors import documented, input_tensors

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from numpy.typing import NDArray

    from benchmark.events import EventTable

BATCH = 512
"""Events that an encoder gets at once: larger batches fall out of the processor's caches."""
_ROOT = str(Path(__file__).resolve().parents[2])
_START = (
    f"import sys; sys.path.insert(0, {_ROOT!r}); "
    "from benchmark.sandbox.onnx_child import main; main()"
)
_LINE = 100_000  # characters of one answer, at most
_ANSWERS = 64 * 2**20  # bytes of all answers, at most
_TEXT = 200  # characters of a message of the runtime
_POLL = 0.5  # seconds between looks at the clock
_CODES = {
    "memory": ("encoder_memory", "the encoder needs too much memory"),
    "run": ("encoder_run", "the encoder cannot be run"),
    "shape": ("encoder_latents", "the encoder gives other latents than were declared"),
}


@dataclass(frozen=True, kw_only=True)
class Limits:
    """What an encoder may use.

    Attributes:
        seconds: On the clock, and of processor time.
        memory: Bytes beyond its inputs and outputs.
        of: What the time is for, in words.
    """

    seconds: float = 300.0
    memory: int = 2 * 2**30
    of: str = "all events"


LIMITS = Limits()
"""Of an encoder of all events of a release."""


@dataclass(frozen=True, kw_only=True)
class Encoded:
    """What an encoder made of batches of events.

    Attributes:
        latents: float32 (rows, d), in the order of the batches.
        held: What the kernel held the process to; see `benchmark.sandbox.jail.confine`.
        seconds: On the clock.
    """

    latents: NDArray[np.float32]
    held: tuple[str, ...]
    seconds: float


def encode(
    content: bytes,
    events: EventTable,
    *,
    dimensions: int,
    limits: Limits | None = None,
    progress: Callable[[int], None] | None = None,
) -> NDArray[np.float32]:
    """Return what an encoder makes of events, float32 (n, d).

    The events go in by their number of objects, and so in batches of events of one size: an
    encoder that leaves out the slots that none of them fills is fast. See `run_encoder`.

    Raises:
        Refused: As `run_encoder`, or a latent is not finite.
    """
    order = by_objects(events)
    batches = [order[start : start + BATCH] for start in range(0, len(order), BATCH)]
    made = run_encoder(
        content, events, batches, dimensions=dimensions, limits=limits, progress=progress
    )
    latents = np.empty_like(made.latents)
    latents[order] = made.latents
    bad = ~np.isfinite(latents).all(axis=1)
    if bad.any():
        raise fault(
            code="encoder_not_finite",
            what=f"{bad.sum()} of {len(events)} latents are not finite",
            where=f"encoder.onnx, event {events.event_id[int(np.argmax(bad))]}",
            expected="finite numbers for every event",
        )
    return latents


def by_objects(events: EventTable) -> NDArray[np.intp]:
    """Return the events' rows by their number of objects, those alike as they come."""
    return np.argsort(events.mask.sum(axis=1), kind="stable")


def run_encoder(
    content: bytes,
    events: EventTable,
    batches: Sequence[NDArray[np.intp]],
    *,
    dimensions: int,
    limits: Limits | None = None,
    progress: Callable[[int], None] | None = None,
) -> Encoded:
    """Run an encoder on batches of events.

    Args:
        content: Of encoder.onnx; `check_graph` has passed it.
        events: That the batches are of.
        batches: Rows of events.
        dimensions: That the encoder should give.
        limits: What it may use.
        progress: Called with the number of rows done, as it goes on.

    Raises:
        Refused: It cannot be run, takes too long or too much memory, ends its process, or gives
            tensors of another shape.
    """
    allowed, start = limits or LIMITS, time.monotonic()
    rows = np.concatenate([np.zeros(0, dtype=np.intp), *batches]).astype(np.int64)
    job = {
        "work": "run",
        "inputs": list(documented(events.schema)),
        "dimensions": dimensions,
        "sizes": [len(batch) for batch in batches],
    }
    with private_folder(content) as folder:
        for name, tensor in input_tensors(events).items():
            np.save(folder / f"{name}.npy", tensor)
        np.save(folder / "rows.npy", rows)
        np.zeros((len(rows), dimensions), dtype=np.float32).tofile(folder / "latents.raw")
        end, held = ask(job, folder, allowed, progress)
        latents = np.fromfile(folder / "latents.raw", dtype=np.float32)
    if end.get("rows") != len(rows) or latents.size != len(rows) * dimensions:
        raise fault(
            code="encoder_crash", what="the encoder's process ended early", where="encoder.onnx"
        )
    return Encoded(
        latents=latents.reshape(len(rows), dimensions),
        held=tuple(map(str, held)),
        seconds=time.monotonic() - start,
    )


@contextmanager
def private_folder(content: bytes) -> Iterator[Path]:
    """Yield a folder that holds an encoder, for one confined process."""
    with tempfile.TemporaryDirectory(prefix="diadem-encoder-") as made:
        (Path(made) / "encoder.onnx").write_bytes(content)
        yield Path(made)


def ask(
    job: dict[str, Any],
    folder: Path,
    limits: Limits,
    progress: Callable[[int], None] | None = None,
) -> tuple[dict[str, Any], list[Any]]:
    """Return the last answer of a confined process to a piece of work, and what it is held to.

    Raises:
        Refused: It ends with a fault, takes too long or too much memory, or ends without an
            answer.
    """
    asked = {**job, "memory": limits.memory, "seconds": max(1, int(np.ceil(limits.seconds)))}
    # Without the user's environment, the user's packages and the current folder on the path.
    process = subprocess.Popen(
        [sys.executable, "-I", "-c", _START],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        cwd=folder,
        env={"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "LANG": "C.UTF-8"},
        start_new_session=True,
    )
    try:
        return _listen(process, json.dumps(asked), limits, progress)
    finally:
        _end(process)


def _listen(
    process: subprocess.Popen[bytes],
    job: str,
    limits: Limits,
    progress: Callable[[int], None] | None,
) -> tuple[dict[str, Any], list[Any]]:
    """Return the last answer, and what the process said that it is held to."""
    deadline, held = time.monotonic() + limits.seconds, list[Any]()
    _send(process, job)
    for line in _lines(process, deadline, limits):
        answer = _parsed(line)
        held = answer.get("held", held)
        if progress is not None and isinstance(answer.get("done"), int):
            progress(answer["done"])
        end = answer.get("end")
        if isinstance(end, dict):
            if "fault" in end:
                code, what = _CODES.get(str(end["fault"]), _CODES["run"])
                found = _shown(str(end.get("text", "")))
                raise fault(code, what, where="encoder.onnx", found=found)
            return end, held if isinstance(held, list) else []
    raise _ended(process, limits)


def _shown(text: str) -> str:
    """Return what a text of the runtime says, without its long beginning, in printable ASCII."""
    return ascii(text.rpartition("Status Message: ")[2].strip()[:_TEXT])[1:-1]


def _send(process: subprocess.Popen[bytes], job: str) -> None:
    if process.stdin is None:
        return
    try:
        process.stdin.write(job.encode() + b"\n")
        process.stdin.close()
    except BrokenPipeError:  # its end is told by `_ended`
        return


def _lines(process: subprocess.Popen[bytes], deadline: float, limits: Limits) -> Iterator[bytes]:
    """Yield the lines that a process writes before it ends, or the deadline.

    Raises:
        Refused: It takes too long, or writes too much.
    """
    if process.stdout is None:
        return
    number, waiting, total = process.stdout.fileno(), b"", 0
    while True:
        if time.monotonic() > deadline:
            raise _too_long(limits)
        if not select.select([number], [], [], _POLL)[0]:
            continue
        part = os.read(number, 1 << 16)
        if not part:
            return
        total += len(part)
        *lines, waiting = (waiting + part).split(b"\n")
        if len(waiting) > _LINE or total > _ANSWERS:
            raise fault(code="encoder_crash", what="the encoder's process says too much")
        yield from lines


def _parsed(line: bytes) -> dict[str, Any]:
    try:
        answer = json.loads(line)
    except (ValueError, RecursionError):
        answer = None
    if not isinstance(answer, dict):
        raise fault(code="encoder_crash", what="the encoder's process says what is no answer")
    return answer


def _ended(process: subprocess.Popen[bytes], limits: Limits) -> Exception:
    """Return the error of a process that ended without a last answer."""
    code = process.wait(timeout=10)
    if code in (-signal.SIGXCPU, -signal.SIGKILL):
        return _too_long(limits)
    name = signal.Signals(-code).name if code < 0 else f"exit code {code}"
    return fault(
        "encoder_crash",
        "the encoder ends its process",
        where="encoder.onnx",
        found=name,
        remedy="Run it with onnxruntime on the documented tensors, and in little memory.",
    )


def _too_long(limits: Limits) -> Exception:
    return fault(
        "encoder_time",
        "the encoder takes too long",
        where="encoder.onnx",
        expected=f"at most {limits.seconds:.3g} s for {limits.of}",
        remedy="Make it smaller, or leave out slots that no event of the batch fills.",
    )


def _end(process: subprocess.Popen[bytes]) -> None:
    """End a process, if it has not ended, and close its pipes."""
    if process.poll() is None:
        process.kill()
    process.wait()
    for stream in (process.stdin, process.stdout):
        if stream is not None:
            stream.close()
