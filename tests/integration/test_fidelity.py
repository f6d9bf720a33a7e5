"""The response on a few hundred fresh events is compatible with Delphes.

A bin may be off by its tolerance and 3.5 standard deviations more. A response that sits exactly at
its tolerance would fail in one of 4,300 bins by chance (one side of a Gaussian); a response that
agrees, far less often. With some 60 bins the false-alarm rate is below 1.4 %, and the seed is
fixed, so that a test that passes goes on passing until something changes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from benchmark.fidelity.compare import compare
from benchmark.fidelity.measure import measure
from benchmark.fidelity.reference import read_reference
from benchmark.fidelity.study import Shard, simulate

if TYPE_CHECKING:
    import pandas as pd

EVENTS = 300
MIN_OBJECTS = 40  # true objects: below, the estimated errors are too rough for 3.5 of them
SIGMAS = 3.5


@pytest.fixture(scope="module")
def rows() -> list[pd.DataFrame]:
    shards = [
        Shard("tt", ("atlas", "cms"), 0, 5, EVENTS),
        Shard("ggh", ("atlas",), 0, 5, EVENTS),
    ]
    reference = read_reference()
    samples = simulate(shards)
    return [compare(measure(found), reference) for found in samples.values()]


def test_all_bins_are_compatible_with_delphes(rows: list[pd.DataFrame]) -> None:
    judged = 0
    for table in rows:
        asked = table[table["tolerance"].notna() & (table["n"] >= MIN_OBJECTS)]
        asked = asked[asked["sigma"].notna()]
        judged += len(asked)
        allowed = asked["tolerance"] + SIGMAS * asked["uncertainty"]
        bad = asked[asked["deviation"].abs() > allowed]
        assert bad.empty, bad.to_string()
    assert judged > 40
