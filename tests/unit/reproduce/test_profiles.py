"""Profiles are checked when they are read."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest
import yaml
from click.testing import CliRunner

from baselines.contrastive_settings import ContrastiveSettings
from baselines.method_card import method_card
from baselines.registry import EMBEDDINGS
from benchmark.detectors import make_detector
from benchmark.detectors.cathode_settings import CathodeSettings
from benchmark.errors import DiademError
from benchmark.tasks.cms_adc import CMS_ADC, detector_settings
from benchmark.tasks.diphoton import DIPHOTON
from benchmark.tasks.diphoton_events import diphoton_card
from benchmark.tasks.regimes import Regime
from reproduce.cli import diadem
from reproduce.cli.tuning import points
from reproduce.contestants import SCANS, contestant, parse_settings, scan
from reproduce.params import VARIABLE, params_path
from reproduce.profiles import load_profile

if TYPE_CHECKING:
    from pathlib import Path

ADC = CMS_ADC.name
NAMES = ("smoke", "quick", "reference", "paper")


@pytest.mark.parametrize("name", NAMES)
def test_every_profile_can_be_run(name: str) -> None:
    found, profile = load_profile(name)
    assert found == name
    adc = profile.cms_adc
    ContrastiveSettings(**adc.encoder)
    make_detector(CMS_ADC.detector.name, detector_settings(CMS_ADC, adc.protocol.detector))
    for embedding, entry in EMBEDDINGS.items():
        section = getattr(profile, entry.task)
        assert contestant(embedding, section, task=entry.task).make().name == embedding
    for vary in SCANS:
        found_scan = scan("anomclr_plus", adc, vary, {})
        assert len({made.variant for made, _ in found_scan}) == len(found_scan) > 0
        assert all(made.make() for made, _ in found_scan)


@pytest.mark.parametrize("name", NAMES)
def test_every_diphoton_profile_can_be_run(name: str) -> None:
    diphoton = load_profile(name)[1].diphoton
    card = diphoton_card()
    regimes = {Regime.parse(text, card).name for text in diphoton.regimes}
    assert len(regimes) == len(diphoton.regimes)
    assert {"id", "background"} <= regimes
    assert set(diphoton.probes.tsne_regimes) <= regimes
    scanned = points(diphoton)
    assert len({made.variant for made in scanned}) == len(scanned) > 1
    assert all(made.make() for made in scanned)


def test_the_paper_profile_has_the_stated_values_of_the_method_card() -> None:
    diphoton = load_profile("paper")[1].diphoton
    assert diphoton.settings("encoder") == {}
    made = contestant("signal_aware", diphoton, task="diphoton").make().settings
    stated = {name: value.value for name, value in method_card("signal_aware").items()}
    assert made.model_dump() == stated
    assert (made.latent, made.layers, made.class_layers) == (6, 4, 2)
    assert (made.batch_size, made.epochs, made.warm_up, made.patience) == (8192, 100, 5, 10)


def test_the_paper_profile_is_the_paper() -> None:
    adc = load_profile("paper")[1].cms_adc
    made = contestant("anomclr_plus", adc, task=ADC).make().settings
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
        ({"replica": 3}, r"smoke\.cms_adc\.protocol\.replica: unknown key; .*mean replicas\?"),
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


@pytest.mark.parametrize("key", ["cms_adc", "cms_adc.scans", "diphoton.hunt", "diphoton.regimes"])
def test_a_missing_key_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, key: str) -> None:
    content = yaml.safe_load(params_path().read_text())
    held = content["profiles"]["smoke"]
    *place, last = key.split(".")
    for name in place:
        held = held[name]
    del held[last]
    path = tmp_path / "params.yaml"
    path.write_text(yaml.safe_dump(content))
    monkeypatch.setenv(VARIABLE, str(path))
    with pytest.raises(DiademError, match=rf"profiles\.smoke\.{key}: a key is missing"):
        load_profile("quick")
    done = CliRunner().invoke(diadem, ["report"])
    assert done.exit_code == 2
    assert "a key is missing" in done.output


@pytest.mark.parametrize(
    ("before", "after", "message"),
    [
        ("    cms_adc:\n", "    cms_adk:\n", r"smoke\.cms_ad"),
        ("profile: quick\n", "profile: quick\nprofil: quick\n", r"profil: unknown key.*profile\?"),
        (
            "      encoders: 1\n",
            "      encoders: 1\n      encoders: 2\n",
            "a key stands twice.*'encod",
        ),
        ("profile: quick\n", "profile: [quick]\n", "valid string"),
        ("profile: quick\n", "profile: quik\n", r"Did you mean quick\?"),
    ],
)
def test_a_wrong_file_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, before: str, after: str, message: str
) -> None:
    text = params_path().read_text()
    assert before in text
    path = tmp_path / "params.yaml"
    path.write_text(text.replace(before, after, 1))
    monkeypatch.setenv(VARIABLE, str(path))
    with pytest.raises(DiademError, match=message):
        load_profile()


def test_files_that_are_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(VARIABLE, str(tmp_path / "nothing.yaml"))
    with pytest.raises(DiademError, match="cannot be read"):
        load_profile()
    (tmp_path / "bad.yaml").write_text("a: [")
    monkeypatch.setenv(VARIABLE, str(tmp_path / "bad.yaml"))
    with pytest.raises(DiademError, match="not YAML"):
        load_profile()
    (tmp_path / "bad.yaml").write_bytes(b"\xff\xfe")
    with pytest.raises(DiademError, match="not YAML"):
        load_profile()
    for text in ("", "3", "[]"):
        (tmp_path / "bad.yaml").write_text(text)
        with pytest.raises(DiademError, match="valid dictionary"):
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
    made = contestant(
        "anomclr", adc, {"dimension": 12, "augmentations": ["split", "add"]}, task=ADC
    )
    assert made.variant == "augmentations=add+split;dimension=12"
    added = contestant("anomclr", adc, {"augmentations": "add"}, task=ADC)
    assert added.variant == "augmentations=add"
    assert contestant("anomclr", adc, task=ADC).variant == ""
    with pytest.raises(DiademError, match="nothing of this name varies"):
        scan("anomclr", adc, "colour", {})


@pytest.mark.parametrize(
    ("name", "settings", "message"),
    [
        ("anomclr_plu", {}, r"Did you mean anomclr_plus\?"),
        ("raw9", {}, "an embedding of another task; found diphoton; expected raw, untrained"),
        ("raw", {"dimension": 3}, "settings refused"),
        ("clr", {"dimensions": 3}, "setting dimensions: Extra inputs"),
        ("clr", {"dimension": 42, "heads": 4}, "heads"),
        ("clr", {"augmentations": ["mirror"]}, "'mirror'"),
    ],
)
def test_what_cannot_be_made(name: str, settings: dict[str, Any], message: str) -> None:
    adc = load_profile("smoke")[1].cms_adc
    with pytest.raises(DiademError, match=message):
        contestant(name, adc, settings, task=ADC)


@pytest.mark.parametrize("name", ["smoke", "quick", "reference", "paper"])
def test_a_profile_searches_inside_the_specification(name: str) -> None:
    """It changes sizes alone: strengths are the task's, signals have a card."""
    hunt = load_profile(name)[1].diphoton.hunt
    assert set(hunt.strengths) <= set(DIPHOTON.hunt.strengths)
    assert list(hunt.strengths) == sorted(set(hunt.strengths))
    points = {f"{p.name}/{q.name}" for p in diphoton_card().processes for q in p.points}
    asked = {signal for signals in hunt.embeddings.values() for signal in signals}
    assert {*hunt.signals, *hunt.drawn, *hunt.sharing, *asked} <= points
    assert set(hunt.yardsticks) <= set(hunt.embeddings)
    if name != "smoke":
        assert set(hunt.signals) == set(DIPHOTON.hunt.injections)


def test_the_specification_holds_every_setting_of_the_detector() -> None:
    """In full, so that a new default of the detector cannot change the task in silence."""
    settings = DIPHOTON.hunt.detector.settings
    made = CathodeSettings.model_validate(settings)
    assert made.model_dump(mode="json") == settings
    assert made == CathodeSettings()


def with_change(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, change: Any) -> None:
    """Let the profiles be those of the repository with a change of "smoke"."""
    params = yaml.safe_load(params_path().read_text(encoding="utf-8"))
    change(params["profiles"]["smoke"])
    path = tmp_path / "params.yaml"
    path.write_text(yaml.safe_dump(params))
    monkeypatch.setenv(VARIABLE, str(path))


def test_the_board_has_the_strength_that_it_ranks_by(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with_change(tmp_path, monkeypatch, lambda smoke: smoke["leaderboard"].update(strengths=[1.0]))
    with pytest.raises(DiademError, match="strengths lack 2, that of the task's primary number"):
        load_profile("smoke")


@pytest.mark.parametrize("key", ["instances", "flows", "classifiers", "ensembles", "replicas"])
def test_the_sizes_of_a_search_have_no_default(
    key: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with_change(tmp_path, monkeypatch, lambda smoke: smoke["diphoton"]["hunt"].pop(key))
    with pytest.raises(DiademError, match=f"diphoton.hunt.{key}: a key is missing"):
        load_profile("smoke")


@pytest.mark.parametrize(
    ("place", "value", "message"),
    [
        (("diphoton", "hunt", "signals"), ["zprime/401"], r"hunt\.signals: .*mean zprime/400\?"),
        (("diphoton", "hunt", "drawn"), ["zprim/400"], r"hunt\.drawn: .*mean zprime/400\?"),
        (("diphoton", "hunt", "sharing"), ["zprime"], r"hunt\.sharing: no such signal"),
        (("diphoton", "hunt", "signals"), ["ggF/125"], r"no such signal; found 'ggF/125'"),
        (
            ("diphoton", "hunt", "embeddings"),
            {"signal_aware": ["stop/1000"]},
            r"hunt\.embeddings\.signal_aware: no such signal",
        ),
        (("diphoton", "hunt", "strengths"), [-1.0], r"hunt\.strengths\.0: .*greater than 0"),
        (("diphoton", "hunt", "strengths"), [0.0], r"hunt\.strengths\.0: .*greater than 0"),
        (("diphoton", "hunt", "strengths"), [float("nan")], r"hunt\.strengths"),
        (("diphoton", "hunt", "strengths"), [2.2], r"found 2\.2; .*The nearest is 2\."),
        (("leaderboard", "strengths"), [2.0, 7.0], r"board\.strengths: .*The nearest is 5\."),
        (("leaderboard", "strengths"), [2.0, -2.0], r"strengths\.1: .*greater than 0"),
        (("diphoton", "regimes"), ["id", "ep:stopp"], r"regimes: .*mean ep:stop\?"),
        (("diphoton", "probes", "tsne_regimes"), ["backgroun"], r"mean background\?"),
        (("leaderboard", "diphoton"), {"raw9": ["ip:zprime/401"]}, r"diphoton\.raw9: "),
        (("diphoton", "hunt", "instances"), 0, r"hunt\.instances: .*greater than 0"),
        (("diphoton", "hunt", "flows"), -4, r"hunt\.flows: .*greater than 0"),
        (("diphoton", "encoders"), 0, r"encoders: .*greater than 0"),
        (("diphoton", "hunt", "classifiers"), 1, r"classifiers: .*greater than or equal to 2"),
        (("diphoton", "hunt", "strengths"), [2.0, 2.0], r"strengths: twice the same; found 2\.0"),
        (("diphoton", "hunt", "signals"), ["fcnc_top/c"] * 2, r"signals: twice the same"),
        (("diphoton", "regimes"), ["id", "id"], r"regimes: twice the same; found id"),
        (("diphoton", "hunt", "yardsticks"), ["signalaware"], r"mean signal_aware\?"),
        (("diphoton", "hunt", "embeddings"), {"signal_awre": []}, r"mean signal_aware\?"),
        (
            ("leaderboard", "diphoton"),
            {"raw": ["id"]},
            r"leaderboard\.diphoton: no such embedding",
        ),
        (("leaderboard", "cms_adc"), {"cler": {}}, r"leaderboard\.cms_adc: .*mean clr\?"),
        (("leaderboard", "yardsticks"), ["raw8"], r"board\.yardsticks: .*mean raw9\?"),
    ],
)
def test_what_there_is_not_is_refused_when_read(
    place: tuple[str, ...],
    value: Any,
    message: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def change(smoke: Any) -> None:
        *outer, last = place
        for key in outer:
            smoke = smoke[key]
        smoke[last] = value

    with_change(tmp_path, monkeypatch, change)
    with pytest.raises(DiademError, match=message) as raised:
        load_profile("quick")  # whichever is wanted
    assert f"{tmp_path / 'params.yaml'}, " in str(raised.value)
    assert "smoke" in str(raised.value)


def test_reading_a_profile_imports_nothing_that_trains() -> None:
    code = """
import sys
from reproduce.cli.list import everything
from reproduce.profiles import load_profile
load_profile()
everything()
slow = {"torch", "xgboost", "sklearn", "lightning", "seaborn", "mplhep", "dvc"} & set(sys.modules)
sys.exit(", ".join(sorted(slow)) or 0)
"""
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
