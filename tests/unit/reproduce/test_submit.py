"""`diadem submit`: a folder to start from, the events, and the verdict."""

from __future__ import annotations

import ast
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from click.testing import CliRunner, Result

from benchmark.events import read_events
from benchmark.submissions.schema import read_submission
from reproduce.cli.app import diadem
from tests.adc import small_release
from tests.diphoton import small_diphoton
from tests.submissions import write_description

ROOT = Path(__file__).parents[3]
FIXTURES = ROOT / "tests" / "fixtures" / "submissions"
EVENTS = 80


def run(*arguments: Any) -> Result:
    return CliRunner().invoke(diadem, ["submit", *map(str, arguments)])


@pytest.fixture(scope="module")
def datasets(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of datasets with small releases."""
    root: Path = tmp_path_factory.mktemp("datasets")
    for task, make in (("diphoton", small_diphoton), ("cms_adc", small_release)):
        (root / task / "v1").mkdir(parents=True)
        for path in (ROOT / "datasets" / task).iterdir():
            if path.name != "v1":
                (root / task / path.name).symlink_to(path)
        make(root / task / "v1", events=EVENTS)
    return root


@pytest.mark.parametrize("kind", ["latents", "encoder"])
@pytest.mark.parametrize("task", ["diphoton", "cms_adc"])
def test_from_the_template_to_an_accepted_submission(
    tmp_path: Path, datasets: Path, monkeypatch: pytest.MonkeyPatch, task: str, kind: str
) -> None:
    monkeypatch.setenv("DIADEM_DATASETS", str(datasets))
    folder = tmp_path / "mine"
    made = run("template", folder, "--task", task, "--kind", kind)
    assert made.exit_code == 0, made.output
    assert "make.py" in made.output
    before = run("check", folder / "submission")
    assert before.exit_code == 2
    assert "no_payload" in before.output
    subprocess.run([sys.executable, folder / "make.py"], check=True, cwd=ROOT)
    after = run("check", folder / "submission", "--json", tmp_path / "report.json")
    assert after.exit_code == 0, after.output
    assert "accepted: my-pca" in after.output
    report = json.loads((tmp_path / "report.json").read_text())
    assert report["accepted"] is True
    assert report["submission"]["kind"] == kind


@pytest.mark.parametrize("kind", ["latents", "encoder"])
@pytest.mark.parametrize("task", ["diphoton", "cms_adc"])
def test_template_is_right_as_it_is(tmp_path: Path, task: str, kind: str) -> None:
    run("template", tmp_path / "mine", "--task", task, "--kind", kind)
    submission = read_submission(tmp_path / "mine" / "submission" / "submission.yaml")
    assert (submission.task, submission.kind) == (task, kind)
    code = (tmp_path / "mine" / "make.py").read_text()
    assert "$" not in code
    assert ast.get_docstring(ast.parse(code))


def test_template_replaces_nothing(tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir()
    found = run("template", tmp_path / "mine", "--task", "diphoton")
    assert found.exit_code == 2
    assert "exists already" in found.output
    assert not list((tmp_path / "mine").iterdir())


def test_refused(tmp_path: Path) -> None:
    found = run("check", FIXTURES / "bad_yaml_object", "--json", tmp_path / "report.json")
    assert found.exit_code == 2
    assert "yaml_tag" in found.output
    assert "refused: 1 fault" in found.output
    report = json.loads((tmp_path / "report.json").read_text())
    assert report["accepted"] is False
    assert [finding["code"] for finding in report["findings"]] == ["yaml_tag"]


def test_no_folder(tmp_path: Path) -> None:
    found = run("check", tmp_path / "nowhere")
    assert found.exit_code == 2
    assert "no_folder" in found.output


def test_a_name_of_a_folder_is_no_markup(tmp_path: Path) -> None:
    folder = write_description(tmp_path / "[bold]mine[red]")
    (folder / "[link=evil]").write_text("x")
    found = run("check", folder)
    assert found.exit_code == 2
    assert "[link=evil]" in found.output


def test_report_that_cannot_be_written_is_noticed_first(tmp_path: Path) -> None:
    found = run("check", FIXTURES / "good_latents_diphoton", "--json", tmp_path / "x" / "y" / ".")
    assert found.exit_code == 2


@pytest.mark.parametrize("task", ["diphoton", "cms_adc"])
def test_events(tmp_path: Path, datasets: Path, task: str) -> None:
    data, path = datasets / task / "v1", tmp_path / "events.parquet"
    found = run("events", "--task", task, "--data", data, "--output", path)
    assert found.exit_code == 0, found.output
    names = pq.read_schema(path).names
    assert "event_id" in names
    assert not {"process", "point", "m_gg", "weight"} & set(names)
    again = run("events", "--task", task, "--data", data, "--output", path)
    assert again.exit_code == 2
    assert "exists already" in again.output


@pytest.mark.parametrize("task", ["diphoton", "cms_adc"])
def test_events_to_learn_from(tmp_path: Path, datasets: Path, task: str) -> None:
    data, path = datasets / task / "v1", tmp_path / "training.parquet"
    found = run("events", "--task", task, "--training", "--data", data, "--output", path)
    assert found.exit_code == 0, found.output
    events = read_events(path)
    assert len(set(events.process.tolist())) == (13 if task == "diphoton" else 1)
