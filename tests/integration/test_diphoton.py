"""From events to latents, probes and figures, as a user runs it, at the smallest profile."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner, Result

from baselines.registry import EMBEDDINGS
from benchmark.latents import read_latents
from benchmark.results import read_rows
from benchmark.tasks.diphoton import DIPHOTON
from reproduce.cli import diadem
from reproduce.figures import FIGURES
from reproduce.sac.hunt import HuntFiles
from reproduce.tables import TABLES
from tests.diphoton import small_diphoton

if TYPE_CHECKING:
    from collections.abc import Mapping

    from reproduce.entry import Entry

ROOT = Path(__file__).resolve().parents[2]
PATIENCE = 100  # seconds for what takes five on a free machine
OURS = [name for name, entry in EMBEDDINGS.items() if entry.task == DIPHOTON.name]
EVENTS = 200  # of each mass point: 20 in the test part


def of_task(registered: Mapping[str, Entry[Any]]) -> list[str]:
    """All but those of the search."""
    found = {name: entry for name, entry in registered.items() if entry.task == DIPHOTON.name}
    return sorted(name for name, e in found.items() if not isinstance(e.source, HuntFiles))


def diadem_run(*words: object) -> Result:
    return CliRunner().invoke(diadem, list(map(str, words)))


def train(*words: object) -> Result:
    return diadem_run("train", *words, "--profile", "smoke", "--workers", 1, "--device", "cpu")


@pytest.fixture(scope="module")
def release(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return small_diphoton(tmp_path_factory.mktemp("release"), events=EVENTS)


@pytest.fixture(scope="module")
def results(release: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """All latents and probes of the profile, as the pipeline makes them."""
    root = tmp_path_factory.mktemp("run")
    folder = root / "results" / "smoke" / "diphoton"
    store = ("--data", release, "--store", root / "store")  # probes need no release
    done = train(*OURS, *store, "--output", folder / "latents")
    assert done.exit_code == 0, done.output
    more = ("--regime", "ip:zprime/400", "--output", folder / "latents")
    done = train("signal_aware", *store, *more)
    assert done.exit_code == 0, done.output
    words = ("--profile", "smoke", "--workers", 1, "--output", folder)
    done = diadem_run("probe", folder / "latents", *store[2:], *words)
    assert done.exit_code == 0, done.output
    words = ("--profile", "smoke", "--workers", 1, "--output", folder)
    done = diadem_run("tune", *store, *words)
    assert done.exit_code == 0, done.output
    return root / "results"


def test_latents_of_every_embedding(results: Path) -> None:
    files = sorted((results / "smoke" / "diphoton" / "latents").rglob("*.parquet"))
    found = [read_latents(file) for file in files]
    assert {latents.facts.embedding for latents in found} == set(OURS)
    regimes = {x.facts.regime for x in found if x.facts.embedding == "signal_aware"}
    assert regimes == {"id", "background", "ip:zprime/400"}
    for latents in found:
        assert latents.facts.task_digest == DIPHOTON.digest()
        assert set(latents.part) == {"train", "validation", "test", "pseudo_data"}
        np.testing.assert_array_equal(latents.event_id, found[0].event_id)
        assert len(latents) == EVENTS * 31, "5 processes and 26 mass points"


def test_rows_of_every_embedding(results: Path) -> None:
    rows = read_rows([results / "smoke" / "diphoton" / "rows" / "probes.csv"])
    assert set(rows["embedding"]) == set(OURS)
    assert rows["release"].str.startswith("small@").all()
    cells = rows[rows["metric"].str.startswith("assigned:") & (rows["variant"] == "probe=bdt")]
    sums = cells.groupby(["embedding", "regime", "signal"])["value"].sum()
    assert sums.to_numpy() == pytest.approx(1)


@pytest.mark.parametrize("name", of_task(FIGURES))
def test_every_figure(results: Path, name: str) -> None:
    done = diadem_run("figure", name, "--profile", "smoke", "--results", results)
    assert done.exit_code == 0, done.output
    folder = results / "smoke" / "diphoton" / "figures"
    for suffix in (".png", ".pdf", ".csv", ".md"):
        assert (folder / f"{name}{suffix}").stat().st_size > 100
    assert DIPHOTON.digest() in (folder / f"{name}.md").read_text()


@pytest.mark.parametrize("name", of_task(TABLES))
def test_every_table(results: Path, name: str) -> None:
    done = diadem_run("table", name, "--profile", "smoke", "--results", results)
    assert done.exit_code == 0, done.output
    folder = results / "smoke" / "diphoton" / "tables"
    assert (folder / f"{name}.md").stat().st_size > 100
    assert len(pd.read_csv(folder / f"{name}.csv")) > 0


def test_finished_trainings_are_reused(release: Path, tmp_path: Path) -> None:
    words = ("raw9", "--data", release, "--store", tmp_path / "s", "--output", tmp_path / "z")
    assert "kept from before" not in train(*words).output
    file = tmp_path / "z" / "raw9" / "background.parquet"
    before = file.read_bytes()
    file.unlink()
    assert "kept from before" in train(*words).output
    assert file.read_bytes() == before


def test_what_a_user_may_get_wrong(release: Path, tmp_path: Path) -> None:
    store = ("--store", tmp_path / "store", "--data", release)
    for words, message in {
        ("raw",): "an embedding of another task",
        ("signal_awere",): "Did you mean signal_aware?",
        ("raw9", "--regime", "ep:top"): "not a signal that can be held out",
        ("raw9", "--regime", "ip:zprime/450"): "no mass point that can be held out",
        ("raw9", "--regime", "all"): "no such regime",
        ("raw9", "--regime", "id", "--regime", "id"): "the same training twice",
        ("signal_aware", "--set", "depth=3"): "setting depth",
        ("signal_aware", "--set", "heads=3"): "heads",
        ("no_such_module:Pca6",): "no such module",
    }.items():
        done = train(*words, *store)
        assert done.exit_code == 2, done.output
        assert message in done.output
    nowhere = train("raw9", "--store", tmp_path / "store", "--data", tmp_path / "nowhere")
    assert nowhere.exit_code == 2
    assert diadem_run("train", "raw9", "--profile", "huge", *store).exit_code == 2
    assert diadem_run("probe", tmp_path / "nowhere").exit_code == 2


def test_interrupted_and_gone_on(release: Path, tmp_path: Path) -> None:
    words = ["train", "signal_aware", "--profile", "smoke", "--set", "epochs=400"]
    words += ["--data", str(release), "--store", str(tmp_path / "store"), "--workers", "1"]
    child = subprocess.Popen(
        [sys.executable, "-m", "reproduce.cli", *words],
        cwd=tmp_path,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        text=True,
        stderr=subprocess.PIPE,
        start_new_session=True,
    )
    deadline = time.monotonic() + PATIENCE
    while not list(tmp_path.rglob("training.safetensors")) and time.monotonic() < deadline:
        time.sleep(0.05)
    child.send_signal(signal.SIGINT)
    _, err = child.communicate(timeout=PATIENCE)
    assert child.returncode == 130, err
    assert "run the command again" in err
    assert list(tmp_path.rglob("training.safetensors")), "the checkpoint is gone"
