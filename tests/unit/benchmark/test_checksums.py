"""Checksums beside results: edits are noticed, everything else is not taken for one."""

from __future__ import annotations

import json
import multiprocessing
from typing import TYPE_CHECKING

import pytest

from benchmark.checksums import KEPT, NAME, as_written, note, written_paths
from benchmark.errors import DataError
from benchmark.files import sha256

if TYPE_CHECKING:
    from pathlib import Path

WRITERS = 8


def put(path: Path, text: str) -> None:
    with written_paths([path]) as (temporary,):
        temporary.write_text(text, encoding="utf-8")


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "rows" / "a.csv"
    put(path, "1.0\n")
    return path


def test_an_edit_is_named_with_both_checksums_and_a_remedy(file: Path) -> None:
    assert as_written(file) == file
    before = sha256(file)[:12]
    file.write_text("1.1\n", encoding="utf-8")
    with pytest.raises(DataError, match="edited") as raised:
        as_written(file)
    said = str(raised.value)
    assert all(part in said for part in (str(file), before, sha256(file)[:12], "git checkout"))


def test_made_again_it_is_taken(file: Path) -> None:
    file.write_text("1.1\n", encoding="utf-8")
    put(file, "1.2\n")
    assert as_written(file) == file
    file.write_text("1.1\n", encoding="utf-8")
    with pytest.raises(DataError):
        as_written(file)


def test_deleted_and_made_again(file: Path) -> None:
    file.write_text("1.1\n", encoding="utf-8")
    file.unlink()
    assert as_written(file) == file  # that it is missing, others say
    put(file, "1.0\n")
    assert as_written(file) == file


def test_an_older_result_taken_back_alone(file: Path) -> None:
    put(file, "1.2\n")
    file.write_text("1.0\n", encoding="utf-8")
    assert as_written(file) == file


def test_only_so_many_are_kept(file: Path) -> None:
    for k in range(KEPT):
        put(file, f"2.{k}\n")
    assert len(json.loads((file.parent / NAME).read_text(encoding="utf-8"))["a.csv"]) == KEPT
    file.write_text("1.0\n", encoding="utf-8")
    with pytest.raises(DataError):
        as_written(file)


@pytest.mark.parametrize("known", [True, False])
def test_killed_between_checksum_and_file(file: Path, *, known: bool) -> None:
    """The new checksum is noted, the old file still there: also where that had no checksum."""
    if not known:
        (file.parent / NAME).unlink()
    note({file: "0" * 64})
    assert as_written(file) == file
    file.write_text("1.1\n", encoding="utf-8")
    with pytest.raises(DataError):
        as_written(file)


def test_nothing_changes_where_the_writing_fails(file: Path) -> None:
    before = (file.parent / NAME).read_bytes()

    def fail() -> None:
        with written_paths([file]) as (temporary,):
            temporary.write_text("half", encoding="utf-8")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fail()
    assert (file.parent / NAME).read_bytes() == before
    assert {path.name for path in file.parent.iterdir()} == {"a.csv", NAME}


def test_the_same_again_is_the_same_file_of_checksums(file: Path) -> None:
    before = (file.parent / NAME).stat()
    put(file, "1.0\n")
    after = (file.parent / NAME).stat()
    assert (before.st_mtime_ns, before.st_ino) == (after.st_mtime_ns, after.st_ino)


def test_a_file_of_another_program_is_taken_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "b.csv"
    path.write_text("1\n", encoding="utf-8")
    assert as_written(path) == path


@pytest.mark.parametrize("text", ["", "[]", '{"a.csv": 1}', "\xff"])
def test_checksums_that_cannot_be_read(file: Path, text: str) -> None:
    (file.parent / NAME).write_text(text, encoding="latin-1")
    with pytest.raises(DataError, match="no checksums of results"):
        as_written(file)
    put(file, "1.3\n")
    assert as_written(file) == file


def test_many_write_into_one_folder(tmp_path: Path) -> None:
    paths = [tmp_path / f"{k}.csv" for k in range(WRITERS)]
    with multiprocessing.get_context("fork").Pool(4) as pool:
        pool.starmap(put, [(path, path.name) for path in paths])
    assert set(json.loads((tmp_path / NAME).read_text(encoding="utf-8"))) == {
        path.name for path in paths
    }
