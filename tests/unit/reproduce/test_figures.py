"""Figures of the CMS-ADC task: curves, scans, published numbers, what they say of gaps."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

import numpy as np
import pandas as pd
import pytest
from matplotlib.text import Text

from benchmark.errors import DataError
from reproduce.adc.curves import curves
from reproduce.adc.rows import (
    DEFAULT_DIMENSION,
    gaps,
    main_rows,
    of_events,
    plain_dimension,
    provenance,
    with_expected,
    with_parts,
)
from reproduce.figures import FIGURES as ALL
from tests.rows import ALL_EVENTS, COMBINATIONS, DIMENSIONS, EVENTS, adc_rows, adc_scans

if TYPE_CHECKING:
    from matplotlib.figure import Figure as Page

    from reproduce.entry import Made

FIGURES = {name: entry for name, entry in ALL.items() if entry.task == "cms_adc"}
EXACT = 1e-8  # rows keep nine digits
OVERLAP = 6  # pixels: the frame of a legend, which is not drawn, has that much of a rim
AUGMENTATIONS, DIMENSION, CURVES = "adc-augmentations", "adc-dimension", "adc-roc-si"
SIZES = "adc-training-events"


UNKNOWN = "made-up"  # a profile of others: a variant that names no dimension has the paper's


@pytest.fixture(scope="module")
def rows() -> pd.DataFrame:
    made = pd.concat([adc_rows(), adc_scans()], ignore_index=True)
    return with_parts(made.assign(profile=UNKNOWN))


def page_of(made: Made) -> Page:
    assert made.page is not None
    return made.page


def texts(made: Made) -> str:
    """All that a picture says."""
    return "\n".join(item.get_text() for item in page_of(made).findobj(Text))


def test_curves_are_means_of_each_training(rows: pd.DataFrame) -> None:
    keys = ["embedding", "signal", "metric", "at"]
    found = curves(main_rows(rows)).set_index(keys).T.to_dict()
    where = rows[(rows["metric"] == "background_efficiency") & (rows["variant"] == "")]
    for key, part in where.groupby(["embedding", "signal", "at"]):
        embedding, signal, at = cast("tuple[str, str, float]", key)
        rejection = found[embedding, signal, "background_rejection", at]
        improvement = found[embedding, signal, "significance_improvement", at]
        if part["value"].isna().any():
            assert np.isnan(rejection["value"])
            assert np.isnan(improvement["value"])
            assert rejection["reason"]
            continue
        each = [1 / value for value in part["value"]]
        assert rejection["value"] == pytest.approx(sum(each) / len(each), rel=EXACT)
        spread = float(np.std(each, ddof=1))
        assert rejection["spread"] == pytest.approx(spread, abs=EXACT * max(each))
        each = [at / value**0.5 for value in part["value"]]
        assert improvement["value"] == pytest.approx(sum(each) / len(each), rel=EXACT)


def test_errors_of_curves_are_propagated() -> None:
    given = adc_rows(embeddings=("raw",))
    found = curves(given).set_index(["signal", "metric", "at"]).T.to_dict()
    where = (given["signal"] == "leptoquark") & (given["metric"] == "background_efficiency")
    part = given[where & (given["at"] == 0.5)]
    relative = (part["err_lo"] / part["value"]).mean()
    for metric, power in (("background_rejection", 1.0), ("significance_improvement", 0.5)):
        row = found["leptoquark", metric, 0.5]
        # A small spread between trainings makes the mean of ratios differ a little.
        assert row["statistical"] / row["value"] == pytest.approx(power * relative, rel=0.01)


def test_published_points_stand_at_the_working_point_only(rows: pd.DataFrame) -> None:
    numbers = FIGURES[CURVES].make(rows).numbers[""]
    there = numbers[numbers["published"].notna()]
    assert set(there["at"]) == {0.3}
    assert len(there) == 2 * 2 * 4  # metrics, methods, signals
    for name in (AUGMENTATIONS, DIMENSION):
        numbers = FIGURES[name].make(rows).numbers[""]
        there = numbers[numbers["published"].notna()]
        assert set(there["variant"]) == {""}
        assert len(there) == 3 * 2 * 4


def test_scans_hold_every_point_and_the_main_result(rows: pd.DataFrame) -> None:
    numbers = FIGURES[AUGMENTATIONS].make(rows).numbers[""]
    held = numbers[numbers["embedding"] == "anomclr_plus"]
    assert held["augmentations"].nunique() == len(COMBINATIONS) + 1
    assert set(held["dimension"]) == {160}
    numbers = FIGURES[DIMENSION].make(rows).numbers[""]
    held = numbers[numbers["embedding"] == "anomclr_plus"]
    assert set(held["dimension"]) == {*DIMENSIONS, 160}
    assert held["augmentations"].nunique() == 1


@pytest.mark.parametrize("name", FIGURES)
def test_a_full_figure_notes_nothing(name: str, rows: pd.DataFrame) -> None:
    drawn = FIGURES[name].make(rows)
    assert drawn.notes == ()
    assert "Incomplete" not in texts(drawn)
    assert "Simulation" in texts(drawn)


def test_a_missing_training_is_said_on_the_picture(rows: pd.DataFrame) -> None:
    lost = (rows["embedding_seed"] == 1) & (rows["detector_seed"] == 1)
    fewer = rows[~(lost & (rows["embedding"] == "anomclr_plus") & (rows["variant"] == ""))]
    assert gaps(fewer) == ["AnomCLR+: 3 of 4 trainings"]
    for name in FIGURES:
        drawn = FIGURES[name].make(fewer)
        assert "Incomplete: AnomCLR+: 3 of 4 trainings" in texts(drawn)


@pytest.mark.parametrize("name", FIGURES)
def test_missing_raw_rows_are_said_on_the_picture(name: str, rows: pd.DataFrame) -> None:
    drawn = FIGURES[name].make(rows[rows["embedding"] != "raw"])
    assert drawn.notes == ("AE-Raw: no rows",)
    assert "Incomplete: AE-Raw: no rows" in texts(drawn)


def test_a_scan_over_events_repeats_as_often_as_the_main_result(rows: pd.DataFrame) -> None:
    lost = (rows["variant"] == "events=3000") & (rows["embedding_seed"] == 1)
    fewer = with_expected(rows[~lost], alone=3, learned=4, scanned=2)
    assert gaps(fewer) == ["AnomCLR+ (events=3000): 2 of 4 trainings"]


def test_a_missing_encoder_is_seen_beside_other_methods(rows: pd.DataFrame) -> None:
    lost = (rows["embedding"] == "clr") & (rows["embedding_seed"] == 1)
    assert gaps(rows[~lost]) == ["CLR: 2 of 4 trainings"]


def test_fewer_trainings_than_the_profile_are_noted(rows: pd.DataFrame) -> None:
    whole = with_expected(rows, alone=3, learned=4, scanned=2)
    assert gaps(whole) == []
    more = with_expected(rows[rows["variant"] == ""], alone=5, learned=4, scanned=2)
    assert gaps(more) == ["AE-Raw: 3 of 5 trainings"]
    for name in FIGURES:
        notes = FIGURES[name].make(with_expected(rows, alone=3, learned=4, scanned=3)).notes
        assert ("AnomCLR+ (dimension=4): 2 of 3 trainings" in notes) == (name == DIMENSION)


def test_a_signal_of_some_trainings_is_noted(rows: pd.DataFrame) -> None:
    lost = (rows["embedding"] == "raw") & (rows["detector_seed"] == 2) & (rows["variant"] == "")
    fewer = rows[~(lost & (rows["signal"] == "leptoquark"))]
    assert gaps(fewer) == ["AE-Raw, LQ: not from all trainings"]


def test_a_missing_point_and_a_null_are_said(rows: pd.DataFrame) -> None:
    fewer = rows[rows["variant"] != "augmentations=add"].copy()
    null = (fewer["variant"] == "augmentations=scale") & (fewer["signal"] == "a_to_4l")
    null &= fewer["metric"] == "background_rejection"
    fewer.loc[null, ["value", "err_lo", "err_hi"]] = np.nan
    fewer.loc[null, "reason"] = "3 background events"
    drawn = FIGURES[AUGMENTATIONS].make(fewer)
    assert drawn.notes == (
        "no rows of augmentations add",
        "A: no 1/eps_b at augmentations scale (3 background events)",
    )
    for note in drawn.notes:
        assert note in texts(drawn)


def test_one_training_gives_no_band_and_still_a_picture() -> None:
    single = with_parts(adc_rows(trainings=(1, 1)))
    numbers = FIGURES[DIMENSION].make(single).numbers[""]
    held = numbers[numbers["embedding"] == "anomclr_plus"]
    assert held["spread"].isna().all()
    assert held["statistical"].notna().all()


@pytest.mark.parametrize("name", FIGURES)
def test_nothing_to_draw_is_an_error(name: str) -> None:
    other = with_parts(adc_rows(embeddings=("clr",)))
    with pytest.raises(DataError, match="dvc repro"):
        FIGURES[name].make(other)


def test_rows_of_one_number_of_events() -> None:
    few = adc_rows(variant="events=800", curve=False)
    both = with_parts(pd.concat([adc_rows(curve=False), few], ignore_index=True))
    assert set(of_events(both, None)["variant"]) == {""}
    assert set(of_events(both, 800)["variant"]) == {"events=800"}
    assert set(of_events(with_parts(few), None)["variant"]) == {"events=800"}
    assert "training events 800;" in provenance(of_events(both, 800)).line()
    assert "training events 800 and 23,904;" in provenance(both).line()
    with pytest.raises(DataError, match="800"):
        of_events(both, 900)


@pytest.mark.parametrize("named", ["augmentations=add+scale+split", "dimension=160"])
def test_a_default_that_a_scan_names_is_not_counted_twice(named: str, rows: pd.DataFrame) -> None:
    again = adc_rows(embeddings=("anomclr_plus",), variant=named, curve=False, seed=9)
    again = with_parts(again.assign(profile=UNKNOWN))
    both = pd.concat([again, rows], ignore_index=True)
    assert set(main_rows(both)["variant"]) == {""}
    pd.testing.assert_frame_equal(main_rows(both), main_rows(rows))
    assert set(main_rows(again)["variant"]) == {named}  # better than none
    for name in FIGURES:
        numbers = FIGURES[name].make(rows).numbers[""]
        pd.testing.assert_frame_equal(FIGURES[name].make(both).numbers[""], numbers)


def test_sizes_of_the_training_set(rows: pd.DataFrame) -> None:
    numbers = FIGURES[SIZES].make(rows).numbers[""]
    found = set(zip(numbers["embedding"], numbers["n_train"], strict=True))
    assert found == {(e, n) for e in ("raw", "anomclr_plus") for n in (*EVENTS, ALL_EVENTS)}
    again = adc_rows(embeddings=("raw",), variant=f"events={ALL_EVENTS}", curve=False, seed=9)
    both = pd.concat([with_parts(again), rows], ignore_index=True)
    pd.testing.assert_frame_equal(FIGURES[SIZES].make(both).numbers[""], numbers)
    fewer = rows[(rows["embedding"] != "raw") | (rows["events"] != "3000")]
    assert "AE-Raw: no rows of 3,000 training events" in FIGURES[SIZES].make(fewer).notes
    single = FIGURES[SIZES].make(rows[rows["events"] == ""])
    assert single.notes == ("rows of one number of training events only",)


def test_augmentations_have_one_name_in_any_order() -> None:
    some = with_parts(adc_rows(variant="augmentations=split+add", curve=False))
    assert set(some["augmentations"]) == {"add+split"}


@pytest.mark.parametrize("name", FIGURES)
@pytest.mark.parametrize("whole", [True, False])
def test_nothing_is_cut_and_the_legend_stands_alone(
    name: str, whole: bool, rows: pd.DataFrame
) -> None:
    given = rows if whole else with_expected(rows, alone=9, learned=9, scanned=9)
    page = page_of(FIGURES[name].make(given))
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


def test_a_spread_that_reaches_zero_ends_in_an_arrow(rows: pd.DataFrame) -> None:
    wide = rows.copy()
    first = (wide["embedding"] == "anomclr_plus") & (wide["variant"] == "events=3000")
    first &= (wide["signal"] == "hplus_to_taunu") & (wide["metric"] == "background_rejection")
    wide.loc[first & (wide["embedding_seed"] == 0), "value"] *= 1e3
    ax = page_of(FIGURES[SIZES].make(wide)).axes[1]
    arrows = [line for line in ax.lines if line.get_marker() == "v"]
    bottom, top = ax.get_ylim()
    ends = [float(y) for line in arrows for y in np.atleast_1d(line.get_ydata())]
    assert len(ends) == 1
    assert bottom < ends[0] < top


def test_a_variant_has_the_dimension_of_its_profile() -> None:
    """At quick it is another than the paper's: no published number stands beside it in a scan."""
    made = pd.concat([adc_rows(), adc_scans()], ignore_index=True).assign(profile="quick")
    made = with_parts(made)
    assert set(made.loc[made["variant"] == "", "dimension"]) == {plain_dimension("quick")}
    assert plain_dimension("quick") != plain_dimension("paper") == DEFAULT_DIMENSION
    assert set(main_rows(made)["variant"]) == {""}
    numbers = FIGURES[DIMENSION].make(made).numbers[""]
    learned = numbers[numbers["embedding"] == "anomclr_plus"]
    assert learned["published"].isna().all()
    assert plain_dimension("quick") in set(learned["dimension"])
