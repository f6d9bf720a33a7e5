"""Ours against the reference, row by row, with verdicts."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np
from scipy.special import erfc

from benchmark.errors import DataError, complaint
from benchmark.fidelity import bins
from benchmark.fidelity.reference import KEY

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd
    from numpy.typing import NDArray

Scale = Literal["absolute", "relative", "factor"]

MIN_OBJECTS = 200
"""Fewer true objects on either side are shown but not judged: an efficiency is then known to 0.035
at best, which is no better than the tolerance."""
JUDGED_JET_PT = 30.0
"""GeV. Below, Delphes' own thresholds on jets before their energy scale shape the response."""
PASS, FAIL, FEW, SHOWN = "pass", "fail", "too few", "shown"


@dataclass(frozen=True)
class Tolerance:
    """How far ours may be from the reference.

    Attributes:
        quantity: Name of the quantity, as in the rows.
        objects: Objects that it holds for.
        scale: "absolute" compares the difference, "relative" the difference over the reference,
            "factor" the logarithm of the ratio, so that both directions count alike.
        limit: The largest deviation on that scale.
        reason: Why this much.
        min_pt: Lower edge of the lowest pT bin that is judged, GeV.
    """

    quantity: str
    objects: tuple[str, ...]
    scale: Scale
    limit: float
    reason: str
    min_pt: float = 0.0


EFFICIENCY = Tolerance(
    "efficiency",
    ("electron", "muon", "photon"),
    "absolute",
    0.05,
    "smaller than what experiments differ by between working points",
)
MOMENTUM_WIDTH = Tolerance(
    "response s68",
    ("electron", "muon", "photon"),
    "factor",
    math.log(1.25),
    "a quarter of a resolution that is itself a few per cent cannot be seen in the features",
)
JET_RESPONSE = Tolerance(
    "response median",
    ("jet",),
    "absolute",
    0.04,
    "the jet energy scale of the fast detector is itself no better calibrated",
    JUDGED_JET_PT,
)
JET_WIDTH = Tolerance(
    "response s68",
    ("jet",),
    "factor",
    math.log(1.25),
    "as for the leptons",
    JUDGED_JET_PT,
)
MULTIPLICITY = Tolerance(
    "multiplicity",
    ("jet", "jet away from leptons"),
    "relative",
    0.06,
    "a shift of the jet energy scale by the tolerance above moves the mean by as much",
)
TAGGING = Tolerance(
    "b-tag efficiency",
    ("b jet", "c jet", "light jet"),
    "absolute",
    0.05,
    "as for the leptons; what is left after the same formula is the flavour definition",
)
MET_WIDTH = Tolerance(
    "component s68",
    ("MET",),
    "relative",
    0.12,
    "the sum of all objects' errors: each may be off by a few per cent",
)
PAIR_EFFICIENCY = Tolerance(
    "fraction in window",
    ("photon pair",),
    "absolute",
    0.04,
    "less than two photons that are both off by their own tolerance",
)
PAIR_COUNT = Tolerance(
    "fraction with two", ("photon pair",), "absolute", 0.04, "as for pairs in the window"
)
MASS_WIDTH = Tolerance(
    "mass s68",
    ("photon pair",),
    "relative",
    0.15,
    "the width of a peak in a window twenty times as wide",
)
TOLERANCES = (
    EFFICIENCY,
    MOMENTUM_WIDTH,
    JET_RESPONSE,
    JET_WIDTH,
    MULTIPLICITY,
    TAGGING,
    MET_WIDTH,
    PAIR_EFFICIENCY,
    PAIR_COUNT,
    MASS_WIDTH,
)


def compare(
    ours: pd.DataFrame, reference: pd.DataFrame, *, tolerances: Sequence[Tolerance] = TOLERANCES
) -> pd.DataFrame:
    """Join ours with the reference and judge each row.

    Returns:
        One line a row of both: the key, `value`, `error`, `n`, `reference`, `reference_error`,
        `reference_n`, `scale`, `deviation` and `uncertainty` (its statistical error) on that
        scale, `tolerance`, `sigma` (deviation over uncertainty), `chance` (that a
        perfect response exceeds the tolerance by statistics alone) and `verdict`: pass, fail, too
        few, or shown where nothing is asked for.

    Raises:
        DataError: There is no row in common.
    """
    theirs = reference.rename(columns={c: f"reference_{c}" for c in ("error", "n")})
    theirs = theirs.rename(columns={"value": "reference"})
    joined = ours.merge(theirs, on=KEY, how="inner", validate="one_to_one")
    if joined.empty:
        message = complaint("the rows have no bin in common with the reference")
        raise DataError(message)
    joined["scale"], joined["tolerance"], asked = _limits(joined, tolerances)
    joined["deviation"], joined["uncertainty"] = _deviations(joined)
    joined["sigma"] = joined["deviation"] / joined["uncertainty"]
    joined["chance"] = erfc(joined["tolerance"] / joined["uncertainty"] / math.sqrt(2))
    joined["verdict"] = _verdicts(joined, asked)
    return joined


def _limits(
    rows: pd.DataFrame, tolerances: Sequence[Tolerance]
) -> tuple[list[str], NDArray[np.float64], NDArray[np.bool_]]:
    limit = np.full(len(rows), np.nan)
    scale = np.full(len(rows), "absolute", dtype=object)
    for tolerance in tolerances:
        mine = (rows["quantity"] == tolerance.quantity) & rows["object"].isin(tolerance.objects)
        limit[mine], scale[mine] = tolerance.limit, tolerance.scale
        if tolerance.min_pt:
            low = rows["bin"].map(lambda text: bins.edges_of(text)[0] if text != bins.ALL else 0.0)
            limit[mine & (low < tolerance.min_pt)] = np.nan
    return scale.tolist(), limit, np.isfinite(limit)


def _deviations(rows: pd.DataFrame) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    value, reference = rows["value"].to_numpy(float), rows["reference"].to_numpy(float)
    error, other = rows["error"].to_numpy(float), rows["reference_error"].to_numpy(float)
    scale = rows["scale"].to_numpy(str)
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio_error = np.hypot(error / value, other / reference)
        log_ratio = np.log(np.where(value > 0, value, np.nan) / reference)
        relative = value / reference - 1.0
        chosen = [scale == "relative", scale == "factor"]
        deviation = np.select(chosen, [relative, log_ratio], value - reference)
        plain = np.hypot(error, other)
        both = np.select(chosen, [(1 + relative) * ratio_error, ratio_error], plain)
    return deviation, both


def _verdicts(rows: pd.DataFrame, asked: NDArray[np.bool_]) -> NDArray[np.str_]:
    deviation = np.abs(rows["deviation"].to_numpy(float))
    few = (rows["n"] < MIN_OBJECTS) | (rows["reference_n"] < MIN_OBJECTS)
    few = few.to_numpy(bool) | ~np.isfinite(deviation)
    beyond = deviation > rows["tolerance"].to_numpy(float)
    return np.select([~asked, few, beyond], [SHOWN, FEW, FAIL], PASS)
