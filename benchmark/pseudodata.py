"""Pseudo-data: what an experiment might record, drawn from simulated events, signal and all.

Standard Model events are drawn by their expected counts at a luminosity, each at most once;
signal events are added at a strength, S / sqrt(B) in the signal region. Everything drawn is a
function of the events' ids and the names of the instance, never of their order.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from benchmark.errors import DataError, complaint
from benchmark.seeds import rng_for
from benchmark.splits import uniform

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray


@dataclass(frozen=True, eq=False, kw_only=True)
class Pool:
    """The simulated events that pseudo-data are drawn from.

    Attributes:
        event_id: uint64 (n,); unique.
        process: str (n,).
        point: str (n,); mass point.
        m_gg: float32 (n,), GeV; in the window.
        yields: Expected events of each Standard Model process in the window, for 1/fb.
        region: Edges of the signal region in m_gg, GeV.

    Raises:
        DataError: The region is not inside the masses, or a process with a yield has no event.
    """

    event_id: NDArray[np.uint64]
    process: NDArray[np.str_]
    point: NDArray[np.str_]
    m_gg: NDArray[np.float32]
    yields: Mapping[str, float]
    region: tuple[float, float]

    def __post_init__(self) -> None:
        """Look at what could not be drawn."""
        lo, hi = self.region
        if not (len(self.m_gg) and self.m_gg.min() < lo < hi < self.m_gg.max()):
            message = complaint(
                "the signal region must lie inside the masses, with a sideband on both sides",
                found=f"{lo:g} to {hi:g} GeV, {len(self.m_gg)} events",
                expected="edges inside the window of the selection",
            )
            raise DataError(message)
        missing = [name for name in self.yields if not (self.process == name).any()]
        if missing or not self.yields:
            message = complaint(
                "no event of a process with a yield",
                found=", ".join(missing) or "no yields at all",
                remedy="Give events of every Standard Model process.",
            )
            raise DataError(message)

    @property
    def in_region(self) -> NDArray[np.bool_]:
        """Which events are in the signal region."""
        lo, hi = self.region
        return (self.m_gg >= lo) & (self.m_gg < hi)

    def luminosity(self) -> float:
        """Return the luminosity, 1/fb, that the rarest simulated process stands for."""
        return min(int((self.process == p).sum()) / rate for p, rate in self.yields.items())

    def expected(self, luminosity: float) -> float:
        """Return the expected Standard Model events in the signal region, B."""
        inside = self.in_region
        share = {p: float(inside[self.process == p].mean()) for p in self.yields}
        return luminosity * sum(rate * share[p] for p, rate in self.yields.items())

    def signal(self, name: str) -> NDArray[np.bool_]:
        """Return which events are of a signal, "process" or "process/point".

        Raises:
            DataError: There is none.
        """
        process, _, point = name.partition("/")
        chosen: NDArray[np.bool_] = self.process == process
        if point:
            chosen &= self.point == point
        if process in self.yields or not chosen.any():
            known = sorted(set(self.process.tolist()) - set(self.yields))
            message = complaint("no such signal", found=repr(name), expected=", ".join(known))
            raise DataError(message)
        return chosen


@dataclass(frozen=True, eq=False, kw_only=True)
class PseudoData:
    """One instance of the data.

    Attributes:
        rows: Rows of the pool, rising.
        is_signal: Which of them are injected.
        luminosity: That it stands for, 1/fb.
        expected_background: Expected Standard Model events in the signal region, B.
        strength: S / sqrt(B) in the signal region, of the injected events exactly.
        note: Why the luminosity is not the one asked for; "" if it is.
    """

    rows: NDArray[np.intp]
    is_signal: NDArray[np.bool_]
    luminosity: float
    expected_background: float
    strength: float
    note: str = ""


def draw(
    pool: Pool,
    *,
    luminosity: float,
    instance: str | int,
    signal: str = "",
    strength: float = 0.0,
    share: float = 0.5,
) -> PseudoData:
    """Draw one instance of the data.

    Counts of Standard Model processes are Poisson numbers around their expectations; which events
    these are depends on the instance and not on the signal, so that with and without signal the
    background is the same. The number of signal events is that of the strength, rounded in the
    signal region; its tail in the sidebands comes with it. A signal given without a mass point is
    drawn from its points in equal parts.

    Args:
        pool: What is drawn from.
        luminosity: Asked for, 1/fb.
        instance: Name of the instance.
        signal: "process" or "process/point"; "" for none.
        strength: S / sqrt(B) in the signal region.
        share: Of the pool's own luminosity that is used at most: with all of it, every instance
            would be the same events.

    Raises:
        DataError: A number out of range, or more signal events needed than there are.
    """
    _check(luminosity, strength, share, signal)
    limit = share * pool.luminosity()
    used = min(luminosity, limit)
    note = ""
    if used < luminosity:
        note = (
            f"{used:.3g}/fb in place of {luminosity:g}/fb: the simulated events stand for "
            f"{pool.luminosity():.3g}/fb, of which an instance takes {share:g}, each event once"
        )
    background = _background(pool, used, instance)
    expected = pool.expected(used)
    injected = np.zeros(0, dtype=np.intp)
    if strength:
        injected = _signal(pool, signal, strength * math.sqrt(expected), instance)
    rows = np.concatenate((background, injected))
    order = np.argsort(rows)
    inside = int(pool.in_region[injected].sum())
    return PseudoData(
        rows=rows[order],
        is_signal=np.isin(rows[order], injected),
        luminosity=used,
        expected_background=expected,
        strength=inside / math.sqrt(expected),
        note=note,
    )


def _background(pool: Pool, luminosity: float, instance: str | int) -> NDArray[np.intp]:
    found = []
    for process, rate in sorted(pool.yields.items()):
        rng = rng_for("pseudo-data", instance, process)
        rows = np.flatnonzero(pool.process == process)
        count = min(int(rng.poisson(rate * luminosity)), len(rows))
        found.append(_first(pool, rows, count, f"pseudo-data/{instance}/{process}"))
    return np.concatenate(found)


def _signal(pool: Pool, name: str, wanted: float, instance: str | int) -> NDArray[np.intp]:
    """Return rows of signal with `wanted` of them in the signal region, and their tail."""
    chosen = pool.signal(name)
    points = np.unique(pool.point[chosen]).tolist()
    inside = pool.in_region
    found = []
    for k, point in enumerate(points):
        # The odd ones go to the first points: the sum is the rounded number.
        count = (round(wanted) + len(points) - 1 - k) // len(points)
        rows = np.flatnonzero(chosen & (pool.point == point))
        order = _order(pool, rows, f"pseudo-data/{instance}/{name}/{point}")
        reached = np.flatnonzero(np.cumsum(inside[rows[order]]) >= count)
        if count and not len(reached):
            message = complaint(
                "more signal events needed than there are",
                where=f"{name}, point {point!r}",
                found=f"{int(inside[rows].sum())} in the signal region",
                expected=f"{count}",
                remedy="Simulate more of it, or ask for a smaller strength or luminosity.",
            )
            raise DataError(message)
        found.append(rows[order[: reached[0] + 1]] if count else rows[:0])
    return np.concatenate(found)


def _first(pool: Pool, rows: NDArray[np.intp], count: int, salt: str) -> NDArray[np.intp]:
    return rows[_order(pool, rows, salt)[:count]]


def _order(pool: Pool, rows: NDArray[np.intp], salt: str) -> NDArray[np.intp]:
    """Return the order of rows by a hash of their ids."""
    return np.argsort(uniform(pool.event_id[rows], salt))


def _check(luminosity: float, strength: float, share: float, signal: str) -> None:
    numbers = {"luminosity": luminosity > 0, "strength": strength >= 0, "share": 0 < share <= 1}
    values = {"luminosity": luminosity, "strength": strength, "share": share}
    for name, good in numbers.items():
        if not (good and math.isfinite(values[name])):
            message = complaint(
                f"bad {name}",
                found=repr(values[name]),
                expected={"share": "above 0, at most 1"}.get(name, "a positive number"),
            )
            raise DataError(message)
    if strength and not signal:
        raise DataError(complaint("a strength of no signal", expected="the name of a signal"))
