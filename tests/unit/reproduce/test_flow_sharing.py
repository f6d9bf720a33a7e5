"""The table of shared flows against a slow comparison."""

from __future__ import annotations

import math

import numpy as np
import pytest

from benchmark.errors import DataError
from reproduce.sac.hunt import Hunt, HuntSettings
from reproduce.tables.flow_sharing import OWN, SHARED, make
from tests.hunt_rows import SETTINGS, hunt_rows

ROUNDING = 1e-12


def settings() -> HuntSettings:
    return HuntSettings.model_validate(SETTINGS)


def test_differences_are_of_the_same_instances() -> None:
    rows = hunt_rows(instances=4)
    made = make(Hunt(rows=rows, settings=settings()))
    numbers = made.numbers[""]
    assert sorted(numbers["at"]) == [0.001, 0.01]
    sic = rows[rows["metric"] == "significance_improvement_at_background"]
    own = sic[sic["variant"] == f"detector=cathode;{OWN}"]
    for row in numbers.to_dict("records"):
        differences = []
        for one in own[own["at"] == row["at"]].to_dict("records"):
            same = sic["variant"] == f"detector=cathode;{SHARED}"
            for name in ("embedding", "regime", "signal", "strength", "at", "detector_seed"):
                same &= sic[name] == one[name]
            differences.append(one["value"] - sic[same]["value"].item())
        assert len(differences) == row["instances"] == 4
        assert row["difference"] == pytest.approx(np.mean(differences), rel=ROUNDING)
        error = np.std(differences, ddof=1) / math.sqrt(4)
        assert row["error"] == pytest.approx(error, rel=ROUNDING)
    assert "own less shared" in made.body


def test_without_flows_of_their_own_there_is_no_table() -> None:
    rows = hunt_rows()
    shared = rows[~rows["variant"].str.contains(OWN)]
    with pytest.raises(DataError, match="flows of their own"):
        make(Hunt(rows=shared, settings=settings()))
