"""How well generated background is told from the true one, and the mass test, from result rows."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reproduce.sac.measured import CATHODE, summary, used_rows

if TYPE_CHECKING:
    import pandas as pd

AUC, DISTANCE, P_VALUE = "sculpting_auc", "mass_sculpting", "mass_sculpting_p"


def aucs(rows: pd.DataFrame) -> pd.DataFrame:
    """Return the AUC of each embedding and regime: the columns of `summary`, and error.

    The error is that of one instance: statistical and the spread over instances in quadrature.

    Raises:
        DataError: There is none.
    """
    found = summary(used_rows(rows, (AUC,), "the AUC of generated against true background"))
    return found[found["detector"] == CATHODE].assign(error=found["statistical"])


def mass_tests(rows: pd.DataFrame) -> pd.DataFrame:
    """Return the test of the mass of each embedding, regime, working point and instance.

    Returns:
        Columns embedding, regime, at, number, distance and p.

    Raises:
        DataError: There is none.
    """
    from reproduce.sac.measured import detector_of

    held = used_rows(rows, (DISTANCE, P_VALUE), "the test of the mass after a cut")
    detectors = {text: detector_of(text)[1] for text in held["variant"].unique()}
    held = held[held["variant"].map(detectors) == CATHODE]
    by = ["embedding", "regime", "at", "detector_seed"]
    wide = held.pivot_table(index=by, columns="metric", values="value").reset_index()
    named = {"detector_seed": "number", DISTANCE: "distance", P_VALUE: "p"}
    return wide.rename(columns=named).reindex(
        columns=["embedding", "regime", "at", "number", "distance", "p"]
    )


def p_values(tests: pd.DataFrame) -> str:
    """Return the p-values of the instances as ", p = 0.2 to 0.9"; "" without any."""
    found = tests["p"].dropna()
    if found.empty:
        return ""
    low, high = (f"{value:.2g}" for value in (found.min(), found.max()))
    return f", p = {low}" if low == high else f", p = {low} to {high}"
