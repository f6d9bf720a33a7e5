"""`diadem probe`: what it writes, what it shows, and what it refuses."""

from __future__ import annotations

import errno
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from click.testing import CliRunner, Result

from benchmark.checksums import NAME as CHECKSUMS
from benchmark.latents import Latents, write_latents
from benchmark.results import read_rows
from reproduce.cli import diadem
from reproduce.cli.probing import COLUMNS, ROWS, TSNE
from tests.latents import PROCESSES, log_probabilities, made_up_latents

if TYPE_CHECKING:
    from pathlib import Path


def run(*words: object) -> Result:
    return CliRunner().invoke(diadem, ["probe", *map(str, words)])


def put(path: Path, latents: Latents) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    write_latents(path, latents)
    return path


@pytest.fixture(scope="module")
def latents() -> Latents:
    return made_up_latents(events=12, dimensions=2)


@pytest.fixture(scope="module")
def folder(latents: Latents, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An embedding in one regime, and a classifier."""
    root = tmp_path_factory.mktemp("latents")
    put(root / "signal_aware" / "id.parquet", latents)
    put(root / "supervised" / "id.parquet", log_probabilities(latents, PROCESSES))
    return root


@pytest.fixture(scope="module")
def probed(folder: Path) -> tuple[Result, Path]:
    output = folder.with_name("output")
    store = folder.with_name("store")
    words = (folder, "--output", output, "--store", store, "--workers", 1, "--tsne-events", 6)
    return run(*words), output


def test_it_writes_rows_and_points(probed: tuple[Result, Path]) -> None:
    result, output = probed
    assert result.exit_code == 0, result.output
    files = {str(path.relative_to(output)) for path in output.rglob("*") if path.is_file()}
    checksums = {f"{folder}/{CHECKSUMS}" for folder in ("rows", "points")}
    assert files == {ROWS, TSNE} | checksums
    rows = read_rows(output / ROWS)
    assert set(rows["profile"]) == {"smoke"}
    assert set(rows["variant"]) == {"", "probe=bdt", "probe=linear", "probe=own"}
    points = pd.read_csv(output / TSNE, keep_default_na=False)
    assert tuple(points.columns) == COLUMNS
    assert len(points) == 13 * 6
    assert set(points["release"]) == set(rows["release"])


def test_it_shows_a_line_for_each_training(probed: tuple[Result, Path]) -> None:
    lines = [line.split() for line in probed[0].stdout.splitlines()]
    rows = read_rows(probed[1] / ROWS)
    means = rows[rows["metric"] == "mean_diagonal"].set_index(["embedding", "variant"])["value"]
    for name, probe in (("signal_aware", "bdt"), ("supervised", "own")):
        (line,) = [words for words in lines if words[:2] == [name, "id"]]
        value = float(means[name, f"probe={probe}"])
        shown = [float(word) for word in line[2:] if word.replace(".", "").isdigit()]
        assert any(abs(number - value) < 1e-2 for number in shown)
    assert "7 of 7: supervised id, mass" in probed[0].stderr


def test_the_same_again_comes_from_the_store(folder: Path, probed: tuple[Result, Path]) -> None:
    _, output = probed
    store, again = folder.with_name("store"), folder.with_name("again")
    file = folder / "signal_aware" / "id.parquet"
    words = ("--output", again, "--store", store, "--workers", 1, "--tsne-events", 6)
    result = run(folder / "supervised", file, file, *words)
    assert result.exit_code == 0, result.output
    assert result.stderr.count("kept from before") == 7
    for name in (ROWS, TSNE):
        assert (again / name).read_bytes() == (output / name).read_bytes()


def refused(said: str, tmp_path: Path, *words: object) -> None:
    """The command ends with 2 and a message, before any work, and writes nothing."""
    result = run(*words, "--output", tmp_path / "o", "--store", tmp_path / "s", "--workers", 1)
    assert result.exit_code == 2, result.output
    assert said in result.stderr
    assert "Traceback" not in result.stderr
    assert not (tmp_path / "o").exists()
    assert not list((tmp_path / "s").rglob("*.parquet"))


def test_no_latents(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    refused("a folder without Parquet files", tmp_path, tmp_path / "empty")
    refused("no latents here", tmp_path, tmp_path / "nowhere")
    assert run().exit_code == 2


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"release": "v2@1234"}, "b.parquet, release: latents that do not go together"),
        ({"profile": "quick"}, "profile: latents that do not go together; found 'quick'"),
        ({"task": "cms_adc"}, "task: latents that do not go together; found 'cms_adc'"),
        ({"task_digest": "1234"}, "task_digest: latents that do not go together; found '1234'"),
        ({"commit": "other"}, "embedding: latents that do not go together"),  # a training twice
        ({"regime": "ep:unheard"}, "not a signal that can be held out"),
    ],
)
def test_latents_that_do_not_go_together(
    changes: dict[str, Any], said: str, latents: Latents, tmp_path: Path
) -> None:
    other = replace(latents, facts=replace(latents.facts, **changes))
    put(tmp_path / "in" / "a.parquet", latents)
    put(tmp_path / "in" / "b.parquet", other)
    refused(said, tmp_path, tmp_path / "in")


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"task_digest": "1234"}, "expected"),
        ({"profile": "unheard"}, "no such profile"),
    ],
)
def test_latents_of_something_else(
    changes: dict[str, Any], said: str, latents: Latents, tmp_path: Path
) -> None:
    other = replace(latents, facts=replace(latents.facts, **changes))
    refused(said, tmp_path, put(tmp_path / "a.parquet", other))


def test_another_profile(latents: Latents, tmp_path: Path) -> None:
    file = put(tmp_path / "a.parquet", latents)
    refused("the latents are of another profile", tmp_path, file, "--profile", "quick")


def test_a_missing_part_and_a_class_without_test_events(latents: Latents, tmp_path: Path) -> None:
    no_part = latents.select(latents.part != "validation")
    refused("no validation part", tmp_path, put(tmp_path / "a.parquet", no_part))
    no_class = latents.select((latents.part != "test") | (latents.process != "stop"))
    refused("no test event of stop", tmp_path, put(tmp_path / "b.parquet", no_class))


def test_damaged_files(latents: Latents, tmp_path: Path) -> None:
    file = put(tmp_path / "a.parquet", latents)
    content = file.read_bytes()
    file.write_bytes(content[: len(content) // 2])
    refused("no latents can be read", tmp_path, file)
    file.write_bytes(content)
    table = pq.read_table(file)
    pq.write_table(table.replace_schema_metadata({}), file)
    refused("no latents can be read", tmp_path, file)
    z = table["z1"].to_numpy().copy()
    z[5] = np.nan
    position = table.column_names.index("z1")
    pq.write_table(table.set_column(position, "z1", pa.array(z)), file)
    refused("not finite", tmp_path, file)


def test_log_probabilities_that_are_none(latents: Latents, tmp_path: Path) -> None:
    """It is found in the work: nothing is written all the same."""
    broken = log_probabilities(latents, PROCESSES)
    file = put(tmp_path / "a.parquet", replace(broken, values=broken.values + 1))
    result = run(file, "--output", tmp_path / "o", "--store", tmp_path / "s", "--workers", 1)
    assert result.exit_code == 2
    assert "not log-probabilities" in result.stderr
    assert not (tmp_path / "o").exists()


@pytest.mark.parametrize("name", [ROWS, TSNE])
def test_all_or_none(name: str, latents: Latents, tmp_path: Path) -> None:
    """A folder stands where one file should be: said before the work, and none is written."""
    file = put(tmp_path / "a.parquet", latents)
    (tmp_path / "o" / name).mkdir(parents=True)
    result = run(file, "--output", tmp_path / "o", "--store", tmp_path / "s", "--workers", 1)
    assert result.exit_code == 2
    assert name in result.stderr
    assert not [path for path in (tmp_path / "o").rglob("*") if path.is_file()]
    assert not (tmp_path / "s").exists()


def test_nothing_is_written_if_one_file_cannot_be(
    latents: Latents, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = put(tmp_path / "a.parquet", latents)

    def full(*_: object, **__: object) -> None:
        raise OSError(errno.ENOSPC, "no space left")

    monkeypatch.setattr(pd.DataFrame, "to_csv", full)
    words = ("--output", tmp_path / "o", "--store", tmp_path / "s", "--tsne-events", 3)
    result = run(file, *words, "--workers", 1)
    assert result.exit_code == 2
    assert "the disk is full" in result.stderr
    assert not [path for path in (tmp_path / "o").rglob("*") if path.is_file()]


def test_help_has_examples() -> None:
    result = run("--help")
    assert result.exit_code == 0
    assert "diadem probe results/quick/diphoton/latents" in result.output
