"""Files appear whole or not at all."""

from __future__ import annotations

import errno
import hashlib
from typing import TYPE_CHECKING

import pytest

from benchmark.errors import DataError, DiademError
from benchmark.files import atomic_path, atomic_paths, explanation, sha256
from benchmark.paths import datasets_root

if TYPE_CHECKING:
    from pathlib import Path


def test_appears_whole_in_new_folder_with_the_same_ending(tmp_path: Path) -> None:
    target = tmp_path / "new" / "a.png"
    with atomic_path(target) as temporary:
        assert temporary.parent == target.parent
        assert temporary.suffix == ".png"
        temporary.write_text("whole")
        assert not target.exists()
    assert target.read_text() == "whole"
    assert list(target.parent.iterdir()) == [target]


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt])
def test_failure_keeps_the_old_file(tmp_path: Path, error: type[BaseException]) -> None:
    target = tmp_path / "a.txt"
    target.write_text("old")
    with pytest.raises(error), atomic_path(target) as temporary:  # noqa: PT012
        temporary.write_text("half")
        raise error
    assert target.read_text() == "old"
    assert list(tmp_path.iterdir()) == [target]


def test_full_disk_says_where_and_what_to_do(tmp_path: Path) -> None:
    words = r"a\.txt: the disk is full.*MiB free.*Free some space"
    with pytest.raises(DiademError, match=words), atomic_path(tmp_path / "a.txt") as temporary:  # noqa: PT012
        temporary.write_text("half")
        raise OSError(errno.ENOSPC, "No space left on device")
    assert not list(tmp_path.iterdir())


def test_denied_folder_is_explained(tmp_path: Path) -> None:
    with pytest.raises(DiademError, match="cannot write here"), atomic_path(tmp_path / "a"):
        raise OSError(errno.EACCES, "Permission denied")


@pytest.mark.parametrize("place", ["file/a.txt", "file/new/a.txt", "folder", "link/a.txt"])
def test_wrong_place_is_explained(tmp_path: Path, place: str) -> None:
    (tmp_path / "file").write_text("old")
    (tmp_path / "folder").mkdir()
    (tmp_path / "link").symlink_to("nowhere/at/all")
    words = rf"{place}: cannot write here \(.*\)\. [A-Z]"
    with pytest.raises(DiademError, match=words), atomic_path(tmp_path / place) as temporary:
        temporary.write_text("new")
    assert (tmp_path / "file").read_text() == "old"
    assert not list(tmp_path.rglob(".tmp-*"))


@pytest.mark.parametrize("code", [errno.EROFS, errno.ENOENT, errno.ENAMETOOLONG])
def test_cleaning_up_does_not_hide_the_explanation(
    tmp_path: Path, code: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(self: Path, **_: object) -> None:
        raise OSError(code, "no", str(self))

    monkeypatch.setattr("pathlib.Path.unlink", fail)
    with pytest.raises(DiademError, match="cannot write here"), atomic_path(tmp_path / "a") as t:
        raise OSError(code, "no", str(t))


def test_a_missing_file_that_is_read_is_not_blamed_on_the_target(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError), atomic_path(tmp_path / "a"):
        (tmp_path / "input").read_text()


def test_the_longest_name_can_be_written(tmp_path: Path) -> None:
    target = tmp_path / ("ü" * 123 + ".parquet")  # 254 bytes of 255
    with atomic_path(target) as temporary:
        temporary.write_text("whole")
    assert target.read_text() == "whole"


def test_other_os_errors_pass_unchanged(tmp_path: Path) -> None:
    with pytest.raises(ConnectionResetError), atomic_path(tmp_path / "a"):
        raise ConnectionResetError(errno.ECONNRESET, "reset")


def test_block_that_writes_nothing_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(DiademError, match="nothing was written"), atomic_path(tmp_path / "a"):
        pass


def test_sha256_is_that_of_the_bytes(tmp_path: Path) -> None:
    path = tmp_path / "a"
    path.write_bytes(b"x" * 100_000)
    assert sha256(path) == hashlib.sha256(b"x" * 100_000).hexdigest()


def test_datasets_root_of_the_repository(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("DIADEM_DATASETS", raising=False)
    assert (datasets_root() / "diphoton").is_dir()


def test_datasets_root_of_the_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("DIADEM_DATASETS", str(tmp_path))
    assert datasets_root() == tmp_path
    monkeypatch.setenv("DIADEM_DATASETS", str(tmp_path / "none"))
    with pytest.raises(DataError, match=r"none: there is no folder.*DIADEM_DATASETS"):
        datasets_root()


@pytest.mark.parametrize(
    "error",
    [
        RuntimeError("Error while serializing: I/O error: No space left on device (os error 28)"),
        OSError("100000 requested and 76768 written"),
        OSError(errno.EDQUOT, "Disk quota exceeded"),
    ],
)
def test_a_full_disk_is_known_by_what_libraries_say_of_it(
    tmp_path: Path, error: Exception
) -> None:
    with pytest.raises(DiademError, match="the disk is full"), atomic_path(tmp_path / "a.txt"):
        raise error
    assert "the disk is full" in explanation(error)


def test_other_errors_have_no_explanation() -> None:
    assert explanation(ValueError("3 requested, 2 written")) == ""
    assert explanation(FileNotFoundError(errno.ENOENT, "No such file", "x")) == ""
    assert "x: cannot write here" in explanation(PermissionError(errno.EACCES, "denied", "x"))


def test_several_files_appear_together_or_not_at_all(tmp_path: Path) -> None:
    paths = [tmp_path / "a.txt", tmp_path / "new" / "b.txt"]
    with atomic_paths(paths) as temporary:
        for path in temporary:
            path.write_text("first")
        assert not any(path.exists() for path in paths)
    with (  # noqa: PT012
        pytest.raises(DiademError, match=r"b\.txt: the disk is full"),
        atomic_paths(paths) as (one, _),
    ):
        one.write_text("second")
        raise OSError(errno.ENOSPC, "No space left on device")
    assert [path.read_text() for path in paths] == ["first", "first"]
    assert sorted(path for path in tmp_path.rglob("*") if path.is_file()) == sorted(paths)
