"""What may lie in the folder of a submission, beyond what git can keep as a fixture."""

from __future__ import annotations

import os
import socket
from pathlib import Path

import pytest

from benchmark.submissions.findings import Refused, quoted
from benchmark.submissions.folder import LIMITS, open_folder
from benchmark.submissions.reading import opened, read_limited
from tests.submissions import write_description

PAYLOAD = "latents.safetensors"


@pytest.fixture
def good(tmp_path: Path) -> Path:
    folder = write_description(tmp_path / "good")
    (folder / PAYLOAD).write_bytes(b"something")
    return folder


def codes(folder: Path) -> list[str]:
    with pytest.raises(Refused) as caught:
        open_folder(folder)
    return [finding.code for finding in caught.value.findings]


def test_good_folder(good: Path) -> None:
    (good / "README.md").write_text("words\n")
    found = open_folder(good)
    assert (found.path, found.payload) == (good, good / PAYLOAD)
    assert found.submission.name == "toy-pca"


def test_no_folder(tmp_path: Path, good: Path) -> None:
    (tmp_path / "link").symlink_to(good)
    assert codes(tmp_path / "nowhere") == ["no_folder"]
    assert codes(good / PAYLOAD) == ["no_folder"]
    assert codes(tmp_path / "link") == ["no_folder"]


def test_a_link_above_the_folder_is_the_users_own(tmp_path: Path, good: Path) -> None:
    (tmp_path / "above").symlink_to(tmp_path)
    assert open_folder(tmp_path / "above" / good.name).submission.name == "toy-pca"


def test_special_files_do_not_hang(good: Path) -> None:
    (good / PAYLOAD).unlink()
    os.mkfifo(good / PAYLOAD)
    assert codes(good) == ["special_file"]


def test_socket(good: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(good)  # paths of sockets are short
    with socket.socket(socket.AF_UNIX) as server:
        server.bind("README.md")
        assert codes(good) == ["special_file"]


def test_hard_link(tmp_path: Path, good: Path) -> None:
    (tmp_path / "elsewhere").hardlink_to(good / PAYLOAD)
    assert codes(good) == ["link"]


@pytest.mark.parametrize("name", [PAYLOAD, "README.md"])
def test_too_large_without_reading(good: Path, name: str) -> None:
    with (good / name).open("wb") as stream:
        stream.truncate(LIMITS[name] + 1)  # takes no place on the disk
    assert codes(good) == ["too_large"]


def test_many_files(good: Path) -> None:
    for k in range(1000):
        (good / f"{k}").touch()
    assert codes(good) == ["unexpected_file"]


@pytest.mark.parametrize(
    "name", ["Latents.parquet", ".hidden", "latents.parquet ", "e\nvil", b"\xff"]
)
def test_other_names(good: Path, name: str | bytes) -> None:
    (good / Path(os.fsdecode(name))).write_bytes(b"x")
    assert codes(good) == ["unexpected_file"]


def test_all_faults_of_the_entries_come_together(good: Path) -> None:
    (good / "code").mkdir()
    (good / "encoder.onnx").symlink_to("/etc/passwd")
    assert sorted(codes(good)) == ["link", "subfolder"]


def test_unreadable(good: Path) -> None:
    with pytest.raises(Refused, match="cannot be opened"):
        read_limited(good / "missing", 10)


def test_what_became_a_link_or_a_pipe_is_not_opened(good: Path) -> None:
    (good / "later").symlink_to(good / PAYLOAD)
    with pytest.raises(Refused, match="cannot be opened"), opened(good / "later"):
        pass
    os.mkfifo(good / "pipe")
    with pytest.raises(Refused, match="not a regular file"), opened(good / "pipe"):
        pass


def test_limit_is_exact(good: Path) -> None:
    assert read_limited(good / PAYLOAD, 9) == b"something"
    with pytest.raises(Refused, match="found 9 bytes; expected at most 8"):
        read_limited(good / PAYLOAD, 8)


@pytest.mark.parametrize("text", ["\x1b[2J", "\u202e", "a" * 1000, "\n", "\udcff", 3, None])
def test_quoted_is_harmless(text: object) -> None:
    found = quoted(text)
    assert found.isascii()
    assert found.isprintable()
    assert len(found) <= 80
