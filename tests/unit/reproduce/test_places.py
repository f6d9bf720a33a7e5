"""Where the command line may write, asked before it works."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from benchmark.events import write_events
from benchmark.schema import CMS_ADC
from tests.adc import random_particles, write_particles
from tests.tables import random_table
from tests.unit.reproduce.test_cli import ROOT, run

SAMPLE = ("simulate", "--dataset", "diphoton", "--process", "ggF", "--events", 5)
RELEASE = ("simulate", "--dataset", "diphoton")


@pytest.mark.parametrize(
    "words",
    [
        (*SAMPLE, "--output", "file/x.parquet"),
        (*SAMPLE, "--output", "folder", "--force"),
        (*SAMPLE, "--output", "/proc/x.parquet"),
        (*SAMPLE, "--output", "/dev/null", "--force"),
        (*SAMPLE, "--output", "x" * 300),
        (*SAMPLE, "--store", "file/st"),
        (*SAMPLE, "--store", "link"),
        (*SAMPLE, "--store", "/proc/st"),
        (*SAMPLE, "--truth-cache", "file/tr"),
        (*RELEASE, "--output", "file"),
        (*RELEASE, "--output", "/proc/st"),
        (*RELEASE, "--output", "/proc", "--force"),
        (*RELEASE, "--output", ".", "--force"),
        (*RELEASE, "--output", "folder", "--store", "folder/st"),
        (*RELEASE, "--output", "mine", "--force"),
        (*RELEASE, "--output", "release", "--force"),
        ("import", "Ato4l_x.h5", "--dataset", "cms_adc", "--output", "file/x.parquet"),
        ("describe", "events.parquet", "--plot", "--output", "file/pages"),
        ("validate", "--output", "file/report"),
    ],
)
def test_where_nothing_can_be_written_no_work_starts(
    words: tuple[object, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def work(*_: object, **__: object) -> None:
        pytest.fail("the work began")

    for name in (
        "reproduce.cli.producing.produce",
        "reproduce.cli.producing.make_release",
        "reproduce.cli.described.tally",
        "benchmark.fidelity.study.run_validation",
        "benchmark.importers.cms_adc.iter_cms_adc",
    ):
        monkeypatch.setattr(name, work)
    monkeypatch.chdir(tmp_path)
    Path("file").write_text("old")
    Path("folder").mkdir()
    Path("link").symlink_to("nowhere")
    for name in ("mine", "release"):
        Path(name).mkdir()
        Path(name, "my-events.parquet").write_text("mine")
    Path("release", "manifest.json").write_text(json.dumps({"files": [{"file": "ggF.parquet"}]}))
    write_particles(Path("Ato4l_x.h5"), random_particles(2))
    write_events(random_table(CMS_ADC, 2), "events.parquet")
    before = sorted(tmp_path.rglob("*"))
    result = run("data", *words)
    assert result.exit_code == 2, result.exception
    assert "cannot write here" in result.stderr
    assert sorted(tmp_path.rglob("*")) == before
    assert Path("file").read_text() == "old"


@pytest.mark.parametrize("name", ["new", "empty", "release"])
def test_where_a_release_may_be_made(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[Path] = []
    monkeypatch.setattr(
        "reproduce.cli.producing.Run.release", lambda _, folder: made.append(folder)
    )
    monkeypatch.chdir(tmp_path)
    Path("empty").mkdir()
    Path("release").mkdir()
    Path("release", "ggF.parquet").write_text("old")
    Path("release", "manifest.json").write_text(json.dumps({"files": [{"file": "ggF.parquet"}]}))
    result = run("data", *RELEASE, "--output", name, "--force")
    assert result.exit_code == 0, result.output
    assert made == [tmp_path / name]


@pytest.mark.parametrize("name", ["Ato4l_x.h5", "./Ato4l_x.h5", "link.h5", "card.yaml"])
def test_an_import_does_not_replace_what_it_reads(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    path = write_particles(tmp_path / "Ato4l_x.h5", random_particles(20))
    (tmp_path / "link.h5").symlink_to(path)
    shutil.copytree(ROOT / "datasets" / "cms_adc", tmp_path, dirs_exist_ok=True)
    before = {p: p.read_bytes() for p in (path, tmp_path / "card.yaml")}
    words = ("data", "import", path, "--dataset", "card.yaml", "--output", name)
    for force in ((), ("--force",)):
        result = run(*words, *force)
        assert result.exit_code == 2
        assert "is the input" in result.stderr
    assert {p: p.read_bytes() for p in before} == before
