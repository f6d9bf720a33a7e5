"""The events of a search: which, how smeared, how weighted."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from benchmark.errors import DataError
from benchmark.hunt.sample import Sample, contents_of, read_sample
from benchmark.pseudodata import draw
from tests.hunt_latents import RATES, REGION, hunt_latents, put

if TYPE_CHECKING:
    from pathlib import Path

    from benchmark.latents import Latents


def sample(*files: Path, smearing: float = 0.1) -> Sample:
    return read_sample(files, yields=RATES, region=REGION, smearing=smearing)


@pytest.fixture(scope="module")
def latents() -> Latents:
    return hunt_latents()


@pytest.fixture(scope="module")
def file(latents: Latents, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return put(tmp_path_factory.mktemp("latents") / "first.parquet", latents)


def test_events_that_no_encoder_learned_from(file: Path, latents: Latents) -> None:
    found = sample(file, smearing=0.0)
    kept = latents.select(np.isin(latents.part, ("test", "pseudo_data")))
    kept = kept.select(np.argsort(kept.event_id))
    np.testing.assert_array_equal(found.event_id, kept.event_id)
    np.testing.assert_array_equal(found.values[0], kept.values)
    np.testing.assert_array_equal(found.recordable, kept.part == "pseudo_data")
    pool, rows = found.pool()
    np.testing.assert_array_equal(pool.event_id, kept.event_id[kept.part == "pseudo_data"])
    np.testing.assert_array_equal(found.event_id[rows], pool.event_id)
    np.testing.assert_array_equal(found.background(), np.isin(kept.process, list(RATES)))
    assert set(found.point[found.signal("zprime/400")]) == {"400"}
    assert set(found.process[found.signal("zprime")]) == {"zprime"}
    assert found.signal("zprime").sum() > found.signal("zprime/400").sum() > 0


def test_smearing_is_of_the_event_alone(file: Path, latents: Latents, tmp_path: Path) -> None:
    """In whatever order a file holds the events, everything is the same to the last bit."""
    whole = sample(file)
    order = np.random.default_rng(1).permutation(len(latents))
    shuffled = sample(put(tmp_path / "shuffled.parquet", latents.select(order)))
    np.testing.assert_array_equal(shuffled.event_id, whole.event_id)
    np.testing.assert_array_equal(shuffled.values[0], whole.values[0])


def test_smearing_is_of_the_continuums_width(file: Path) -> None:
    """Noise of 0.3 widths, to five standard deviations of a standard deviation."""
    plain, smeared = sample(file, smearing=0.0), sample(file, smearing=0.3)
    noise = smeared.values[0] - plain.values[0]
    width = plain.values[0][plain.process == "continuum"].std(axis=0)
    n = len(noise)
    assert noise.std(axis=0) / width == pytest.approx([0.3, 0.3], rel=5 / np.sqrt(2 * n))
    assert abs(np.corrcoef(noise.T)[0, 1]) < 5 / np.sqrt(n)


def test_encoders_have_noise_of_their_own(file: Path, latents: Latents, tmp_path: Path) -> None:
    second = replace(latents, facts=replace(latents.facts, number=1))
    both = sample(file, put(tmp_path / "second.parquet", second))
    plain = sample(file, smearing=0.0).values[0]
    first, other = (values - plain for values in both.values)
    n = len(plain)
    assert abs(np.corrcoef(first[:, 0], other[:, 0])[0, 1]) < 5 / np.sqrt(n)
    assert [facts.number for facts in both.facts] == [0, 1]


def test_weights_sum_to_the_expected_numbers(file: Path) -> None:
    """By process, against plain sums; of any choice of events."""
    found = sample(file)
    pool, _ = found.pool()
    drawn = draw(pool, luminosity=4.0, instance=1)
    some = np.random.default_rng(1).random(len(found.event_id)) < 0.4
    rows, weight = found.weighted(some, RATES, drawn, pool)
    assert some[rows].all()
    assert found.in_region[rows].all()
    for process, rate in RATES.items():
        own = pool.process == process
        share = pool.in_region[own].sum() / own.sum()
        mine = found.process[rows] == process
        assert weight[mine].sum() == pytest.approx(4.0 * rate * share)
        assert np.ptp(weight[mine]) == 0
        assert mine.sum() == (some & found.in_region & (found.process == process)).sum()
    rows, weight = found.weighted(some, [], drawn, pool)
    assert len(rows) == len(weight) == 0
    none = np.zeros_like(some)
    with pytest.raises(DataError, match="no event left of a process; found continuum"):
        found.weighted(none, RATES, drawn, pool)


def test_folds_are_of_the_event(file: Path) -> None:
    """Uniform to five standard deviations; another classifier has others."""
    found = sample(file)
    fold = found.folds("a", 5)
    n = len(fold)
    counts = np.bincount(fold)
    assert len(counts) == 5
    assert np.abs(counts - n / 5).max() < 5 * np.sqrt(n * 0.2 * 0.8)
    assert (fold == found.folds("b", 5)).mean() == pytest.approx(0.2, abs=5 * np.sqrt(0.16 / n))
    np.testing.assert_array_equal(fold, found.folds("a", 5))


def changed(latents: Latents, **arrays: Any) -> Latents:
    return replace(latents, **arrays)


def test_what_is_refused(file: Path, latents: Latents, tmp_path: Path) -> None:
    def refused(said: str, other: Latents, *before: Path) -> None:
        with pytest.raises(DataError, match=said):
            sample(*before, put(tmp_path / "bad.parquet", other))

    ids = latents.event_id.copy()
    ids[latents.part == "test"] += np.uint64(1)
    refused(r"bad\.parquet: other events than of the first", changed(latents, event_id=ids), file)
    values = latents.values.copy()
    values[latents.process == "continuum", 1] = 7.0
    flat = changed(latents, values=values)
    refused("signal_aware, regime id: latent dimension 2 is constant; found only 7", flat)
    # Rounding is no width.
    values[:, 1] = 7.0 + 1e-7 * np.random.default_rng(1).normal(size=len(values))
    refused("latent dimension 2 is constant", changed(latents, values=values))
    refused("no event of the continuum", latents.select(latents.process != "continuum"))
    with pytest.raises(DataError, match="no latents can be read"):
        sample(tmp_path / "nowhere.parquet")


def test_the_digest_is_of_what_a_search_takes(tmp_path: Path) -> None:
    """Each number counts, and which encoder it was; not the order, nor whose it is."""
    latents = hunt_latents()
    unseen = np.isin(latents.part, ("test", "pseudo_data"))
    row = int(np.argmax(unseen))

    def digest(**changes: Any) -> str:
        made = replace(latents, **changes)
        return contents_of(put(tmp_path / "a.parquet", made))

    def other(name: str, place: int, value: Any) -> dict[str, Any]:
        column = getattr(latents, name).copy()
        column[place] = value
        return {name: column}

    first = digest()
    assert first == digest()
    assert first == digest(facts=replace(latents.facts, embedding="raw9", commit="another"))
    turned = latents.select(np.arange(len(latents))[::-1])
    assert first == contents_of(put(tmp_path / "b.parquet", turned))
    seen = int(np.argmax(~unseen))
    assert first == digest(**other("values", seen, 7.0)), "the encoder learned from it"
    changes = [
        {"facts": replace(latents.facts, number=1)},
        other("values", row, 7.0),
        other("m_gg", row, 111.5),
        other("event_id", row, 5),
        other("process", row, "ttH"),
        other("point", row, "elsewhere"),
        other("part", row, "private"),
    ]
    found = [digest(**change) for change in changes]
    assert len({first, *found}) == 1 + len(changes)
