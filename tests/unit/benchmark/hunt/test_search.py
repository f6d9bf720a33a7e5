"""The search: who is told from whom, by which weights, and that no event is scored by itself."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from benchmark.detectors.cathode import MIN_REGION, Generated
from benchmark.detectors.cathode_settings import CathodeSettings
from benchmark.errors import DataError
from benchmark.hunt.sample import Sample
from benchmark.hunt.search import Sides, background_side, labelled, recorded, search
from benchmark.mixing import splitmix64
from benchmark.pseudodata import draw

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from benchmark.pseudodata import Pool, PseudoData

COUNTS = {"continuum": 8000, "ggF": 600, "zprime": 500}
YIELDS = {"continuum": 3000.0, "ggF": 60.0}
REGION = (120.0, 130.0)
SETTINGS = CathodeSettings.model_validate({"weak": {"trees": 20}})
# Trees that learn every event by heart.
BY_HEART = CathodeSettings.model_validate(
    {"weak": {"trees": 60, "boosting": {"rate": 0.5, "depth": 12, "min_weight": 1e-6}}}
)


def made_up(seed: int = 1, **changes: Any) -> Sample:
    rng = np.random.default_rng(seed)
    process = np.repeat(list(COUNTS), list(COUNTS.values()))
    n = len(process)
    mass = np.where(process == "continuum", rng.uniform(105, 160, n), rng.normal(125, 1.5, n))
    values = tuple(rng.normal(size=(n, 2)).astype(np.float32) for _ in range(2))
    held: dict[str, Any] = {
        "facts": (),
        "event_id": splitmix64(np.arange(n, dtype=np.uint64)),
        "process": process,
        "point": np.where(process == "zprime", "400", ""),
        "m_gg": mass.clip(105.5, 159.5).astype(np.float32),
        "recordable": rng.random(n) < 0.8,
        "private": np.zeros(n, dtype=np.bool_),
        "values": values,
        "yields": YIELDS,
        "region": REGION,
    }
    return Sample(**{**held, **changes})


def drawn_of(sample: Sample, strength: float = 2.0) -> tuple[PseudoData, tuple[Pool, Any]]:
    pool = sample.pool()
    drawn = draw(
        pool[0], luminosity=1.0, instance=1, signal="zprime", strength=strength, share=0.5
    )
    return drawn, pool


def samples_of(n: int, expected: float, seed: int = 5) -> Generated:
    latents = np.random.default_rng(seed).normal(size=(n, 2)).astype(np.float32)
    return Generated(latents, expected, (1.0,), (3,))


def test_data_against_samples_and_simulated_higgs_bosons() -> None:
    sample = made_up()
    drawn, pool = drawn_of(sample)
    generated = [samples_of(2000, 500.0), samples_of(1500, 510.0, 6)]
    sides = recorded(sample, drawn, pool, SETTINGS, generated=generated)
    rows = pool[1][drawn.rows]
    assert set(sides.data) == {r for r in rows if REGION[0] <= sample.m_gg[r] < REGION[1]}
    assert "zprime" in sample.process[sides.data], "with the signal"
    assert set(sample.process[sides.simulated]) == {"ggF"}
    assert not np.isin(sides.simulated, rows).any()
    assert sample.in_region[sides.simulated].all()
    inside = pool[0].in_region[pool[0].process == "ggF"].mean()
    assert sides.weight.sum() == pytest.approx(60.0 * drawn.luminosity * inside)
    assert sides.generated == tuple(generated)


def test_without_resonant_background_samples_stand_alone() -> None:
    sample = made_up()
    drawn, pool = drawn_of(sample)
    none = CathodeSettings(resonant="none")
    sides = recorded(sample, drawn, pool, none, generated=[samples_of(2000, 500.0)] * 2)
    assert len(sides.simulated) == len(sides.weight) == 0
    values, weight = background_side(sides, sample.values[0], 0)
    np.testing.assert_array_equal(values, sides.generated[0].latents)
    assert weight.sum() == pytest.approx(500.0)


def test_true_background_in_place_of_samples() -> None:
    sample = made_up()
    drawn, pool = drawn_of(sample)
    for settings in (SETTINGS, CathodeSettings(resonant="none")):
        sides = recorded(sample, drawn, pool, settings, generated=())
        assert set(sample.process[sides.simulated]) == {"continuum", "ggF"}
        assert not np.isin(sides.simulated, pool[1][drawn.rows]).any()
        assert sides.weight.sum() == pytest.approx(drawn.expected_background)
        assert not sides.generated


def test_labels() -> None:
    """Signal against all background of the region, recorded or not."""
    sample = made_up()
    drawn, pool = drawn_of(sample)
    sides = labelled(sample, "zprime/400", drawn, pool[0])
    signal = sample.in_region & (sample.process == "zprime")
    np.testing.assert_array_equal(sides.data, np.flatnonzero(signal))
    background = sample.in_region & (sample.process != "zprime")
    np.testing.assert_array_equal(np.sort(sides.simulated), np.flatnonzero(background))
    assert sides.weight.sum() == pytest.approx(drawn.expected_background)


def test_generated_and_simulated_weights() -> None:
    """Samples stand for what their fit expects, the simulated for their own; each encoder's."""
    sample = made_up()
    drawn, pool = drawn_of(sample)
    generated = [samples_of(2000, 500.0), samples_of(1500, 510.0, 6)]
    sides = recorded(sample, drawn, pool, SETTINGS, generated=generated)
    for encoder, (values, made) in enumerate(zip(sample.values, generated, strict=True)):
        latents, weight = background_side(sides, values, encoder)
        n = len(made.latents)
        np.testing.assert_array_equal(latents[:n], made.latents)
        np.testing.assert_array_equal(latents[n:], values[sides.simulated])
        assert weight[:n].sum() == pytest.approx(made.expected)
        np.testing.assert_array_equal(weight[n:], sides.weight)


def test_too_few_events_in_the_region() -> None:
    sample = made_up(yields={"continuum": 900.0, "ggF": 20.0})
    pool = sample.pool()
    drawn = draw(pool[0], luminosity=1.0, instance=1)
    with pytest.raises(DataError, match=f"in the signal region.*expected {MIN_REGION} or more"):
        recorded(sample, drawn, pool, SETTINGS, generated=())


def planted(sample: Sample, row: int) -> Sample:
    """The event, and no other, lies far away."""
    values = [found.copy() for found in sample.values]
    for found in values:
        found[row] = 40.0
    return replace(sample, values=tuple(values))


@pytest.mark.parametrize("side", ["data", "simulated"])
def test_no_event_is_scored_by_a_model_that_saw_it(side: str) -> None:
    """An event of one side, alone far away: who saw it there knows its side.

    For the models that did not, the place is that of the outermost ordinary events.
    """
    sample = made_up()
    drawn, pool = drawn_of(sample)
    sides = recorded(sample, drawn, pool, SETTINGS, generated=())
    row = int(getattr(sides, side)[7])
    far = planted(sample, row)
    scored = search(far, sides, np.array([row]), BY_HEART, classifiers=3, name="a")
    # The same search without it among the sides: another event stands in its place and fold.
    own = getattr(sides, side)
    without = replace(sides, **{side: own[own != row]})
    if side == "simulated":
        without = replace(without, weight=sides.weight[own != row])
    apart = search(far, without, np.array([row]), BY_HEART, classifiers=3, name="a")
    np.testing.assert_array_equal(scored.events, apart.events)
    within = scored.data[:, 7] if side == "data" else [b[7] for b in scored.background]
    np.testing.assert_array_equal(within, scored.events[:, 0])


def test_scores_of_the_sides_are_those_of_their_events() -> None:
    """Whether as part of a side or as an event to score: the fold decides on the model."""
    sample = made_up()
    drawn, pool = drawn_of(sample)
    sides = recorded(sample, drawn, pool, SETTINGS, generated=())
    rows = np.concatenate((sides.data, sides.simulated))
    scored = search(sample, sides, rows, SETTINGS, classifiers=2, name=3)
    n = len(sides.data)
    assert scored.events.shape == (4, len(rows)), "two encoders with two classifiers"
    np.testing.assert_array_equal(scored.events[:, :n], scored.data)
    np.testing.assert_array_equal(scored.events[:, n:], np.stack(scored.background))
    assert len(scored.background_weight) == 2
    assert len(np.unique(scored.data[:, 0])) == 4, "each classifier is another"


def test_the_name_decides() -> None:
    sample = made_up()
    drawn, pool = drawn_of(sample)
    sides = recorded(sample, drawn, pool, SETTINGS, generated=[samples_of(2000, 500.0)] * 2)
    rows = np.arange(50)

    def scores(name: int, chosen: Sides = sides) -> NDArray[np.float64]:
        return search(sample, chosen, rows, SETTINGS, classifiers=1, name=name).events

    np.testing.assert_array_equal(scores(1), scores(1))
    assert not np.array_equal(scores(1), scores(2))


def test_private_events_are_learned_from_by_nothing() -> None:
    plain = made_up()
    private = ~plain.recordable & (np.arange(len(plain.event_id)) % 2 == 0)
    sample = replace(plain, private=private)
    drawn, pool = drawn_of(sample)
    true, labels = (
        recorded(sample, drawn, pool, SETTINGS, generated=[]),
        labelled(sample, "zprime", drawn, pool[0]),
    )
    for sides in (true, labels):
        assert not private[sides.data].any()
        assert not private[sides.simulated].any()
    np.testing.assert_array_equal(sample.judged, private)
    assert plain.judged.all()
