"""Small submissions and the events that they are of."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np
import yaml

from benchmark.events import EventTable
from benchmark.schema import SCHEMAS
from benchmark.submissions.published import Published, publish
from benchmark.submissions.rules import rules_of
from tests.tables import random_arrays

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

EVENTS = 40
DIMENSIONS = 3
RELEASE = "toy@0123456789ab"


@cache
def toy_published(task: str = "diphoton", events: int = EVENTS, *, seed: int = 7) -> Published:
    """Random evaluation events of a task, of every process and point in turn."""
    rules = rules_of(task)
    schema = SCHEMAS[rules.card.event_schema]
    arrays = random_arrays(schema, 4 * events, seed=seed)
    cells = [(p.name, q.name) for p in rules.card.processes for q in p.points]
    turn = np.arange(4 * events) % len(cells)
    arrays["process"] = np.array([name for name, _ in cells])[turn]
    arrays["point"] = np.array([name for _, name in cells])[turn]
    table = EventTable(schema=schema, **arrays)
    found = publish(task, RELEASE, table)
    parts = ("pseudo_data", "test") if task == "diphoton" else ("train", "test")
    kept = found.event_id[np.isin(found.part, parts)][:events]
    return publish(task, RELEASE, table.select(np.isin(table.event_id, kept)))


def toy_latents(events: int = EVENTS, dimensions: int = DIMENSIONS) -> NDArray[np.float32]:
    """Random latents (n, d)."""
    rng = np.random.default_rng(3)
    return rng.normal(size=(events, dimensions)).astype(np.float32)


def description(task: str = "diphoton", **changes: Any) -> dict[str, Any]:
    """The content of a good `submission.yaml`, but for the changes."""
    rules = rules_of(task)
    background = [p.name for p in rules.card.processes if p.kind == "background"]
    plain: dict[str, Any] = {
        "name": "toy-pca",
        "title": "A toy",
        "authors": ["A. Author", "B. Author"],
        "version": "1.0",
        "licence": "MIT",
        "code_url": "https://example.org/toy",
        "citation": "None.",
        "task": task,
        "task_digest": rules.spec.digest(),
        "kind": "latents",
        "dimensions": DIMENSIONS,
        "trained_on": trained_on(*background, split=rules.training[0]),
        "hyper_parameters": {"whiten": True, "components": 3},
        "hardware": "none",
        "hours": 0.5,
    }
    return {**plain, **changes}


def trained_on(*processes: str, labels: bool = False, split: str = "train") -> dict[str, Any]:
    """What was trained on: all points of some processes."""
    return {
        "labels": labels,
        "processes": [{"process": name, "points": "all"} for name in processes],
        "releases": ["v1"],
        "splits": [split],
    }


def write_description(folder: Path, content: dict[str, Any] | None = None) -> Path:
    """Write a `submission.yaml` into a new folder."""
    folder.mkdir(parents=True, exist_ok=True)
    text = yaml.safe_dump(content or description(), sort_keys=False, allow_unicode=True)
    (folder / "submission.yaml").write_text(text, encoding="utf-8")
    return folder
