"""No command shows an edited result: each says which file it is, and touches nothing."""

from __future__ import annotations

import re
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from click.testing import CliRunner

from benchmark.checksums import NAME, note
from benchmark.files import sha256
from benchmark.results import write_rows
from reproduce.cli import diadem
from tests.diphoton_rows import write_diphoton
from tests.hunt_rows import hunt_rows, write_hunt
from tests.leaderboard_entries import cms_adc, write_entries
from tests.rows import adc_rows

if TYPE_CHECKING:
    from click.testing import Result

PROFILE = "quick"  # of the entries
ENTRIES = "leaderboard/entries"
COMMANDS = {
    "figure sensitivity": "diphoton/rows/hunt.csv",
    "figure sic-id": "diphoton/rows/hunt.json",
    "figure sculpting": "diphoton/points/sculpting.csv",
    "figure latent-1d": "diphoton/points/latent-1d.csv",
    "figure latent-tsne": "diphoton/points/tsne.csv",
    "table sic": "diphoton/rows/hunt.csv",
    "table confusion": "diphoton/rows/probes.csv",
    "table adc-2": "cms_adc/rows/table-2.csv",
    "metrics diphoton": "diphoton/rows/hunt.csv",
    "report": "diphoton/rows/probes.csv",
    "leaderboard build": f"{ENTRIES}/cms_adc/raw.json",
}
NUMBER = re.compile(r"0\.\d{3,}|14\.9")


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("results")
    home = folder / PROFILE
    write_rows(adc_rows(), home / "cms_adc" / "rows" / "table-2.csv")
    write_diphoton(home / "diphoton")
    write_hunt(home / "diphoton")
    write_entries(home / "leaderboard", cms_adc())
    note({path: sha256(path) for path in home.rglob("*.*") if path.name != NAME})
    return folder


@pytest.fixture
def results(made: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(made, tmp_path / "results"))


def run(command: str, results: Path) -> Result:
    words = [*command.split(), "--profile", PROFILE, "--results", str(results)]
    return CliRunner().invoke(diadem, words)


def edit(path: Path) -> None:
    """Change one digit of one number."""
    text = path.read_text(encoding="utf-8")
    *_, last = NUMBER.finditer(text)
    digit = str((int(text[last.end() - 1]) + 1) % 10)
    path.write_text(text[: last.end() - 1] + digit + text[last.end() :], encoding="utf-8")


def content(folder: Path) -> dict[str, bytes]:
    return {str(path): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.mark.parametrize("command", COMMANDS)
def test_an_edited_result_is_refused(command: str, results: Path) -> None:
    path = results / PROFILE / COMMANDS[command]
    edit(path)
    before = content(results)
    done = run(command, results)
    assert done.exit_code == 2, done.output
    said = " ".join(done.output.split())
    assert f"{path}: a result that was edited" in said
    assert all(part in said for part in (sha256(path)[:12], "expected", "git checkout"))
    assert content(results) == before


def test_nothing_is_computed_beside_an_edited_result(results: Path) -> None:
    folder = results / PROFILE / "diphoton" / "rows"
    edit(folder / "hunt.json")
    (folder / "hunt.csv").unlink()
    done = run("figure sensitivity", results)
    assert done.exit_code == 2
    assert "hunt.json: a result that was edited" in done.output
    assert "not there yet" not in done.output


def test_made_again_it_is_shown(results: Path) -> None:
    path = results / PROFILE / "diphoton" / "rows" / "hunt.csv"
    edit(path)
    assert run("metrics diphoton", results).exit_code == 2
    write_rows(hunt_rows(), path)
    assert run("metrics diphoton", results).exit_code == 0
    changed = hunt_rows()
    changed["value"] = changed["value"] * 0.5  # other code, another result
    write_rows(changed, path)
    assert run("metrics diphoton", results).exit_code == 0


def test_an_edited_caption_is_not_in_the_report(results: Path) -> None:
    assert run("figure sensitivity", results).exit_code == 0
    path = results / PROFILE / "diphoton" / "figures" / "sensitivity.md"
    path.write_text(path.read_text(encoding="utf-8") + "Better.\n", encoding="utf-8")
    done = run("report", results)
    assert done.exit_code == 2
    assert "sensitivity.md: a result that was edited" in done.output
