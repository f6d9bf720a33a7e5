"""Maps: which events, and the same each time."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from benchmark.probes.maps import chosen, tsne, tsne_points
from tests.latents import PROCESSES, made_up_latents

if TYPE_CHECKING:
    from benchmark.latents import Latents

SETTINGS: dict[str, Any] = {"perplexity": 5.0, "seed": 3}


@pytest.fixture(scope="module")
def latents() -> Latents:
    return made_up_latents(events=12)


def test_chosen_events_are_test_events_in_equal_parts(latents: Latents) -> None:
    some = latents.select(chosen(latents, 10))
    assert set(some.part) == {"test"}
    for process in PROCESSES:
        points, counts = np.unique(some.point[some.process == process], return_counts=True)
        assert counts.sum() == 10
        assert counts.max() - counts.min() <= 1
        assert set(points) == set(latents.point[latents.process == process])
    assert len(np.unique(some.event_id)) == len(some)


def test_all_events_where_there_are_fewer(latents: Latents) -> None:
    some = latents.select(chosen(latents, 1000))
    assert sorted(some.event_id) == sorted(latents.event_id[latents.part == "test"])


def test_the_choice_depends_on_the_ids_alone(latents: Latents) -> None:
    """Not on the order of the file or on its latents, and a smaller choice lies in a larger."""
    large = set(latents.event_id[chosen(latents, 12)])
    small = set(latents.event_id[chosen(latents, 6)])
    assert small < large
    order = np.random.default_rng(1).permutation(len(latents))
    shuffled = latents.select(order)
    assert set(shuffled.event_id[chosen(shuffled, 6)]) == small


def test_a_map_is_the_same_each_time_and_keeps_neighbours() -> None:
    rng = np.random.default_rng(1)
    label = np.repeat([0, 1, 2], 30)
    x = 20 * np.eye(3)[label] + rng.normal(size=(90, 3))
    first, again = tsne(x, **SETTINGS), tsne(x, **SETTINGS)
    assert (first == again).all()
    apart = np.linalg.norm(first[:, None] - first[None], axis=-1)
    np.fill_diagonal(apart, np.inf)
    assert (label[apart.argmin(axis=1)] == label).all()


@pytest.mark.parametrize(("n", "dimensions"), [(20, 1), (8, 2), (6, 13)])
def test_maps_of_few_events_and_of_any_dimension(n: int, dimensions: int) -> None:
    x = np.random.default_rng(1).normal(size=(n, dimensions)).astype(np.float32)
    found = tsne(x, perplexity=30.0, seed=1)
    assert found.shape == (n, 2)
    assert np.isfinite(found).all()


@pytest.mark.parametrize(
    ("regime", "held_out"),
    [
        ("id", set()),
        ("ip:zprime/400", {("zprime", "400")}),
        ("ep:fcnc_top", {("fcnc_top", "c"), ("fcnc_top", "u")}),
    ],
)
def test_points_know_what_was_held_out(regime: str, held_out: set[tuple[str, str]]) -> None:
    latents = made_up_latents(events=3, regime=regime)
    points = tsne_points(latents, per_process=4, **SETTINGS)
    marked = points[points["held_out"] == 1]
    assert set(zip(marked["process"], marked["point"], strict=True)) == held_out
    assert set(points["held_out"]) <= {0, 1}
    assert points["process"].value_counts().loc["zprime"] == 4


def test_the_background_regime_holds_out_every_signal() -> None:
    points = tsne_points(made_up_latents(events=3, regime="background"), per_process=3, **SETTINGS)
    background = points["process"].isin(PROCESSES[:5])
    assert (points["held_out"] == (~background).astype(int)).all()
