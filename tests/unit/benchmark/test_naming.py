"""Misspelt names: one helper, and everything that takes a name uses it."""

from __future__ import annotations

import pytest
from click.testing import CliRunner

from benchmark.naming import suggestion, unknown
from reproduce.cli import diadem


@pytest.mark.parametrize(
    ("name", "near"),
    [("sic_id", "sic-id"), ("SIC-ID", "sic-id"), ("sic", "sic-id"), ("tables", ""), ("", "")],
)
def test_the_nearest(name: str, near: str) -> None:
    assert suggestion(name, ["sic-id", "confusion"]) == (f"Did you mean {near}?" if near else "")


def test_nothing_is_known() -> None:
    assert unknown("figure", "x", []) == "no such figure; found 'x'"


@pytest.mark.parametrize(
    ("words", "near"),
    [
        ("figure sic-di", "sic-id"),
        ("table proceses", "processes"),
        ("figure sic-id --profile quik", "quick"),
        ("evaluate rwa", "raw"),
        ("evaluate raw --profile smok", "smoke"),
        ("evaluate raw --task cms-adc", "cms_adc"),
        ("train signal_awere", "signal_aware"),
        ("train raw9 --regime ep:stopp", "ep:stop"),
        ("train raw9 --regime ip:zprime/4000", "ip:zprime/400"),
        ("tune --regime backgrond", "background"),
        ("data describe diphotn", "diphoton"),
        ("data simulate --dataset diphotn", "diphoton"),
        ("data simulate --dataset diphoton --process GGF --events 1", "ggF"),
        ("data simulate --dataset diphoton --process zprime --point 4000 --events 1", "400"),
        ("data verify cms-adc", "cms_adc"),
        ("figur", "figure"),
        ("figure --profle quick", "profile"),
    ],
)
def test_a_misspelt_name_ends_with_2_and_the_nearest(words: str, near: str) -> None:
    done = CliRunner().invoke(diadem, words.split())
    assert done.exit_code == 2, done.output
    assert f"Did you mean {near}?" in done.stderr.replace("'", "").replace("--", "")
