"""Metrics that carry an argument after a colon."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd
import pytest

from benchmark.errors import DataError
from benchmark.results import METRICS, read_rows, summarise, validate_rows, write_rows

if TYPE_CHECKING:
    from pathlib import Path

ROW: dict[str, Any] = {
    "task": "diphoton",
    "task_digest": "ab12",
    "release": "v1",
    "profile": "quick",
    "commit": "0123abc",
    "embedding": "signal_aware",
    "variant": "probe=bdt",
    "regime": "id",
    "signal": "zprime",
    "strength": None,
    "embedding_seed": 0,
    "detector_seed": 0,
    "n_train": 5000,
    "metric": "assigned:zprime",
    "at": None,
    "value": 0.8,
    "err_lo": 0.01,
    "err_hi": 0.02,
    "n_sig": 100,
    "n_bkg": 0,
    "reason": "",
}
GOOD = (
    *("assigned:zprime", "assigned:background", "assigned:x_to_sh", "assigned_process:stop"),
    *("mean_diagonal", "mean_diagonal_signals", "mass_r2"),
    *("latent_mean:1", "latent_width:6", "latent_kolmogorov:160", "latent_kl"),
)
BAD = (
    *("assigned", "assigned:", "assigned:two words", "assigned:a:b", "assigned:1", ":zprime"),
    *("auc:", "auc:0.3", "mean_diagonal:zprime", "mass_r2:", "latent_kl:1", "unheard:zprime"),
    *("latent_mean", "latent_mean:", "latent_mean:0", "latent_mean:01", "latent_mean:-1"),
    *(
        "latent_mean:1.0",
        "latent_mean:x",
        "latent_mean: 1",
        "latent_mean:\u0663",
        "assigned:\u00e9",
    ),
    *("Assigned:zprime", "assigned :zprime", "assigned:zprime\n"),
)


def rows(*metrics: str, **changes: Any) -> pd.DataFrame:
    return pd.DataFrame([{**ROW, **changes, "metric": metric} for metric in metrics])


def test_they_come_back_from_a_file(tmp_path: Path) -> None:
    write_rows(rows(*GOOD), tmp_path / "rows.csv")
    back = read_rows(tmp_path / "rows.csv")
    assert sorted(back["metric"]) == sorted(GOOD)
    assert len(summarise(back)) == len(GOOD)


@pytest.mark.parametrize("metric", BAD)
def test_others_are_refused_with_what_is_known(metric: str) -> None:
    with pytest.raises(DataError, match="column metric") as error:
        validate_rows(rows("auc", metric))
    assert "row 1" in str(error.value)


def test_the_message_names_the_arguments() -> None:
    with pytest.raises(DataError, match=r"assigned:CLASS, .*latent_mean:DIMENSION") as error:
        validate_rows(rows("assigned"))
    assert "auc, background_rejection" in str(error.value)


@pytest.mark.parametrize("metric", GOOD)
def test_they_have_no_working_point(metric: str) -> None:
    with pytest.raises(DataError, match="an empty field for this metric"):
        validate_rows(rows(metric, at=0.3))
    stem, colon, _ = metric.partition(":")
    assert METRICS[stem + colon] == ""
