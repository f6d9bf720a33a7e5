"""What latents know, against made-up events of which all is known.

Labels: an event's objects tell a signal a little; a cheat writes the label down. Masses: random,
so that latents know them only where they are told.
"""

from __future__ import annotations

import json
from dataclasses import replace
from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from benchmark.submissions.dimensions import check_dimensions
from benchmark.submissions.findings import Refused
from benchmark.submissions.honesty import examine
from benchmark.submissions.label_knowledge import EVENTS, Known, label_knowledge
from benchmark.submissions.mass_knowledge import MOST_R2, mass_knowledge
from benchmark.submissions.schema import Submission
from benchmark.tasks.cms_adc import CMS_ADC
from tests.submissions import description, toy_published, trained_on

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from benchmark.submissions.published import Published

SIGNAL = "zprime"
N = 4000


@cache
def made_up(task: str = "diphoton") -> Published:
    """Events of the continuum (or w) and of one signal, whose first object is a bit harder."""
    toy = toy_published(task, 2 * N)
    rng = np.random.default_rng(2)
    signal = rng.random(len(toy)) < 0.25
    background, name = ("continuum", SIGNAL) if task == "diphoton" else ("w", "leptoquark")
    objects = toy.events.objects.copy()
    objects[:, 0, 0] = rng.normal(100 + 10 * signal, 10)
    table = replace(toy, process=np.where(signal, name, background), point=np.full(len(toy), ""))
    arrays = {**vars(toy.events), "objects": objects}
    del arrays["schema"]
    part = np.full(len(toy), "pseudo_data" if task == "diphoton" else "test")
    return replace(table, events=type(toy.events).unchecked(toy.events.schema, arrays), part=part)


def honest(published: Published, dimensions: int = 3) -> NDArray[np.float32]:
    """Latents that are functions of the objects."""
    rng = np.random.default_rng(4)
    flat = published.events.objects.reshape(len(published), -1).astype(np.float64)
    flat = (flat - flat.mean(axis=0)) / (flat.std(axis=0) + 1e-9)
    turn = rng.normal(size=(flat.shape[1], dimensions)) / 10
    turn[0] += 1
    return np.asarray(flat @ turn, dtype=np.float32)


def submission(task: str = "diphoton", **learned: Any) -> Submission:
    content = description(task, trained_on=trained_on(*learned.pop("processes"), **learned))
    return Submission.model_validate_json(json.dumps(content))


def codes(values: NDArray[np.float32], published: Published, said: Submission) -> list[str]:
    return [finding.code for finding in examine(values, published, said)]


def cheat(values: NDArray[np.float32], column: NDArray[Any]) -> NDArray[np.float32]:
    found = values.copy()
    found[:, 0] = column
    return found


SM = submission(processes=["continuum"], labels=True)


def test_honest_latents_have_no_flag() -> None:
    published = made_up()
    assert codes(honest(published), published, SM) == []


def test_a_label_in_the_latents_is_flagged_where_it_was_not_seen() -> None:
    published = made_up()
    label = published.process == SIGNAL
    noise = np.random.default_rng(3).normal(size=len(label))
    values = cheat(honest(published), label + 0.1 * noise)
    assert codes(values, published, SM) == ["knows_labels"]
    blind = submission(processes=["continuum", SIGNAL], labels=False)
    assert codes(values, published, blind) == ["knows_labels"]
    seen = submission(processes=["continuum", SIGNAL], labels=True)
    assert codes(values, published, seen) == []


def test_a_label_of_a_point_that_was_held_out_is_flagged() -> None:
    """In interpolation the process was seen and one of its points was not."""
    whole = made_up()
    names = np.array(["200", "400"])
    points = np.where(whole.process == SIGNAL, names[whole.event_id % np.uint64(2)], "")
    published = replace(whole, point=points)
    others = [{"process": SIGNAL, "points": ["200", "300"]}]
    learned = {**trained_on("continuum", labels=True)}
    learned["processes"] = [*learned["processes"], *others]
    content = description("diphoton", trained_on=learned)
    said = Submission.model_validate_json(json.dumps(content))
    assert codes(honest(published), published, said) == []
    noise = np.random.default_rng(3).normal(size=len(points))
    values = cheat(honest(published), (points == "400") + 0.1 * noise)
    assert codes(values, published, said) == ["knows_labels"]
    assert codes(values, published, submission(processes=["continuum", SIGNAL], labels=True)) == []


def test_labels_of_cms_adc() -> None:
    published = made_up("cms_adc")
    said = submission("cms_adc", processes=["w"], labels=False)
    assert codes(honest(published), published, said) == []
    values = cheat(honest(published), published.process == "leptoquark")
    assert codes(values, published, said) == ["knows_labels"]


def test_false_alarms_of_honest_latents_are_rare() -> None:
    """Copies of all numbers of the events order pairs as well as the events themselves do."""
    published = made_up()
    ratios = []
    for seed in range(5):
        turn = np.linalg.qr(np.random.default_rng(seed).normal(size=(3, 3)))[0]
        values = published.events.objects[:, 0, :3] @ turn.astype(np.float32)
        ratios.append(label_knowledge(values, published, [SIGNAL])[SIGNAL].ratio)
    # The pairs' errors are 0.1 to 0.2: two would be five of them away.
    assert min(ratios) > 0.5
    assert max(ratios) < 1.5


def test_ratio_is_finite() -> None:
    assert Known(1.0, 1.0, 100).ratio == 1
    assert Known(1.0, 0.9, 100).ratio == pytest.approx(10)


def test_few_events_have_no_flag() -> None:
    published = toy_published()
    assert label_knowledge(honest(published), published, [SIGNAL]) == {}
    assert mass_knowledge(honest(published), published) == {}
    assert label_knowledge(honest(made_up()), made_up(), ["stop"]) == {}
    assert label_knowledge(honest(made_up("cms_adc")), made_up("cms_adc"), CMS_ADC.signals)
    assert EVENTS > 100


def test_mass_is_found_as_far_as_it_is_there() -> None:
    published = made_up()
    assert published.m_gg is not None
    noise = np.random.default_rng(6).normal(size=len(published))
    known = mass_knowledge(honest(published), published)
    r2, auc = (known[name].value for name in ("r2", "auc"))
    assert r2 is not None
    assert auc is not None
    assert abs(r2) < MOST_R2 / 2
    assert abs(auc - 0.5) < 0.03
    low = known["auc"].err_lo
    assert low is not None
    assert 0 < low < 0.02
    width = float(published.m_gg.std())
    values = cheat(honest(published), published.m_gg + width * noise)
    # As much noise as signal: R2 is a half, less what trees lose.
    assert mass_knowledge(values, published)["r2"].value == pytest.approx(0.5, abs=0.15)
    assert "knows_mass" in codes(values, published, SM)


def test_knowledge_of_the_region_alone_is_found() -> None:
    published = made_up()
    assert published.m_gg is not None
    inside = (published.m_gg >= 120) & (published.m_gg < 130)
    noise = np.random.default_rng(6).normal(size=len(published))
    values = cheat(honest(published), inside + noise)
    assert codes(values, published, SM) == ["sculpts"]


def test_constant_dimension() -> None:
    published = made_up()
    values = cheat(honest(published), np.full(len(published), 2.5))
    with pytest.raises(Refused, match="constant dimensions: 1"):
        examine(values, published, SM)
    adc = made_up("cms_adc")
    said = submission("cms_adc", processes=["w"])
    values = cheat(honest(adc), np.full(len(adc), 2.5))
    assert codes(values, adc, said) == ["constant_dimension"]


def test_a_dimension_constant_in_the_continuum_is_constant_for_the_search() -> None:
    published = made_up()
    with pytest.raises(Refused, match="constant dimensions: 1"):
        examine(cheat(honest(published), published.process == SIGNAL), published, SM)


@pytest.mark.parametrize(
    ("make", "expected"),
    [
        (lambda z: z, []),
        (lambda z: np.column_stack([z, -3 * z[:, 1] + 2]), ["duplicated_dimension"]),
        (lambda z: np.column_stack([z, z[:, 0] + z[:, 1]]), ["dependent_dimensions"]),
        (lambda z: np.column_stack([z, z[:, 0] + 0.01 * z[:, 1] ** 2]), []),
        (lambda z: z[:, :1], []),
        (lambda z: z[:3], []),
        (
            lambda z: np.column_stack([z, z[:, 0], z[:, 0] - z[:, 2], 0 * z[:, 0]]),
            ["constant_dimension", "duplicated_dimension", "dependent_dimensions"],
        ),
    ],
)
def test_dimensions(make: Any, expected: list[str]) -> None:
    plain = np.random.default_rng(8).normal(5, 2, size=(1000, 3))
    values = make(plain).astype(np.float32)
    found = check_dimensions(values, refuse_constant=False)
    assert [finding.code for finding in found] == expected
    assert all(finding.level == "flag" for finding in found)


def test_named_dimensions() -> None:
    plain = np.random.default_rng(8).normal(size=(1000, 3)).astype(np.float32)
    (found,) = check_dimensions(np.column_stack([plain, 2 * plain[:, 1]]), refuse_constant=True)
    assert "2 and 4" in found.message
