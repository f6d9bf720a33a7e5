"""Made-up claims and the result rows that they are judged by."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import pandas as pd

from benchmark.results import COLUMNS
from reproduce.report.judging import judge
from reproduce.report.results import Results, summary_of
from reproduce.report.schema import (
    OrderingClaim,
    Published,
    ValueClaim,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from reproduce.report.schema import Claim
    from reproduce.report.verdicts import Judged

EXACT = 1e-7  # relative: rows keep nine digits
# One-sided 97.7 % points of Student's t (2 Gaussian standard deviations), by degrees of freedom;
# from tables of the distribution, to three digits.
STUDENT = {2: 4.527, 4: 2.869}
ROUNDED = 2e-3
COMMON: dict[str, Any] = {"paper": "aclr", "source": "Table 2", "claim": "What is claimed here."}
SELECT: dict[str, Any] = {
    "embedding": "raw",
    "regime": "self-supervised",
    "signal": "leptoquark",
    "metric": "auc",
}


def rows(values: Sequence[float | None], error: float = 0.01, **columns: Any) -> pd.DataFrame:
    """Rows of one result, a training each; None for null, with the reason "few events"."""
    fixed: dict[str, Any] = {"task": "cms_adc", "task_digest": "0123", "release": "v1"}
    fixed |= {"profile": "quick", "commit": "abc", "variant": "", "embedding_seed": 0}
    fixed |= {"strength": math.nan, "at": math.nan, "n_train": 1000, "n_sig": 50, "n_bkg": 70}
    null = "few events"
    made = [
        {
            "detector_seed": number,
            "value": value,
            "err_lo": None if value is None else error,
            "err_hi": None if value is None else error,
            "reason": columns.get("reason", null) if value is None else "",
        }
        for number, value in enumerate(values)
    ]
    told = {**SELECT, **{k: v for k, v in columns.items() if k != "reason"}}
    return pd.DataFrame(made).assign(**fixed).assign(**told)[list(COLUMNS)]


def results(*frames: pd.DataFrame, task: str = "cms_adc") -> Results:
    held = pd.concat(frames, ignore_index=True).astype({"value": "float64"})
    held[["err_lo", "err_hi"]] = held[["err_lo", "err_hi"]].astype("float64")
    return Results(rows={task: held}, summary={task: summary_of(held)}, files=())


def value_claim(published: Published, **fields: Any) -> ValueClaim:
    made = {"id": "a", "task": "cms_adc", "kind": "value", "select": SELECT, **COMMON, **fields}
    return ValueClaim(**made, published=published)


def judged(
    claim: Claim, *frames: pd.DataFrame, task: str = "cms_adc", profile: str = "quick"
) -> Judged:
    return judge(claim, results(*frames, task=task), profile)


def ordering(**fields: Any) -> OrderingClaim:
    common = {k: v for k, v in SELECT.items() if k != "embedding"}
    made = {"id": "a", "task": "cms_adc", "kind": "ordering", "select": common, **COMMON}
    return OrderingClaim(
        **{**made, "above": {"embedding": "clr"}, "below": {"embedding": "raw"}, **fields}
    )
