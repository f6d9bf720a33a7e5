"""`diadem data simulate` as a user runs it: killed, interrupted, misled, on a full disk."""

from __future__ import annotations

import errno
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from click.testing import CliRunner

from benchmark.events import digest_of, open_events, read_events
from reproduce.cli import diadem

ROOT = Path(__file__).resolve().parents[2]
GGF = ("data", "simulate", "--dataset", "diphoton", "--process", "ggF", "--events", "40")
PATIENCE = 100  # seconds for what takes five on a free machine


@pytest.fixture(scope="module")
def datasets(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The cards, with shards of 50 events."""
    folder = tmp_path_factory.mktemp("copy") / "datasets"
    shutil.copytree(ROOT / "datasets", folder, ignore=shutil.ignore_patterns("*.parquet", "v1"))
    card = folder / "diphoton" / "card.yaml"
    text = card.read_text(encoding="utf-8")
    card.write_text(text.replace("events_per_shard: 1000", "events_per_shard: 50"))
    return folder


def start(datasets: Path, folder: Path, *words: str) -> subprocess.Popen[str]:
    """Start the command in `folder`, as a process group of its own."""
    folder.mkdir(parents=True, exist_ok=True)
    environment = os.environ | {"DIADEM_DATASETS": str(datasets), "PYTHONPATH": str(ROOT)}
    return subprocess.Popen(
        [sys.executable, "-m", "reproduce.cli", *words],
        cwd=folder,
        env=environment,
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        start_new_session=True,
    )


def finish(process: subprocess.Popen[str]) -> tuple[int, str, str]:
    out, err = process.communicate(timeout=PATIENCE)
    return process.returncode, out, err


def simulate(datasets: Path, folder: Path, *words: str) -> Path:
    """Run to the end; return the file."""
    code, _, err = finish(start(datasets, folder, *GGF, "--output", "a.parquet", *words))
    assert code == 0, err
    return folder / "a.parquet"


def wait_for_a_shard(process: subprocess.Popen[str], folder: Path) -> None:
    """Return when one shard is finished and others are not."""
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline and process.poll() is None:
        if any(not p.name.startswith(".") for p in folder.glob(".diadem/store/*/*/*.parquet")):
            return
        time.sleep(0.02)
    pytest.fail("no shard was finished")


@pytest.fixture(scope="module")
def whole(datasets: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What an uninterrupted run with one worker gives."""
    return simulate(datasets, tmp_path_factory.mktemp("whole"), "--workers", "1")


def test_simulates_what_was_asked(whole: Path) -> None:
    table = read_events(whole)
    assert len(table) == 40
    assert set(table.process) == {"ggF"}
    assert table.weight.mean() == pytest.approx(1)
    assert {"dataset", "samples", "seed", "software"} <= set(open_events(whole).metadata)
    assert len(set(table.shard)) > 1


def test_two_workers_give_the_same_and_another_seed_does_not(
    whole: Path, datasets: Path, tmp_path: Path
) -> None:
    assert digest_of(simulate(datasets, tmp_path / "2", "--workers", "2")) == digest_of(whole)
    other = simulate(datasets, tmp_path / "seed", "--workers", "2", "--seed", "2")
    assert digest_of(other) != digest_of(whole)


def test_goes_on_after_a_kill(whole: Path, datasets: Path, tmp_path: Path) -> None:
    process = start(datasets, tmp_path, *GGF, "--workers", "1", "--output", "a.parquet")
    wait_for_a_shard(process, tmp_path)
    os.killpg(process.pid, signal.SIGKILL)
    assert finish(process)[0] == -signal.SIGKILL
    assert not (tmp_path / "a.parquet").exists()
    kept = sorted(tmp_path.glob(".diadem/store/*/*/[0-9]*.parquet"))
    times = [path.stat().st_mtime_ns for path in kept]
    assert digest_of(simulate(datasets, tmp_path, "--workers", "1")) == digest_of(whole)
    assert [path.stat().st_mtime_ns for path in kept] == times, "a finished shard was made again"
    assert not list(tmp_path.rglob(".tmp-*"))


def test_ctrl_c_ends_with_130_and_says_how_to_go_on(datasets: Path, tmp_path: Path) -> None:
    process = start(datasets, tmp_path, *GGF, "--workers", "1", "--output", "a.parquet")
    wait_for_a_shard(process, tmp_path)
    os.killpg(process.pid, signal.SIGINT)  # a terminal sends it to the whole group
    code, out, err = finish(process)
    assert code == 130
    assert "interrupted; finished shards are kept in .diadem/store" in err
    assert "run the same command again" in err
    assert "Traceback" not in out + err
    assert not list(tmp_path.glob("*.parquet"))
    assert not list(tmp_path.glob(".tmp-*"))


def test_a_line_that_pythia_refuses_is_named(datasets: Path, tmp_path: Path) -> None:
    copy = tmp_path / "datasets"
    shutil.copytree(datasets, copy)
    settings = copy / "diphoton" / "pythia" / "ggf.cmnd"
    lines = settings.read_text(encoding="utf-8").splitlines()
    settings.write_text("\n".join([*lines, "HiggsSM:gg2Hh = on"]))
    code, _, err = finish(start(copy, tmp_path / "run", *GGF, "--workers", "1"))
    assert code == 2
    plain = re.sub(r"\s+", " ", err)
    assert f"{settings}:{len(lines) + 1}" in plain
    assert "HiggsSM:gg2Hh" in plain
    assert "Traceback" not in err
    assert not list((tmp_path / "run").glob("*.parquet"))


def test_a_full_disk_leaves_nothing(
    whole: Path, datasets: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object, **__: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    store = whole.parent / ".diadem" / "store"  # holds all shards: only the file is written
    monkeypatch.setenv("DIADEM_DATASETS", str(datasets))
    monkeypatch.setattr(pq.ParquetWriter, "write_table", full)
    output = tmp_path / "a.parquet"
    words = [*GGF, "--workers", "1", "--store", str(store), "--output", str(output)]
    result = CliRunner().invoke(diadem, words)
    assert result.exit_code == 2
    assert "the disk is full" in result.stderr
    assert str(output) in result.stderr
    assert not list(tmp_path.iterdir())
