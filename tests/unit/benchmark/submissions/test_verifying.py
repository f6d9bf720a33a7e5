"""Scores on private events against those on published ones."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from benchmark.events import EventTable
from benchmark.leaderboard.rules import rules
from benchmark.submissions.verifying import agreement, joined, private_variant
from tests.leaderboard_entries import toy, toy_rows
from tests.submissions import toy_published

if TYPE_CHECKING:
    import pandas as pd

SIGNALS = len(rules()["diphoton"].signals)


def private_rows(values: Any, **changes: Any) -> pd.DataFrame:
    return toy_rows(values, variant=private_variant(rules()["diphoton"].variant), **changes)


def test_the_variant() -> None:
    assert private_variant("") == "events=private"
    assert private_variant("detector=idealised") == "detector=idealised;events=private"


def test_the_slow_way() -> None:
    """By hand: the mean of logarithms, and errors that all signals share."""
    rng = np.random.default_rng(1)
    known, seen = rng.uniform(2, 8, (3, SIGNALS)), rng.uniform(2, 8, (3, SIGNALS))
    found = agreement(toy(known, "toy"), private_rows(seen))
    logs = [np.log(seen[:, k].mean() / known[:, k].mean()) for k in range(SIGNALS)]
    assert found.signals == SIGNALS
    assert found.ratio == pytest.approx(np.exp(np.mean(logs)))
    # Each mean over repetitions has the relative error of one, 5 %, and so has the other.
    assert found.error == pytest.approx(0.05 * np.sqrt(2))
    assert found.pull == pytest.approx(np.mean(logs) / found.error)


def test_who_falls_too_far() -> None:
    known = np.full((3, SIGNALS), 5.0)
    scored = toy(known, "toy")
    # Three standard deviations of 7.1 % are a fifth.
    for factor, good in ((1.0, True), (1.5, True), (0.85, True), (0.75, False)):
        assert agreement(scored, private_rows(known * factor)).good is good


def test_zeros_count() -> None:
    """One signal that is as good as published does not hide eight of which nothing is seen."""
    known = np.full((3, SIGNALS), 5.0)
    scored = toy(known, "toy")
    for upwards in (0.0, 0.03, 0.3):
        seen = known.copy()
        seen[:, 1:] = 0.0
        rows = private_rows(seen)
        rows.loc[rows["value"] == 0, "err_hi"] = upwards
        found = agreement(scored, rows)
        assert found.signals == SIGNALS
        assert not found.good, upwards


def test_errors_without_bound_hide_nothing() -> None:
    """Next to nothing, with an error of ten times as much: it stands at its upper limit."""
    known = np.full((3, SIGNALS), 5.0)
    seen = known.copy()
    seen[:, 1:] = 0.003
    rows = private_rows(seen)
    rows.loc[rows["value"] < 1, "err_hi"] = 0.03
    found = agreement(toy(known, "toy"), rows)
    logs = (SIGNALS - 1) * np.log(0.033 / 5)
    assert found.ratio == pytest.approx(np.exp(logs / SIGNALS))
    assert found.error < 0.5
    assert not found.good


def test_a_zero_where_few_were_expected_is_no_fault() -> None:
    """Of three events expected of one signal none passed."""
    known = np.full((3, SIGNALS), 5.0)
    known[:, 0] = 0.1
    seen = known.copy()
    seen[:, 0] = 0.0
    rows = private_rows(seen)
    rows.loc[rows["value"] == 0, "err_hi"] = 0.1 * 1.14 / 3
    found = agreement(toy(known, "toy"), rows)
    assert found.signals == SIGNALS
    assert found.good
    rows.loc[rows["value"] == 0, "err_hi"] = 0.5
    assert agreement(toy(known, "toy"), rows).ratio == pytest.approx(1.0), "a limit is no gain"


def test_what_is_blank_for_lack_of_background_is_left_out() -> None:
    known = np.full((3, SIGNALS), 5.0)
    scored, seen = toy(known, "toy"), known.copy()
    seen[0, 0] = np.nan
    reason = {"reason": "3 effective background events pass the cut; at least 10 needed"}
    found = agreement(scored, private_rows(seen, **reason))
    assert found.signals == SIGNALS - 1
    assert found.good
    mixed = private_rows(seen, **reason)
    mixed = mixed.astype(dict.fromkeys(("value", "err_lo", "err_hi"), object))
    assert agreement(scored, mixed).signals == SIGNALS - 1
    seen[0, : SIGNALS // 2 + 1] = np.nan
    for few in (seen, np.full_like(known, np.nan)):
        nothing = agreement(scored, private_rows(few, **reason))
        assert nothing.signals == 0, "less than half of the signals are left"
        assert not nothing.good


def test_what_is_blank_for_another_reason_or_missing_counts() -> None:
    known = np.full((3, SIGNALS), 5.0)
    seen = known.copy()
    seen[:, 0] = np.nan
    rows = private_rows(seen, reason="3 effective signal events pass the cut")
    for held in (rows, rows[rows["value"].notna()]):
        found = agreement(toy(known, "toy"), held)
        assert found.signals == SIGNALS
        assert not found.good


def test_a_published_zero_cannot_be_fallen_below() -> None:
    known = np.full((3, SIGNALS), 5.0)
    known[:, 0] = 0.0
    found = agreement(toy(known, "toy"), private_rows(known))
    assert found.signals == SIGNALS - 1
    assert found.ratio == pytest.approx(1.0)


def test_private_events_come_last_and_have_a_part_of_their_own() -> None:
    published, others = toy_published(), toy_published(seed=8)
    ids = others.event_id ^ np.uint64(1 << 63)
    bare = {name: getattr(others.events, name) for name in vars(others.events) if name != "schema"}
    known = {name: getattr(others, name) for name in ("process", "point", "weight", "m_gg")}
    schema = others.events.schema
    events = EventTable.unchecked(schema, {**bare, "event_id": ids})
    labelled = EventTable.unchecked(schema, {**bare, **known, "event_id": ids})
    both = joined(published, labelled, events)
    n = len(published)
    assert set(both.part[n:]) == {"private"}
    np.testing.assert_array_equal(both.part[:n], published.part)
    np.testing.assert_array_equal(both.event_id[n:], ids)
    np.testing.assert_array_equal(both.events.event_id, both.event_id)
    np.testing.assert_array_equal(both.process[n:], others.process)
