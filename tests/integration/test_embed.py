"""`diadem embed`, as a user runs it: latents of any events from a kept fit."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pyarrow.parquet as pq
import pytest
from click.testing import CliRunner, Result

from benchmark.events import read_events, write_events
from benchmark.latents import read_facts, read_latents
from benchmark.table import EventTable
from benchmark.tasks.diphoton import DIPHOTON
from reproduce.cli import diadem
from tests.adc import small_release
from tests.diphoton import small_diphoton

if TYPE_CHECKING:
    from collections.abc import Sequence

# In another batch a matrix product adds up in another order: single precision's last digits.
ROUNDING = 1e-5
SMOKE = ("--profile", "smoke", "--device", "cpu")
PCA = """
import numpy as np


class Pca2:
    name = "pca2"

    def fit(self, events, *, seed):
        flat = events.objects.reshape(len(events), -1)
        self.mean = flat.mean(axis=0)
        self.axes = np.linalg.svd(flat[:500] - self.mean, full_matrices=False)[2][:2]
        return self

    def transform(self, events):
        flat = events.objects.reshape(len(events), -1)
        return ((flat - self.mean) @ self.axes.T).astype(np.float32)
"""


class Place:
    """A release, a store, and runs of the command."""

    def __init__(self, release: Path, root: Path) -> None:
        self.release, self.root = release, root
        self.common = ("--data", release, "--store", root / "store", *SMOKE)

    def run(self, verb: str, *words: object) -> Result:
        return CliRunner().invoke(diadem, list(map(str, (verb, *words, *self.common))))

    def embedded(self, *words: object, name: str = "out.parquet") -> Path:
        done = self.run("embed", *words, "--output", self.root / name, "--force")
        assert done.exit_code == 0, done.output
        return self.root / name


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Place:
    root = tmp_path_factory.mktemp("embed")
    found = Place(small_diphoton(root / "release", events=30), root)
    done = found.run("train", "signal_aware", "--regime", "id", "--workers", 1)
    assert done.exit_code == 0, done.output
    return found


def mine(release: Path, path: Path) -> EventTable:
    """Write events of a process that no card knows, as imported ones are."""
    table = read_events(release / "zprime.parquet")
    arrays = {**vars(table), "process": np.full(len(table), "mine")}
    made = EventTable(**arrays)
    write_events(made, path)
    return made


def test_the_latents_are_those_of_the_training(place: Place) -> None:
    kept = [read_latents(path) for path in (place.root / "store" / "latents").glob("*.parquet")]
    found = read_latents(place.embedded("signal_aware", place.release, "--no-compute"))
    ours = dict(zip(found.event_id.tolist(), found.values, strict=True))
    wanted = np.array([ours[key] for key in kept[0].event_id.tolist()])
    np.testing.assert_allclose(kept[0].values, wanted, atol=ROUNDING, rtol=ROUNDING)
    assert len(found) == len(kept[0])
    assert found.facts == kept[0].facts


def test_events_of_ones_own_process(place: Place, tmp_path: Path) -> None:
    table = mine(place.release, tmp_path / "mine.parquet")
    done = place.run(
        "embed", "signal_aware", tmp_path / "mine.parquet", "--output", tmp_path / "z.parquet"
    )
    assert done.exit_code == 0, done.output
    assert "kept from before" in done.stdout
    found = read_latents(tmp_path / "z.parquet")
    np.testing.assert_array_equal(found.event_id, table.event_id)
    assert set(found.process) == {"mine"}
    assert set(found.part) == {"train", "validation", "test", "pseudo_data"}
    assert found.facts.release.startswith("own@")
    assert found.facts.regime == "id"
    assert found.facts.task_digest == DIPHOTON.digest()


def test_several_files_are_one_table(place: Place) -> None:
    files = [place.release / f"{name}.parquet" for name in ("ggF", "VBF")]
    found = read_latents(place.embedded("raw9", *files))
    assert list(dict.fromkeys(found.process.tolist())) == ["ggF", "VBF"]
    assert found.facts.regime == "background"
    twice = place.run("embed", "raw9", files[0], files[0], "--output", place.root / "x.parquet")
    assert twice.exit_code == 2
    assert not (place.root / "x.parquet").exists()


def test_another_seed_is_another_fit(place: Place) -> None:
    file = place.release / "ggF.parquet"
    first = read_latents(place.embedded("signal_aware", file, "--regime", "id"))
    refused = place.run("embed", "signal_aware", file, "--seed", 7, "--no-compute")
    assert refused.exit_code == 2
    assert "no fit is kept, and none may be made" in refused.stderr
    assert "signal_aware seed=7" in refused.stderr
    other = read_latents(place.embedded("signal_aware", file, "--seed", 7))
    assert other.facts.variant == "seed=7"
    assert np.abs(other.values - first.values).max() > 100 * ROUNDING
    again = read_latents(place.embedded("signal_aware", file, "--seed", 7, "--no-compute"))
    np.testing.assert_array_equal(other.values, again.values)


def test_the_other_task_has_no_mass(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(tmp_path)
    Path("embed_pca.py").write_text(PCA)
    adc = Place(small_release(tmp_path / "release", events=200), tmp_path)
    path = adc.embedded("embed_pca:Pca2", adc.release / "w.parquet", "--task", "cms_adc")
    rows = pq.read_table(path)
    columns = ["event_id", "process", "point", "part", "z1", "z2"]
    assert rows.column_names == columns
    assert read_facts(path).task == "cms_adc"
    refused(adc, ("embed_pca:Pca2", adc.release), "Add --task")
    refused(adc, ("raw", adc.release, "--regime", "id"), "this task has no regimes")
    refused(adc, ("signal_aware", adc.release), "events of another task")


def test_what_a_user_may_get_wrong(place: Place, tmp_path: Path) -> None:
    adc = small_release(tmp_path / "adc", events=5)
    there = tmp_path / "there.parquet"
    there.write_text("old")
    ours = place.release / "ggF.parquet"
    for words, said in {
        ("signal_awar", ours): "Did you mean signal_aware?",
        ("signal_aware", ours, "--regime", "backgroun"): "Did you mean background?",
        ("signal_aware", adc): "events of another task; found the schema cms_adc",
        ("signal_aware", tmp_path / "nowhere.parquet"): "does not exist",
        ("signal_aware", there): "there.parquet",
        ("signal_aware", ours, "--task", "cms_adc"): "an embedding of another task",
        ("signal_aware", ours, "--task", "diphotn"): "Did you mean diphoton?",
        ("raw9", ours, "--set", "width=3"): "settings refused",
        ("signal_aware", ours, "--regime", "ep:stop", "--no-compute"): "no fit is kept",
        ("signal_aware", ours, "--output", there): "--force",
        ("signal_aware", ours, "--seed", 3, "--output", "results/x.parquet"): "of record",
    }.items():
        refused(place, words, said)
    assert there.read_text() == "old"


def refused(place: Place, words: Sequence[object], said: str) -> None:
    output = () if "--output" in words else ("--output", place.root / "no.parquet")
    done = place.run("embed", *words, *output)
    assert done.exit_code == 2, done.output
    assert said in done.stderr
    assert not (place.root / "no.parquet").exists()
