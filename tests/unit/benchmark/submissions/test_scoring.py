"""From latents to what the protocols run on."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pytest

from benchmark.errors import DataError
from benchmark.hunt.rows import NONE
from benchmark.latents import read_latents
from benchmark.submissions.schema import Submission
from benchmark.submissions.scoring import (
    adc_contestant,
    diphoton_file,
    folder_digest,
    mass_row,
    with_regimes,
)
from benchmark.tasks.diphoton import DIPHOTON
from tests.submissions import DIMENSIONS, description, toy_latents, toy_published, trained_on

if TYPE_CHECKING:
    from pathlib import Path


def submission(task: str = "diphoton", **changes: object) -> Submission:
    content = description(task, **changes)
    return Submission.model_validate(content, strict=False)


def test_the_digest_of_a_folder(tmp_path: Path) -> None:
    (tmp_path / "a").write_text("one")
    (tmp_path / "b").write_text("two")
    first = folder_digest(tmp_path)
    (tmp_path / "b").write_text("twp")
    assert folder_digest(tmp_path) != first
    (tmp_path / "b").rename(tmp_path / "c")
    (tmp_path / "c").write_text("two")
    assert folder_digest(tmp_path) != first


def test_the_digest_is_of_the_encoder_that_was_read(tmp_path: Path) -> None:
    (tmp_path / "submission.yaml").write_text("one")
    (tmp_path / "encoder.onnx").write_bytes(b"read")
    first = folder_digest(tmp_path)
    (tmp_path / "encoder.onnx").write_bytes(b"swapped")
    assert folder_digest(tmp_path, encoder=b"read") == first
    assert folder_digest(tmp_path, encoder=b"swapped") == folder_digest(tmp_path) != first


def test_a_search_reads_the_latents_that_were_sent(tmp_path: Path) -> None:
    published, values = toy_published(), toy_latents()
    path, facts = diphoton_file(tmp_path, submission(), published, values, profile="smoke")
    found = read_latents(path)
    np.testing.assert_array_equal(found.values, values)
    np.testing.assert_array_equal(found.event_id, published.event_id)
    np.testing.assert_array_equal(found.process, published.process)
    np.testing.assert_array_equal(found.m_gg, published.m_gg)
    assert facts.task_digest == DIPHOTON.digest()
    before = path.stat().st_mtime_ns
    again, _ = diphoton_file(tmp_path, submission(), published, values, profile="smoke")
    assert (again, again.stat().st_mtime_ns) == (path, before)
    other, _ = diphoton_file(tmp_path, submission(), published, 2 * values, profile="smoke")
    assert other != path


def test_recorded_latents_are_an_embedding(tmp_path: Path) -> None:
    published, values = toy_published("cms_adc"), toy_latents()
    made = adc_contestant(tmp_path, submission("cms_adc"), published.event_id, values).make()
    order = np.random.default_rng(1).permutation(len(published))[:20]
    found = made.fit(published.events, seed=1).transform(published.events.select(order))
    np.testing.assert_array_equal(found, values[order])
    assert (found.dtype, found.shape[1]) == (np.float32, DIMENSIONS)
    less = adc_contestant(tmp_path, submission("cms_adc"), published.event_id[:30], values[:30])
    with pytest.raises(DataError, match="10 of 40 events have none"):
        less.make().transform(published.events)


def test_each_row_has_the_regime_of_its_signal() -> None:
    background = DIPHOTON.backgrounds
    seen = trained_on(*background, "zprime", labels=True)
    points = [{"process": "chargino_neutralino", "points": ["150"]}]
    content = {**seen, "processes": [*seen["processes"], *points]}
    rows = pd.DataFrame(
        {"signal": ["zprime/400", "chargino_neutralino/200", "stop/1000_400_0p5", NONE]}
    )
    found = with_regimes(rows, submission(trained_on=content))
    assert list(found["regime"]) == ["id", "ip", "ep", "ep+id+ip"]
    unlabelled = with_regimes(rows, submission(trained_on=trained_on(*background)))
    assert set(unlabelled["regime"]) == {"self-supervised"}


def test_too_few_events_to_know_the_mass_are_a_null_with_a_reason(tmp_path: Path) -> None:
    published, values = toy_published(), toy_latents()
    _, facts = diphoton_file(tmp_path, submission(), published, values, profile="smoke")
    row = mass_row(facts, published, values).iloc[0]
    assert row["value"] is None
    assert "too few" in row["reason"]
