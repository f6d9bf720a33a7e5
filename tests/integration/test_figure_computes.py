"""`diadem figure` and `table` alone: what is missing is computed as the pipeline does it."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from click.testing import CliRunner, Result

from benchmark.checksums import NAME as CHECKSUMS
from reproduce.cli import diadem
from reproduce.stages import Stage, stages
from tests.adc import small_release
from tests.diphoton import small_diphoton

if TYPE_CHECKING:
    from pathlib import Path

SMOKE = ("--profile", "smoke")
QUIETLY = ("--workers", "1", "--device", "cpu")


def diadem_run(*words: object) -> Result:
    return CliRunner().invoke(diadem, list(map(str, words)))


@pytest.fixture(scope="module")
def adc(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return small_release(tmp_path_factory.mktemp("adc"), events=1000)


def test_a_table_computes_its_rows_once(adc: Path, tmp_path: Path) -> None:
    results = tmp_path / "results"
    words = ("table", "adc-2", *SMOKE, "--results", results, *QUIETLY)
    store = ("--data", adc, "--store", tmp_path / "store")
    first = diadem_run(*words, *store)
    assert first.exit_code == 0, first.output
    folder = results / "smoke" / "cms_adc"
    assert f"not there yet: {folder / 'rows' / 'table-2.csv'}" in first.stderr
    command = "diadem evaluate anomclr_plus anomclr clr untrained raw --profile smoke --output"
    assert f"{command} {folder / 'rows' / 'table-2.csv'} (time not measured yet)" in first.stderr
    assert "stage 1 of 1" in first.stderr
    written = {str(path) for path in (folder / "tables").iterdir() if path.name != CHECKSUMS}
    assert set(first.stdout.split()) == written
    times = json.loads((results / "smoke" / "times.json").read_text(encoding="utf-8"))
    assert list(times) == ["evaluate"]

    again = diadem_run(*words)
    assert again.exit_code == 0
    assert again.stderr == ""
    assert again.stdout == first.stdout

    (folder / "rows" / "table-2.csv").unlink()
    kept = diadem_run(*words, *store)
    assert "kept from before" in kept.stderr
    assert " cores)" in kept.stderr, "the measured time and its machine"
    assert json.loads((results / "smoke" / "times.json").read_text(encoding="utf-8")) == times
    assert kept.stdout == first.stdout


def test_events_of_ones_own_are_not_ignored(adc: Path, tmp_path: Path) -> None:
    rows = tmp_path / "smoke" / "cms_adc" / "rows"
    rows.mkdir(parents=True)
    (rows / "table-2.csv").write_text("there")
    done = diadem_run("table", "adc-2", *SMOKE, "--results", tmp_path, "--data", adc)
    assert done.exit_code == 2
    assert "the results are there already: name another --results" in done.stderr


def test_a_chain_of_two_commands(tmp_path: Path) -> None:
    """Latents are trained, then probed; --no-compute says both and does neither."""
    release = small_diphoton(tmp_path / "release", events=200)
    results = tmp_path / "results"
    words = ("table", "latents", *SMOKE, "--results", results)
    folder = results / "smoke" / "diphoton"
    refused = diadem_run(*words, "--no-compute")
    assert refused.exit_code == 2
    assert f"{folder / 'rows' / 'probes.csv'}: no results here" in refused.stderr
    for verb in ("train supervised", "probe"):
        assert f"`diadem {verb}" in refused.stderr
    assert not results.exists()
    done = diadem_run(*words, *QUIETLY, "--data", release, "--store", tmp_path / "store")
    assert done.exit_code == 0, done.output
    assert "stage 2 of 2: diadem probe" in done.stderr
    written = {path.name for path in (folder / "tables").iterdir()}
    assert written == {"latents.md", "latents.csv", CHECKSUMS}


def test_an_unknown_profile_is_said_before_any_work(tmp_path: Path) -> None:
    done = diadem_run("figure", "sic-id", "--profile", "smok", "--results", tmp_path)
    assert done.exit_code == 2
    assert "Did you mean smoke?" in done.stderr
    assert not list(tmp_path.iterdir())


def test_ctrl_c_says_how_to_go_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def stop(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("reproduce.cli.computing.run", stop)
    done = diadem_run("figure", "sic-id", *SMOKE, "--results", tmp_path)
    assert done.exit_code == 130
    assert "interrupted" in done.stderr


def test_what_dvc_alone_can_run_is_said(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    def by_hand(profile: str) -> list[Stage]:
        return [replace(stage, command="python mine.py") for stage in stages(profile)]

    monkeypatch.setattr("reproduce.cli.computing.stages", by_hand)
    done = diadem_run("table", "adc-2", *SMOKE, "--results", tmp_path)
    assert done.exit_code == 2
    assert "Run `dvc repro evaluate`" in done.stderr
