"""The process that looks at an encoder, and runs it; started by `benchmark.submissions`.

It gets one line of JSON on its standard input and answers lines of JSON on its standard output:
{"held": [...]} when it is confined, {"done": n} as it goes on, and at last {"end": ...}.
Tensors lie in files of its folder, which it opens before it is confined.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import numpy as np

from benchmark.sandbox.jail import confine

_SHOWN = 500  # characters of a text of the runtime that are passed on
_NO_ROOM = ("bad_alloc", "Failed to allocate", "Unable to allocate", "would require more than")


def main() -> None:
    """Do the one piece of work that standard input names."""
    job = json.loads(sys.stdin.readline())
    try:
        end = {"run": _run, "look": _look}[job["work"]](job)
    except MemoryError:
        end = {"fault": "memory", "text": "MemoryError"}
    _say({"end": end})


def _say(message: dict[str, Any]) -> None:
    sys.stdout.write(json.dumps(message) + "\n")
    sys.stdout.flush()


def _confine(job: dict[str, Any]) -> None:
    _say({"held": confine(memory=job["memory"], seconds=job["seconds"])})


def _look(job: dict[str, Any]) -> dict[str, Any]:
    """Return what is wrong with a graph."""
    from benchmark.sandbox.onnx_rules import wrong_with

    data = Path("encoder.onnx").read_bytes()
    _confine(job)
    return {"wrong": wrong_with(data, job["inputs"], job["output"])}


def _run(job: dict[str, Any]) -> dict[str, Any]:
    """Run the encoder on batches of events; the latents go into a file that is there already."""
    import onnxruntime

    data = Path("encoder.onnx").read_bytes()
    tensors = {name: np.load(f"{name}.npy", mmap_mode="r") for name in job["inputs"]}
    rows = np.load("rows.npy", mmap_mode="r")
    shape = (len(rows), job["dimensions"])
    found = np.memmap("latents.raw", dtype=np.float32, mode="r+", shape=shape)
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.log_severity_level = 4
    options.use_deterministic_compute = True
    _confine(job)
    try:
        session = onnxruntime.InferenceSession(data, options, providers=["CPUExecutionProvider"])
        wanted = [given.name for given in session.get_inputs()]
        start = 0
        for size in job["sizes"]:
            some = rows[start : start + size]
            given = {name: np.ascontiguousarray(tensors[name][some]) for name in wanted}
            part = session.run(["latents"], given)[0]
            if part.dtype != np.float32 or part.shape != (len(some), shape[1]):
                text = f"{part.dtype} {part.shape} for {len(some)} events"
                return {"fault": "shape", "text": text}
            found[start : start + size] = part
            start += size
            _say({"done": start})
    except Exception as error:  # noqa: BLE001 - the runtime's errors have no common base
        return {"fault": _kind(str(error)), "text": f"{type(error).__name__}: {error}"[:_SHOWN]}
    found.flush()
    return {"rows": start}


def _kind(text: str) -> str:
    """Return which fault a text of the runtime is about."""
    return "memory" if any(part in text for part in _NO_ROOM) else "run"
