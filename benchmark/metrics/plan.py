"""What is to be measured: the working points, and the metrics as functions of what they give."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from benchmark.errors import DataError, complaint
from benchmark.metrics.roc import checked_points

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

Function = Callable[["NDArray[np.float64]"], "NDArray[np.float64]"]


@dataclass(frozen=True)
class Metric:
    """A metric as a monotone function of one estimated number.

    Attributes:
        name: As in the result rows.
        at: Working point; None for the AUC.
        index: Which of the numbers that `estimate` returns.
        function: From that number to the metric; monotone, so that it maps the ends of an
            interval to the ends of an interval. Infinite where the metric is undefined.
    """

    name: str
    at: float | None
    index: int
    function: Function


@dataclass(frozen=True, eq=False)
class Plan:
    """Working points and the metrics made from them.

    Attributes:
        signal: Signal efficiencies at which eps_b is estimated.
        background: Background efficiencies at which eps_s is estimated.
        metrics: The metrics; numbers are in the order AUC, eps_b at each, eps_s at each.
    """

    signal: NDArray[np.float64]
    background: NDArray[np.float64]
    metrics: tuple[Metric, ...]


def make_plan(
    signal_efficiency: float,
    grid: ArrayLike | None = None,
    background_efficiencies: ArrayLike | None = None,
) -> Plan:
    """Return the plan of `evaluate`, whose arguments these are.

    Raises:
        DataError: A working point is outside of (0, 1), or occurs twice.
    """
    main = checked_points(signal_efficiency, "signal efficiency", one=True)
    curve = _distinct(grid, "grid of signal efficiencies", one=True)
    loose = _distinct(background_efficiencies, "background efficiency", one=False)
    at = float(main[0])
    metrics = [
        Metric("auc", None, 0, _same),
        Metric("background_rejection", at, 1, _rejection),
        Metric("significance_improvement", at, 1, _improvement(at)),
    ]
    metrics += [
        Metric("background_efficiency", eps_s, 2 + i, _same)
        for i, eps_s in enumerate(curve.tolist())
    ]
    for i, eps_b in enumerate(loose.tolist(), start=2 + len(curve)):
        metrics += [
            Metric("signal_efficiency", eps_b, i, _same),
            Metric("significance_improvement_at_background", eps_b, i, _scaled(eps_b)),
        ]
    return Plan(np.concatenate([main, curve]), loose, tuple(metrics))


def _distinct(at: ArrayLike | None, name: str, *, one: bool) -> NDArray[np.float64]:
    points = checked_points([] if at is None else at, name, one=one)
    if len(np.unique(points)) != len(points):
        message = complaint(
            "a working point occurs twice",
            where=name,
            found=str(points.tolist()),
            expected="each once",
        )
        raise DataError(message)
    return points


def _same(value: NDArray[np.float64]) -> NDArray[np.float64]:
    return value


def _rejection(eps_b: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.divide(1.0, eps_b, out=np.full_like(eps_b, np.inf), where=eps_b > 0)


def _improvement(eps_s: float) -> Function:
    return lambda eps_b: eps_s * np.sqrt(_rejection(eps_b))


def _scaled(eps_b: float) -> Function:
    return lambda eps_s: eps_s / np.sqrt(eps_b)
