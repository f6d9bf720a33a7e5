"""Rates, recipes, swapping and checks of releases."""

from __future__ import annotations

import json
import shutil
from typing import TYPE_CHECKING

import numpy as np
import pytest
import yaml

from benchmark.cards import load_card
from benchmark.errors import DataError, SimulationError
from benchmark.events import EventTable, digest_of, write_events
from benchmark.files import sha256
from benchmark.schema import CMS_ADC
from benchmark.simulation.production import Request, Sample
from benchmark.simulation.recipe import recipe_digest
from benchmark.simulation.release import MANIFEST, _replacing, mixture, rate_of
from benchmark.simulation.shard import ShardSummary
from benchmark.simulation.verify import read_manifest, verify_release
from tests.tables import random_table

if TYPE_CHECKING:
    from pathlib import Path

    from benchmark.cards import DatasetCard


def weighted(weight: np.ndarray) -> EventTable:
    table = random_table(CMS_ADC, len(weight), seed=4)
    return EventTable(**{**vars(table), "weight": weight.astype(np.float32)})


def test_rate_of_weighted_shards_by_hand() -> None:
    runs = (
        ShardSummary(200, 3, 0.06, 0.0014, 10.0, 0.4, 1),
        ShardSummary(200, 2, 0.02, 0.0002, 14.0, 0.3, 2),
    )
    table = weighted(np.array([2.0, 1.0, 0.5, 0.5]))
    process = load_card("cms_adc").process("w")
    rate = rate_of(process, Sample(Request("w", "", 4), (), (), runs), table)
    assert (rate.tried, rate.accepted) == (400, 5)
    assert rate.acceptance == pytest.approx(0.08 / 400)
    # variance of a mean of 400 trials whose squares sum to 0.0016
    assert rate.acceptance_error == pytest.approx(((0.0016 / 400 - 0.0002**2) / 400) ** 0.5)
    assert rate.cross_section == pytest.approx(12)
    assert rate.cross_section_error == pytest.approx(0.25)
    assert rate.physical == pytest.approx(12)
    assert rate.effective_luminosity == pytest.approx(4 / 5 * 400 / (12 * 1000))
    assert rate.effective_events == pytest.approx(16 / 5.5)


def test_acceptance_error_is_binomial_for_weights_of_one() -> None:
    run = (ShardSummary(1000, 300, 300.0, 300.0, 1.0, 0.1, 1),)
    sample = Sample(Request("w", "", 300), (), (), run)
    rate = rate_of(load_card("cms_adc").process("w"), sample, weighted(np.ones(300)))
    assert rate.acceptance_error == pytest.approx((0.3 * 0.7 / 1000) ** 0.5)


def test_mixture_of_two_backgrounds() -> None:
    card = load_card("cms_adc")
    common = {"acceptance_error": 0.0, "cross_section_error": 0.0}
    entries = [
        {"process": "w", "cross_section": 30.0, "acceptance": 0.1, "events": 60, **common},
        {"process": "qcd", "cross_section": 100.0, "acceptance": 0.01, "events": 40, **common},
        {"process": "leptoquark", "cross_section": 9.0, "acceptance": 0.5, "events": 5, **common},
    ]
    rows = {row["process"]: row for row in mixture(card, entries)}
    assert set(rows) == {"w", "qcd"}  # a signal is no part of it
    assert rows["w"]["generator"] == pytest.approx(0.75)
    assert rows["w"]["released"] == pytest.approx(0.6)
    assert rows["qcd"]["generator_over_stated"] == pytest.approx(0.25 / 0.338)


@pytest.fixture
def copied(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the dataset cards and settings that a test may change."""
    root = load_card("cms_adc").folder.parent
    for name in ("cms_adc", "detectors"):
        shutil.copytree(root / name, tmp_path / name, ignore=shutil.ignore_patterns("v1"))
    monkeypatch.setenv("DIADEM_DATASETS", str(tmp_path))
    return tmp_path


def changed(path: Path, key: str, field: str, value: object) -> DatasetCard:
    content = yaml.safe_load(path.read_text())
    content["selection"][key][field] = value
    path.write_text(yaml.safe_dump(content, sort_keys=False))
    return load_card("cms_adc")


def test_a_word_leaves_the_recipe_and_a_number_does_not(copied: Path) -> None:
    path = copied / "cms_adc" / "card.yaml"
    before = recipe_digest(load_card("cms_adc"))
    assert recipe_digest(changed(path, "trigger_min_pt", "source", "another word")) == before
    assert recipe_digest(changed(path, "trigger_min_pt", "status", "assumed")) == before
    assert recipe_digest(changed(path, "trigger_min_pt", "value", 24.0)) != before


@pytest.mark.parametrize("file", ["cms_adc/pythia/w.cmnd", "detectors/cms.yaml"])
def test_settings_and_detector_are_part_of_the_recipe(copied: Path, file: str) -> None:
    path = copied / file
    before = recipe_digest(load_card("cms_adc"))
    text = path.read_text()
    comment = "! a comment\n" if file.endswith("cmnd") else "# a comment\n"
    path.write_text(comment + text)
    assert recipe_digest(load_card("cms_adc")) == before
    path.write_text(text.replace("13000.", "14000.").replace("field: 3.8", "field: 4.0"))
    assert recipe_digest(load_card("cms_adc")) != before


def test_a_release_is_replaced_whole_or_not_at_all(tmp_path: Path) -> None:
    folder = tmp_path / "v1"
    with _replacing(folder) as new:
        (new / "a.parquet").write_text("first")
        (new / MANIFEST).write_text("{}")
    with pytest.raises(OSError, match="Is a directory"), _replacing(folder) as new:
        new.write_text("second")
    assert (folder / "a.parquet").read_text() == "first"
    with _replacing(folder) as new:
        (new / "b.parquet").write_text("third")
    assert sorted(p.name for p in folder.iterdir()) == ["b.parquet"]
    assert [p.name for p in tmp_path.iterdir()] == ["v1"]


def test_a_folder_that_is_no_release_is_not_replaced(tmp_path: Path) -> None:
    (tmp_path / "thesis.tex").write_text("years of work")
    with pytest.raises(SimulationError, match=r"thesis\.tex"), _replacing(tmp_path):
        pass
    assert (tmp_path / "thesis.tex").exists()


@pytest.fixture
def release(tmp_path: Path) -> Path:
    """A small release with a right manifest, but for the recipe."""
    table = random_table(CMS_ADC, 50, seed=8)
    table = EventTable(**{**vars(table), "process": np.full(50, "w"), "point": np.full(50, "")})
    path = tmp_path / "w.parquet"
    write_events(table, path)
    card = load_card("cms_adc")
    entry = {"file": "w.parquet", "events": 50, "sha256": sha256(path), "digest": digest_of(path)}
    sample = {"process": "w", "point": "", "events": 50, "seeds": [1, 2]}
    sample |= {"cross_section": 3.0, "physical": 3.0}
    manifest: dict[str, object] = {"dataset": "cms_adc", "digest": ""}
    manifest |= {"recipe": recipe_digest(card), "files": [entry], "samples": [sample]}
    (tmp_path / MANIFEST).write_text(json.dumps(manifest))
    return tmp_path


def failures(folder: Path) -> str:
    return "; ".join(check.what for check in verify_release(folder) if not check.passed)


def rewrite(folder: Path, **changes: object) -> None:
    manifest = read_manifest(folder)
    sample, entry = manifest["samples"][0], manifest["files"][0]
    for key, value in changes.items():
        target = (
            sample if key in sample and key != "events" else entry if key in entry else manifest
        )
        target[key] = value
    (folder / MANIFEST).write_text(json.dumps(manifest))


def test_a_right_release_passes(release: Path) -> None:
    assert failures(release) == ""


@pytest.mark.parametrize(
    ("changes", "complaint"),
    [
        ({"recipe": "x"}, "cards and settings"),
        ({"physical": 4.0}, "rates"),
        ({"sha256": "0" * 64}, "SHA-256"),
        ({"digest": "0" * 64}, "content digest"),
        ({"seeds": [1, 1]}, "seeds"),
        ({"process": "z"}, "each process"),
    ],
)
def test_each_wrong_entry_is_found(
    release: Path, changes: dict[str, object], complaint: str
) -> None:
    rewrite(release, **changes)
    assert complaint in failures(release)


def test_missing_and_stray_files_are_found(release: Path) -> None:
    (release / "w.parquet").rename(release / "z.parquet")
    assert "no event file beside" in failures(release)
    assert "w.parquet: present" in failures(release)


def test_a_flipped_byte_is_found(release: Path) -> None:
    path = release / "w.parquet"
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)
    assert "SHA-256" in failures(release)


@pytest.mark.parametrize("text", [None, "{", "{}", "[]"])
def test_a_bad_manifest_is_refused(tmp_path: Path, text: str | None) -> None:
    if text is not None:
        (tmp_path / MANIFEST).write_text(text)
    with pytest.raises(DataError, match=r"manifest\.json"):
        read_manifest(tmp_path)
