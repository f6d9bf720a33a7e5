"""The look of figures: notes that are never cut in a name, colours that are never used twice."""

from __future__ import annotations

from itertools import combinations

import pytest
import seaborn as sns
from matplotlib.figure import Figure

from benchmark.tasks.diphoton import DIPHOTON
from reproduce import style
from reproduce.figures import FIGURES
from reproduce.figures.sculpting import _CUTS, _looks
from reproduce.sac.hunt import Hunt, HuntSettings
from tests.colours import distance
from tests.hunt_rows import SETTINGS, hunt_rows

JUST_SEEN = 2.3  # CIE 1976
APART = 3 * JUST_SEEN  # as in tests/contract/test_look.py: with other dashes as well
NAMES = tuple(f"stop (100{k}, 400, 0.5)" for k in range(9))


def notes_on(*notes: str) -> str:
    with style.styled():
        page = Figure(figsize=(11, 5), layout="constrained")
        ax = page.subplots()
        handles = [style.sample("a", color="black")]
        style.finish(page, [ax], handles, origin="v1", notes=notes)
    return page.legends[0].get_title().get_text()


@pytest.mark.parametrize("count", range(1, len(NAMES) + 1))
def test_a_note_is_never_cut_in_a_name(count: int) -> None:
    text = notes_on(f"EP: not trained for {', '.join(NAMES[:count])}")
    lines = text.split("\n")
    assert len(lines) <= 3
    for line in lines:
        assert line.count("(") == line.count(")")
        assert "\N{NO-BREAK SPACE}" not in line
    shown = sum(name in text for name in NAMES[:count])
    assert shown == count or "(see caption)" in text


def test_notes_that_have_no_room_are_counted() -> None:
    assert notes_on("a", "b").split("\n") == ["Incomplete: a", "Incomplete: b"]
    assert notes_on(*"abcde").split("\n")[-1] == "and 2 more, in the caption"


def test_the_palette_is_seaborns() -> None:
    assert tuple(sns.color_palette("colorblind").as_hex()) == style.PALETTE


def test_no_regime_of_sculpting_has_the_look_of_another() -> None:
    points = [f"ip:{name}" for name in DIPHOTON.interpolation]
    every = ["id", *points, *(f"ep:{name}" for name in DIPHOTON.signals), "background"]
    looks = dict(_looks(every))
    assert len({(look["color"], look["linestyle"]) for look in looks.values()}) == len(every)
    cuts = {look["color"] for look in _CUTS.values()}
    assert not cuts & {look["color"] for look in looks.values()}
    quick = ["id", *points, "ep:rpv_neutralino", "ep:stop", "background"]
    for one, other in combinations(dict(_looks(quick)).values(), 2):
        assert distance(one["color"], other["color"]) > APART


def test_both_arrows_of_sensitivity_are_explained() -> None:
    rows = hunt_rows()
    metric = rows["metric"] == "discovery_strength"
    first = rows.index[metric & (rows["embedding"] == "signal_aware") & rows["value"].notna()][0]
    rows.loc[first, ["value", "err_lo", "err_hi"]] = float("nan")
    rows.loc[first, "reason"] = "below the smallest strength 0.5"
    page = FIGURES["sensitivity"].make(Hunt(rows=rows, settings=settings())).page
    assert page is not None
    words = {text.get_text() for text in page.legends[0].get_texts()}
    assert {"0.5 or less, the least tried", "not reached"} <= words
    rows = rows[~metric | rows["value"].notna()]
    page = FIGURES["sensitivity"].make(Hunt(rows=rows, settings=settings())).page
    assert page is not None
    assert not any("tried" in text.get_text() for text in page.legends[0].get_texts())


def settings() -> HuntSettings:
    return HuntSettings.model_validate(SETTINGS)
