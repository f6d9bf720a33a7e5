"""The command line without a simulation: help, errors, exit codes, tables."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import click
import pandas as pd
import pytest
from click.testing import CliRunner, Result

from benchmark.errors import CardError
from benchmark.events import EventTable, read_events, write_events
from benchmark.schema import CMS_ADC, DIPHOTON
from benchmark.simulation.production import Progress, Request
from benchmark.simulation.verify import Check
from reproduce.cli import diadem
from reproduce.cli.output import number
from reproduce.cli.progress import Pace
from tests.adc import random_particles, write_particles
from tests.tables import random_table

ROOT = Path(__file__).resolve().parents[3]
COMMANDS = ("list", "describe", "simulate", "import", "verify", "validate")


def run(*words: object) -> Result:
    return CliRunner().invoke(diadem, [str(word) for word in words])


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """200 events with the rates that `simulate` would note."""
    path = tmp_path / "a.parquet"
    rate = {"process": "ggf", "point": "", "acceptance": 0.25, "acceptance_error": 0.0125}
    notes = {"dataset": "diphoton", "samples": json.dumps([rate])}
    write_events(random_table(DIPHOTON, 200), path, metadata=notes)
    return path


@pytest.mark.parametrize("words", [(), ("data",), *(("data", name) for name in COMMANDS)])
def test_help_has_an_example(words: tuple[str, ...]) -> None:
    result = run(*words, "--help")
    assert result.exit_code == 0
    assert "Example" in result.output
    assert "\n    diadem data" in result.output


def test_version() -> None:
    assert run("--version").output.startswith("diadem ")


def test_help_needs_no_heavy_library() -> None:
    code = (
        "import sys; import reproduce.cli; "
        "print({'numpy', 'pythia8mc', 'fastjet', 'matplotlib', 'awkward'} & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"


def test_help_takes_half_a_second_of_processor_time() -> None:
    command = [sys.executable, "-m", "reproduce.cli", "--help"]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, cwd=ROOT)
    _, status, usage = os.wait4(process.pid, 0)  # a busy machine does not change it much
    process.returncode = os.waitstatus_to_exitcode(status)
    assert process.returncode == 0
    assert usage.ru_utime + usage.ru_stime < 0.5


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("data", "nothing"), "No such command"),
        (("data", "simulate"), "--dataset"),
        (("data", "simulate", "--dataset", "nope"), "no such dataset"),
        (("data", "simulate", "--dataset", "diphoton", "--process", "ggF"), "--events"),
        (("data", "simulate", "--dataset", "diphoton", "--events", 5), "--events needs --process"),
        (("data", "describe", "no-such-file.parquet"), "no such file"),
        (("data", "describe", "diphoton", "--output", "x"), "--plot"),
        (("data", "verify", "nope"), "no such dataset"),
        (("data", "import", "no.h5", "--dataset", "cms_adc", "--output", "a"), "no.h5"),
    ],
)
def test_what_a_user_can_mend_ends_with_2(words: tuple[object, ...], said: str) -> None:
    result = run(*words)
    assert result.exit_code == 2
    assert said in result.stderr
    assert "Traceback" not in result.stderr


@pytest.mark.parametrize(
    ("process", "point", "said"),
    [
        ("nope", None, "expected continuum, ggF"),
        ("zprime", "1", "expected 200, 300"),
    ],
)
def test_names_the_known_processes_and_points(
    process: str, point: str | None, said: str, tmp_path: Path
) -> None:
    words = ["--dataset", "diphoton", "--process", process, "--events", "5"]
    words += ["--point", point] if point else []
    result = run("data", "simulate", *words, "--output", tmp_path / "a.parquet")
    assert result.exit_code == 2
    assert said in result.stderr


def test_overwrites_only_by_force(file: Path) -> None:
    words = ("data", "simulate", "--dataset", "diphoton", "--process", "ggF", "--events", 5)
    before = file.read_bytes()
    result = run(*words, "--output", file)
    assert result.exit_code == 2
    assert "--force" in result.stderr
    assert file.read_bytes() == before


STUBBORN = """
import os, signal, threading, time
from reproduce.cli.app import diadem, main

def press() -> None:
    for _ in range(8):
        time.sleep(0.1)
        os.kill(os.getpid(), signal.SIGINT)

@diadem.command()
def wait() -> None:
    threading.Thread(target=press).start()  # the interpreter waits for it at the end
    try:
        time.sleep(60)
    finally:
        time.sleep(0.25)  # tidying up, which another Ctrl-C must not cut short
        os.write(1, b"tidy")

main()
"""


def test_ctrl_c_again_and_again_ends_without_a_traceback() -> None:
    command = [sys.executable, "-c", STUBBORN, "wait"]
    done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, timeout=60)
    assert done.returncode == 130
    assert done.stdout == "tidy"
    assert done.stderr == "Error: interrupted\n"


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("a.h5", "diadem data import a.h5 --dataset cms_adc --output a.parquet"),
        ("a.root", "diadem data import a.root --dataset diphoton --process NAME"),
        ("notes.txt", "Give the event file"),
    ],
)
def test_a_foreign_file_is_not_described(
    name: str, words: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path(name).write_bytes(b"\x89HDF")
    result = run("data", "describe", name)
    assert result.exit_code == 2
    assert f"{name}: no event file" in result.stderr
    assert words in result.stderr


def test_a_dataset_is_described_beside_a_file_of_its_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("cms_adc").write_text("mine")
    assert run("data", "describe", "cms_adc").exit_code == 0


def test_verify_tells_what_is_no_release(tmp_path: Path) -> None:
    (tmp_path / "a.parquet").write_text("")
    for path, found in (
        (tmp_path, "found a folder without manifest.json"),
        (tmp_path / "a.parquet", "found a file"),
    ):
        result = run("data", "verify", path)
        assert result.exit_code == 2
        assert f"{path}: no release; {found}" in result.stderr


@pytest.mark.parametrize(
    ("raised", "code", "said"),
    [
        (CardError("card.yaml:3: wrong"), 2, "card.yaml:3: wrong"),
        (KeyboardInterrupt(), 130, "interrupted"),
    ],
)
def test_ends_of_a_command(
    raised: BaseException, code: int, said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(**_: object) -> None:
        raise raised

    monkeypatch.setitem(diadem.commands, "fail", click.Command("fail", callback=fail))
    result = run("fail")
    assert result.exit_code == code
    assert said in result.stderr


def test_a_fault_of_the_program_keeps_its_traceback(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail() -> None:
        raise ZeroDivisionError

    monkeypatch.setitem(diadem.commands, "fail", click.Command("fail", callback=fail))
    assert isinstance(run("fail").exception, ZeroDivisionError)


def test_list_names_every_process_and_point() -> None:
    result = run("data", "list")
    assert result.exit_code == 0
    for name in ("cms_adc", "continuum", "750_100_ll", "hplus_to_taunu"):
        assert name in result.output


def test_describes_a_card() -> None:
    result = run("data", "describe", "cms_adc")
    assert result.exit_code == 0
    for text in ("selection.trigger_min_pt", "stated", "split adc", "a_to_4l", "arbitrary"):
        assert text in result.output


def test_describes_a_file(file: Path) -> None:
    result = run("data", "describe", file)
    assert result.exit_code == 0
    events = read_events(file, processes=["ttbar"])
    n = sum(events.point == "500_100")
    assert any(
        line.split()[:3] == ["ttbar", "500_100", str(n)] for line in result.output.splitlines()
    )
    assert "0.250 ± 0.013" in result.output  # the acceptance in the notes of the file


def test_plots_a_page_of_each_quantity(tmp_path: Path) -> None:
    path = tmp_path / "b.parquet"
    write_events(random_table(CMS_ADC, 50), path)
    folder = tmp_path / "pages"
    result = run("data", "describe", path, "--plot", "--output", folder)
    assert result.exit_code == 0, result.output
    written = {path.name for path in folder.iterdir()}
    assert {"met_pt.png", "met_pt.pdf", "n_jets.png"} <= written
    assert {"README.md", "samples.csv", "means.csv"} <= written
    assert len([name for name in written if name.endswith((".png", ".pdf"))]) == 24


def test_imports_official_files_one_after_the_other(tmp_path: Path) -> None:
    files = [
        write_particles(tmp_path / f"Ato4l_{k}.h5", random_particles(20, seed=k)) for k in (1, 2)
    ]
    output = tmp_path / "a.parquet"
    words = ("data", "import", *files, "--dataset", "cms_adc", "--output", output)
    result = run(*words)
    assert result.exit_code == 0, result.output
    table = read_events(output)  # which refuses ids that stand twice
    assert len(table) == 40
    assert set(table.process) == {"a_to_4l"}
    assert table.digest() in result.output
    assert run(*words).exit_code == 2
    assert run(*words, "--force").exit_code == 0


def test_a_bad_file_leaves_nothing(tmp_path: Path) -> None:
    particles = random_particles(20)
    particles[7, 3, 0] = float("nan")
    path = write_particles(tmp_path / "Ato4l_x.h5", particles)
    result = run(
        "data", "import", path, "--dataset", "cms_adc", "--output", tmp_path / "a.parquet"
    )
    assert result.exit_code == 2
    assert "event 7" in result.stderr
    assert {p.name for p in tmp_path.iterdir()} == {"Ato4l_x.h5"}


def test_imports_delphes(tmp_path: Path) -> None:
    output = tmp_path / "a.parquet"
    root = ROOT / "tests/fixtures/delphes/ggh_atlas.root"
    words = ("data", "import", root, "--dataset", "diphoton", "--output", output)
    assert "--process" in run(*words).stderr
    result = run(*words, "--process", "mine")
    assert result.exit_code == 0, result.output
    assert "60 events of 1 files" in result.output
    assert set(read_events(output).process) == {"mine"}


@pytest.mark.parametrize(("passed", "code"), [(True, 0), (False, 2)])
def test_verify_ends_with_2_when_a_check_fails(
    passed: bool, code: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "manifest.json").write_text("{}")
    checks = [Check("one", True, "fine"), Check("two [x]", passed, "3 [bold]")]
    monkeypatch.setattr("benchmark.simulation.verify.verify_release", lambda _: checks)
    result = run("data", "verify", tmp_path)
    assert result.exit_code == code
    assert "3 [bold]" in result.output
    assert ("all 2 checks pass" if passed else "1 of 2 checks fail") in result.output


def test_verify_without_a_release_says_how_to_make_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cards = ROOT / "datasets"
    shutil.copytree(cards / "cms_adc" / "pythia", tmp_path / "cms_adc" / "pythia")
    shutil.copy(cards / "cms_adc" / "card.yaml", tmp_path / "cms_adc")
    monkeypatch.setenv("DIADEM_DATASETS", str(tmp_path))
    result = run("data", "verify")
    assert result.exit_code == 2
    assert "diadem data simulate --dataset cms_adc" in result.stderr


@pytest.mark.parametrize(("verdict", "code"), [("pass", 0), ("fail", 2)])
def test_validate_ends_with_2_when_a_row_fails(
    verdict: str, code: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = pd.DataFrame(
        {"card": ["cms"], "quantity": ["efficiency"], "value": [0.9], "verdict": [verdict]}
    )
    monkeypatch.setattr("benchmark.fidelity.study.run_validation", lambda *_, **__: rows)
    result = run("data", "validate", "--output", tmp_path)
    assert result.exit_code == code
    assert "efficiency" in result.output
    assert ("Failing rows (1)" in result.output) == (verdict == "fail")


def test_pace_leaves_out_what_an_earlier_command_did() -> None:
    now = [100.0]
    pace = Pace(wanted=1000, clock=lambda: now[0])
    assert pace.rate() is None
    for seconds, events in ((110.0, 500), (120.0, 600)):
        now[0] = seconds
        pace.update(Progress(Request("ggF", "", 1000), events, 1000, 2 * events))
    assert pace.rate() == pytest.approx(10)
    assert pace.remaining() == pytest.approx(40)
    assert pace.text() == "ggF: 600 of 1,000 events, 10.0 events/s, 0:40 to go"


def test_number_without_error() -> None:
    assert number(0.0, 0.0) == "0"
    assert number(float("nan"), 1.0) == "-"


def test_table_of_no_events_is_described(tmp_path: Path) -> None:
    path = tmp_path / "empty.parquet"
    write_events(EventTable.concat([random_table(CMS_ADC, 3)]).select(slice(0, 0)), path)
    assert run("data", "describe", path).exit_code == 0
