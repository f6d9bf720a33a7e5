"""How well scores tell signal from background: ROC, AUC, working points, uncertainties.

Scores are higher for more anomalous events. Everything is weighted, in float64, exact in ties and
O(n log n). `evaluate` gives every number of a task with its bootstrap uncertainty.
"""

from __future__ import annotations

from benchmark.metrics.evaluation import Evaluation, evaluate
from benchmark.metrics.measurement import (
    MIN_BACKGROUND,
    MIN_REPLICAS,
    MIN_SIGNAL,
    Difference,
    Measurement,
)
from benchmark.metrics.paired import paired_difference
from benchmark.metrics.roc import (
    Roc,
    auc,
    background_efficiency,
    background_rejection,
    roc_curve,
    signal_efficiency,
    significance_improvement,
)

__all__ = [
    "MIN_BACKGROUND",
    "MIN_REPLICAS",
    "MIN_SIGNAL",
    "Difference",
    "Evaluation",
    "Measurement",
    "Roc",
    "auc",
    "background_efficiency",
    "background_rejection",
    "evaluate",
    "paired_difference",
    "roc_curve",
    "signal_efficiency",
    "significance_improvement",
]
