"""Histograms and means against plain loops; the panels of a page."""

from __future__ import annotations

import math

import numpy as np
import pytest

from benchmark.cards import load_card
from benchmark.describe.panels import in_order, panels
from benchmark.describe.quantities import Quantity, quantities
from benchmark.describe.tally import Tally, tally
from benchmark.events import EventTable
from benchmark.schema import CMS_ADC, DIPHOTON, EventSchema
from tests.tables import random_table

BOTH = pytest.mark.parametrize("schema", [DIPHOTON, CMS_ADC], ids=lambda s: s.name)


def slow(table: EventTable, quantity: Quantity, key: tuple[str, str]) -> tuple[float, list[float]]:
    """Weighted mean, and sum of weights of each bin, event by event."""
    sums, total, weighted = [0.0] * (len(quantity.edges) - 1), 0.0, 0.0
    for k, value in enumerate(quantity.read(table).tolist()):
        if (table.process[k], table.point[k]) != key or math.isnan(value):
            continue
        weight = float(table.weight[k])
        inner = quantity.edges[1:-1]
        sums[sum(value >= edge for edge in inner)] += weight
        total += weight
        weighted += weight * value
    return (weighted / total if total else math.nan), sums


@BOTH
def test_tally_agrees_with_a_loop(schema: EventSchema) -> None:
    table = random_table(schema, 300, seed=3)
    parts = [table.select(slice(k, k + 70)) for k in range(0, 300, 70)]
    found = tally(schema, parts)
    assert sum(held.events for held in found.values()) == 300
    for key, held in found.items():
        for quantity in quantities(schema):
            mean, sums = slow(table, quantity, key)
            histogram = held.histograms[quantity.name]
            np.testing.assert_allclose(histogram.sum_w, sums, rtol=1e-12, atol=1e-12)
            np.testing.assert_allclose(histogram.mean()[0], mean, rtol=1e-10)


def test_error_of_the_mean_is_the_plain_one_for_equal_weights() -> None:
    table = random_table(CMS_ADC, 400, seed=1)
    table = EventTable(
        **{
            **vars(table),
            "weight": np.ones(400, np.float32),
            "process": np.full(400, "w"),
            "point": np.full(400, ""),
        }
    )
    held = tally(CMS_ADC, [table])["w", ""].histograms["met_pt"]
    x = table.objects[:, 0, 0].astype(np.float64)
    assert held.mean() == pytest.approx((x.mean(), x.std() / 20))


def test_density_has_unit_area() -> None:
    held = tally(DIPHOTON, [random_table(DIPHOTON, 200)])
    (m_gg,) = (q for q in quantities(DIPHOTON) if q.name == "m_gg")
    for one in held.values():
        values, error = one.histograms["m_gg"].density(m_gg.edges)
        assert (values * np.diff(m_gg.edges)).sum() == pytest.approx(1)
        assert (error >= 0).all()


@BOTH
def test_quantities_have_names_of_their_own_and_rising_edges(schema: EventSchema) -> None:
    known = quantities(schema)
    assert len({q.name for q in known}) == len(known)
    assert all((np.diff(q.edges) > 0).all() for q in known)


def test_panels_keep_the_standard_model_apart() -> None:
    card = load_card("diphoton")
    keys = [(p.name, q.name) for p in card.processes for q in p.points]
    shown = panels({key: Tally() for key in [*keys, ("mine", "")]}, card)
    assert [key[0] for key, _ in shown[0].lines] == ["continuum", "ggF", "VBF", "VH", "ttH"]
    assert len(shown) == 1 + 8 + 1  # a panel for each signal, one for what the card does not hold
    drawn = [key for panel in shown for key, _ in panel.lines]
    assert sorted(drawn) == sorted([*keys, ("mine", "")])


def test_signals_of_one_point_share_a_panel() -> None:
    card = load_card("cms_adc")
    keys = {(p.name, ""): Tally() for p in card.processes}
    assert [panel.title for panel in panels(keys, card)] == ["Standard Model", "Signals"]
    assert in_order(keys, card)[0] == ("w", "")
