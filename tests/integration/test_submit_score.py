"""A baseline as a submission: by the path of everybody, the rows of the pipeline."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd
from click.testing import CliRunner

from benchmark.submissions.result_file import read_scored
from reproduce.cli import diadem

if TYPE_CHECKING:
    from collections.abc import Sequence

NUMBERS = ["value", "err_lo", "err_hi", "n_sig", "n_bkg", "reason"]


def done(*words: str) -> str:
    result = CliRunner().invoke(diadem, [*words])
    assert result.exit_code == 0, result.output
    return result.output


def the_same(ours: pd.DataFrame, theirs: pd.DataFrame, key: Sequence[str]) -> int:
    """Hold rows to each other bit for bit; return how many of a key are in both."""
    both = ours.merge(theirs, on=list(key), suffixes=("", "_theirs"))
    for name in NUMBERS:
        pd.testing.assert_series_equal(both[name], both[f"{name}_theirs"], check_names=False)
    return len(both)


def test_rows_of_cms_adc(tmp_path: Path) -> None:
    """The encoder of raw kinematics gives them back unchanged, so that all is the same."""
    store, output = str(tmp_path / "store"), tmp_path / "entries"
    shared = ("--profile", "smoke", "--store", store)
    rows = tmp_path / "rows.csv"
    done("evaluate", "raw", *shared, "--output", str(rows))
    done("leaderboard", "baselines", "--task", "cms_adc", *shared, "--output", str(output))
    scored = read_scored(output / "cms_adc" / "raw.json")
    assert scored.status == "encoder"
    ours, theirs = scored.frame(), pd.read_csv(rows)
    assert set(ours["regime"]) == {"self-supervised"}
    assert set(ours["metric"]) < set(theirs["metric"]), "curves are left out"
    theirs = theirs.assign(reason=theirs["reason"].fillna(""))
    key = ("signal", "metric", "at", "embedding_seed", "detector_seed")
    assert the_same(ours, theirs, key) == len(ours) > 10


def test_rows_of_a_trained_encoder(tmp_path: Path) -> None:
    """As ONNX it gives the latents bit for bit, so the autoencoder learns the same from them."""
    shared = ("--profile", "smoke", "--store", str(tmp_path / "store"))
    rows, folder, entry = tmp_path / "rows.csv", str(tmp_path / "encoder"), tmp_path / "entry.json"
    done("evaluate", "anomclr_plus", *shared, "--output", str(rows))
    export = ("--kind", "encoder", "--output", folder)
    done("submit", "export", "anomclr_plus", *shared, *export)
    done("submit", "score", folder, *shared, "--output", str(entry))
    ours, theirs = read_scored(entry).frame(), pd.read_csv(rows)
    theirs = theirs[theirs["embedding_seed"] == 0].assign(reason=theirs["reason"].fillna(""))
    key = ("signal", "metric", "at", "detector_seed")
    assert the_same(ours, theirs, key) == (ours["detector_seed"] == 0).sum() > 10


def test_a_name_of_the_board(tmp_path: Path) -> None:
    folder = str(tmp_path / "raw")
    shared = ("--profile", "smoke", "--store", str(tmp_path / "store"))
    done("submit", "export", "raw", *shared, "--output", folder, "--name", "raw")
    refused = CliRunner().invoke(diadem, ["submit", "score", folder, *shared])
    assert refused.exit_code == 2
    assert "a name that the board has for its yardsticks" in refused.output


def test_rows_of_diphoton(tmp_path: Path) -> None:
    store, latents = str(tmp_path / "store"), str(tmp_path / "latents")
    shared = ("--profile", "smoke", "--store", store)
    done("train", "signal_aware", "--regime", "id", *shared, "--output", latents)
    file = f"{latents}/signal_aware/id.parquet"
    searched = ("--signal", "zprime/400", "--strength", "2", "--store", store)
    done("hunt", file, *searched, "--output", str(tmp_path / "hunted"))
    done("submit", "export", file, "--store", store, "--output", str(tmp_path / "sac"))
    entry, other = tmp_path / "entry.json", tmp_path / "another store"
    anew = ("--profile", "smoke", "--store", str(other), "--output", str(entry))
    done("submit", "score", str(tmp_path / "sac"), *anew)
    ours = read_scored(entry).frame()
    theirs = pd.read_csv(tmp_path / "hunted/rows/hunt.csv")
    ours, theirs = (
        rows[(rows["variant"] == "detector=cathode") & rows["strength"].notna()]
        for rows in (ours, theirs)
    )
    theirs = theirs.assign(reason=theirs["reason"].fillna(""))
    key = ("signal", "metric", "at", "strength", "detector_seed")
    found = the_same(ours, theirs, key)
    assert found == len(theirs[theirs["signal"].isin(set(ours["signal"]))]) > 20
    # Each was searched by itself here, under one name: beside each other they share the work.
    for kind in ("templates", "hunts"):
        first, second = (
            {file.name for file in (s / kind).iterdir()} for s in (Path(store), other)
        )
        assert first & second
