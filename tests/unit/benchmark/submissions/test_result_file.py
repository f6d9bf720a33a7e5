from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pytest

from benchmark.errors import DataError
from benchmark.results import read_rows
from benchmark.submissions import result_file
from benchmark.submissions.findings import Finding
from benchmark.submissions.result_file import (
    ScoredSubmission,
    digest_of_rows,
    read_scored,
    write_scored,
)
from tests.leaderboard_entries import DIGESTS, TABLE, scored, submission, toy_rows

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

VALUES = np.arange(1.0, 19.0).reshape(2, 9)
FLAG = Finding("constant", "flag", "dimension 3 is constant")


@pytest.fixture
def entry() -> ScoredSubmission:
    values = VALUES.copy()
    values[0, 0] = np.nan
    return scored(toy_rows(values, "toy"), "toy", flags=(FLAG,))


def test_what_is_written_is_read(entry: ScoredSubmission, tmp_path: Path) -> None:
    path = tmp_path / "entries" / "toy.json"
    write_scored(path, entry)
    assert read_scored(path) == entry
    assert read_scored(path).flags == (FLAG,)
    pd.testing.assert_frame_equal(read_scored(path).frame(), entry.frame())
    assert entry.frame()["value"].isna().sum() == 1


def test_real_rows_come_back(tmp_path: Path) -> None:
    rows = read_rows(TABLE).assign(task_digest=DIGESTS["cms_adc"])
    rows = rows[rows["embedding"] == "untrained"].reset_index(drop=True)
    write_scored(tmp_path / "a.json", scored(rows, "untrained", "cms_adc"))
    read = read_scored(tmp_path / "a.json").frame()
    pd.testing.assert_frame_equal(read.drop(columns="commit"), rows.drop(columns="commit"))


def test_equal_results_give_equal_bytes(entry: ScoredSubmission, tmp_path: Path) -> None:
    shuffled = entry.frame().sample(frac=1, random_state=1)
    again = scored(shuffled[sorted(shuffled.columns)], "toy", flags=(FLAG,))
    write_scored(tmp_path / "a.json", entry)
    write_scored(tmp_path / "b.json", again)
    assert (tmp_path / "a.json").read_bytes() == (tmp_path / "b.json").read_bytes()


def test_a_row_a_line_and_shared_columns_once(entry: ScoredSubmission, tmp_path: Path) -> None:
    write_scored(tmp_path / "a.json", entry)
    text = (tmp_path / "a.json").read_text(encoding="ascii")
    assert text.count("significance_improvement_at_background") == 1
    content = json.loads(text)
    assert content["same"]["release"] == "v1@0123456789ab"
    assert len(content["rows"]) == 18
    assert sum(line.startswith("  [") for line in text.splitlines()) == 18


def test_one_row_alone_is_kept(tmp_path: Path) -> None:
    rows = toy_rows(VALUES[:1]).iloc[:1]
    write_scored(tmp_path / "a.json", scored(rows, "toy"))
    assert len(read_scored(tmp_path / "a.json").frame()) == 1


def test_the_commits_of_rows_are_all_named() -> None:
    rows = toy_rows(VALUES)
    rows.loc[3, "commit"] = "1234567"
    assert scored(rows, "toy").commit == "1234567+abcdef1"


def number(content: dict[str, Any]) -> None:
    names = [name for name in content["columns"] if name not in content["same"]]
    content["rows"][4][names.index("value")] = 99.0


CHANGES: dict[str, tuple[Callable[[dict[str, Any]], object], str]] = {
    "a number": (number, "the rows are not those that were written"),
    "a shared value": (
        lambda c: c["same"].update(profile="paper"),
        "the rows are not those that were written",
    ),
    "a row less": (lambda c: c["rows"].pop(), "the rows are not those that were written"),
    "a row twice": (
        lambda c: c["rows"].append(c["rows"][0]),
        "the rows are not those that were written",
    ),
    "a short row": (lambda c: c["rows"][0].pop(), "the rows are not those that were written"),
    "the profile": (lambda c: c.update(profile="paper"), "rows, profile"),
    "the release": (lambda c: c.update(release="v2@0"), "rows, release"),
    "the task's digest": (lambda c: c.update(task_digest="0" * 16), "rows, task_digest"),
    "the name": (lambda c: c["submission"].update(name="winner"), "rows, embedding"),
    "the submission's digest": (
        lambda c: c["submission"].update(task_digest="0" * 16),
        "submission, task_digest",
    ),
    "a fault as a flag": (lambda c: c["flags"][0].update(level="fault"), "flags, level"),
    "a status": (lambda c: c.update(status="best"), "bad value of status"),
    "a format": (lambda c: c.update(format=2), "bad value of format"),
    "a field more": (lambda c: c.update(more=1), "bad value of more"),
    "a field less": (lambda c: c.pop("status"), "bad value of status"),
    "a hash": (lambda c: c.update(submission_digest="xyz"), "bad value of submission_digest"),
    "the submission": (lambda c: c["submission"].update(dimensions=99), "dimensions"),
    "rows as text": (lambda c: c.update(rows="none"), "bad value of rows"),
    "columns as text": (lambda c: c.update(columns="none"), "bad value of columns"),
    "same as text": (lambda c: c.update(same="none"), "bad value of same"),
    "a row as a number": (lambda c: c["rows"].insert(0, 1), "bad value of rows.0"),
}


@pytest.mark.parametrize("name", CHANGES)
def test_a_changed_file_is_refused(entry: ScoredSubmission, tmp_path: Path, name: str) -> None:
    change, message = CHANGES[name]
    path = tmp_path / "a.json"
    write_scored(path, entry)
    content = json.loads(path.read_text(encoding="utf-8"))
    change(content)
    path.write_text(json.dumps(content), encoding="utf-8")
    with pytest.raises(DataError, match=rf"a\.json: {message}|a\.json: .*{message}"):
        read_scored(path)


def test_a_forged_digest_does_not_help_rows_that_are_not_valid(
    entry: ScoredSubmission, tmp_path: Path
) -> None:
    held = [list(row) for row in entry.rows]
    held[0][entry.columns.index("metric")] = "beauty"
    rows = tuple(map(tuple, held))
    forged = entry.model_copy(
        update={"rows": rows, "rows_digest": digest_of_rows(entry.columns, rows)}
    )
    with pytest.raises(DataError, match="beauty"):
        write_scored(tmp_path / "a.json", forged)
    assert not (tmp_path / "a.json").exists()


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "not a result file"),
        (b"{", "not a result file"),
        (b"\xff\xfe", "not a result file"),
        (b"[1, 2]", "not a result file"),
        (b'{"same": {}}', "bad value of submission"),
        (b"[" * 100_000, "not a result file"),
        (b'{"format": NaN}', "bad value of format"),
        (b'{"format": ' + b"1" * 6000 + b"}", "not a result file"),
    ],
)
def test_what_is_no_result_file(tmp_path: Path, content: bytes, message: str) -> None:
    (tmp_path / "a.json").write_bytes(content)
    with pytest.raises(DataError, match=message):
        read_scored(tmp_path / "a.json")


def test_a_missing_file_and_a_folder(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="cannot be read"):
        read_scored(tmp_path / "a.json")
    with pytest.raises(DataError, match="cannot be read"):
        read_scored(tmp_path)


def test_a_large_file_is_not_read(
    entry: ScoredSubmission, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_scored(tmp_path / "a.json", entry)
    monkeypatch.setattr(result_file, "MAX_BYTES", 100)
    with pytest.raises(DataError, match=r"too large; found \d+ bytes; expected <= 100"):
        read_scored(tmp_path / "a.json")


def test_rows_of_another_embedding_are_refused() -> None:
    rows = toy_rows(VALUES, "other")
    with pytest.raises(DataError, match="rows, embedding; found 'other'; expected 'toy'"):
        ScoredSubmission.of(
            submission("toy"),
            rows,
            submission_digest="0" * 64,
            status="encoder",
            environment={},
        )


def test_rows_of_another_task_are_refused() -> None:
    with pytest.raises(DataError, match="task"):
        scored(toy_rows(np.ones((1, 4)), "toy", "cms_adc"), "toy", "diphoton")
