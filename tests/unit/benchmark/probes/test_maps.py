"""Maps and histograms: which events, the same each time, and the right weights."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from benchmark.probes.maps import TAIL, Histogram, chosen, histograms, tsne, tsne_points
from tests.latents import PROCESSES, made_up_latents

if TYPE_CHECKING:
    from benchmark.latents import Latents

REGION = (120.0, 130.0)
YIELDS = {"continuum": 100.0, "ggF": 8.0, "VBF": 2.0, "VH": 1.0, "ttH": 0.5}
ROUNDING = 1e-9
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


def test_a_histogram_is_a_slow_count() -> None:
    rng = np.random.default_rng(1)
    x, weight, edges = rng.normal(size=100), rng.random(100), np.linspace(-1, 1, 6)
    found = Histogram.of(x, weight, edges)
    for k in range(5):
        inside = [w for v, w in zip(x, weight, strict=True) if edges[k] <= v < edges[k + 1]]
        assert found.events[k] == len(inside)
        scale = weight.sum() * 0.4
        assert found.density[k] == pytest.approx(sum(inside) / scale, rel=ROUNDING)
        error = np.sqrt(sum(w * w for w in inside)) / scale
        assert found.error[k] == pytest.approx(error, rel=ROUNDING)
    empty = Histogram.of(np.array([]), np.array([]), edges)
    assert (empty.density == 0).all()
    assert (empty.events == 0).all()


def test_histograms_of_the_signal_region() -> None:
    latents = made_up_latents(events=60)
    found = histograms(latents, yields=YIELDS, region=REGION, bins=8)
    assert set(found["process"]) == {*PROCESSES, "background"}
    assert set(found["dimension"]) == {1, 2, 3}
    assert len(found) == 14 * 3 * 8
    in_region = (latents.part == "test") & (latents.m_gg >= 120) & (latents.m_gg < 130)
    for (process, _), bars in found.groupby(["process", "dimension"]):
        width = (bars["high"] - bars["low"]).to_numpy()
        area = float(bars["density"].to_numpy() @ width)
        # Quantiles are of a process by itself: at most both tails, and an event at either end.
        assert 1 - 2 * TAIL - 2 / 20 < area <= 1 + ROUNDING
        n = (in_region & (latents.process == str(process))).sum()
        if process != "background":
            assert n - 2 <= bars["events"].sum() <= n


def test_the_background_is_mixed_by_expected_events() -> None:
    """The density of the mixture is the yield in the region times the density of each process."""
    latents = made_up_latents(events=60)
    fewer = (latents.process == "ggF") & (np.arange(len(latents)) % 3 > 0)
    latents = latents.select(~fewer)  # how many were made of a process says nothing
    found = histograms(latents, yields=YIELDS, region=REGION, bins=8)
    density = {name: bars["density"].to_numpy() for name, bars in found.groupby("process")}
    test = latents.select(latents.part == "test")
    wanted, total = np.zeros(24), 0.0
    for process, rate in YIELDS.items():
        mass = test.m_gg[test.process == process]
        share = float(((mass >= 120) & (mass < 130)).mean())
        wanted += rate * share * density[process]
        total += rate * share
    np.testing.assert_allclose(density["background"], wanted / total, rtol=1e-6)


def test_without_yields_there_is_no_mixture() -> None:
    found = histograms(made_up_latents(events=12), yields={}, region=REGION, bins=4)
    assert set(found["process"]) == set(PROCESSES)


def test_a_constant_dimension_and_an_empty_region() -> None:
    latents = made_up_latents(events=12)
    latents.values[:, 1] = 3.0
    found = histograms(latents, yields=YIELDS, region=REGION, bins=4)
    bars = found[(found["dimension"] == 2) & (found["process"] == "zprime")]
    assert (bars["low"].iloc[0], bars["high"].iloc[-1]) == (2.5, 3.5)
    nothing = histograms(latents, yields=YIELDS, region=(500.0, 600.0), bins=4)
    assert (nothing["density"] == 0).all()
