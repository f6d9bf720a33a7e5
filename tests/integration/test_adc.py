"""From events to Table 2 and the figures, as a user runs it, at the smallest profile."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd
import pytest
from click.testing import CliRunner, Result

from baselines.registry import EMBEDDINGS
from benchmark.results import read_rows
from benchmark.tasks.cms_adc import CMS_ADC
from reproduce.cli import diadem
from reproduce.figures import FIGURES
from reproduce.tables import TABLES
from tests.adc import OFFICIAL_NAMES, official_files, small_release

if TYPE_CHECKING:
    from collections.abc import Mapping

    from reproduce.entry import Entry

ROOT = Path(__file__).resolve().parents[2]
PATIENCE = 100  # seconds for what takes five on a free machine
OURS = [name for name, entry in EMBEDDINGS.items() if entry.task == CMS_ADC.name]
# Enough test events of each kind for a value at the working point: 200 of 1,000.
EVENTS = 1000


def of_task(registered: Mapping[str, Entry[Any]]) -> list[str]:
    return sorted(name for name, entry in registered.items() if entry.task == CMS_ADC.name)


def diadem_run(*words: object) -> Result:
    return CliRunner().invoke(diadem, list(map(str, words)))


def evaluate(*words: object) -> Result:
    common = ("--profile", "smoke", "--workers", 1, "--device", "cpu")
    return diadem_run("evaluate", *words, *common)


@pytest.fixture(scope="module")
def release(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return small_release(tmp_path_factory.mktemp("release"), events=EVENTS)


@pytest.fixture(scope="module")
def results(release: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """All rows that the table and the figures need."""
    root = tmp_path_factory.mktemp("run")
    rows = root / "results" / "smoke" / "cms_adc" / "rows"
    store = ("--data", release, "--store", root / "store")
    for name in OURS:
        done = evaluate(name, *store, "--output", rows / f"{name}.csv")
        assert done.exit_code == 0, done.output
    scans = [("anomclr_plus", vary) for vary in ("augmentations", "dimension", "events")]
    for name, vary in (*scans, ("raw", "events")):
        output = rows / f"{name}-{vary}.csv"
        done = evaluate(name, "--vary", vary, *store, "--output", output)
        assert done.exit_code == 0, done.output
    return root / "results"


def test_rows_of_every_embedding(results: Path) -> None:
    rows = read_rows(sorted((results / "smoke" / "cms_adc" / "rows").glob("*.csv")))
    main = rows[rows["variant"] == ""]
    assert set(main["embedding"]) == set(OURS)
    assert set(main["signal"]) == set(CMS_ADC.signals)
    assert set(rows["task_digest"]) == {CMS_ADC.digest()}
    assert {"augmentations=add", "dimension=4", "events=200"} <= set(rows["variant"])
    assert set(rows.loc[rows["variant"] == "events=200", "n_train"]) == {200}
    assert main["n_train"].nunique() == 1
    aucs = main[main["metric"] == "auc"].set_index("embedding")["value"]
    assert aucs.between(0, 1, inclusive="neither").all()  # after one epoch no more can be said
    assert aucs["raw"].between(0.3, 1).all()


@pytest.mark.parametrize("name", of_task(FIGURES))
def test_every_figure(results: Path, name: str) -> None:
    done = diadem_run("figure", name, "--profile", "smoke", "--results", results)
    assert done.exit_code == 0, done.output
    folder = results / "smoke" / "cms_adc" / "figures"
    for suffix in (".png", ".pdf", ".csv", ".md"):
        assert (folder / f"{name}{suffix}").stat().st_size > 100
    assert "smoke" in (folder / f"{name}.md").read_text()


@pytest.mark.parametrize("name", of_task(TABLES))
def test_every_table(results: Path, name: str) -> None:
    done = diadem_run("table", name, "--profile", "smoke", "--results", results)
    assert done.exit_code == 0, done.output
    folder = results / "smoke" / "cms_adc" / "tables"
    text = (folder / f"{name}.md").read_text()
    assert CMS_ADC.digest() in text
    assert len(pd.read_csv(folder / f"{name}.csv")) > 0


def test_finished_trainings_are_reused(release: Path, tmp_path: Path) -> None:
    words = ("raw", "--data", release, "--store", tmp_path, "--output", tmp_path / "a.csv")
    assert "kept from before" not in evaluate(*words).output
    before = (tmp_path / "a.csv").read_bytes()
    assert "kept from before" in evaluate(*words).output
    assert (tmp_path / "a.csv").read_bytes() == before


def test_the_official_files_unchanged(tmp_path: Path) -> None:
    folder = official_files(tmp_path / "official", events=EVENTS)
    output = tmp_path / "rows.csv"
    done = evaluate("anomclr_plus", "--data", folder, "--store", tmp_path, "--output", output)
    assert done.exit_code == 0, done.output
    rows = read_rows(output)
    assert rows["release"].str.startswith("official@").all()
    assert set(rows["signal"]) == set(CMS_ADC.signals)


def test_what_a_user_may_get_wrong(release: Path, tmp_path: Path) -> None:
    lacking = official_files(tmp_path / "lacking", events=50)
    (lacking / OFFICIAL_NAMES["leptoquark"]).unlink()
    few = small_release(tmp_path / "few", events=1)
    store = ("--store", tmp_path / "store")
    for words, message in {
        ("raw", "--data", str(lacking)): "no events of leptoquark",
        ("raw", "--data", str(few)): "no event in the part",
        ("raw", "--data", str(tmp_path / "nowhere")): "no folder",
        ("rwa",): "Did you mean raw?",
        ("clr", "--set", "depth=3"): "setting depth",
        ("clr", "--set", "heads=3"): "heads",
        ("no_such_module:Pca6",): "no such module",
    }.items():
        done = evaluate(*words, *store)
        assert done.exit_code == 2, done.output
        assert message in done.output
    assert diadem_run("evaluate", "raw", "--profile", "huge", *store).exit_code == 2
    folder = evaluate("raw", "--data", release, *store, "--output", tmp_path)
    assert folder.exit_code == 2


def test_interrupted_and_gone_on(release: Path, tmp_path: Path) -> None:
    words = ["evaluate", "anomclr_plus", "--profile", "smoke", "--set", "epochs=400"]
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
