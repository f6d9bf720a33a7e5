"""Boosting stops as xgboost's own early stopping does, and looks less often when told so."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import xgboost as xgb

from benchmark.probes.boosting import Table, boost
from benchmark.probes.settings import BoostingSettings

BINARY = {"objective": "binary:logistic"}
CLASSES = {"objective": "multi:softprob", "num_class": 3}


def tables(classes: int, seed: int = 1) -> tuple[Table, Table]:
    """Little to learn: a hundred rounds would learn the noise."""
    rng = np.random.default_rng(seed)
    made = []
    for n in (600, 400):
        target = rng.integers(classes, size=n)
        values = rng.normal(size=(n, 3)).astype(np.float32)
        values[:, 0] += 0.5 * target
        made.append(Table(values, target, rng.uniform(0.5, 2.0, n)))
    return made[0], made[1]


def slow(train: Table, held_out: Table, objective: dict[str, Any], patience: int) -> xgb.Booster:
    """The loop of the library, with its own early stopping."""
    first = xgb.QuantileDMatrix(train.values, label=train.target, weight=train.weight)
    second = xgb.QuantileDMatrix(
        held_out.values, label=held_out.target, weight=held_out.weight, ref=first
    )
    return xgb.train(
        {
            "tree_method": "hist",
            "nthread": 1,
            "verbosity": 0,
            "seed": 1,
            "learning_rate": 0.2,
            "max_depth": 3,
            "min_child_weight": 2.0,
            **objective,
        },
        first,
        num_boost_round=100,
        evals=[(second, "validation")],
        early_stopping_rounds=patience,
        verbose_eval=False,
    )


def settings(**changes: Any) -> BoostingSettings:
    return BoostingSettings(**{"rate": 0.2, "depth": 3, "min_weight": 2.0, **changes})


@pytest.mark.parametrize("objective", [BINARY, CLASSES])
def test_it_is_xgboost_with_early_stopping(objective: dict[str, Any]) -> None:
    train, held_out = tables(objective.get("num_class", 2))
    made = boost(train, held_out, objective, trees=100, settings=settings(), seed=1)
    own = slow(train, held_out, objective, patience=10)
    assert 1 < made.rounds == own.best_iteration + 1 < 90
    wanted = own.predict(
        xgb.DMatrix(held_out.values), output_margin=True, iteration_range=(0, made.rounds)
    )
    np.testing.assert_array_equal(made.predict(held_out.values), wanted)


def test_looks_every_so_many_rounds() -> None:
    """The rounds that are used are the best of those looked at, the last among them."""
    train, held_out = tables(2)
    found = {
        every: boost(
            train, held_out, BINARY, trees=100, settings=settings(every=every), seed=1
        ).rounds
        for every in (1, 5, 7)
    }
    for every, rounds in found.items():
        assert rounds % every == 0
        assert abs(rounds - found[1]) <= 10 + every, "no further off than it may wait"
    few = boost(train, held_out, BINARY, trees=3, settings=settings(every=5), seed=1)
    assert few.rounds == 3


def test_it_trains_no_further_than_it_may_wait() -> None:
    train, held_out = tables(2)
    made = boost(train, held_out, BINARY, trees=100, settings=settings(every=5), seed=1)
    grown = made.booster.num_boosted_rounds()
    assert made.rounds + 10 <= grown < made.rounds + 10 + 5
