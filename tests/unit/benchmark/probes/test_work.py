"""Probes as rows and as pieces of work."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pytest

from benchmark.errors import DataError
from benchmark.farm import run_farm
from benchmark.hunt.yields import background_yields
from benchmark.latents import Latents, write_latents
from benchmark.probes.rows import (
    as_frame,
    confusion_rows,
    gaussian_rows,
    mass_rows,
    split_variant,
)
from benchmark.probes.settings import ProbeSettings
from benchmark.probes.work import kinds_of, probe_specs
from benchmark.results import validate_rows
from benchmark.tasks.diphoton import DIPHOTON
from tests.latents import PROCESSES, RELEASE, log_probabilities, made_up_facts, made_up_latents

if TYPE_CHECKING:
    from pathlib import Path

SETTINGS = ProbeSettings(trees=5, replicas=20, tsne_events=4, tsne_perplexity=5.0)
CLASSES = DIPHOTON.classes


@pytest.fixture(scope="module")
def latents() -> Latents:
    return made_up_latents(events=20, dimensions=2, variant="beta=0.1;width=32", number=2)


def checked(latents: Latents, rows: list[Any]) -> pd.DataFrame:
    """The rows, if they are valid, without the columns that are the same in all."""
    return validate_rows(as_frame(latents.facts, rows).assign(commit="0123abc"))


@pytest.mark.parametrize("probe", ["bdt", "linear"])
def test_confusion_rows(latents: Latents, probe: str) -> None:
    rows = checked(latents, confusion_rows(latents, probe, SETTINGS))
    assert set(rows["variant"]) == {f"beta=0.1;probe={probe};width=32"}
    assert set(rows["embedding_seed"]) == {2}
    counts = rows["metric"].str.split(":").str[0].value_counts().to_dict()
    once = {"mean_diagonal": 1, "mean_diagonal_signals": 1}
    assert counts == {"assigned": 81, "assigned_process": 45, **once}
    number = rows.set_index(["signal", "metric"])["value"]
    for true in CLASSES:
        shares = [number[true, f"assigned:{name}"] for name in CLASSES]
        assert sum(shares) == pytest.approx(1, abs=1e-7)  # nine digits
    diagonal = [number[name, f"assigned:{name}"] for name in CLASSES]
    assert number["all", "mean_diagonal"] == pytest.approx(sum(diagonal) / 9, abs=1e-8)
    wanted = sum(diagonal[1:]) / 8
    assert number["all", "mean_diagonal_signals"] == pytest.approx(wanted, abs=1e-8)
    # In equal parts: the background's share is the mean of its processes'.
    each = [number[name, "assigned_process:background"] for name in DIPHOTON.backgrounds]
    assert number["background", "assigned:background"] == pytest.approx(sum(each) / 5, abs=1e-8)
    assert number["all", "mean_diagonal"] > 0.3  # 1/9 by chance


def test_own_rows_need_log_probabilities(latents: Latents) -> None:
    seen = tuple(name for name in PROCESSES if name != "stop")
    classifier = log_probabilities(latents, seen)
    rows = checked(classifier, confusion_rows(classifier, "own", SETTINGS))
    number = rows.set_index(["signal", "metric"])["value"]
    assert number["zprime", "assigned:zprime"] > 0.7
    assert all(number[true, "assigned:stop"] == 0 for true in CLASSES)
    with pytest.raises(DataError, match="not the processes of a classifier"):
        confusion_rows(latents, "own", SETTINGS)


def test_what_is_learned_does_not_depend_on_the_test_events(latents: Latents) -> None:
    """Other test events of the background change no number of a signal."""
    changed = (latents.part == "test") & (latents.process == "ggF")
    moved = replace(latents, values=np.where(changed[:, None], latents.values + 5, latents.values))
    first, other = (
        checked(latents, confusion_rows(each, "bdt", SETTINGS)) for each in (latents, moved)
    )
    signals = first["signal"].isin(DIPHOTON.signals)
    pd.testing.assert_frame_equal(first[signals], other[signals])
    assert not first.equals(other)


def test_mass_rows(latents: Latents) -> None:
    rows = checked(latents, mass_rows(latents, SETTINGS)).set_index("signal")
    assert set(rows.index) == {"background", *DIPHOTON.backgrounds}
    assert set(rows["metric"]) == {"mass_r2"}
    assert rows.loc["background", "n_sig"] == 100
    assert rows.loc["ttH", "n_sig"] == 20
    assert rows["value"].notna().all()


def test_mass_rows_of_latents_that_are_the_mass() -> None:
    latents = made_up_latents(events=60, dimensions=2)
    half = (latents.part == "test") | (np.arange(len(latents)) % 2 == 0)
    latents = latents.select(half)  # another number of events to learn from
    latents.values[:, 0] = latents.m_gg
    settings = SETTINGS.model_copy(update={"trees": 50})
    rows = checked(latents, mass_rows(latents, settings)).set_index("signal")
    assert rows.loc["continuum", "n_sig"] == 60
    # 30 events in leaves of five or more: some tenth of the variance is left.
    assert (rows.loc[["continuum", "background"], "value"] > 0.5).all()


def test_gaussian_rows(latents: Latents) -> None:
    rows = checked(latents, gaussian_rows(latents))
    assert len(rows) == 13 * (3 * 2 + 1)
    assert set(rows["variant"]) == {"beta=0.1;width=32"}
    assert set(rows["signal"]) == set(PROCESSES)
    test = latents.select((latents.part == "test") & (latents.process == "ggF"))
    number = rows.set_index(["signal", "metric"])["value"]
    wanted = test.values.astype(float).mean(axis=0)
    assert number["ggF", "latent_mean:2"] == pytest.approx(wanted[1], rel=1e-6)


def test_split_variant_undoes_a_row() -> None:
    assert split_variant("probe=own") == ("", "own")
    assert split_variant("") == ("", "")


def test_kinds() -> None:
    assert kinds_of(made_up_facts(), SETTINGS)[0] == "tsne"
    assert "tsne" not in kinds_of(made_up_facts(regime="ep:stop"), SETTINGS)
    again = kinds_of(made_up_facts(number=1), SETTINGS)
    assert again == ("bdt", "mass", "linear", "gaussian")
    assert kinds_of(made_up_facts(embedding="raw9"), SETTINGS) == again
    assert kinds_of(made_up_facts(classes=PROCESSES), SETTINGS) == ("own", "mass")


def test_work_is_done_once_and_anew_where_something_changed(tmp_path: Path) -> None:
    latents = made_up_latents(events=12, dimensions=2)
    file = tmp_path / "a.parquet"
    write_latents(file, latents)
    specs = probe_specs(file, latents.facts, SETTINGS)
    made = run_farm(list(specs.values()), store=tmp_path / "store")
    tables = dict(zip(specs, map(pd.read_parquet, made), strict=True))
    rows = [tables[kind] for kind in ("bdt", "linear", "mass", "gaussian")]
    validate_rows(pd.concat(rows))
    assert len(tables["tsne"]) == 13 * 4
    assert set(tables["tsne"]["embedding"]) == {"signal_aware"}

    def keys(settings: ProbeSettings = SETTINGS) -> dict[str, str]:
        found = probe_specs(file, latents.facts, settings)
        return {str(kind): spec.key for kind, spec in found.items()}

    first = keys()
    assert first == {kind: spec.key for kind, spec in specs.items()}
    deeper = keys(SETTINGS.model_copy(update={"trees": 6}))
    assert {kind for kind in first if first[kind] != deeper[kind]} == {"bdt", "mass"}
    (tmp_path / "copy").mkdir()
    moved = tmp_path / "copy" / "b.parquet"
    moved.write_bytes(file.read_bytes())
    again = probe_specs(moved, latents.facts, SETTINGS)
    assert {str(kind): spec.key for kind, spec in again.items()} == first
    write_latents(file, replace(latents, values=latents.values + 1))
    assert not set(keys().values()) & set(first.values())


def manifest(folder: Path, **changes: Any) -> Path:
    samples = [
        {"process": name, "events": 100, "effective_luminosity": 10.0 * (k + 1)}
        for k, name in enumerate(DIPHOTON.backgrounds)
    ]
    content = {"release": "v1", "digest": DIPHOTON.release_digest, "samples": samples}
    (folder / "manifest.json").write_text(json.dumps({**content, **changes}))
    return folder


def test_yields_are_events_over_luminosity(tmp_path: Path) -> None:
    assert background_yields(tmp_path, release="own@1234") == {}
    found = background_yields(manifest(tmp_path), release=RELEASE)
    assert found == {"continuum": 10.0, "ggF": 5.0, "VBF": 100 / 30, "VH": 2.5, "ttH": 2.0}


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"release": "v2"}, "the latents' release is another; found v2@f00f80c08f80"),
        ({"samples": []}, "no rate of continuum, ggF"),
        ({"samples": [{"process": "ggF"}]}, "no manifest with the rates"),
        (
            {"samples": [{"process": "ggF", "events": 1, "effective_luminosity": None}]},
            "TypeError",
        ),
        ({"samples": None}, "no manifest with the rates"),
    ],
)
def test_a_bad_manifest_is_refused(changes: dict[str, Any], said: str, tmp_path: Path) -> None:
    with pytest.raises(DataError, match=said):
        background_yields(manifest(tmp_path, **changes), release=RELEASE)
    with pytest.raises(DataError, match="no manifest with the rates"):
        background_yields(tmp_path / "nowhere", release=RELEASE)
