"""Small releases of the diphoton dataset."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import numpy as np

from benchmark.events import read_events, write_events
from benchmark.paths import datasets_root
from benchmark.tasks.source import open_source

if TYPE_CHECKING:
    from pathlib import Path

BUNDLED = datasets_root() / "diphoton" / "v1"


def small_diphoton(folder: Path, *, events: int) -> Path:
    """Write so many events of every mass point of the bundled release, with a manifest."""
    for path in sorted(BUNDLED.glob("*.parquet")):
        table = read_events(path)
        kept = [np.flatnonzero(table.point == point)[:events] for point in np.unique(table.point)]
        write_events(table.select(np.concatenate(kept)), folder / path.name)
    manifest = json.loads((BUNDLED / "manifest.json").read_text(encoding="utf-8"))
    written = {**manifest, "release": "small", "digest": open_source(folder).digest}
    (folder / "manifest.json").write_text(json.dumps(written), encoding="utf-8")
    return folder
