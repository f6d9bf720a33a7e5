from __future__ import annotations

import csv
import io
import json
import math
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pytest

from benchmark.errors import DataError
from benchmark.leaderboard import Board, TaskBoard, build, rules
from benchmark.leaderboard.machine import COLUMNS, to_csv, to_json
from benchmark.submissions.findings import Finding
from benchmark.submissions.result_file import ScoredSubmission, write_scored
from tests.leaderboard_entries import (
    scored,
    toy,
    toy_rows,
    trained_on,
    write_entries,
)

if TYPE_CHECKING:
    from pathlib import Path

RNG_SEED = 11
LEVELS = {"good": 8.0, "better": 8.02, "poor": 3.0}


def values(level: float, seed: int = RNG_SEED, k: int = 3, signals: int = 9) -> Any:
    return level * np.exp(np.random.default_rng(seed).normal(0, 0.05, (k, signals)))


def entries() -> list[ScoredSubmission]:
    made = [toy(values(level, k), name) for k, (name, level) in enumerate(LEVELS.items())]
    blank = values(5.0)
    blank[1, 4] = np.nan
    return [*made, toy(blank, "blank"), toy(values(1.0), "random")]


def board_of(folder: Path, *made: ScoredSubmission) -> Board:
    return build(write_entries(folder, list(made)))


def task_of(folder: Path, *made: ScoredSubmission) -> TaskBoard:
    (task,) = board_of(folder, *made).tasks
    return task


def test_the_primary_number_against_plain_sums(tmp_path: Path) -> None:
    held = values(5.0)
    (entry,) = task_of(tmp_path, toy(held, "one")).entries
    means = [math.fsum(column) / 3 for column in held.T]
    slow = math.exp(math.fsum(map(math.log, means)) / 9)
    assert entry.standing.value == pytest.approx(slow, rel=1e-8)  # rows have nine digits
    assert [cell.value for cell in entry.standing.cells] == pytest.approx(means, rel=1e-8)
    assert entry.standing.low is not None
    assert entry.standing.high is not None
    assert entry.standing.low < slow < entry.standing.high


def test_ranked_unranked_and_yardsticks_stand_apart(tmp_path: Path) -> None:
    task = task_of(tmp_path, *entries())
    assert [entry.name for entry in task.entries] == ["better", "good", "poor", "blank", "random"]
    assert [entry.name for entry in task.ranked] == ["better", "good", "poor"]
    assert [entry.name for entry in task.unranked] == ["blank"]
    places = [entry.place for entry in task.ranked]
    assert [(p.rank, p.low, p.high, p.tied) for p in places if p] == [
        (1, 1, 2, True),
        (2, 1, 2, True),
        (3, 3, 3, False),
    ]


def test_a_blank_cell_is_never_averaged_over(tmp_path: Path) -> None:
    (entry,) = task_of(tmp_path, *entries()).unranked
    signal = rules()["diphoton"].signals[4]
    assert entry.standing.value is None
    assert entry.standing.reason == f"blank: {signal}"
    blank = [cell for cell in entry.standing.cells if cell.value is None]
    assert [(cell.signal, cell.reason) for cell in blank] == [(signal, "1 of 3: too few events")]


def test_yardsticks_are_always_there(tmp_path: Path) -> None:
    idealised = toy_rows(values(9.0), "good", variant="detector=idealised")
    told = toy_rows(values(9.5, k=1), "good", variant="detector=supervised", strength=None)
    good = scored(pd.concat([toy_rows(values(8.0), "good"), idealised, told]), "good")
    lines = task_of(tmp_path, good, toy(values(1.0), "random")).yardsticks
    assert [(line.kind, line.entry, bool(line.reason)) for line in lines] == [
        ("random", "random", False),
        ("raw", "", True),
        ("supervised", "good", False),
        ("idealised", "good", False),
    ]
    standings = [line.standing.value if line.standing else None for line in lines]
    assert standings[2] == pytest.approx(9.5, rel=0.1)
    assert standings[3] == pytest.approx(9.0, rel=0.1)


def test_a_zero_is_a_value(tmp_path: Path) -> None:
    held = values(5.0)
    held[:, 0] = 0.0
    (entry,) = task_of(tmp_path, toy(held, "one")).ranked
    assert (entry.standing.value, entry.standing.low, entry.standing.high) == (0.0, 0.0, 0.0)


def test_both_tasks_on_one_board_in_their_order(tmp_path: Path) -> None:
    adc = toy(values(2.0, signals=4), "one", "cms_adc", release="v1@other")
    board = board_of(tmp_path, adc, toy(values(2.0), "one"))
    assert [task.task for task in board.tasks] == ["diphoton", "cms_adc"]
    assert [task.entries[0].name for task in board.tasks] == ["one", "one"]


def test_order_and_company_do_not_matter(tmp_path: Path) -> None:
    paths = write_entries(tmp_path, entries())
    board = build(paths)
    other = build([*reversed(paths)])
    assert to_json(board) == to_json(other)
    assert to_csv(board) == to_csv(other)
    alone = build([path for path in paths if path.stem == "poor"]).tasks[0].entries[0]
    assert alone.standing == next(e for e in board.tasks[0].entries if e.name == "poor").standing


def test_curves_go_over_strengths(tmp_path: Path) -> None:
    made = [toy_rows(values(2.0 * s), "one", strength=s) for s in (1.0, 2.0, 5.0)]
    made.append(toy_rows(values(1.0), "one", strength=0.0))  # nothing injected: no point
    (entry,) = task_of(tmp_path, scored(pd.concat(made), "one")).entries
    assert len(entry.curves) == 9
    assert all(curve.strengths == (1.0, 2.0, 5.0) for curve in entry.curves)
    heights = [cell.value or 0.0 for cell in entry.curves[0].cells]
    assert heights == sorted(heights)
    assert entry.curves[3].cells[1].value == entry.standing.cells[3].value


def test_flags_status_and_regimes_are_told(tmp_path: Path) -> None:
    flag = Finding("labels", "flag", "knows too much")
    rows = toy_rows(values(2.0), "one", regime="background")
    made = scored(
        rows,
        "one",
        status="self-reported latents",
        flags=(flag,),
        trained_on=trained_on("background"),
    )
    (entry,) = task_of(tmp_path, made).entries
    assert (entry.status, entry.flags) == (
        "self-reported latents",
        (("labels", "knows too much"),),
    )
    assert entry.regimes == ("background",)
    assert {cell.regime for cell in entry.standing.cells} == {"background"}


def test_a_blank_cell_has_its_regime(tmp_path: Path) -> None:
    rows = toy_rows(values(2.0), "one")
    (entry,) = task_of(tmp_path, scored(rows[rows["signal"] != "fcnc_top/c"], "one")).entries
    blank = next(cell for cell in entry.standing.cells if cell.value is None)
    assert (blank.signal, blank.regime, blank.reason) == ("fcnc_top/c", "id", "not measured")


def test_a_regime_cannot_be_chosen(tmp_path: Path) -> None:
    made = toy(values(2.0), "one", regime="ep")
    with pytest.raises(DataError, match="a regime that the training does not give; found ep"):
        board_of(tmp_path, made)


@pytest.mark.parametrize("change", [{"profile": "paper"}, {"release": "v2@fedcba987654"}])
def test_two_of_one_are_refused_with_both_files(tmp_path: Path, change: dict[str, str]) -> None:
    ((field, value),) = change.items()
    made = [toy(values(2.0), "one"), toy(values(2.0), "two", **change)]
    with pytest.raises(DataError, match=f"two values of {field}") as caught:
        board_of(tmp_path, *made)
    for words in ("one.json", "two.json", value):
        assert words in str(caught.value)


def test_two_digests_are_refused_with_both_files(tmp_path: Path) -> None:
    other = scored(toy_rows(values(2.0), "two", task_digest="0" * 16), "two", task_digest="0" * 16)
    with pytest.raises(DataError, match="two values of task_digest") as caught:
        board_of(tmp_path, toy(values(2.0), "one"), other)
    for words in ("one.json", "two.json", "0" * 16, rules()["diphoton"].digest):
        assert words in str(caught.value)


def test_results_of_an_old_specification_are_refused(tmp_path: Path) -> None:
    old = scored(toy_rows(values(2.0), "two", task_digest="0" * 16), "two", task_digest="0" * 16)
    with pytest.raises(DataError, match="another specification of diphoton"):
        board_of(tmp_path, old)


def test_one_name_twice_is_refused(tmp_path: Path) -> None:
    made = toy(values(2.0), "one")
    write_scored(tmp_path / "one.json", made)
    write_scored(tmp_path / "two.json", made)
    with pytest.raises(DataError, match=r"one\.json and .*two\.json: two results of one"):
        build([tmp_path / "one.json", tmp_path / "two.json"])


def test_nothing_is_no_board() -> None:
    with pytest.raises(DataError, match="no result file"):
        build([])


def test_the_machine_files_hold_every_cell(tmp_path: Path) -> None:
    board = board_of(tmp_path, *entries())
    lines = list(csv.DictReader(io.StringIO(to_csv(board))))
    assert list(lines[0]) == list(COLUMNS)
    ranked = [line for line in lines if line["entry"] == "better"]
    assert len(ranked) == 10
    assert [ranked[0][name] for name in ("rank", "rank_low", "rank_high", "tied")] == list("1121")
    blank = [line for line in lines if line["entry"] == "blank" and not line["value"]]
    assert all(line["reason"] for line in blank)
    assert {line["role"] for line in lines} == {
        *("ranked", "unranked", "yardstick"),
        *("yardstick: raw", "yardstick: supervised", "yardstick: idealised"),
    }
    held = json.loads(to_json(board))
    assert held["format"] == 1
    assert held["tasks"][0]["entries"][0]["place"]["rank"] == 1
