"""Trees that never score an event that they learned from: what the honesty checks measure with."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from benchmark.probes.boosting import Table, boost
from benchmark.probes.settings import BoostingSettings
from benchmark.seeds import seed_for
from benchmark.splits import uniform

if TYPE_CHECKING:
    from numpy.typing import NDArray

FOLDS = 2
TREES = 100
# Fewer and flatter trees than the probes have: in release v1 what they find differs by less than
# its error, in half the time.
_SETTINGS = BoostingSettings(rate=0.3, depth=4)
_STOPPING = 0.2  # of the events learned from that tell when to stop
_SALT = "submissions/fold"


def cross_fitted(
    event_id: NDArray[np.uint64],
    values: NDArray[np.float32],
    target: NDArray[Any],
    weight: NDArray[np.float64],
    objective: dict[str, Any],
) -> NDArray[np.float32]:
    """Return raw predictions (n,) or (n, k): each event's by trees that it had no part in.

    Folds are functions of the ids, and the trees have a seed of their own: the same events
    always give the same.

    Args:
        event_id: (n,).
        values: (n, d).
        target: (n,).
        weight: (n,).
        objective: xgboost's settings of the target.
    """
    fold = (uniform(event_id, _SALT) * FOLDS).astype(np.intp)
    stopping = uniform(event_id, f"{_SALT}/stopping") < _STOPPING
    found: NDArray[np.float32] | None = None
    for k in range(FOLDS):
        train, validation = (
            Table(values[rows], target[rows], weight[rows])
            for rows in ((fold != k) & ~stopping, (fold != k) & stopping)
        )
        trees = boost(
            train,
            validation,
            objective,
            trees=TREES,
            settings=_SETTINGS,
            seed=seed_for("submissions", "honesty"),
        )
        predicted = trees.predict(values[fold == k])
        if found is None:
            found = np.empty((len(values), *predicted.shape[1:]), dtype=np.float32)
        found[fold == k] = predicted
    return np.asarray(found)
