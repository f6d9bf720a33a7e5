"""A full disk, a place where nothing can be written: exit code 2, a message, nothing lost."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.full_disk import VERBS

if TYPE_CHECKING:
    from collections.abc import Mapping

ROOT = Path(__file__).resolve().parents[2]
APART = ["unshare", "--user", "--map-root-user", "--mount"]
"""Runs a command where it may mount a disk that nobody else sees."""
PATIENCE = 300  # seconds for what takes twenty on a free machine


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, Any]:
    if shutil.which(APART[0]) is None or subprocess.run([*APART, "true"], check=False).returncode:
        pytest.skip("no namespace of its own may be made here, so no small disk can be mounted")
    folder = tmp_path_factory.mktemp("disk")
    words = [*APART, sys.executable, "-m", "tests.full_disk", str(folder)]
    done = subprocess.run(
        words, cwd=ROOT, capture_output=True, text=True, check=False, timeout=PATIENCE
    )
    assert done.returncode == 0, done.stderr
    read: dict[str, Any] = json.loads(done.stdout)
    return read


@pytest.mark.slow
@pytest.mark.parametrize("name", VERBS)
def test_nothing_is_lost(name: str, found: Mapping[str, Any]) -> None:
    done = found[name]
    assert done["exit_code"] == 2, done
    why = "cannot write here" if name.startswith("no-") else "the disk is full"
    assert why in done["stderr"]
    assert "Traceback" not in done["stderr"]
    assert ".tmp-" not in done["stderr"].splitlines()[-1].partition(";")[0]
    assert [path for path in done["changed"] if not path.endswith(".lock")] == []


@pytest.mark.slow
def test_every_verb_that_writes_was_tried(found: Mapping[str, Any]) -> None:
    assert set(found) == set(VERBS)


def test_a_full_disk_behind_stdout() -> None:
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            [sys.executable, "-m", "reproduce.cli", "completion", "zsh"],
            cwd=ROOT,
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
        )
    assert done.returncode == 2
    assert "the disk is full" in done.stderr
    assert "Traceback" not in done.stderr
