"""Pseudo-data: counts, injections, and that nothing is drawn twice."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from benchmark.errors import DataError
from benchmark.mixing import splitmix64
from benchmark.pseudodata import Pool, draw

COUNTS = {"continuum": 20_000, "ggF": 3_000, "zprime": 1_200}
YIELDS = {"continuum": 1_000.0, "ggF": 50.0}
REGION = (120.0, 130.0)


def pool(seed: int = 1, **changes: Any) -> Pool:
    rng = np.random.default_rng(seed)
    process = np.repeat(list(COUNTS), list(COUNTS.values()))
    n = len(process)
    flat, peak = rng.uniform(105, 160, n), rng.normal(125, 2, n).clip(106, 159)
    held: dict[str, Any] = {
        "event_id": splitmix64(np.arange(n, dtype=np.uint64)),
        "process": process,
        "point": np.where(process == "zprime", np.where(np.arange(n) % 3 == 0, "200", "400"), ""),
        "m_gg": np.where(process == "continuum", flat, peak).astype(np.float32),
        "yields": YIELDS,
        "region": REGION,
    }
    return Pool(**{**held, **changes})


def test_counts_follow_the_cross_sections() -> None:
    """Sums over 100 instances; five standard deviations: a false alarm in a million tests."""
    events = pool()
    drawn = [draw(events, luminosity=8, instance=k) for k in range(100)]
    for process, rate in YIELDS.items():
        total = sum(int((events.process[data.rows] == process).sum()) for data in drawn)
        mean = 100 * 8 * rate
        assert abs(total - mean) < 5 * math.sqrt(mean)
    counts = np.array([len(data.rows) for data in drawn])
    # Poisson: the variance is the mean, here to 5 x sqrt(2 / 99).
    assert counts.var(ddof=1) == pytest.approx(8 * 1050, rel=5 * math.sqrt(2 / 99))


def test_no_event_twice_and_no_other_process() -> None:
    events = pool()
    data = draw(events, luminosity=9, instance="a", signal="zprime", strength=2)
    assert len(np.unique(data.rows)) == len(data.rows)
    assert (np.diff(data.rows) > 0).all()
    np.testing.assert_array_equal(data.is_signal, events.process[data.rows] == "zprime")
    assert not draw(events, luminosity=9, instance="a").is_signal.any()


def test_the_strength_is_that_of_the_signal_region() -> None:
    """Against plain sums; the injected number is whole, so half an event off at most."""
    events = pool()
    inside = ((events.m_gg >= 120) & (events.m_gg < 130)).tolist()
    share = [
        sum(i for i, p in zip(inside, events.process, strict=True) if p == name) / COUNTS[name]
        for name in YIELDS
    ]
    b = 8 * sum(rate * part for rate, part in zip(YIELDS.values(), share, strict=True))
    for strength in (0.25, 1.0, 5.0):
        data = draw(events, luminosity=8, instance=1, signal="zprime", strength=strength)
        assert data.expected_background == pytest.approx(b)
        injected = data.rows[data.is_signal]
        s = int(events.in_region[injected].sum())
        assert abs(s - strength * math.sqrt(b)) <= 0.5
        assert data.strength == pytest.approx(s / math.sqrt(b))


def test_the_tail_in_the_sidebands_comes_with_it() -> None:
    """Its share is the signal's own, to five binomial standard deviations over 50 instances."""
    events = pool()
    rows = np.concatenate(
        [
            data.rows[data.is_signal]
            for k in range(50)
            for data in [draw(events, luminosity=8, instance=k, signal="zprime", strength=5)]
        ]
    )
    own = float(events.in_region[events.process == "zprime"].mean())
    found = float(events.in_region[rows].mean())
    assert own < 0.995
    assert abs(found - own) < 5 * math.sqrt(own * (1 - own) / len(rows))


def test_points_in_equal_parts_or_one_alone() -> None:
    events = pool()
    both = draw(events, luminosity=8, instance=1, signal="zprime", strength=3)
    inside = both.rows[both.is_signal & events.in_region[both.rows]]
    counts = [int((events.point[inside] == point).sum()) for point in ("200", "400")]
    assert abs(counts[0] - counts[1]) <= 1
    one = draw(events, luminosity=8, instance=1, signal="zprime/400", strength=3)
    assert set(events.point[one.rows[one.is_signal]]) == {"400"}


def test_the_background_does_not_depend_on_the_signal() -> None:
    events = pool()
    plain = draw(events, luminosity=8, instance=1)
    loud = draw(events, luminosity=8, instance=1, signal="zprime", strength=4)
    np.testing.assert_array_equal(plain.rows, loud.rows[~loud.is_signal])
    other = draw(events, luminosity=8, instance=2)
    assert set(plain.rows.tolist()) != set(other.rows.tolist())


def test_neither_order_nor_company_matter() -> None:
    events = pool()
    order = np.random.default_rng(3).permutation(len(events.event_id))
    names = ("event_id", "process", "point", "m_gg")
    mixed = pool(**{name: getattr(events, name)[order] for name in names})
    words: dict[str, Any] = {"luminosity": 8, "instance": 1, "signal": "zprime", "strength": 2}
    first, second = draw(events, **words), draw(mixed, **words)
    assert set(events.event_id[first.rows]) == set(mixed.event_id[second.rows])


def test_too_little_simulation_is_said() -> None:
    events = pool()
    assert events.luminosity() == pytest.approx(20)
    data = draw(events, luminosity=140, instance=1)
    assert data.luminosity == pytest.approx(10)
    assert "10/fb in place of 140/fb" in data.note
    whole = draw(events, luminosity=140, instance=1, share=1.0)
    assert len(np.unique(whole.rows)) == len(whole.rows)
    assert draw(events, luminosity=10, instance=1).note == ""


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ({"luminosity": 0}, "bad luminosity"),
        ({"luminosity": math.inf}, "bad luminosity"),
        ({"strength": -1, "signal": "zprime"}, "bad strength"),
        ({"share": 1.5}, "bad share"),
        ({"strength": 1}, "a strength of no signal"),
        ({"strength": 1, "signal": "top"}, "no such signal; found 'top'; expected zprime"),
        ({"strength": 1, "signal": "ggF"}, "no such signal"),
        ({"strength": 1, "signal": "zprime/450"}, "no such signal"),
        ({"strength": 100, "signal": "zprime"}, "point '200': more signal events needed"),
    ],
)
def test_bad_words(words: dict[str, Any], message: str) -> None:
    with pytest.raises(DataError, match=message):
        draw(pool(), **{"luminosity": 8, "instance": 1, **words})


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"region": (90.0, 130.0)}, "signal region must lie inside"),
        ({"region": (130.0, 120.0)}, "signal region must lie inside"),
        ({"yields": {}}, "no yields at all"),
        ({"yields": {"continuum": 1.0, "ttH": 1.0}}, "no event of a process with a yield.*ttH"),
    ],
)
def test_bad_pools(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(DataError, match=message):
        pool(**changes)
