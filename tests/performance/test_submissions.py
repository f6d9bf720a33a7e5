"""How long it takes to check a submission of a whole release.

pytest -s tests/performance/test_submissions.py shows the numbers.
"""

from __future__ import annotations

import time
from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import yaml

from benchmark.submissions.check import check
from benchmark.submissions.published import Published, open_published
from reproduce.cli.submit_template import starting_files
from tests.submissions import description

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

MOST_SECONDS = {"latents": 20.0, "encoder": 60.0}


@cache
def published(task: str) -> Published:
    return open_published(task)


def latents(task: str, dimensions: int) -> NDArray[np.float32]:
    """Random directions in the numbers of the events: the slowest for trees to learn from."""
    events = published(task).events
    flat = events.objects.reshape(len(events), -1)
    scaled = (flat - flat.mean(axis=0)) / (flat.std(axis=0) + 1e-6)
    turn = np.random.default_rng(1).normal(size=(flat.shape[1], dimensions))
    return np.asarray(scaled @ turn, dtype=np.float32)


def checked(folder: Path, kind: str, capsys: pytest.CaptureFixture[str]) -> None:
    begin = time.monotonic()
    report = check(folder)
    seconds = time.monotonic() - begin
    with capsys.disabled():
        print(f"\n{folder.name}: {seconds:.1f} s, {[f.code for f in report.findings]}")  # noqa: T201
    assert report.faults == ()
    assert seconds < MOST_SECONDS[kind]


@pytest.mark.parametrize("dimensions", [6, 64])
@pytest.mark.parametrize("task", ["diphoton", "cms_adc"])
def test_latents_of_a_release(
    tmp_path: Path, task: str, dimensions: int, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / f"{task}-{dimensions}"
    folder.mkdir()
    values = latents(task, dimensions)
    columns: dict[str, Any] = {f"z{k + 1}": column for k, column in enumerate(values.T)}
    rows = {"event_id": published(task).event_id, **columns}
    pq.write_table(pa.table(rows), folder / "latents.parquet")
    content = description(task, dimensions=dimensions)
    (folder / "submission.yaml").write_text(yaml.safe_dump(content), encoding="utf-8")
    checked(folder, "latents", capsys)


@pytest.mark.parametrize("task", ["diphoton", "cms_adc"])
def test_encoder_of_the_template(
    tmp_path: Path, task: str, capsys: pytest.CaptureFixture[str]
) -> None:
    for name, text in starting_files(task, "encoder").items():
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, encoding="utf-8")
    made = tmp_path / "make.py"
    exec(compile(made.read_text(encoding="utf-8"), made, "exec"), {"__file__": str(made)})
    checked(tmp_path / "submission", "encoder", capsys)
