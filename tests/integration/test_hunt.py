"""`diadem hunt`, as a user runs it: what it writes, goes on with, and refuses."""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner, Result

from benchmark.checksums import NAME as CHECKSUMS
from benchmark.results import read_rows
from benchmark.tasks.diphoton import DIPHOTON
from reproduce.cli import diadem
from reproduce.cli.hunting import COLUMNS, FACTS, FILES, POINTS, ROWS, Request, planned
from tests.hunt_latents import REGION, hunt_latents, put, put_release

if TYPE_CHECKING:
    from benchmark.latents import Latents

ROOT = Path(__file__).resolve().parents[2]
AGAIN = 5.0  # seconds, asked for: a run of what is finished
PATIENCE = 100.0  # seconds for what takes ten on a free machine
SIC = "significance_improvement_at_background"
# More than one of each, so that order could matter.
MORE = ("--signal", "zprime/400", "--strength", 1, "--strength", 2, "--instances", 2)


class Place:
    """A folder with latents and a release, and runs of the command on them."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.release = put_release(root / "release")
        self.latents = put(root / "latents" / "signal_aware" / "id.parquet", hunt_latents())

    def words(self, store: str, output: str, *more: object) -> list[str]:
        """The command's own words, but for where the work is done."""
        first = ("hunt", self.latents.parent, "--data", self.release, "--device", "cpu")
        named = ("--store", self.root / store, "--output", self.root / output)
        return list(map(str, (*first, *named, *more)))

    def hunt(self, store: str, output: str, *more: object, workers: int = 1) -> Result:
        """Run the command here."""
        return CliRunner().invoke(
            diadem, [*self.words(store, output, *more), "--workers", str(workers)]
        )

    def files(self, output: str) -> dict[str, bytes]:
        """What was written."""
        return {name: (self.root / output / name).read_bytes() for name in FILES}


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Place:
    return Place(tmp_path_factory.mktemp("hunt"))


@pytest.fixture(scope="module")
def hunted(place: Place) -> Result:
    return place.hunt("store", "first", *MORE)


@pytest.mark.parametrize(
    ("names", "sought"),
    [
        (("signal_aware", "pca6"), {"signal_aware", "pca6"}),
        (("pca6",), {"pca6"}),
        (("signal_aware", "raw9"), {"signal_aware"}),
        (("raw9",), {"raw9"}),
    ],
)
def test_ones_own_embedding_is_searched(
    names: tuple[str, ...], sought: set[str], place: Place, tmp_path: Path
) -> None:
    """A profile names the suite's; what a user names beside them, or alone, is meant, too."""
    for name in names:
        made = hunt_latents(embedding=name, regime="background")
        put(tmp_path / name / "background.parquet", made)
    given: dict[str, Any] = {"latents": (tmp_path,), "data": place.release, "device": "cpu"}
    given["store"] = tmp_path / "store"
    request = Request(signals=("zprime/400",), strengths=(2.0,), **given)
    plan, _ = planned(request)
    assert {piece.facts.embedding for piece in plan.hunts} == sought


def test_all_files_are_written_and_valid(place: Place, hunted: Result) -> None:
    assert hunted.exit_code == 0, hunted.output
    output = place.root / "first"
    written = {str(path.relative_to(output)) for path in output.rglob("*") if path.is_file()}
    checksums = {f"{folder}/{CHECKSUMS}" for folder in ("rows", "points")}
    assert written == set(FILES) | checksums
    rows = read_rows(output / ROWS)
    assert set(rows["task_digest"]) == {DIPHOTON.digest()}
    assert set(rows["signal"]) == {"none", "zprime/400"}
    for name, path in POINTS.items():
        table = pd.read_csv(output / path)
        assert tuple(table.columns) == COLUMNS[name]
        assert set(table["number"]) == ({0} if name == "latent-1d" else {0, 1})
    said = json.loads((output / FACTS).read_text(encoding="utf-8"))
    assert said["strengths"] == [1.0, 2.0]
    assert said["instances"] == 2
    assert 0 < said["luminosity"] < said["luminosity_asked"] == DIPHOTON.hunt.luminosity
    assert "in place of 140/fb" in said["note"]


def test_every_search_has_its_rows(place: Place, hunted: Result) -> None:
    assert hunted.exit_code == 0, hunted.output
    rows = read_rows(place.root / "first" / ROWS)
    sic = rows[rows["metric"] == SIC]
    counts = sic.groupby("variant").size().to_dict()
    points, strengths, instances = len(DIPHOTON.hunt.working_points), 2, 2
    assert counts == {
        # And one where nothing is injected.
        "detector=cathode": points * (strengths + 1) * instances,
        "detector=idealised": points * strengths * instances,
        "detector=supervised": points,
    }
    none = sic[sic["value"].isna()]
    assert none["reason"].str.contains("effective background events").all()
    assert sic["value"].notna().any()
    found = rows[rows["metric"] == "discovery_strength"]
    assert len(found) == 2 * points
    assert found["strength"].isna().all()
    blind = rows[rows["signal"] == "none"]
    assert set(blind["metric"]) == {"sculpting_auc", "mass_sculpting", "mass_sculpting_p"}
    assert set(blind["detector_seed"]) == {0, 1}


def test_a_signal_far_away_is_found(place: Place, hunted: Result) -> None:
    """By labels more than by samples; nothing is asked of how well: that is the toy's."""
    assert hunted.exit_code == 0, hunted.output
    rows = read_rows(place.root / "first" / ROWS)
    auc = rows[(rows["metric"] == "auc") & rows["strength"].ne(1.0)]
    mean = auc.groupby("variant")["value"].mean()
    assert mean["detector=supervised"] > mean["detector=cathode"] > 0.6


def test_the_same_again_is_fast_and_the_same(place: Place, hunted: Result) -> None:
    assert hunted.exit_code == 0, hunted.output
    start = time.perf_counter()
    again = place.hunt("store", "second", *MORE)
    took = time.perf_counter() - start
    assert again.exit_code == 0, again.output
    assert place.files("second") == place.files("first")
    assert took < AGAIN
    assert "kept from before" in again.stderr


def test_two_workers_give_what_one_gives(place: Place, hunted: Result) -> None:
    """In the searches; flows of two workers are in the test below."""
    assert hunted.exit_code == 0, hunted.output
    shutil.copytree(place.root / "store", place.root / "store of two")
    shutil.rmtree(place.root / "store of two" / "hunts")
    both = place.hunt("store of two", "two", *MORE, workers=2)
    assert both.exit_code == 0, both.output
    assert place.files("two") == place.files("first")


def test_killed_and_started_again(place: Place, hunted: Result) -> None:
    """Two workers killed without warning, at a moment that differs from run to run."""
    assert hunted.exit_code == 0, hunted.output
    words = [*place.words("store of the killed", "killed", *MORE), "--workers", "2"]
    store = place.root / "store of the killed"
    rng = np.random.default_rng()  # another moment each time: the bytes may not depend on it
    child = _start(words, place.root)
    deadline = time.monotonic() + PATIENCE
    while not _finished(store) and child.poll() is None and time.monotonic() < deadline:
        time.sleep(0.01)
    time.sleep(rng.uniform(0, 2))
    os.killpg(child.pid, signal.SIGKILL)
    child.wait()
    assert child.returncode in (-signal.SIGKILL, 0)
    left = _finished(store)
    assert left, "killed before anything was finished"
    before = {path: path.stat().st_mtime_ns for path in left}
    done = place.hunt("store of the killed", "killed", *MORE)
    assert done.exit_code == 0, done.output
    assert place.files("killed") == place.files("first")
    assert {path: path.stat().st_mtime_ns for path in left} == before, "done twice"


def _finished(store: Path) -> list[Path]:
    found = store.rglob("*") if store.is_dir() else iter(())
    kinds = (".safetensors", ".json", ".parquet")
    return [path for path in found if path.suffix in kinds and not path.name.startswith(".")]


def _start(words: list[str], folder: Path) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, "-m", "reproduce.cli", *words],
        cwd=folder,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )


def refused(place: Place, said: str, *words: object, workers: int | None = 1) -> None:
    """The command ends with 2 and a message, before any work, and writes nothing."""
    more = () if workers is None else ("--workers", workers)
    all_words = place.words("refused", "nothing", *words, *more)
    done = CliRunner().invoke(diadem, all_words)
    assert done.exit_code == 2, done.output
    assert said in done.stderr
    assert "Traceback" not in done.output
    assert not (place.root / "nothing").exists()
    assert not _finished(place.root / "refused")


def test_unknown_signals_and_too_strong_ones(place: Place) -> None:
    refused(place, "--signal: no such signal; found 'zprime/9'", "--signal", "zprime/9")
    refused(place, "more signal events needed than there are", "--strength", 50)
    refused(place, "Invalid value for '--strength'", "--strength", 0)
    refused(place, "the latents are of another profile", "--profile", "quick")


def test_a_dry_run_says_how_much_and_does_nothing(place: Place) -> None:
    done = place.hunt("dry", "dry", *MORE, "--dry-run")
    assert done.exit_code == 0, done.output
    # Two instances of two strengths, found by samples and by true background, labels, none.
    assert "11, 2 of them without signal" in done.output
    assert not (place.root / "dry").exists()


def test_a_scheduler_that_cannot_be_reached(place: Place) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        address = f"tcp://127.0.0.1:{free.getsockname()[1]}"
    words = ("--signal", "zprime/400", "--scheduler", address)
    refused(place, "no scheduler answers", *words, workers=None)


def _constant(latents: Latents) -> Latents:
    values = latents.values.copy()
    values[:, 1] = 3.0
    return replace(latents, values=values)


def _thin(latents: Latents) -> Latents:
    """A tenth of the recorded continuum: half of that is drawn, a fifth of it in the region."""
    some = np.random.default_rng(1).random(len(latents)) < 0.1
    recorded = (latents.process == "continuum") & (latents.part == "pseudo_data")
    return latents.select(some | ~recorded)


def _no_sideband(latents: Latents) -> Latents:
    return latents.select(latents.m_gg < REGION[1])


BAD: dict[str, tuple[Any, str]] = {
    "constant": (_constant, "latent dimension 2 is constant"),
    "thin": (_thin, "too few events in the signal region"),
    "one-sided": (_no_sideband, "with a sideband on both sides"),
    "other-task": (
        lambda found: replace(found, facts=replace(found.facts, task_digest="1234")),
        "task_digest: latents that do not go together",
    ),
    "other-release": (
        lambda found: replace(found, facts=replace(found.facts, release="v2@1234")),
        "the latents' release is another",
    ),
}


@pytest.mark.parametrize("name", BAD)
def test_bad_latents(name: str, tmp_path: Path) -> None:
    change, said = BAD[name]
    place = Place(tmp_path)
    put(place.latents, change(hunt_latents()))
    refused(place, said)


def test_events_without_rates(tmp_path: Path) -> None:
    place = Place(tmp_path)
    (place.release / "manifest.json").unlink()
    refused(place, "no cross sections")
