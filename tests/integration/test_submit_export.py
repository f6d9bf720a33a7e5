"""Baselines as submissions, by the command."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow.parquet as pq
import pytest
import yaml
from click.testing import CliRunner

from benchmark.latents import read_latents
from benchmark.submissions.check import check
from benchmark.submissions.folder import open_folder
from benchmark.submissions.latents_file import read_values
from benchmark.submissions.onnx_run import encode
from benchmark.submissions.published import open_published
from reproduce.cli.app import diadem
from reproduce.submitting import Origin, as_yaml, submission_name
from tests.adc import small_release
from tests.diphoton import small_diphoton

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Folders of small releases, and a store."""
    root = tmp_path_factory.mktemp("export")
    return {
        "diphoton": small_diphoton(root / "diphoton", events=120),
        "cms_adc": small_release(root / "cms_adc", events=200),
        "store": root / "store",
        "root": root,
    }


def export(place: dict[str, Path], words: str, *, task: str = "diphoton") -> tuple[Path, Any]:
    """Run the command; return the new folder and what it said."""
    output = place["root"] / "-".join(words.replace("/", "_").replace(":", "_").split())
    arguments = ["submit", "export", *words.split(), "--data", str(place[task])]
    arguments += ["--store", str(place["store"]), "--output", str(output), "--device", "cpu"]
    return output, CliRunner().invoke(diadem, arguments)


def fields(folder: Path) -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load((folder / "submission.yaml").read_text())
    return found


@pytest.mark.parametrize(
    ("name", "regime", "labels"),
    [("signal_aware", "ip:zprime/400", True), ("raw9", "background", False)],
)
def test_both_kinds_are_what_the_pipeline_has(
    place: dict[str, Path], name: str, regime: str, labels: bool
) -> None:
    words = f"{name} --regime {regime} --profile smoke"
    latents, said = export(place, f"{words} --kind latents")
    assert said.exit_code == 0, said.output
    models = sorted((place["store"] / "models").iterdir())
    encoder, said = export(place, f"{words} --kind encoder")
    assert said.exit_code == 0, said.output
    # The fit of the pipeline was read, not made again.
    assert sorted((place["store"] / "models").iterdir()) == models

    published = open_published("diphoton", place["diphoton"])
    values = read_values(open_folder(latents), published.event_id)
    (file,) = [
        path
        for path in (place["store"] / "latents").glob("*.parquet")
        if read_latents(path).facts.embedding == name
    ]
    kept = read_latents(file)
    of = {int(event): row for event, row in zip(kept.event_id, kept.values, strict=True)}
    assert np.array_equal(values, [of[int(event)] for event in published.event_id])
    folder = open_folder(encoder)
    made = encode(folder.payload.read_bytes(), published.events, dimensions=values.shape[1])
    np.testing.assert_array_equal(made, values)
    for one in (latents, encoder):
        report = check(one, published=published)
        # So few events of the background hold no lepton.
        assert {found.code for found in report.faults} <= {"constant_dimension"}, report.findings
        assert fields(one)["trained_on"]["labels"] is labels


def test_what_it_learned_from_is_what_the_regime_allows(place: dict[str, Path]) -> None:
    folder, _ = export(place, "signal_aware --regime ip:zprime/400 --profile smoke --kind latents")
    if not folder.exists():
        folder, _ = export(place, "signal_aware --regime ip:zprime/400 --profile smoke")
    note = fields(folder)
    points = {one["process"]: one["points"] for one in note["trained_on"]["processes"]}
    assert points["zprime"] == ["200", "300", "500"]
    assert points["stop"] == points["continuum"] == "all"
    assert note["trained_on"]["splits"] == ["train", "validation"]
    assert note["name"] == "signal_aware-ip-zprime-400"


def test_a_file_of_the_pipeline(place: dict[str, Path]) -> None:
    export(place, "raw9 --regime id --profile smoke")
    (file,) = [
        path
        for path in (place["store"] / "latents").glob("*.parquet")
        if read_latents(path).facts.regime == "id"
    ]
    again = file.rename(file.with_name("mine.parquet"))
    folder = place["root"] / "of-a-file"
    arguments = ["submit", "export", str(again), "--data", str(place["diphoton"])]
    said = CliRunner().invoke(diadem, [*arguments, "--output", str(folder)])
    assert said.exit_code == 0, said.output
    published = open_published("diphoton", place["diphoton"])
    assert pq.read_table(folder / "latents.parquet").num_rows == len(published)
    assert fields(folder)["name"] == "raw9-id"
    said = CliRunner().invoke(diadem, [*arguments, "--kind", "encoder", "--output", f"{folder}-2"])
    assert said.exit_code == 2
    assert "Name the embedding instead" in said.output
    other = ["submit", "export", str(again), "--output", f"{folder}-3"]
    said = CliRunner().invoke(diadem, other)
    assert said.exit_code == 2
    assert "latents of another release" in said.output


@pytest.mark.parametrize("words", ["raw", "anomclr_plus --set dimension=8"])
def test_the_other_task(place: dict[str, Path], words: str) -> None:
    latents, said = export(place, f"{words} --profile smoke --kind latents", task="cms_adc")
    assert said.exit_code == 0, said.output
    encoder, said = export(place, f"{words} --profile smoke --kind encoder", task="cms_adc")
    assert said.exit_code == 0, said.output
    published = open_published("cms_adc", place["cms_adc"])
    values = read_values(open_folder(latents), published.event_id)
    content = open_folder(encoder).payload.read_bytes()
    made = encode(content, published.events, dimensions=values.shape[1])
    np.testing.assert_array_equal(made, values)
    note = fields(encoder)["trained_on"]
    assert note["labels"] is False
    assert note["splits"] == ["train"]


@pytest.mark.parametrize(
    ("words", "task", "text"),
    [
        ("raw9", "diphoton", "no regime is named"),
        ("raw9 --regime idd", "diphoton", "no such regime"),
        ("sinal_aware --regime id", "diphoton", "Did you mean signal_aware?"),
        ("raw --regime id", "cms_adc", "the task has no regimes"),
        ("anomclr --set dimension=160", "cms_adc", "found 160; expected at most 64"),
        ("raw --profile smoke --number 7", "cms_adc", "no training of this number"),
        ("tests.nothing:Own --kind encoder", "diphoton", "no task is named"),
        ("nowhere.parquet", "diphoton", "no latents can be read"),
    ],
)
def test_mistakes(place: dict[str, Path], words: str, task: str, text: str) -> None:
    folder, said = export(place, words, task=task)
    assert said.exit_code == 2
    assert text in said.output
    assert not folder.exists()


def test_nothing_is_replaced(place: dict[str, Path], tmp_path: Path) -> None:
    arguments = ["submit", "export", "raw9", "--regime", "id", "--output", str(tmp_path)]
    said = CliRunner().invoke(diadem, arguments)
    assert said.exit_code == 2
    assert "exists already" in said.output
    assert place["root"].exists()


def test_names_and_yaml_are_plain() -> None:
    origin = Origin(
        task="cms_adc",
        embedding="My.Own",
        variant="augmentations=add+split;dimension=8" * 3,
        regime="",
        number=2,
        profile="quick",
        release="v1",
        n_train=3,
        settings={},
    )
    name = submission_name(origin)
    assert len(name) <= 41
    assert name.startswith("my_own-augmentations_add_split_")
    assert name.endswith("-2")
    twice = ["a"]
    assert "&" not in as_yaml({"one": twice, "two": twice})
