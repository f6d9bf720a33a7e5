"""The headline numbers: from result rows, with uncertainties, null where a cell is missing."""

from __future__ import annotations

import json
import math
from typing import TYPE_CHECKING

import pytest
from click.testing import CliRunner

from benchmark.results import write_rows
from benchmark.results.rules import METRICS
from benchmark.tasks.cms_adc import CMS_ADC
from reproduce.cli import diadem
from reproduce.headlines import headlines, write_headlines
from tests.diphoton_rows import write_diphoton
from tests.hunt_rows import write_hunt
from tests.rows import adc_rows

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    write_rows(adc_rows(), tmp_path / "made-up" / "cms_adc" / "rows" / "main.csv")
    write_diphoton(tmp_path / "made-up" / "diphoton")
    write_hunt(tmp_path / "made-up" / "diphoton")
    return tmp_path / "made-up"


@pytest.mark.parametrize("task", ["cms_adc", "diphoton"])
def test_the_command_writes_them(task: str, folder: Path) -> None:
    words = ["metrics", task, "--profile", "made-up", "--results", str(folder.parent)]
    done = CliRunner().invoke(diadem, words)
    assert done.exit_code == 0, done.output
    first = (folder / task / "metrics.json").read_bytes()
    assert write_headlines(folder, task).read_bytes() == first
    assert b"NaN" not in first
    held = json.loads(first)
    for one in headlines()[task]:
        number = held
        for part in one.name.split("."):
            number = number[part]
        assert set(number) == {"value", "uncertainty"}
        assert (one.select.metric or "") in METRICS


def test_the_mean_is_that_of_the_cells(folder: Path) -> None:
    rows = adc_rows()
    chosen = rows[(rows["embedding"] == "raw") & (rows["metric"] == "auc")]
    cells = chosen.groupby("signal")["value"].mean()
    expected = math.prod(cells[name] for name in CMS_ADC.signals) ** (1 / len(CMS_ADC.signals))
    found = json.loads(write_headlines(folder, "cms_adc").read_text())["auc"]["raw"]
    assert found["value"] == pytest.approx(expected, rel=1e-5)  # six digits are written
    assert 0 < found["uncertainty"] < 1


def test_a_missing_cell_makes_no_number(folder: Path) -> None:
    rows = adc_rows()
    path = folder / "cms_adc" / "rows" / "main.csv"
    write_rows(rows[~((rows["signal"] == "leptoquark") & (rows["embedding"] == "raw"))], path)
    found = json.loads(write_headlines(folder, "cms_adc").read_text())["auc"]
    assert found["raw"] == {"value": None, "uncertainty": None}
    assert found["anomclr_plus"]["value"] is not None


def test_without_rows_there_is_no_file(tmp_path: Path) -> None:
    words = ["metrics", "cms_adc", "--profile", "none", "--results", str(tmp_path)]
    done = CliRunner().invoke(diadem, words)
    assert done.exit_code == 2
    assert "no result rows here" in done.output
    assert not list(tmp_path.rglob("*.json"))
