"""Private events: their seed, how many, and what is too few."""

from __future__ import annotations

import hashlib
from types import SimpleNamespace
from typing import TYPE_CHECKING

import numpy as np
import pytest

from benchmark.errors import DataError
from benchmark.submissions.private import (
    LEAST_BACKGROUND,
    LEAST_EVENTS,
    private_requests,
    require_enough,
    secret_seed,
)
from benchmark.submissions.rules import rules_of
from benchmark.tasks.cms_adc import CMS_ADC
from benchmark.tasks.diphoton import DIPHOTON

if TYPE_CHECKING:
    from pathlib import Path

SECRET = bytes(range(40))
ROUNDING = 2 / LEAST_BACKGROUND
"""By which a fraction of the background may differ from the release's: two events."""


def test_the_seed_hangs_on_file_and_task_alone(tmp_path: Path) -> None:
    path = tmp_path / "seed"
    path.write_bytes(SECRET)
    seed, commitment = secret_seed(path, "diphoton")
    assert secret_seed(path, "diphoton") == (seed, commitment)
    assert commitment == hashlib.sha256(SECRET).hexdigest()
    assert secret_seed(path, "cms_adc")[0] != seed
    assert 2**56 <= seed < 2**57, "no seed that a release could have"
    path.write_bytes(SECRET[::-1])
    assert secret_seed(path, "diphoton")[0] != seed


def test_a_seed_that_could_be_guessed(tmp_path: Path) -> None:
    path = tmp_path / "seed"
    path.write_bytes(SECRET[:31])
    with pytest.raises(DataError, match="31 bytes; expected 32 random bytes"):
        secret_seed(path, "diphoton")


def test_what_is_simulated() -> None:
    found = {(r.process, r.point): r.events for r in private_requests("diphoton", 0.1)}
    assert found["continuum", ""] == 12_000
    assert found["zprime", "400"] == 400
    assert found["ggF", ""] == 600
    assert ("zprime", "200") not in found, "scores are not measured on it"
    assert {process for process, _ in found} == {*DIPHOTON.backgrounds, *DIPHOTON.signals}
    few = {r.process: r.events for r in private_requests("cms_adc", 0.01)}
    assert set(CMS_ADC.signals) < set(few)
    assert few["leptoquark"] == LEAST_EVENTS
    assert few["ttbar"] == 12
    whole = {(r.process, r.point): r.events for r in private_requests("diphoton", 1.0)}
    assert whole["continuum", ""] == 120_000


@pytest.mark.parametrize("task", ["cms_adc", "diphoton"])
@pytest.mark.parametrize("scale", [0.001, 0.02, 0.1, 0.37, 1.0])
def test_the_background_has_the_composition_of_the_release(task: str, scale: float) -> None:
    """Simulated samples have weights of mean one, so that counts are the weights of processes."""
    card = rules_of(task).card
    background = [process.name for process in card.processes if process.kind == "background"]
    made = {r.process: r.events for r in private_requests(task, scale) if r.process in background}
    published = {name: card.release.events[name] for name in background}
    total, of_all = sum(made.values()), sum(published.values())
    assert total >= LEAST_BACKGROUND - len(background)
    for name, events in published.items():
        assert made[name] / total == pytest.approx(events / of_all, abs=ROUNDING)


def test_too_few_to_say_anything() -> None:
    """Of 2,000 events in the region a cut at 1 % keeps 20; of 1,000 it keeps 10."""
    n = 3000
    process, mass = np.full(n, "continuum"), np.full(n, 125.0)
    process[2000:] = "zprime"
    events = SimpleNamespace(process=process, m_gg=mass)
    require_enough("diphoton", events, 0.01)  # type: ignore[arg-type]
    mass[1000:2000] = 140.0
    with pytest.raises(DataError, match=r"10.0 expected of 1000 .* Ask for --scale 0.15 or more"):
        require_enough("diphoton", events, 0.1)  # type: ignore[arg-type]
    require_enough("cms_adc", SimpleNamespace(m_gg=None), 0.01)  # type: ignore[arg-type]
    with pytest.raises(DataError, match=r"Ask for --scale 0.042 or more"):
        require_enough("diphoton", events, 0.01)  # type: ignore[arg-type]
