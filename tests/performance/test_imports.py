from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.memory import growth_while_importing

if TYPE_CHECKING:
    from pathlib import Path

OFFICIAL_EVENTS = 13_451_915


@pytest.mark.slow
def test_the_official_background_stays_below_two_gib(tmp_path: Path) -> None:
    growth = growth_while_importing(tmp_path / "a.h5", events=OFFICIAL_EVENTS, chunk=100_000)
    assert growth.events >= OFFICIAL_EVENTS
    assert growth.peak < 2 * 2**30
