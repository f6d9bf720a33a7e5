"""What all pieces of a search share."""

from __future__ import annotations

import json

import pytest

from benchmark.errors import DataError
from benchmark.hunt.setup import Setup
from benchmark.tasks.diphoton import DIPHOTON
from tests.hunt_latents import RATES


def test_it_is_the_tasks() -> None:
    setup = Setup.of_task(RATES)
    hunt = DIPHOTON.hunt
    assert (setup.luminosity, setup.share) == (hunt.luminosity, hunt.share)
    assert (setup.working_points, setup.curve) == (hunt.working_points, hunt.curve)
    assert setup.cathode.model_dump(mode="json") == hunt.detector.settings
    assert setup.yields == RATES
    # The SAC paper's window and region.
    assert setup.window == (105.0, 160.0)
    assert setup.region == (120.0, 130.0)
    assert set(setup.working_points) <= set(setup.curve)


def test_a_study_changes_settings_and_no_more() -> None:
    plain, changed = Setup.of_task(RATES), Setup.of_task(RATES, masses="region", resonant="none")
    assert (changed.cathode.masses, changed.cathode.resonant) == ("region", "none")
    same = {"cathode": plain.cathode}
    assert changed.model_copy(update=same) == plain
    with pytest.raises(ValueError, match="masses"):
        Setup.of_task(RATES, masses="nowhere")


def test_it_goes_through_json() -> None:
    setup = Setup.of_task(RATES)
    assert Setup.model_validate(json.loads(json.dumps(setup.model_dump(mode="json")))) == setup


def test_no_yields() -> None:
    with pytest.raises(DataError, match=r"no cross sections.*--data"):
        Setup.of_task({})
