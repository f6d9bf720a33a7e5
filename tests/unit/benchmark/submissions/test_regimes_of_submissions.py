"""The regime of a signal follows from what was trained on."""

from __future__ import annotations

from typing import Any

import pytest

from benchmark.errors import DiademError
from benchmark.submissions.regimes import regime_of
from benchmark.submissions.rules import rules_of
from benchmark.submissions.schema import TrainedOn
from benchmark.tasks.regimes import Regime

DIPHOTON, CMS_ADC = rules_of("diphoton").card, rules_of("cms_adc").card
SM = [p.name for p in DIPHOTON.processes if p.kind == "background"]


def learned(points: dict[str, Any], *, labels: bool = True) -> TrainedOn:
    entries = [{"process": name, "points": chosen} for name, chosen in points.items()]
    some = bool(entries)
    return TrainedOn.model_validate(
        {
            "labels": labels,
            "processes": tuple(entries),
            "releases": ("v1",) if some else (),
            "splits": ("train",) if some else (),
        }
    )


@pytest.mark.parametrize(
    ("points", "signal", "regime"),
    [
        ({}, "zprime/400", "background"),
        ({"zprime": "all"}, "zprime/400", "id"),
        ({"zprime": ("400",)}, "zprime/400", "id"),
        ({"zprime": ("200", "300")}, "zprime/400", "ip"),
        ({"stop": "all"}, "zprime/400", "ep"),
        ({"zprime": "all"}, "zprime", "id"),
        ({"zprime": ("200", "300")}, "zprime", "ip"),
        ({"zprime": ("200", "300", "400", "500")}, "zprime", "id"),
    ],
)
def test_regime(points: dict[str, Any], signal: str, regime: str) -> None:
    seen = learned({**dict.fromkeys(SM, "all"), **points})
    assert regime_of(seen, signal, DIPHOTON) == regime
    blind = learned({**dict.fromkeys(SM, "all"), **points}, labels=False)
    assert regime_of(blind, signal, DIPHOTON) == "self-supervised"


def test_no_training_is_self_supervised() -> None:
    assert regime_of(learned({}, labels=False), "zprime/400", DIPHOTON) == "self-supervised"


@pytest.mark.parametrize("name", ["id", "ip:zprime/400", "ep:stop", "background"])
@pytest.mark.parametrize("signal", rules_of("diphoton").signals)
def test_it_is_that_of_the_suites_own_regimes(name: str, signal: str) -> None:
    regime = Regime.parse(name, DIPHOTON)
    points: dict[str, Any] = {}
    for process in DIPHOTON.processes:
        if process.name in regime.processes(DIPHOTON):
            kept = tuple(
                p.name for p in process.points if f"{process.name}/{p.name}" != regime.held_out
            )
            points[process.name] = kept
    held_out = signal == regime.held_out or signal.split("/")[0] == regime.held_out
    expected = regime.kind if held_out or regime.kind == "background" else "id"
    assert regime_of(learned(points), signal, DIPHOTON) == expected


def test_cms_adc() -> None:
    assert regime_of(learned({"w": "all"}), "leptoquark", CMS_ADC) == "background"
    assert (
        regime_of(learned({"w": "all"}, labels=False), "leptoquark", CMS_ADC) == "self-supervised"
    )
    assert regime_of(learned({"leptoquark": "all"}), "leptoquark", CMS_ADC) == "id"
    assert regime_of(learned({"leptoquark": "all"}), "a_to_4l", CMS_ADC) == "ep"


@pytest.mark.parametrize("signal", ["graviton", "continuum", "zprime/250", ""])
def test_no_such_signal(signal: str) -> None:
    with pytest.raises(DiademError, match="no such signal"):
        regime_of(learned({"zprime": "all"}), signal, DIPHOTON)
