"""What every registered embedding promises, whatever it is."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from baselines.registry import EMBEDDINGS
from benchmark.embedding import Embedding, Storable, latents_of, uses_labels
from benchmark.errors import DataError, DiademError
from benchmark.events import EventTable, read_events
from benchmark.paths import datasets_root
from benchmark.schema import CMS_ADC, DIPHOTON
from benchmark.tasks.collect import hidden
from benchmark.tasks.diphoton_events import unmarked
from reproduce.contestants import contestant
from reproduce.profiles import load_profile
from tests.tables import random_table

if TYPE_CHECKING:
    from pathlib import Path

# Matrix products of other shapes round differently in float32; latents are sums of up to 19
# objects of order one.
ROUNDING = 2e-5

each = pytest.mark.parametrize("name", sorted(EMBEDDINGS))


PROCESSES = {"cms_adc": ("w", "qcd"), "diphoton": ("continuum", "ttH", "zprime")}
"""Events of each task that the contract is tried on."""
OTHER = {"cms_adc": DIPHOTON, "diphoton": CMS_ADC}
"""A schema that is not the task's."""


@functools.cache
def of_task(task: str) -> EventTable:
    path = datasets_root() / task / "v1"
    tables = [read_events(path / f"{name}.parquet") for name in PROCESSES[task]]
    rng = np.random.default_rng(1)
    return EventTable.concat([t.select(rng.permutation(len(t))[:150]) for t in tables])


def events(name: str) -> EventTable:
    return of_task(EMBEDDINGS[name].task)


def seen(name: str) -> EventTable:
    """What `fit` sees: weights in the one task, labels in the other, or where it asks for them."""
    adc = EMBEDDINGS[name].task == "cms_adc"
    return hidden(events(name), weights=adc, labels=not adc or uses_labels(make(name)))


def make(name: str) -> Any:
    _, profile = load_profile("smoke")
    task = EMBEDDINGS[name].task
    return contestant(name, getattr(profile, task), task=task).make()


@functools.cache
def fitted(name: str) -> Any:
    return make(name).fit(seen(name), seed=1)


@each
def test_it_has_the_shape_of_an_embedding(name: str) -> None:
    made = make(name)
    assert isinstance(made, Embedding)
    assert made.name == name
    assert EMBEDDINGS[name].title


@each
def test_latents_are_finite_float32(name: str) -> None:
    latents = latents_of(fitted(name), events(name))
    assert latents.dtype == np.float32
    assert latents.shape[0] == len(events(name))
    assert latents.std(axis=0).max() > 0, "every event is embedded alike"


@each
def test_each_event_by_itself(name: str) -> None:
    whole = fitted(name).transform(events(name))
    order = np.random.default_rng(2).permutation(len(events(name)))
    np.testing.assert_allclose(
        fitted(name).transform(events(name).select(order)),
        whole[order],
        rtol=ROUNDING,
        atol=ROUNDING,
    )
    for part in (slice(0, 1), slice(7, 20)):
        np.testing.assert_allclose(
            fitted(name).transform(events(name).select(part)),
            whole[part],
            rtol=ROUNDING,
            atol=ROUNDING,
        )


@each
def test_blind_to_labels(name: str) -> None:
    np.testing.assert_array_equal(
        fitted(name).transform(hidden(events(name))), fitted(name).transform(events(name))
    )


@pytest.mark.parametrize(
    "name", [name for name, entry in EMBEDDINGS.items() if entry.task == "cms_adc"]
)
def test_learns_from_labels_only_where_it_asks_for_them(name: str) -> None:
    """Labels in the CMS-ADC task change nothing for who does not ask; who asks needs them."""
    table = events(name)
    if uses_labels(make(name)):
        with pytest.raises(DataError, match="of hidden"):
            make(name).fit(hidden(table, weights=True), seed=1)
        return
    other = make(name).fit(hidden(table, weights=True, labels=True), seed=1)
    np.testing.assert_array_equal(other.transform(table), fitted(name).transform(table))


@each
def test_the_same_seed_gives_the_same(name: str) -> None:
    again = make(name).fit(seen(name), seed=1).transform(events(name))
    np.testing.assert_array_equal(again, fitted(name).transform(events(name)))


@each
def test_another_seed_matters_where_it_learns(name: str) -> None:
    other = make(name).fit(seen(name), seed=2).transform(events(name))
    same = np.array_equal(other, fitted(name).transform(events(name)))
    assert same is not getattr(fitted(name), "learns", True)


@each
def test_save_and_load(name: str, tmp_path: Path) -> None:
    made: Any = fitted(name)
    assert issubclass(type(made), Storable)
    made.save(tmp_path)
    loaded: Any = type(made).load(tmp_path)
    np.testing.assert_array_equal(loaded.transform(events(name)), made.transform(events(name)))
    assert not [
        path for path in tmp_path.iterdir() if path.suffix not in (".json", ".safetensors")
    ]


@each
def test_events_are_not_changed(name: str) -> None:
    before = events(name).digest()
    make(name).fit(seen(name), seed=1).transform(events(name))
    assert events(name).digest() == before


@each
def test_no_event_gives_no_latent(name: str) -> None:
    none = events(name).select(slice(0, 0))
    assert len(fitted(name).transform(none)) == 0
    with pytest.raises(DiademError):
        make(name).fit(none, seed=1)


@each
def test_errors_are_said(name: str) -> None:
    with pytest.raises(DiademError, match="not fitted"):
        make(name).transform(events(name))
    other = random_table(OTHER[EMBEDDINGS[name].task], 3)
    with pytest.raises(DataError, match="schema"):
        make(name).fit(other, seed=1)
    with pytest.raises(DataError, match="schema"):
        fitted(name).transform(other)


@each
def test_m_gg_is_not_used(name: str) -> None:
    """The diphoton task hides it from `transform`: signals are sought in its spectrum."""
    table = unmarked(events(name)) if events(name).m_gg is not None else hidden(events(name))
    np.testing.assert_array_equal(
        fitted(name).transform(table), fitted(name).transform(events(name))
    )


def test_events_try_the_contract() -> None:
    """There are weights, labels of several processes and points, and all slots."""
    adc, diphoton = of_task("cms_adc"), of_task("diphoton")
    assert len(np.unique(adc.weight)) > 1
    assert adc.mask.shape[1] == CMS_ADC.slots
    assert len(np.unique(diphoton.process)) == len(PROCESSES["diphoton"])
    assert len(np.unique(diphoton.point)) > 2
    for task in PROCESSES:
        assert [name for name, entry in EMBEDDINGS.items() if entry.task == task]
