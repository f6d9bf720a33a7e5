"""Submissions of encoders for the tests: how they are made, and events for them."""

from __future__ import annotations

import importlib.util
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from benchmark.events import EventTable, read_events
from benchmark.paths import datasets_root
from benchmark.submissions.published import Published

if TYPE_CHECKING:
    from types import ModuleType

FIXTURES = Path(__file__).parent / "fixtures" / "submissions"
_FILES = {"diphoton": ("zprime", "continuum"), "cms_adc": ("z", "leptoquark")}


@cache
def maker() -> ModuleType:
    """Return the module that writes the fixtures."""
    path = FIXTURES / "make_encoders.py"
    spec = importlib.util.spec_from_file_location("make_encoders", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@cache
def some_events(task: str, number: int = 1200) -> EventTable:
    """Return events of a background and a signal of a release, mixed."""
    root = datasets_root() / task / "v1"
    tables = [
        read_events(root / f"{name}.parquet").select(slice(0, number // 2))
        for name in _FILES[task]
    ]
    order = np.random.default_rng(3).permutation(number)
    return EventTable.concat(tables).select(order)


def published(task: str) -> Published:
    """Return these events as if they were those that are published."""
    events = some_events(task)
    names: dict[str, Any] = {
        name: getattr(events, name) for name in ("event_id", "process", "point", "weight", "m_gg")
    }
    part = np.full(len(events), "test")
    return Published(task=task, release="toy", events=events, part=part, **names)
