"""What every registered embedding promises, whatever it is."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from baselines.registry import EMBEDDINGS
from benchmark.embedding import Embedding, Storable, latents_of
from benchmark.errors import DataError, DiademError
from benchmark.events import EventTable, read_events
from benchmark.paths import datasets_root
from benchmark.schema import CMS_ADC, DIPHOTON
from benchmark.tasks.collect import hidden
from reproduce.contestants import contestant
from reproduce.profiles import load_profile
from tests.tables import random_table

if TYPE_CHECKING:
    from pathlib import Path

# Matrix products of other shapes round differently in float32; latents are sums of up to 19
# objects of order one.
ROUNDING = 2e-5

each = pytest.mark.parametrize("name", sorted(EMBEDDINGS))


@functools.cache
def events() -> EventTable:
    path = datasets_root() / "cms_adc" / "v1"
    table = EventTable.concat([read_events(path / f"{name}.parquet") for name in ("w", "qcd")])
    rows = np.random.default_rng(1).permutation(len(table))[:300]
    return table.select(rows)


def make(name: str) -> Any:
    _, profile = load_profile("smoke")
    return contestant(name, profile.cms_adc).make()


@functools.cache
def fitted(name: str) -> Any:
    return make(name).fit(hidden(events(), weights=True), seed=1)


@each
def test_it_has_the_shape_of_an_embedding(name: str) -> None:
    made = make(name)
    assert isinstance(made, Embedding)
    assert made.name == name
    assert EMBEDDINGS[name].title


@each
def test_latents_are_finite_float32(name: str) -> None:
    latents = latents_of(fitted(name), events())
    assert latents.dtype == np.float32
    assert latents.shape[0] == len(events())
    assert latents.std(axis=0).max() > 0, "every event is embedded alike"


@each
def test_each_event_by_itself(name: str) -> None:
    whole = fitted(name).transform(events())
    order = np.random.default_rng(2).permutation(len(events()))
    np.testing.assert_allclose(
        fitted(name).transform(events().select(order)), whole[order], rtol=ROUNDING, atol=ROUNDING
    )
    for part in (slice(0, 1), slice(7, 20)):
        np.testing.assert_allclose(
            fitted(name).transform(events().select(part)),
            whole[part],
            rtol=ROUNDING,
            atol=ROUNDING,
        )


@each
def test_blind_to_labels(name: str) -> None:
    np.testing.assert_array_equal(
        fitted(name).transform(hidden(events())), fitted(name).transform(events())
    )


@each
def test_the_same_seed_gives_the_same(name: str) -> None:
    again = make(name).fit(hidden(events(), weights=True), seed=1).transform(events())
    np.testing.assert_array_equal(again, fitted(name).transform(events()))


@each
def test_another_seed_matters_where_it_learns(name: str) -> None:
    other = make(name).fit(hidden(events(), weights=True), seed=2).transform(events())
    same = np.array_equal(other, fitted(name).transform(events()))
    assert same is not getattr(fitted(name), "learns", True)


@each
def test_save_and_load(name: str, tmp_path: Path) -> None:
    made: Any = fitted(name)
    assert issubclass(type(made), Storable)
    made.save(tmp_path)
    loaded: Any = type(made).load(tmp_path)
    np.testing.assert_array_equal(loaded.transform(events()), made.transform(events()))
    assert not [
        path for path in tmp_path.iterdir() if path.suffix not in (".json", ".safetensors")
    ]


@each
def test_events_are_not_changed(name: str) -> None:
    before = events().digest()
    make(name).fit(hidden(events(), weights=True), seed=1).transform(events())
    assert events().digest() == before


@each
def test_no_event_gives_no_latent(name: str) -> None:
    none = events().select(slice(0, 0))
    assert len(fitted(name).transform(none)) == 0
    with pytest.raises(DiademError):
        make(name).fit(none, seed=1)


@each
def test_errors_are_said(name: str) -> None:
    with pytest.raises(DiademError, match="not fitted"):
        make(name).transform(events())
    other = random_table(DIPHOTON, 3)
    with pytest.raises(DataError, match="schema"):
        make(name).fit(other, seed=1)
    with pytest.raises(DataError, match="schema"):
        fitted(name).transform(other)


def test_events_have_weights_and_all_slots() -> None:
    """The events above try what the contract is about."""
    assert len(np.unique(events().weight)) > 1
    assert events().mask.shape[1] == CMS_ADC.slots
