"""Profiles are checked when they are read."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
import yaml

from baselines.anomaly_clr import ContrastiveSettings
from baselines.registry import EMBEDDINGS
from benchmark.detectors import make_detector
from benchmark.errors import DiademError
from benchmark.tasks.cms_adc import CMS_ADC, detector_settings
from reproduce.contestants import SCANS, contestant, parse_settings, scan
from reproduce.profiles import VARIABLE, load_profile, params_path

if TYPE_CHECKING:
    from pathlib import Path

NAMES = ("smoke", "quick", "reference", "paper")


@pytest.mark.parametrize("name", NAMES)
def test_every_profile_can_be_run(name: str) -> None:
    found, profile = load_profile(name)
    assert found == name
    adc = profile.cms_adc
    ContrastiveSettings(**adc.encoder)
    make_detector(CMS_ADC.detector.name, detector_settings(CMS_ADC, adc.protocol.detector))
    for embedding in EMBEDDINGS:
        assert contestant(embedding, adc).make().name == embedding
    for vary in SCANS:
        found_scan = scan("anomclr_plus", adc, vary, {})
        assert len({made.variant for made, _ in found_scan}) == len(found_scan) > 0
        assert all(made.make() for made, _ in found_scan)


def test_the_paper_profile_is_the_paper() -> None:
    adc = load_profile("paper")[1].cms_adc
    made = contestant("anomclr_plus", adc).make().settings
    assert (made.dimension, made.learning_rate, made.batch_size, made.epochs) == (
        160,
        5e-5,
        128,
        300,
    )
    plan = adc.protocol.protocol()
    assert plan.trainings(learns=True) == [(k, (0, 1, 2)) for k in range(5)]
    assert plan.trainings(learns=False) == [(0, (k,)) for k in range(5)]
    assert plan.train_events == 1_000_000
    detector = detector_settings(CMS_ADC, plan.detector)
    assert (detector["batch_size"], detector["epochs"]) == (4096, 100)


def test_the_default_is_what_the_pipeline_runs() -> None:
    assert load_profile()[0] == yaml.safe_load(params_path().read_text())["profile"]


def changed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, **changes: Any) -> None:
    content = yaml.safe_load(params_path().read_text())
    content["profiles"]["smoke"]["cms_adc"]["protocol"].update(changes)
    path = tmp_path / "params.yaml"
    path.write_text(yaml.safe_dump(content))
    monkeypatch.setenv(VARIABLE, str(path))


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"replica": 3}, r"profiles\.smoke\.cms_adc\.protocol\.replica: Extra inputs"),
        ({"replicas": "many"}, r"replicas: .*integer"),
        ({"embedding_trainings": 0}, r"embedding_trainings: .*greater than 0"),
    ],
)
def test_a_fault_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, changes: dict[str, Any], message: str
) -> None:
    changed(tmp_path, monkeypatch, **changes)
    with pytest.raises(DiademError, match=message):
        load_profile("smoke")


def test_files_that_are_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(VARIABLE, str(tmp_path / "nothing.yaml"))
    with pytest.raises(DiademError, match="cannot be read"):
        load_profile()
    (tmp_path / "bad.yaml").write_text("a: [")
    monkeypatch.setenv(VARIABLE, str(tmp_path / "bad.yaml"))
    with pytest.raises(DiademError, match="not YAML"):
        load_profile()


def test_an_unknown_profile() -> None:
    with pytest.raises(DiademError, match=r"'quik'.*Did you mean quick\?"):
        load_profile("quik")


def test_settings_of_the_command_line() -> None:
    found = parse_settings(["dimension=40", "augmentations=add,split", "patience=null", "a=x"])
    assert found == {
        "dimension": 40,
        "augmentations": ["add", "split"],
        "patience": None,
        "a": "x",
    }
    for text in ("dimension", "=3", "dimension="):
        with pytest.raises(DiademError, match="not a setting"):
            parse_settings([text])


def test_variants_are_named() -> None:
    adc = load_profile("smoke")[1].cms_adc
    made = contestant("anomclr", adc, {"dimension": 12, "augmentations": ["split", "add"]})
    assert made.variant == "augmentations=add+split;dimension=12"
    assert contestant("anomclr", adc, {"augmentations": "add"}).variant == "augmentations=add"
    assert contestant("anomclr", adc).variant == ""
    with pytest.raises(DiademError, match="nothing of this name varies"):
        scan("anomclr", adc, "colour", {})


@pytest.mark.parametrize(
    ("name", "settings", "message"),
    [
        ("anomclr_plu", {}, r"Did you mean anomclr_plus\?"),
        ("raw", {"dimension": 3}, "settings refused"),
        ("clr", {"dimensions": 3}, "setting dimensions: Extra inputs"),
        ("clr", {"dimension": 42, "heads": 4}, "heads"),
        ("clr", {"augmentations": ["mirror"]}, "'mirror'"),
    ],
)
def test_what_cannot_be_made(name: str, settings: dict[str, Any], message: str) -> None:
    adc = load_profile("smoke")[1].cms_adc
    with pytest.raises(DiademError, match=message):
        contestant(name, adc, settings)
