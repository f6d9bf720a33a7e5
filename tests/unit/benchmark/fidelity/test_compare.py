"""Each kind of tolerance, at its edge."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import pandas as pd
import pytest

from benchmark.errors import DataError
from benchmark.fidelity.compare import MIN_OBJECTS, TOLERANCES, compare
from benchmark.fidelity.reference import KEY, read_reference

if TYPE_CHECKING:
    from pathlib import Path


def row(
    quantity: str, what: str, value: float, *, n: int = 500, bin_: str = "30-40"
) -> pd.DataFrame:
    key = dict(zip(KEY, ("cms", "tt", quantity, what, "0-1.5", bin_), strict=True))
    return pd.DataFrame([{**key, "value": value, "error": 0.03, "n": n}])


CASES = [
    ("efficiency", "muon", 0.90, 0.851, "pass"),
    ("efficiency", "muon", 0.90, 0.849, "fail"),
    ("response s68", "electron", 0.020, 0.0249, "pass"),
    ("response s68", "electron", 0.020, 0.0251, "fail"),
    ("response s68", "electron", 0.020, 0.0159, "fail"),
    ("response median", "jet", 1.00, 1.039, "pass"),
    ("response median", "jet", 1.00, 1.041, "fail"),
    ("multiplicity", "jet", 4.0, 4.23, "pass"),
    ("multiplicity", "jet", 4.0, 4.25, "fail"),
    ("component s68", "MET", 10.0, 11.1, "pass"),
    ("component s68", "MET", 10.0, 11.3, "fail"),
    ("fraction in window", "photon pair", 0.49, 0.535, "fail"),
    ("mass s68", "photon pair", 1.1, 1.28, "fail"),
    ("b-tag efficiency", "c jet", 0.2, 0.26, "fail"),
    ("response median", "electron", 1.0, 2.0, "shown"),
]


@pytest.mark.parametrize(("quantity", "what", "reference", "value", "verdict"), CASES)
def test_verdict(quantity: str, what: str, reference: float, value: float, verdict: str) -> None:
    got = compare(row(quantity, what, value), row(quantity, what, reference))
    assert got["verdict"].tolist() == [verdict]


def test_every_tolerance_is_tried() -> None:
    assert {t.quantity for t in TOLERANCES} - {"fraction with two"} <= {case[0] for case in CASES}


@pytest.mark.parametrize(("ours", "theirs"), [(MIN_OBJECTS - 1, 900), (900, MIN_OBJECTS - 1)])
def test_thin_bins_are_not_judged(ours: int, theirs: int) -> None:
    got = compare(row("efficiency", "muon", 0.1, n=ours), row("efficiency", "muon", 0.9, n=theirs))
    assert got["verdict"].tolist() == ["too few"]


def test_soft_jets_are_not_judged() -> None:
    pair = [row("response median", "jet", value, bin_="20-25") for value in (0.5, 1.0)]
    assert compare(*pair)["verdict"].tolist() == ["shown"]


def test_sigma_of_a_difference_and_of_a_ratio() -> None:
    got = compare(row("efficiency", "muon", 0.8), row("efficiency", "muon", 0.9))
    assert got["sigma"].item() == pytest.approx(-0.1 / math.hypot(0.03, 0.03))
    got = compare(row("response s68", "muon", 0.1), row("response s68", "muon", 0.2))
    assert got["sigma"].item() == pytest.approx(-math.log(2) / math.hypot(0.3, 0.15))


def test_chance_of_a_perfect_response() -> None:
    got = compare(row("efficiency", "muon", 0.8), row("efficiency", "muon", 0.9))
    assert got["chance"].item() == pytest.approx(0.2386, abs=1e-3)  # 2 x tail at 0.05 / 0.0424


def test_nothing_in_common_is_an_error() -> None:
    with pytest.raises(DataError, match="no bin in common"):
        compare(row("efficiency", "muon", 0.8), row("efficiency", "electron", 0.9))


def test_the_reference_agrees_with_itself() -> None:
    reference = read_reference()
    verdicts = compare(reference, reference)["verdict"]
    assert set(verdicts) == {"pass", "too few", "shown"}


def test_the_reference_has_the_published_numbers() -> None:
    """A few numbers that were measured on the same files by an independent program."""
    reference = read_reference().set_index(KEY)["value"]
    known = {
        ("atlas", "ggh", "efficiency", "photon", "0-1.5", "50-75"): "0.898",
        ("atlas", "ggh", "fraction in window", "photon pair", "all", "all"): "0.490",
        ("atlas", "ggh", "mass s68", "photon pair", "all", "all"): "1.10",
        ("cms", "tt+qcd", "response median", "jet", "0-1.5", "30-40"): "0.9148",
        ("cms", "tt+qcd", "response s68", "jet", "1.5-2.5", "50-70"): "0.0953",
        ("cms", "tt", "component s68", "MET", "all", "all"): "16.48",
        ("atlas", "tt", "multiplicity", "jet away from leptons", "all", ">30"): "4.39",
        ("cms", "tt+qcd", "b-tag efficiency", "b jet", "0-1.5", "50-70"): "0.792",
    }
    for key, value in known.items():
        last_digit = 10.0 ** -len(value.partition(".")[2])
        assert reference[key] == pytest.approx(float(value), abs=0.51 * last_digit), key


def test_a_reference_without_a_column(tmp_path: Path) -> None:
    path = tmp_path / "bad.csv"
    path.write_text("card,sample\ncms,tt\n")
    with pytest.raises(DataError, match="column quantity is missing"):
        read_reference(path)
