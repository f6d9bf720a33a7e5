"""Files of latents that a search can be made on, in a second or two, and their release."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import numpy as np

from benchmark.latents import Latents, write_latents
from benchmark.mixing import splitmix64
from benchmark.tasks.diphoton import DIPHOTON
from benchmark.tasks.diphoton_events import diphoton_card
from tests.latents import PARTS, made_up_facts

if TYPE_CHECKING:
    from pathlib import Path

DIGEST = "0123456789abcdef"
RELEASE = f"small@{DIGEST[:12]}"
RATES = {"continuum": 500.0, "ggF": 10.0, "VBF": 2.0, "VH": 1.0, "ttH": 1.0}
"""Expected events in the window for 1/fb."""
SOUGHT = "zprime"
REGION = (120.0, 130.0)
_FEW = 12


def _events(process: str, part: str) -> int:
    if process == "continuum":
        return {"pseudo_data": 6000, "test": 2000}.get(part, _FEW)
    if process in RATES:
        return {"pseudo_data": 400, "test": 150}.get(part, _FEW)
    return 400 if (process, part) == (SOUGHT, "pseudo_data") else _FEW


def hunt_latents(*, dimensions: int = 2, seed: int = 1, **facts: Any) -> Latents:
    """Events of all processes, points and parts: a continuum, and peaks at 125 GeV.

    The continuum's latents move with the mass; the sought signal's lie 2.5 widths away.
    """
    cells = [
        (process.name, point.name, part)
        for process in diphoton_card().processes
        for point in process.points
        for part in (*PARTS, "pseudo_data")
    ]
    counts = [_events(process, part) for process, _, part in cells]
    process, point, part = (np.repeat(column, counts) for column in zip(*cells, strict=True))
    n = len(process)
    rng = np.random.default_rng(seed)
    flat, peak = rng.uniform(105, 160, n), rng.normal(125, 1.5, n).clip(106, 159)
    m_gg = np.where(process == "continuum", flat, peak)
    values = rng.normal(size=(n, dimensions)) + ((m_gg - 132) / 50)[:, None]
    values[process == SOUGHT] += 2.5
    return Latents(
        facts=made_up_facts(**{"release": RELEASE, **facts}),
        event_id=splitmix64(np.arange(n, dtype=np.uint64)),
        process=process,
        point=point,
        part=part,
        m_gg=m_gg.astype(np.float32),
        values=values.astype(np.float32),
    )


def put(path: Path, latents: Latents) -> Path:
    """Write latents to a file, in a folder that is made."""
    path.parent.mkdir(parents=True, exist_ok=True)
    write_latents(path, latents)
    return path


def put_release(folder: Path, rates: dict[str, float] = RATES) -> Path:
    """Write a manifest with the rates, and no events: a search needs none."""
    folder.mkdir(parents=True, exist_ok=True)
    samples = [
        {"process": name, "events": 1000, "effective_luminosity": 1000 / rates[name]}
        for name in DIPHOTON.backgrounds
    ]
    content = {"release": "small", "digest": DIGEST, "samples": samples}
    (folder / "manifest.json").write_text(json.dumps(content), encoding="utf-8")
    return folder
