"""The tables that stand beside the pages."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd
import pytest

from benchmark.describe.summary import write_summary
from benchmark.describe.tally import tally
from benchmark.schema import CMS_ADC
from tests.tables import random_table

if TYPE_CHECKING:
    from pathlib import Path

PROVENANCE = {"name": "x", "digest": "d1", "software": "s 1", "commit": "c1", "mixture": []}


def test_tables_hold_what_was_tallied(tmp_path: Path) -> None:
    table = random_table(CMS_ADC, 200, seed=5)
    tallies = tally(CMS_ADC, [table])
    key = next(iter(tallies))
    rates = {key: {"acceptance": 0.25, "physical": None}}
    mixture = [{"process": key[0], "stated": 0.5, "generator": 0.4}]
    files = write_summary(
        tmp_path,
        CMS_ADC,
        tallies,
        card=None,
        rates=rates,
        provenance=PROVENANCE | {"mixture": mixture},
    )
    assert sorted(f.name for f in files) == [
        "README.md",
        "means.csv",
        "mixture.csv",
        "samples.csv",
    ]
    samples = pd.read_csv(tmp_path / "samples.csv", keep_default_na=False)
    assert samples["events"].sum() == len(table)
    assert samples.iloc[0]["acceptance"] == "0.25"
    assert samples.iloc[0]["physical"] == ""
    means = pd.read_csv(tmp_path / "means.csv", keep_default_na=False)
    chosen = (means.process == key[0]) & (means.point == key[1]) & (means.quantity == "met_pt")
    expected, _ = tallies[key].histograms["met_pt"].mean()
    assert float(means[chosen]["mean"].item()) == pytest.approx(expected, rel=1e-5)
    text = (tmp_path / "README.md").read_text()
    assert all(word in text for word in ("d1", "s 1", "c1", "Mixture"))


def test_no_mixture_no_table(tmp_path: Path) -> None:
    tallies = tally(CMS_ADC, [random_table(CMS_ADC, 20, seed=6)])
    write_summary(tmp_path, CMS_ADC, tallies, card=None, rates={}, provenance=PROVENANCE)
    assert not (tmp_path / "mixture.csv").exists()
    assert "Mixture" not in (tmp_path / "README.md").read_text()
