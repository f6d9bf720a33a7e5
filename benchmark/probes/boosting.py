"""Boosted decision trees on few features: xgboost on one thread, always the same."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import xgboost as xgb

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from benchmark.probes.settings import BoostingSettings

_SEED_BITS = 31  # xgboost keeps a signed 32-bit seed


@dataclass(frozen=True, eq=False)
class Table:
    """Features (n, d) with targets (n,) and weights (n,)."""

    values: NDArray[np.float32]
    target: NDArray[Any]
    weight: NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Trees:
    """Trained trees, cut where the validation loss was best.

    Attributes:
        booster: Of xgboost.
        rounds: Rounds of boosting that are used.
    """

    booster: xgb.Booster
    rounds: int

    def predict(self, values: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return the raw predictions of values (n, d): (n,), or (n, k) of k classes."""
        data = xgb.DMatrix(values, nthread=1)
        return np.asarray(
            self.booster.predict(data, output_margin=True, iteration_range=(0, self.rounds))
        )


def boost(
    train: Table,
    validation: Table,
    objective: dict[str, Any],
    *,
    trees: int,
    settings: BoostingSettings,
    seed: int,
) -> Trees:
    """Return trees that learned on `train` until `validation` got no better.

    As `xgboost.train` with early stopping, but for `every`: to look at the loss takes half as
    long as to grow a tree of depth 3.

    Args:
        train: What they learn.
        validation: When they stop.
        objective: xgboost's own settings of the target.
        trees: At most so many rounds.
        settings: All else.
        seed: Of xgboost; nothing is drawn at present, as every event and feature is used.
    """
    learned = _quantised(train)
    held_out = _quantised(validation, learned)
    chosen = {
        "tree_method": "hist",
        "nthread": 1,
        "verbosity": 0,
        "seed": seed % 2**_SEED_BITS,
        "learning_rate": settings.rate,
        "max_depth": settings.depth,
        "min_child_weight": settings.min_weight,
        **objective,
    }
    booster = xgb.Booster(chosen, [learned, held_out])
    best, rounds = math.inf, 0
    for done in range(1, trees + 1):
        booster.update(learned, done - 1)
        if done % settings.every and done < trees:
            continue
        loss = _loss(booster, held_out)
        if not rounds or loss < best:
            best, rounds = loss, done
        elif done - rounds >= settings.patience:
            break
    return Trees(booster, rounds)


def _loss(booster: xgb.Booster, held_out: xgb.QuantileDMatrix) -> float:
    r"""Return the objective's own metric, of text like "[0]\tvalidation-logloss:0.61"."""
    return float(booster.eval_set([(held_out, "validation")]).rpartition(":")[2])


def _quantised(table: Table, like: xgb.QuantileDMatrix | None = None) -> xgb.QuantileDMatrix:
    return xgb.QuantileDMatrix(
        table.values, label=table.target, weight=table.weight, nthread=1, ref=like
    )
