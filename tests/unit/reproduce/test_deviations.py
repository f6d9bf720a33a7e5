"""What is said of a profile that is not the paper's."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd
import pytest

from reproduce.adc.deviations import deviations
from reproduce.adc.rows import with_parts
from reproduce.figures import FIGURES
from reproduce.sac.deviations import deviations as of_diphoton
from reproduce.tables import TABLES
from reproduce.writing import document
from tests.diphoton_rows import probe_rows, tsne_points
from tests.rows import adc_rows, adc_scans

if TYPE_CHECKING:
    from pathlib import Path

    from reproduce.entry import Entry

NO_TEST = "Differences in sigma are therefore no test of the paper."
PROFILES = """\
profile: small
profiles:
  small:
    cms_adc: &small
      protocol: &protocol
        train_events: null
        embedding_trainings: 3
        detector_trainings: 3
        detector_trainings_alone: 5
        replicas: 200
        detector: {epochs: 20}
      encoder: {layers: 2, learning_rate: 3.0e-4}
      signal_aware: {}
      scans: {trainings: [1, 1], augmentations: [add], dimensions: [4], events: [10]}
    diphoton: &diphoton
      train_events: null
      regimes: [id]
      encoder: {layers: 2, epochs: 3, width: 64}
      vae: {}
      clr: {}
      probes: {}
      tuning: {temperatures: [0.1], learning_rates: [1.0e-3], betas: [0.1], encoder: {epochs: 2}}
      encoders: 1
      hunt:
        {instances: 1, flows: 1, classifiers: 2, ensembles: 1, replicas: 20,
        signals: [zprime/400], strengths: [2.0], embeddings: {signal_aware: []}}
    leaderboard: &board {strengths: [2.0], diphoton: {}, cms_adc: {}, yardsticks: []}
  paper:
    cms_adc:
      <<: *small
      protocol: {<<: *protocol, train_events: 1000000, embedding_trainings: 5, detector: {}}
      encoder: {}
    diphoton: {<<: *diphoton, encoder: {}}
    leaderboard: *board
"""


@pytest.fixture(autouse=True)
def _profiles(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "params.yaml"
    file.write_text(PROFILES, encoding="utf-8")
    monkeypatch.setenv("DIADEM_PARAMS", str(file))


def rows_of(profile: str) -> pd.DataFrame:
    made = pd.concat([adc_rows(curve=False), adc_scans()], ignore_index=True)
    return with_parts(made.assign(profile=profile))


def words(entry: Entry[pd.DataFrame], rows: pd.DataFrame) -> str:
    return document(entry, entry.make(rows))


def test_each_difference_is_named_with_the_papers_value() -> None:
    assert deviations(rows_of("small")) == [
        "Differs from the paper (its value in brackets): "
        "training events all of the release's (1,000,000), trainings of an encoder 3 (5), "
        "encoder learning rate 3e-4 (5e-5), detector epochs 20 (100).",
        "Differs from what is assumed of the paper (its value in brackets): encoder layers 2 (4).",
    ]


def test_the_paper_differs_from_itself_only_where_events_lack() -> None:
    assert deviations(rows_of("paper")) == [
        "Differs from the paper (its value in brackets): training events 23,904 (1,000,000)."
    ]
    full = rows_of("paper").assign(n_train=1_000_000)
    assert deviations(full) == []
    assert NO_TEST not in words(TABLES["adc-2"], full)


def test_an_unknown_profile_is_said() -> None:
    (sentence,) = deviations(rows_of("theirs"))
    assert "profile theirs are not known here" in sentence


def test_table_and_captions_say_it() -> None:
    rows = rows_of("small")
    text = words(TABLES["adc-2"], rows)
    assert f"**{' '.join(deviations(rows))} {NO_TEST}**" in text
    assert text.index(NO_TEST) < text.index("| metric |")
    written = words(FIGURES["adc-dimension"], rows)
    assert all(sentence in written for sentence in deviations(rows))
    assert written.index("Differs from") > written.index("release v1")


def test_the_diphoton_profile_is_held_against_the_method_card() -> None:
    frame = probe_rows().assign(profile="small")
    assert of_diphoton(frame) == [
        "Differs from the paper (its value in brackets): training events 90,000 in all (60,000 of "
        "each background process and mass point), encoder layers 2 (4), encoder epochs 3 (100).",
        "Differs from what is inferred or chosen where the paper is silent (its value in "
        "brackets): encoder width 64 (128).",
    ]
    assert "encoder epochs 2 (100)" in of_diphoton(frame, scan=True)[0]
    points = tsne_points(per_process=4).assign(profile="paper")
    assert of_diphoton(points) == []
