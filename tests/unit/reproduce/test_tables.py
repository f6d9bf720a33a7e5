"""Tables: the published numbers, the notation, what is held and what is not."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest

from benchmark.errors import DataError
from reproduce.adc.names import EMBEDDINGS, METRICS, SIGNALS
from reproduce.adc.orderings import FAILS, HOLDS, NONE, UNDECIDED
from reproduce.adc.rows import with_parts
from reproduce.notation import bracketed
from reproduce.published import load_table, parse
from reproduce.tables import TABLES
from reproduce.writing import document
from tests.rows import ALL_EVENTS, EVENTS, adc_rows, adc_scans

TABLE, SIZES = TABLES["adc-2"], TABLES["adc-training-events"]
PUBLISHED = [name for name, written in EMBEDDINGS.items() if written.in_paper]
CELLS = len(METRICS) * len(SIGNALS) * len(EMBEDDINGS)


@pytest.fixture(scope="module")
def rows() -> pd.DataFrame:
    return with_parts(adc_rows(trainings=(3, 2), curve=False))


def test_published_table_is_whole_and_agrees_with_itself() -> None:
    table = load_table("aclr_table_2")
    assert len(table.numbers) == len(METRICS) * len(SIGNALS) * len(PUBLISHED)
    assert table.status == "stated"
    for signal in SIGNALS:
        for embedding in PUBLISHED:
            rejection = table.numbers["background_rejection", signal, embedding]
            improvement = table.numbers["significance_improvement", signal, embedding]
            # SI = eps_s sqrt(1/eps_b); a mean of roots is not the root of a mean, and is rounded.
            expected = table.efficiency * math.sqrt(rejection.value)
            slope = 0.5 * expected * rejection.error / rejection.value
            assert abs(improvement.value - expected) < improvement.error + slope


@pytest.mark.parametrize("text", ["0.885", "0.885(2", "0.885(x)", "(2)", "1(0)", "nan(1)"])
def test_what_is_no_printed_number(text: str) -> None:
    with pytest.raises(ValueError, match=r"number|could not convert"):
        parse(text)


def test_notation_gives_the_printed_numbers_again() -> None:
    table = load_table("aclr_table_2")
    shown = [bracketed(n.value, n.error) for n in table.numbers.values()]
    assert [parse(text) for text in shown] == list(table.numbers.values())
    assert "400(100)" in shown
    assert "0.917(3)" in shown


def test_ours_stand_beside_the_published(rows: pd.DataFrame) -> None:
    numbers = TABLE.make(rows).numbers[""]
    assert len(numbers) == CELLS
    by_key = numbers.set_index(["metric", "signal", "embedding"]).T.to_dict()
    row = by_key["auc", "leptoquark", "clr"]
    where = (rows["metric"] == "auc") & (rows["signal"] == "leptoquark")
    held = rows[where & (rows["embedding"] == "clr")]
    assert row["ours"] == pytest.approx(held["value"].mean())
    assert row["spread"] == pytest.approx(held["value"].std(ddof=1))
    assert row["statistical"] == pytest.approx(held["err_lo"].mean())
    assert (row["n_trainings"], row["published"], row["published_error"]) == (6, 0.82, 0.01)
    error = math.hypot(row["spread"], row["statistical"], 0.01)
    assert row["sigma"] == pytest.approx((row["ours"] - 0.82) / error)


def test_text_names_its_origin_and_both_numbers(rows: pd.DataFrame) -> None:
    text = document(TABLE, TABLE.make(rows))
    for part in ("release v1", "profile quick", "commit abc1234", "0123456789ab", "AE-Raw 3"):
        assert part in text
    assert "CLR 6" in text
    assert "0.885(2)" in text
    assert "Incomplete" not in text
    assert "nan" not in text.lower().replace("anomaly", "")


def test_a_null_is_a_dash_with_its_reason(rows: pd.DataFrame) -> None:
    changed = rows.copy()
    null = (rows["embedding"] == "raw") & (rows["signal"] == "a_to_4l")
    null &= (rows["metric"] == "background_rejection") & (rows["detector_seed"] == 1)
    changed.loc[null, ["value", "err_lo", "err_hi"]] = np.nan
    changed.loc[null, "reason"] = "3 background events pass"
    made = TABLE.make(changed)
    assert "| 1/eps_b | A | ours | - [1] |" in document(TABLE, made)
    assert "[1] 3 background events pass." in document(TABLE, made)
    judged = made.numbers["-orderings"].set_index(["claim", "metric", "signal"]).T.to_dict()
    row = judged["AnomCLR+ above AE-Raw", "background_rejection", "a_to_4l"]
    assert row["verdict"] == UNDECIDED
    assert np.isnan(row["difference"])


def test_orderings_hold_fail_or_stay_open(rows: pd.DataFrame) -> None:
    judged = TABLE.make(rows).numbers["-orderings"]
    better = judged[(judged["claim"] == "AnomCLR+ above CLR") & (judged["metric"] == "auc")]
    assert set(better["verdict"]) == {HOLDS}
    swapped = rows.assign(
        embedding=rows["embedding"].replace({"clr": "anomclr_plus", "anomclr_plus": "clr"})
    )
    judged = TABLE.make(swapped).numbers["-orderings"]
    better = judged[(judged["claim"] == "AnomCLR+ above CLR") & (judged["metric"] == "auc")]
    assert set(better["verdict"]) == {FAILS}
    single = with_parts(adc_rows(trainings=(1, 1), curve=False))
    judged = TABLE.make(single).numbers["-orderings"]
    assert set(judged["verdict"]) == {UNDECIDED}


def test_the_papers_own_numbers_are_judged(rows: pd.DataFrame) -> None:
    judged = TABLE.make(rows).numbers["-orderings"]
    first = judged[judged["claim"] == "AnomCLR+ above AE-Raw"]
    assert set(first["published_verdict"]) == {HOLDS}
    row = judged.iloc[0]
    assert row["published_difference"] == pytest.approx(0.917 - 0.885)
    assert row["published_uncertainty"] == pytest.approx(math.hypot(0.003, 0.002))


def test_orderings_at_each_size(rows: pd.DataFrame) -> None:
    scans = with_parts(adc_scans(of_events=(3, 2)))
    both = pd.concat([rows, scans], ignore_index=True)
    made = SIZES.make(both)
    assert made.notes == ()
    judged = made.numbers[""].set_index(["n_train", "metric", "signal"]).T.to_dict()
    assert len(judged) == (len(EVENTS) + 1) * len(METRICS) * len(SIGNALS)
    main = TABLE.make(rows).numbers["-orderings"]
    first = main[main["claim"] == "AnomCLR+ above AE-Raw"].to_dict("records")
    for row in first:
        found = judged[ALL_EVENTS, row["metric"], row["signal"]]
        for name in ("difference", "uncertainty", "verdict"):
            assert found[name] == row[name]
    holds = sum(row["verdict"] == HOLDS for row in first)
    undecided = sum(row["verdict"] == UNDECIDED for row in first)
    assert f"| 23,904 | {holds} | {len(first) - holds - undecided} | {undecided} |" in document(
        SIZES, made
    )
    lost = (both["embedding"] == "raw") & (both["events"] == "3000")
    made = SIZES.make(both[~lost])
    lacking = made.numbers[""].set_index("n_train")
    assert (lacking.loc[[3000], "verdict"] == NONE).all()
    assert "**Incomplete: AE-Raw: no rows of 3,000 training events.**" in document(SIZES, made)


def test_missing_methods_are_said(rows: pd.DataFrame) -> None:
    made = TABLE.make(rows[rows["embedding"].isin(("raw", "anomclr_plus"))])
    assert "no result rows" in document(TABLE, made)
    assert made.notes == ("untrained: no rows", "CLR: no rows", "AnomCLR: no rows")
    assert TABLE.make(rows[rows["embedding"] != "raw"]).notes == ("AE-Raw: no rows",)
    judged = made.numbers["-orderings"]
    assert set(judged[judged["claim"] == "AnomCLR above CLR"]["verdict"]) == {NONE}
    lost = (rows["embedding"] == "clr") & (rows["embedding_seed"] == 0)
    made = TABLE.make(rows[~(lost & (rows["detector_seed"] == 0))])
    assert "**Incomplete: CLR: 5 of 6 trainings.**" in document(TABLE, made)


def test_what_the_paper_does_not_have(rows: pd.DataFrame) -> None:
    made = TABLE.make(rows)
    assert "| AE-Raw | untrained | CLR |" in document(TABLE, made)
    numbers = made.numbers[""]
    ours = numbers[numbers["embedding"] == "untrained"]
    assert ours["ours"].notna().all()
    assert ours[["published", "difference", "sigma"]].isna().all(axis=None)
    judged = made.numbers["-orderings"].set_index("claim")
    for name in ("AnomCLR+", "AnomCLR", "CLR"):
        part = judged.loc[f"{name} above untrained"]
        assert part["difference"].notna().all()
        assert part["published_difference"].isna().all()
        assert set(part["published_verdict"]) == {"-"}
    without = TABLE.make(rows[rows["embedding"] != "untrained"])
    assert without.notes == ("untrained: no rows",)


def test_no_rows_is_an_error(rows: pd.DataFrame) -> None:
    with pytest.raises(DataError, match="dvc repro"):
        TABLE.make(rows[rows["metric"] == "background_efficiency"])
