"""The starting folder of a submission: files with the task's values filled in."""

from __future__ import annotations

from importlib import resources
from string import Template
from typing import TYPE_CHECKING

from benchmark.schema import SCHEMAS
from benchmark.submissions.folder import README
from benchmark.submissions.rules import rules_of
from benchmark.submissions.schema import FILE

if TYPE_CHECKING:
    from benchmark.submissions.rules import Rules

_FOLDER = "submission_template"
_PAYLOADS = {"latents": "latents.parquet", "encoder": "encoder.onnx"}
_IMPORTS = {
    "latents": "import pyarrow as pa\nimport pyarrow.parquet as pq",
    "encoder": "import onnx\nfrom onnx import TensorProto, helper, numpy_helper",
}
_ABOUT = {
    "latents": (
        "Any other tool will do as well: `diadem submit events --task $task` writes the events\n"
        "to embed as Parquet, and with `--training` those that may be learned from."
    ),
    "encoder": (
        "The suite gives an encoder the tensors of benchmark/submissions/tensors.py and takes\n"
        "its latents; this one needs the objects alone."
    ),
}


def starting_files(task: str, kind: str) -> dict[str, str]:
    """Return the files of a starting folder, by path in it.

    Args:
        task: Name of the task.
        kind: "latents" or "encoder".
    """
    rules = rules_of(task)
    values = {
        "task": task,
        "digest": rules.spec.digest(),
        "kind": kind,
        "processes": _background(rules),
        "release": rules.spec.release,
        "splits": ", ".join(rules.training),
        "payload": _PAYLOADS[kind],
        "imports": _IMPORTS[kind],
        "about": Template(_ABOUT[kind]).substitute(task=task),
    }
    made = _filled("make_common", values) + _filled(f"make_{kind}", values)
    if kind == "latents":
        wanted = "from benchmark.submissions.published import open_published\n"
        made = made.replace(
            "from benchmark.submissions.tr", f"{wanted}from benchmark.submissions.tr"
        )
    else:
        schema = SCHEMAS[rules.card.event_schema]
        shape = (schema.slots, len(schema.features))
        made = made.replace("OUTPUT = ", f"SHAPE = {shape}  # of the objects\nOUTPUT = ", 1)
    return {
        "make.py": made,
        f"submission/{FILE}": _filled(FILE, values),
        f"submission/{README}": _filled(README, values),
    }


def _filled(name: str, values: dict[str, str]) -> str:
    path = resources.files("reproduce.cli") / _FOLDER / f"{name}.txt"
    return Template(path.read_text(encoding="utf-8")).substitute(values)


def _background(rules: Rules) -> str:
    """Return the processes that the starting folder's embedding learns from, as YAML."""
    names = [process.name for process in rules.card.processes if process.kind == "background"]
    return "\n".join(f"    - {{process: {name}, points: all}}" for name in names)
