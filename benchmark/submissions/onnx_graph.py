"""The graph of a submitted encoder: what it may consist of, and its interface."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from benchmark.errors import complaint
from benchmark.submissions.findings import Finding, Refused
from benchmark.submissions.onnx_run import Limits, ask, private_folder
from benchmark.submissions.tensors import LATENTS, documented, task_schema

if TYPE_CHECKING:
    from benchmark.submissions.schema import Submission

LIMITS = Limits(seconds=30.0, memory=2**30, of="its graph")
"""Of reading a graph: a small file may unfold to a large one."""
CONFINED = {"memory": "bytes", "time": "seconds", "calls": "sockets, processes, files"}
"""What every encoder should be held to; see `benchmark.sandbox.jail.confine`."""
_TEXTS = ("where", "found", "expected", "remedy")


def check_graph(content: bytes, submission: Submission) -> list[Finding]:
    """Return what is wrong with an encoder, before it is run; see `benchmark.sandbox.onnx_rules`.

    It is read in a confined process. One that cannot be read, or takes too much to read, is a
    finding too.

    Args:
        content: Of encoder.onnx.
        submission: Says the task and the number of dimensions.
    """
    specs = documented(task_schema(submission.task))
    job = {
        "work": "look",
        "inputs": {name: (spec.kind, spec.shape) for name, spec in specs.items()},
        "output": ("float32", (submission.dimensions,)),
    }
    try:
        with private_folder(content) as folder:
            end, held = ask(job, folder, LIMITS)
    except Refused as error:
        return list(error.findings)
    wrong = end.get("wrong")
    if not isinstance(wrong, list):
        message = complaint("the encoder's graph cannot be read", where=f"encoder.onnx, {LATENTS}")
        return [Finding("encoder_unreadable", "fault", message)]
    return [_finding(one) for one in wrong] + _less_confined(held)


def _less_confined(held: list[Any]) -> list[Finding]:
    """Return a flag where this system does not hold an encoder to all limits."""
    missing = [f"{name} ({what})" for name, what in CONFINED.items() if name not in held]
    if not missing:
        return []
    message = complaint(
        "run on a system that confines encoders less",
        where="encoder.onnx",
        found="no limit of " + ", ".join(missing),
        remedy="Run the encoders of strangers on Linux (x86-64 or ARM64).",
    )
    return [Finding("encoder_less_confined", "flag", message)]


def _finding(wrong: Any) -> Finding:
    texts = {key: str(wrong[key]) for key in _TEXTS if wrong.get(key)}
    texts.setdefault("where", "encoder.onnx")
    return Finding(f"encoder_{wrong['code']}", "fault", complaint(wrong["what"], **texts))
