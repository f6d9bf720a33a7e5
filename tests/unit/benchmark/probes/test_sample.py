"""The balance of classes, and what a file of latents must have."""

from __future__ import annotations

import numpy as np
import pytest

from benchmark.errors import DataError
from benchmark.probes.sample import (
    MIN_EVENTS,
    balanced_weight,
    effective,
    process_sample,
    require_parts,
    sample_of,
    too_few,
)
from tests.latents import PROCESSES, made_up_latents

RNG_SEED = 5
ROUNDING = 1e-12  # relative, of sums of some hundred numbers in float64


def slow_weights(label: list[str], stratum: list[str]) -> list[float]:
    """One event after the other, by the words of the definition."""
    found = []
    for mine, within in zip(label, stratum, strict=True):
        parts = {s for c, s in zip(label, stratum, strict=True) if c == mine}
        same = sum((c, s) == (mine, within) for c, s in zip(label, stratum, strict=True))
        found.append(len(label) / len(set(label)) / len(parts) / same)
    return found


def test_weights_are_those_of_the_definition() -> None:
    rng = np.random.default_rng(RNG_SEED)
    label = rng.choice(["a", "b", "c"], size=200, p=[0.7, 0.2, 0.1])
    stratum = rng.choice(["x", "y", ""], size=200, p=[0.6, 0.3, 0.1])
    found = balanced_weight(label, stratum)
    np.testing.assert_allclose(found, slow_weights(list(label), list(stratum)), rtol=ROUNDING)
    assert found.mean() == pytest.approx(1.0, rel=ROUNDING)


def test_a_sample_has_equal_classes_and_equal_strata() -> None:
    latents = made_up_latents(events=4)
    sample = sample_of(latents, "test")
    share = {c: sample.weight[sample.label == c].sum() for c in np.unique(sample.label)}
    assert len(share) == 9
    np.testing.assert_allclose(list(share.values()), len(sample) / 9, rtol=ROUNDING)
    background = sample.label == "background"
    tth = sample.weight[background & (sample.stratum == "ttH")].sum()
    assert tth == pytest.approx(len(sample) / 45, rel=ROUNDING)
    assert len(sample) == (latents.part == "test").sum()


def test_the_sample_of_one_process() -> None:
    latents = made_up_latents(events=4)
    chosen, sample = process_sample(latents, "zprime", "test")
    assert set(chosen.process) == {"zprime"}
    assert set(sample.stratum) == {"200", "300", "400", "500"}
    chosen, sample = process_sample(latents, "background", "train")
    assert set(chosen.part) == {"train"}
    assert set(sample.stratum) == {"continuum", "ggF", "VBF", "VH", "ttH"}


def test_effective_events() -> None:
    assert effective(np.full(7, 0.3)) == pytest.approx(7, rel=ROUNDING)
    assert effective(np.array([1.0, 3.0])) == pytest.approx(16 / 10, rel=ROUNDING)
    assert effective(np.array([])) == 0
    assert too_few(MIN_EVENTS) == ""
    assert "9.9 effective test events; at least 10" in too_few(9.9)


@pytest.mark.parametrize("part", ["train", "validation", "test"])
def test_a_missing_part_or_process_is_named(part: str) -> None:
    latents = made_up_latents(events=2)
    require_parts(latents, "a file")
    with pytest.raises(DataError, match=f"a file: no {part} part"):
        require_parts(latents.select(latents.part != part), "a file")
    for process in PROCESSES:
        kept = (latents.part != part) | (latents.process != process)
        with pytest.raises(DataError, match=f"a file: no {part} event of {process};"):
            require_parts(latents.select(kept), "a file")


def test_an_unknown_process_is_refused() -> None:
    latents = made_up_latents(events=2)
    latents.process[3] = "unheard"
    with pytest.raises(DataError, match="row 3: no process of the task; found 'unheard'"):
        require_parts(latents, "a file")
