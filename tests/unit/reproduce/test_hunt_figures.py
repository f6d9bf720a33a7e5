"""Figures and tables of the search: what they show, and what they say of gaps."""

from __future__ import annotations

import json
import math
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from matplotlib.text import Text

from benchmark.errors import DataError
from reproduce.figures import FIGURES
from reproduce.inputs import Place
from reproduce.published import load_values
from reproduce.sac.hunt import Hunt, HuntFiles, HuntSettings
from reproduce.sac.measured import IDEALISED, SIC, sic_points
from reproduce.tables import TABLES
from tests.hunt_rows import (
    SETTINGS,
    SIGNALS,
    STRENGTHS,
    hunt_rows,
    latent_points,
    sculpting_points,
    write_hunt,
)

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    import pandas as pd
    from matplotlib.figure import Figure as Page
    from numpy.typing import NDArray

    from reproduce.entry import Made

EXACT = 1e-8  # rows keep nine digits
OVERLAP = 6  # pixels: the frame of a legend, which is not drawn, has that much of a rim
SIC_FIGURES = ("sic-id", "sic-ip", "sic-ep")
SIGNAL = "chargino_neutralino/200"
ID_LINE = {"embedding": "signal_aware", "regime": "id", "variant": "detector=cathode"}


@pytest.fixture(scope="module")
def rows() -> pd.DataFrame:
    return hunt_rows()


def hunt(rows: pd.DataFrame, points: pd.DataFrame | None = None, **changed: Any) -> Hunt:
    settings = HuntSettings.model_validate({**SETTINGS, **changed})
    return Hunt(rows=rows, settings=settings, points=points)


def page_of(made: Made) -> Page:
    assert made.page is not None
    return made.page


def texts(made: Made) -> str:
    """All that a picture says."""
    return "\n".join(item.get_text() for item in page_of(made).findobj(Text))


def where(frame: pd.DataFrame, **wanted: object) -> NDArray[np.bool_]:
    found = np.ones(len(frame), dtype=np.bool_)
    for column, value in wanted.items():
        found &= (frame[column] == value).to_numpy()
    return found


def empty(rows: pd.DataFrame, reason: str, **wanted: object) -> pd.DataFrame:
    """Rows with some of their values gone."""
    changed = rows.copy()
    chosen = where(rows, **wanted)
    changed.loc[chosen, ["value", "err_lo", "err_hi"]] = np.nan
    changed.loc[chosen, "reason"] = reason
    return changed


def test_points_are_means_with_three_errors(rows: pd.DataFrame) -> None:
    points = sic_points(rows)
    cell = {"signal": SIGNAL, "strength": 2.0, "at": 0.001}
    found = points[
        where(points, embedding="signal_aware", regime="id", detector="cathode", **cell)
    ]
    row = found.iloc[0]
    held = rows[where(rows, metric=SIC, **cell, **ID_LINE)]
    spread = rows[where(rows, metric="ensemble_spread", **cell, **ID_LINE)]
    assert len(found) == 1
    assert len(held) == row["instances"] == 3
    values = held["value"].tolist()
    mean = sum(values) / 3
    assert row["value"] == pytest.approx(mean, rel=EXACT)
    deviation = math.sqrt(sum((v - mean) ** 2 for v in values) / 2)
    assert row["spread"] == pytest.approx(deviation, rel=1e-6)
    test_events = held["err_lo"].mean()
    assert row["statistical"] == pytest.approx(math.hypot(deviation, test_events), rel=1e-6)
    assert row["systematic"] == pytest.approx(spread["value"].mean(), rel=EXACT)
    assert points.loc[points["detector"] == IDEALISED, "systematic"].isna().all()


def test_one_instance_has_no_spread() -> None:
    points = sic_points(hunt_rows(instances=1))
    assert points["spread"].isna().all()
    assert (points["statistical"] == points["test_events"]).all()


@pytest.mark.parametrize("name", SIC_FIGURES)
def test_lines_go_through_the_points(name: str, rows: pd.DataFrame) -> None:
    made = FIGURES[name].make(hunt(rows))
    assert made.notes == ()
    numbers = made.numbers[""]
    axes = page_of(made).axes
    assert len(axes) == 4
    drawn = [np.asarray(line.get_ydata(), dtype=float) for ax in axes for line in ax.lines]
    lines = numbers.groupby(["embedding", "regime", "detector", "signal", "at"])
    assert lines.ngroups == 12
    for _, line in lines:
        assert list(line["strength"]) == list(STRENGTHS)
        assert any(np.array_equal(y, line["value"]) for y in drawn)
    assert "3; encoders: 1" in made.body
    assert "tight point: 21 background" in made.body


def test_published_numbers_are_marked_where_they_belong(rows: pd.DataFrame) -> None:
    made = FIGURES["sic-id"].make(hunt(rows))
    marks = {
        float(np.asarray(line.get_ydata())[0])
        for ax in page_of(made).axes
        for line in ax.lines
        if line.get_markerfacecolor() == "white"
    }
    values = {said.value for said in load_values("sac_fig_4").values}
    assert marks == values == {5.3, 6.4, 7.0, 9.0, 9.8, 17.8}
    numbers = made.numbers[""]
    assert set(numbers["published"].dropna()) == values
    assert numbers.loc[numbers["detector"] == IDEALISED, "published"].isna().all()
    assert "strength" in " ".join(made.assumed)
    assert "published" not in FIGURES["sic-ip"].make(hunt(rows)).numbers[""]


def test_gaps_are_said(rows: pd.DataFrame) -> None:
    draw = FIGURES["sic-ip"].make
    lacking = rows[~where(rows, regime="ip:zprime/400")]
    assert draw(hunt(lacking)).notes == ("IP, zprime (400): no rows",)
    assert "Incomplete: IP, zprime (400): no rows" in texts(draw(hunt(lacking)))
    one = {"signal": "zprime/400", **ID_LINE}
    fewer = rows[~where(rows, detector_seed=2, **one)]
    assert draw(hunt(fewer)).notes == ("ID, zprime (400): 2 of 3 instances",)
    short = rows[~where(rows, strength=3.0, **one)]
    assert draw(hunt(short)).notes == ("ID, zprime (400): nothing at strength 3",)
    null = empty(rows, "3 events", metric=SIC, at=0.001, strength=1.0, detector_seed=1, **one)
    made = draw(hunt(null))
    assert made.notes == ("ID, zprime (400), tight: 1 of 6 without a value (3 events)",)
    numbers = made.numbers[""]
    gone = numbers[where(numbers, signal="zprime/400", regime="id", at=0.001, strength=1.0)]
    assert gone["value"].isna().all()
    more = draw(hunt(rows, instances=10)).notes
    assert len(more) == 6
    assert all(note.endswith("3 of 10 instances") for note in more)


def test_nothing_to_draw_is_an_error(rows: pd.DataFrame) -> None:
    other = rows[rows["embedding"] == "raw9"]
    nothing = rows[rows["metric"] == "auc"]
    for name in (*SIC_FIGURES, "sensitivity"):
        with pytest.raises(DataError, match="dvc repro"):
            FIGURES[name].make(hunt(other))
        with pytest.raises(DataError, match="dvc repro"):
            FIGURES[name].make(hunt(nothing))
    for name in ("sculpting", "latent-1d"):
        with pytest.raises(DataError, match="dvc repro"):
            FIGURES[name].make(hunt(rows))
    for name in ("sic", "sculpting"):
        with pytest.raises(DataError, match="dvc repro"):
            TABLES[name].make(hunt(nothing))


def test_other_settings_and_studies_are_left_out(rows: pd.DataFrame) -> None:
    changed = rows.assign(variant=rows["variant"] + ";masses=data", value=rows["value"] * 2)
    import pandas as pd

    both = pd.concat([rows, changed], ignore_index=True)
    alone, mixed = sic_points(rows), sic_points(both)
    pd.testing.assert_frame_equal(alone, mixed)
    with pytest.raises(DataError, match="dvc repro"):
        sic_points(changed)


def test_strengths_and_arrows(rows: pd.DataFrame) -> None:
    made = FIGURES["sensitivity"].make(hunt(rows))
    assert made.notes == ()
    shown = made.numbers[""]
    found = shown[where(shown, series="ID", signal=SIGNAL, at=0.01)].iloc[0]
    told = rows[where(rows, metric="discovery_strength", signal=SIGNAL, at=0.01, **ID_LINE)]
    assert found["value"] == pytest.approx(told["value"].iloc[0], rel=EXACT)
    arrows = sum(line.get_marker() == ">" for ax in page_of(made).axes for line in ax.lines)
    assert arrows == (shown["end"] == "above").sum() > 0
    assert "ID: fcnc_top (u) (tight, loose)" in made.body
    trained = shown[shown["series"] == "EP"]
    assert {r.partition(":")[2] for r in trained["regime"]} == {s.split("/")[0] for s in SIGNALS}
    for signal, regime in zip(trained["signal"], trained["regime"], strict=True):
        assert regime == f"ep:{signal.partition('/')[0]}"


def test_labels_need_five_over_their_sic(rows: pd.DataFrame) -> None:
    shown = FIGURES["sensitivity"].make(hunt(rows)).numbers[""]
    row = shown[where(shown, series="ID, labels", signal=SIGNAL, at=0.01)].iloc[0]
    points = sic_points(rows)
    sic = points[where(points, detector="supervised", signal=SIGNAL, at=0.01)].iloc[0]
    assert row["value"] == pytest.approx(5 / sic["value"], rel=EXACT)
    assert row["err_lo"] == pytest.approx(5 * sic["statistical"] / sic["value"] ** 2, rel=1e-6)
    weak = hunt(rows, strengths=[0.1])
    low = FIGURES["sensitivity"].make(weak).numbers[""]
    ends = low.loc[low["series"] == "ID, labels", ["end", "value"]]
    assert (ends["end"] == "above").all()
    assert ends["value"].isna().all()


def test_regimes_that_were_not_trained_are_said(rows: pd.DataFrame) -> None:
    lacking = rows[~rows["regime"].isin(["ep:zprime", "ep:fcnc_top"])]
    made = FIGURES["sensitivity"].make(hunt(lacking))
    assert made.notes == ("EP: not trained for zprime (400), fcnc_top (u)",)
    none = rows[~rows["regime"].str.startswith("ep:")]
    assert FIGURES["sensitivity"].make(hunt(none)).notes == ("EP: no rows",)
    null = empty(rows, "3 events", metric="discovery_strength", at=0.001, signal=SIGNAL, **ID_LINE)
    made = FIGURES["sensitivity"].make(hunt(null))
    assert made.notes == ("ID, chargino_neutralino (200), tight: 3 events",)


def test_sculpting_shows_means_and_areas(rows: pd.DataFrame) -> None:
    points = sculpting_points()
    made = FIGURES["sculpting"].make(hunt(rows, points))
    assert made.notes == ()
    numbers = made.numbers[""]
    curve = numbers[where(numbers, what="roc", regime="id")]
    own = points[where(points, what="roc", regime="id", embedding="signal_aware")]
    for x in (0.2, 0.5, 0.9):
        each = [np.interp(x, one["x"], one["y"]) for _, one in own.groupby("number")]
        found = curve[np.isclose(curve["x"], x)].iloc[0]
        assert found["y"] == pytest.approx(np.mean(each), rel=EXACT)
        assert found["spread"] == pytest.approx(np.std(each, ddof=1), rel=1e-6)
    told = rows[where(rows, metric="sculpting_auc", **ID_LINE)]["value"].mean()
    assert f"ID: AUC {told:.3f}" in texts(made)
    assert "published: AUC 0.504" in texts(made)
    mass = numbers[(numbers["what"] == "mass") & numbers["at"].isna()]
    area = (mass["y"] * (mass["x_high"] - mass["x"])).sum()
    assert area == pytest.approx(1)
    p = rows[where(rows, metric="mass_sculpting_p", at=0.01, **ID_LINE)]["value"]
    assert f"loose, p = {p.min():.2g} to {p.max():.2g}" in made.body


def test_gaps_of_sculpting_are_said(rows: pd.DataFrame) -> None:
    points = sculpting_points()
    draw = FIGURES["sculpting"].make
    cut = points[~((points["what"] == "mass") & (points["at"] == 0.001))]
    assert draw(hunt(rows, cut)).notes == ("ID: no masses after the tight cut",)
    fewer = points[~where(points, regime="background", number=1)]
    assert draw(hunt(rows, fewer)).notes == ("background-only: 2 of 3 instances",)
    other = points[points["regime"] != "id"]
    assert draw(hunt(rows, other)).notes[:2] == ("ID: no ROC", "ID: no masses before the cut")


def test_latents_show_the_first_instance(rows: pd.DataFrame) -> None:
    made = FIGURES["latent-1d"].make(hunt(rows, latent_points()))
    assert made.notes == ()
    assert len(page_of(made).axes) == 6
    numbers = made.numbers[""]
    assert set(numbers["what"]) == {"data", "generated", SIGNAL}
    assert set(numbers["number"]) == {0}
    points = latent_points()
    assert FIGURES["latent-1d"].make(hunt(rows, points[points["what"] != "generated"])).notes == (
        "samples of the flow: no histograms",
    )
    with pytest.raises(DataError, match="dvc repro"):
        FIGURES["latent-1d"].make(hunt(rows, points.assign(regime="background")))


def incomplete(name: str, rows: pd.DataFrame) -> Hunt:
    fewer = rows[(rows["regime"] != "background") | (rows["embedding"] != "signal_aware")]
    if name == "latent-1d":
        points = latent_points()
        return hunt(fewer, points[points["what"] == "data"])
    if name == "sculpting":
        points = sculpting_points(instances=2)
        return hunt(fewer, points[points["at"] != 0.01])
    return hunt(fewer, instances=4)


def complete(name: str, rows: pd.DataFrame) -> Hunt:
    points = {"latent-1d": latent_points, "sculpting": sculpting_points}
    return hunt(rows, points[name]() if name in points else None)


@pytest.mark.parametrize("name", [*SIC_FIGURES, "sensitivity", "sculpting", "latent-1d"])
@pytest.mark.parametrize("of", [complete, incomplete])
def test_nothing_is_cut_and_the_legend_stands_alone(
    name: str, of: Callable[[str, pd.DataFrame], Hunt], rows: pd.DataFrame
) -> None:
    made = FIGURES[name].make(of(name, rows))
    assert bool(made.notes) is (of is incomplete)
    page = page_of(made)
    page.draw_without_rendering()
    tight = page.get_tightbbox()  # inches
    width, height = page.get_size_inches()
    assert tight.x0 >= 0
    assert tight.y0 >= 0
    assert tight.x1 <= width
    assert tight.y1 <= height
    legend = page.legends[0].get_window_extent()
    for ax in page.axes:
        below = ax.get_tightbbox()
        assert below is not None
        assert legend.y1 <= below.y0 + OVERLAP


def test_the_papers_numbers_stand_beside_ours(rows: pd.DataFrame) -> None:
    made = TABLES["sic"].make(hunt(rows))
    assert made.notes == ()
    theirs = made.numbers["-published"].set_index(["signal", "at", "embedding"]).T.to_dict()
    assert len(theirs) == 6
    row = theirs["x_to_sh/500_100", 0.001, "signal_aware"]
    assert (row["published"], row["strength"]) == (17.8, 5.0)
    points = sic_points(rows)
    cell = {"signal": "x_to_sh/500_100", "at": 0.001, "strength": 5.0, "detector": "cathode"}
    ours = points[where(points, embedding="signal_aware", regime="id", **cell)].iloc[0]
    assert row["ours"] == ours["value"]
    assert row["ratio"] == pytest.approx(ours["value"] / 17.8)
    assert row["error"] == pytest.approx(math.hypot(ours["statistical"], ours["systematic"]))
    assert len(made.numbers[""]) == len(points)
    assert "| embedding | regime | detector | 0.5 | 1 | 2 | 3 | 4 | 5 | any |" in made.body
    lacking = TABLES["sic"].make(hunt(rows[rows["embedding"] != "haxad_vae"]))
    assert len(lacking.notes) == 2
    assert all("no rows beside the paper's number" in note for note in lacking.notes)
    assert lacking.numbers["-published"]["ours"].isna().sum() == 2


def test_sculpting_of_every_regime(rows: pd.DataFrame) -> None:
    made = TABLES["sculpting"].make(hunt(rows))
    assert made.notes == ()
    numbers = made.numbers[""].set_index(["embedding", "regime"]).T.to_dict()
    row = numbers["signal_aware", "id"]
    told = rows[where(rows, metric="sculpting_auc", **ID_LINE)]
    assert row["auc"] == pytest.approx(told["value"].mean(), rel=EXACT)
    error = math.hypot(told["value"].std(ddof=1), told["err_lo"].mean())
    assert row["auc_error"] == pytest.approx(error, rel=1e-6)
    p = rows[where(rows, metric="mass_sculpting_p", at=0.001, **ID_LINE)]["value"]
    assert row["tight_p"] == p.min()
    assert (row["published"], row["published_error"]) == (0.504, 0.002)
    assert math.isnan(numbers["signal_aware", "background"]["published"])
    assert "0.504(2)" in made.body
    null = empty(
        rows, "12 events", metric="mass_sculpting_p", at=0.001, detector_seed=0, **ID_LINE
    )
    notes = TABLES["sculpting"].make(hunt(null)).notes
    assert notes == ("SAC, ID: test of the mass after the tight cut from 2 of 3 instances",)


def test_files_and_their_faults(tmp_path: Path) -> None:
    place = Place(results=tmp_path, profile="p", task="diphoton")
    with pytest.raises(DataError, match="dvc repro"):
        HuntFiles().read(place)
    write_hunt(place.folder)
    found = FIGURES["sculpting"].source.read(place)
    assert found.settings.instances == 3
    assert found.points["at"].isna().any()
    settings = place.folder / "rows" / "hunt.json"
    for text in ("nothing", "{}", json.dumps({**SETTINGS, "instances": "many"})):
        settings.write_text(text)
        with pytest.raises(DataError, match="JSON with luminosity"):
            HuntFiles().read(place)
    settings.unlink()
    with pytest.raises(DataError, match="dvc repro"):
        HuntFiles().read(place)


def test_the_search_is_told_with_its_differences() -> None:
    ours = HuntSettings.model_validate(SETTINGS)
    assert "Pseudo-data of 14.9 /fb (140 asked for), 6,603 background events" in ours.words()
    (sentence,) = ours.differs()
    assert "instances 3 (10), encoders 1 (5), ensembles 6 (10), luminosity 14.9" in sentence
    same = {"instances": 10, "encoders": 5, "ensembles": 10, "luminosity": 140}
    assert HuntSettings.model_validate({**SETTINGS, **same}).differs() == ()
