"""Another random run: other seeds, other names, never in place of the results of record."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd
import pytest
from click.testing import CliRunner

from benchmark.code import ROOT
from benchmark.errors import DataError, DiademError
from benchmark.seeds import seed_for
from reproduce.adc.rows import AdcRows, of_events, with_parts
from reproduce.cli import diadem
from reproduce.cli.evaluating import Request as Evaluation
from reproduce.cli.evaluating import _specs
from reproduce.cli.training import Request as Training
from reproduce.cli.training import specs_of
from reproduce.cli.writable import refuse_of_record
from reproduce.contestants import contestant, scan
from reproduce.inputs import Place
from reproduce.profiles import load_profile
from tests.rows import adc_rows

if TYPE_CHECKING:
    from pathlib import Path

ADC = load_profile("smoke")[1].cms_adc


def test_a_seed_is_part_of_the_variant_and_so_of_what_seeds_are_hashed_from() -> None:
    made = contestant("anomclr", ADC, {"dimension": 12}, task="cms_adc", seed=7)
    assert made.variant == "dimension=12;seed=7"
    assert "seed" not in made.settings
    assert contestant("anomclr", ADC, task="cms_adc", seed=0).variant == "seed=0"
    plain = contestant("anomclr", ADC, task="cms_adc")
    assert plain.variant == ""
    seeds = {seed_for("cms_adc", "anomclr", v, 0) for v in (plain.variant, "seed=7", "seed=0")}
    assert len(seeds) == 3


@pytest.mark.parametrize("vary", ["augmentations", "dimension", "events"])
def test_every_point_of_a_scan_carries_it(vary: str) -> None:
    plain = [made.variant for made, _ in scan("anomclr_plus", ADC, vary, {})]
    other = [made.variant for made, _ in scan("anomclr_plus", ADC, vary, {}, seed=7)]
    assert other == [f"{variant};seed=7" for variant in plain]


def test_two_seeds_are_refused() -> None:
    with pytest.raises(DiademError, match="two seeds"):
        contestant("anomclr", ADC, {"seed": 3}, task="cms_adc", seed=7)


def test_kept_work_is_not_taken_for_that_of_another_seed(tmp_path: Path) -> None:
    keys = []
    for seed in (None, 1, 2):
        asked = Evaluation(
            embeddings=("raw",), profile="smoke", settings={}, store=tmp_path, seed=seed
        )
        keys += [spec.key for spec in _specs(asked)[1]]
        trained = Training(
            embeddings=("raw9",), profile="smoke", settings={}, store=tmp_path, seed=seed
        )
        keys += [spec.key for spec in specs_of(trained)]
    assert len(set(keys)) == len(keys)


@pytest.mark.parametrize("verb", [("evaluate", "raw"), ("train", "raw9")])
def test_results_of_record_are_not_overwritten(verb: tuple[str, ...]) -> None:
    output = ROOT / "results" / "quick" / "seven"
    done = CliRunner().invoke(diadem, [*verb, "--seed", "7", "--output", str(output)])
    assert done.exit_code == 2
    assert "results of record are not those of another seed" in done.stderr
    assert "leave --seed out" in done.stderr


def test_another_place_is_free(tmp_path: Path) -> None:
    refuse_of_record(tmp_path / "rows.csv", seed=7)
    refuse_of_record(ROOT / "results" / "x.csv", seed=None)
    refuse_of_record(None, seed=7)
    with pytest.raises(DiademError, match="results of record are not those of another seed"):
        refuse_of_record(ROOT / "results" / "x.csv", seed=7)


def test_no_figure_takes_its_rows_for_the_main_result(tmp_path: Path) -> None:
    record, other = adc_rows(curve=False), adc_rows(variant="seed=7", curve=False, shift=0.05)
    both = with_parts(pd.concat([record, other], ignore_index=True))
    kept = of_events(both, None)
    assert set(kept["variant"]) == {""}
    assert len(kept) == len(record)
    place = Place(results=tmp_path, profile="smoke", task="cms_adc")
    (place.folder / "rows").mkdir(parents=True)
    other.to_csv(place.folder / "rows" / "table-2.csv", index=False)
    with pytest.raises(DataError, match="no rows of this number of training events"):
        AdcRows().read(place)
