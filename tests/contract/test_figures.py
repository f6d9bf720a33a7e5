"""Every registered figure and table: whole files, the same bytes again, honest about gaps."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest
from click.testing import CliRunner, Result

from benchmark.checksums import NAME as CHECKSUMS
from benchmark.results import write_rows
from reproduce.cli import diadem
from reproduce.cli.naming import file_names
from reproduce.figures import FIGURES
from reproduce.inputs import Place, Samples
from reproduce.names import NOT_PUBLISHED
from reproduce.profiles import load_profile
from reproduce.stages import RESULTS, producers, stages
from reproduce.tables import TABLES
from tests.diphoton_rows import write_diphoton
from tests.hunt_rows import write_hunt
from tests.rows import adc_rows, adc_scans

PROFILE = "made-up"  # none of ours: what a profile asks for is another test's
ENDINGS = {"figure": {".png", ".pdf", ".csv", ".md"}, "table": {".csv", ".md"}}
REGISTERED = {"figure": FIGURES, "table": TABLES}
ALL = [(kind, name) for kind, entries in REGISTERED.items() for name in entries]
OF_RESULTS = [(k, n) for k, n in ALL if not isinstance(REGISTERED[k][n].source, Samples)]
MADE = ("release v1", "profile quick", "commit abc1234", "0123456789ab")
NOWHERE = Path("no-such-folder")
RELEASE = ("release v1@", "dataset diphoton version 1")

each = pytest.mark.parametrize(("kind", "name"), ALL)


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("results")
    rows = folder / PROFILE / "cms_adc" / "rows"
    write_rows(adc_rows(), rows / "main.csv")
    write_rows(adc_scans(), rows / "scans.csv")
    write_diphoton(folder / PROFILE / "diphoton")
    write_hunt(folder / PROFILE / "diphoton")
    return folder


def run(*words: object) -> Result:
    return CliRunner().invoke(diadem, [str(word) for word in words])


@each
def test_files_are_whole_and_repeatable(
    kind: str, name: str, results: Path, tmp_path: Path
) -> None:
    entry = REGISTERED[kind][name]
    beside = results / PROFILE / entry.task / f"{kind}s"
    for options in (("--output", tmp_path), ()):
        done = run(kind, name, "--profile", PROFILE, "--results", results, *options)
        assert done.exit_code == 0, done.output
        assert done.stderr == ""
    written = (path for path in tmp_path.iterdir() if path.name != CHECKSUMS)
    first = {path.name: path.read_bytes() for path in written}
    assert first == {file: (beside / file).read_bytes() for file in first}
    assert {Path(file).suffix for file in first} == ENDINGS[kind]
    assert first[f"{name}.md"].decode().startswith("# ")
    for word in MADE if (kind, name) in OF_RESULTS else RELEASE:
        assert word in first[f"{name}.md"].decode()
    assert f"{entry.task} card: " in first[f"{name}.md"].decode()
    numbers = pd.read_csv(tmp_path / f"{name}.csv")
    assert len(numbers)
    assert not {"nan", "inf"} & set(first[f"{name}.csv"].decode().lower().split(","))
    if kind == "figure":
        assert first[f"{name}.png"].startswith(b"\x89PNG")
        assert b"CreationDate" not in first[f"{name}.pdf"]


@pytest.mark.parametrize(("kind", "name"), OF_RESULTS)
def test_without_rows_the_message_says_how_to_make_them(
    kind: str, name: str, tmp_path: Path
) -> None:
    done = run(kind, name, "--profile", PROFILE, "--results", tmp_path, "--no-compute")
    assert done.exit_code == 2
    assert "dvc repro" in done.output
    entry = REGISTERED[kind][name]
    place = Place(results=tmp_path, profile=PROFILE, task=entry.task)
    for file in entry.source.files(place):
        assert str(place.folder / file) in done.output
    assert f"--profile {PROFILE} --output {tmp_path}" in done.output
    assert not list(tmp_path.iterdir())


@each
def test_every_file_that_is_read_has_a_stage_that_makes_it(kind: str, name: str) -> None:
    entry = REGISTERED[kind][name]
    files = entry.source.files(Place(results=NOWHERE, profile="smoke", task=entry.task))
    assert bool(files) == ((kind, name) in OF_RESULTS)
    wanted = [f"{RESULTS}/smoke/{entry.task}/{file}" for file in files]
    found = producers(wanted, stages("smoke"), NOWHERE)
    assert {file for stage in found for file in stage.writes} >= set(wanted)


@each
def test_its_own_stage_waits_for_what_it_reads(kind: str, name: str) -> None:
    """DVC knows that the figure or table depends on each of its files, and makes it as we do."""
    entry = REGISTERED[kind][name]
    files = entry.source.files(Place(results=NOWHERE, profile="smoke", task=entry.task))
    own = [s for s in stages("smoke") if s.command == f"diadem {kind} {name} --profile smoke"]
    assert len(own) == 1
    assert {f"{RESULTS}/smoke/{entry.task}/{file}" for file in files} <= set(own[0].reads)
    folder = f"{RESULTS}/smoke/{entry.task}/{kind}s/{name}"
    assert {f"{folder}{ending}" for ending in ENDINGS[kind]} <= set(own[0].writes)


@pytest.mark.parametrize("kind", REGISTERED)
def test_a_shell_completes_the_names_without_importing_them(kind: str) -> None:
    assert file_names(kind) == sorted(REGISTERED[kind])


@each
def test_entry_is_described(kind: str, name: str) -> None:
    entry = REGISTERED[kind][name]
    assert entry.name == name
    assert "arXiv:" in entry.reproduces
    assert entry.caption or kind == "table"
    if entry.source.sized:
        assert not entry.reproduces.startswith(NOT_PUBLISHED)
    assert entry.needs
    listed = run(kind, "--list")
    assert listed.exit_code == 0
    assert name in listed.output


@pytest.mark.parametrize("kind", ENDINGS)
def test_usage(kind: str) -> None:
    assert f"\n    diadem {kind} adc" in run(kind, "--help").output
    assert run(kind).exit_code == 2
    unknown = run(kind, "nothing")
    assert unknown.exit_code == 2
    assert "adc-" in unknown.output.replace("\n", "")


@each
def test_one_number_of_training_events(
    kind: str, name: str, results: Path, tmp_path: Path
) -> None:
    words = ("--profile", PROFILE, "--results", results, "--output", tmp_path, "--events", 8000)
    done = run(kind, name, *words)
    if not REGISTERED[kind][name].source.sized:
        assert done.exit_code == 2
        assert "leave --events out" in done.output
    elif name == "adc-roc-si":  # scans hold no curves
        assert done.exit_code == 2
        assert "no result rows" in done.output
    else:
        assert done.exit_code == 0, done.output
        assert "training events 8,000;" in (tmp_path / f"{name}-events-8000.md").read_text()


def test_the_default_profile_is_that_of_the_parameters(tmp_path: Path) -> None:
    done = run("table", "adc-2", "--results", tmp_path, "--no-compute")
    assert done.exit_code == 2
    assert str(tmp_path / load_profile()[0]) in done.output.replace("\n", "")


def test_rows_of_two_tasks_are_refused(tmp_path: Path) -> None:
    rows = tmp_path / PROFILE / "cms_adc" / "rows"
    write_rows(adc_rows(embeddings=("raw",), curve=False), rows / "a.csv")
    other = adc_rows(embeddings=("clr",), curve=False).assign(task_digest="fedcba987654")
    write_rows(other, rows / "b.csv")
    done = run("table", "adc-2", "--profile", PROFILE, "--results", tmp_path)
    assert done.exit_code == 2
    assert "digest" in done.output
