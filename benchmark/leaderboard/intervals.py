"""Intervals of means, geometric means and ranks, from replicas.

The model. A replica of an entry's cell is the mean over repetitions drawn again, times the
exponential of a Gaussian with the relative error of its test events:

- Repetitions: k - 1 of k are drawn with replacement, so that the variance of the drawn mean is the
  unbiased one, s^2 / k [Rao and Wu 1988, doi:10.1080/01621459.1988.10478591]; one repetition
  alone tells nothing of their spread, and its interval is of test events only. A draw holds for
  all signals of an entry. Where repetition k is the same data for all entries (the instances of
  diphoton) it holds for all entries with the same repetitions too, so that a lucky instance lifts
  them together.
- Test events: repetitions share them, so that the relative error is the mean one and does not fall
  with their number. Between entries it is drawn independently, which ignores that they are
  measured on the same events; that is on the safe side. Between signals it is independent where
  the signal's own events dominate (diphoton), and one and the same where the common background
  does (CMS-ADC), again on the safe side.
- It is multiplicative (the error of a logarithm), as a geometric mean needs: a replica cannot get
  negative. A measured zero stays zero.

An entry's replicas hang on its own rows alone, and on no other entry or order.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from benchmark.seeds import rng_for

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from benchmark.leaderboard.cells import Repetition, Samples
    from benchmark.leaderboard.rules import Rule

REPLICAS = 10_000
LEVELS = (0.15865525393145707, 0.8413447460685429)
"""Ends of the 68 % interval: one Gaussian standard deviation to both sides."""


def replicas_of(
    rule: Rule,
    name: str,
    cells: Sequence[Samples],
    repetitions: Sequence[Repetition],
    *,
    replicas: int = REPLICAS,
) -> NDArray[np.float64]:
    """Return replicas of an entry's cells (replicas, signals).

    Args:
        rule: Of the task.
        name: Of the entry.
        cells: One a signal, each with all repetitions.
        repetitions: Their names.
        replicas: How many.
    """
    values = np.stack([cell.values for cell in cells], axis=1)
    weights = _weights(rule, name, repetitions, replicas)
    means = weights @ values
    rng = rng_for("leaderboard", rule.task, "test events", name)
    z = rng.standard_normal((replicas, 1 if rule.shared_signals else len(cells)))
    down, up = np.array([cell.relative() for cell in cells]).T
    return np.asarray(means * np.exp(z * np.where(z < 0, down, up)))


def _weights(
    rule: Rule, name: str, repetitions: Sequence[Repetition], replicas: int
) -> NDArray[np.float64]:
    """Return weights (replicas, repetitions) that sum to one."""
    k = len(repetitions)
    if k == 1:
        return np.ones((replicas, 1))
    labels = [number for pair in repetitions for number in pair]
    whose = () if rule.shared_repetitions else (name,)
    rng = rng_for("leaderboard", rule.task, "repetitions", *whose, *labels)
    return np.asarray(rng.multinomial(k - 1, [1 / k] * k, size=replicas) / (k - 1))


def geometric_mean(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the geometric mean over the last axis; zero where any value is.

    Example:
        >>> geometric_mean(np.array([[1.0, 4.0], [0.0, 4.0]])).tolist()
        [2.0, 0.0]
    """
    return np.asarray(np.prod(values ** (1 / values.shape[-1]), axis=-1))


def interval(replicas: NDArray[np.float64], value: float) -> tuple[float, float]:
    """Return the 68 % interval of replicas (n,); it holds the measured value."""
    low, high = np.quantile(replicas, LEVELS)
    return min(float(low), value), max(float(high), value)


def ranks(values: NDArray[np.float64]) -> NDArray[np.int64]:
    """Return ranks over the first axis, from 1, the largest first; equal values share the better.

    Args:
        values: (entries, ...).

    Example:
        >>> ranks(np.array([2.0, 5.0, 2.0])).tolist()
        [2, 1, 2]
    """
    above = [(values > one).sum(axis=0) for one in values]  # entries are few
    return np.asarray(np.stack(above) + 1, dtype=np.int64)


def rank_interval(replicas: NDArray[np.int64], rank: int) -> tuple[int, int]:
    """Return the 68 % interval of an entry's rank over replicas (n,); it holds its rank."""
    low, high = np.quantile(replicas, LEVELS, method="inverted_cdf")
    return min(int(low), rank), max(int(high), rank)
