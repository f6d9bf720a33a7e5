"""Small plots as data: every coordinate of an SVG, none of its text."""

from __future__ import annotations

import itertools
import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from benchmark.leaderboard import Cell, Curve, Entry, TaskBoard, Yardline

WIDTH, HEIGHT = 170.0, 128.0  # about what a telephone has for one of two: letters keep their size
LEFT, RIGHT, TOP, BOTTOM = 24.0, 6.0, 8.0, 28.0
ROW, LABELS, DOTS, HEAD, FOOT = 22.0, 150.0, 340.0, 6.0, 34.0
_LETTER, _SIGN, _FIRST = 6.0, 24.0, 86.0  # of the legend: widths, and where the yardsticks begin
_NICE = (1.0, 2.0, 2.5, 5.0, 10.0)


@dataclass(frozen=True, kw_only=True)
class Mark:
    """A point with its error bar, in units of the picture.

    Attributes:
        x: From the left.
        y: From the top.
        low: End of the error bar: lower (curves) or left (dots).
        high: The other end.
        says: In words.
    """

    x: float
    y: float
    low: float
    high: float
    says: str


@dataclass(frozen=True, kw_only=True)
class Panel:
    """A curve over strengths.

    Attributes:
        signal: Name.
        regime: Of its cells.
        marks: Points with their error bars.
        lines: Polylines through neighbours that are both there: "x,y x,y".
        blanks: Where a point is missing: x and the reason.
        xticks: Place and label.
        yticks: Place and label.
        one: Height of the value 1: nothing gained.
    """

    signal: str
    regime: str
    marks: tuple[Mark, ...]
    lines: tuple[str, ...]
    blanks: tuple[tuple[float, str], ...]
    xticks: tuple[tuple[float, str], ...]
    yticks: tuple[tuple[float, str], ...]
    one: float


@dataclass(frozen=True, kw_only=True)
class Dots:
    """All signals of an entry beside the yardsticks.

    Attributes:
        height: Of the picture.
        rows: Name, height, the entry's mark or None, and the yardsticks': x, y and words.
        xticks: Place and label.
        one: Place of the value 1.
        legend: Yardsticks that are shown, and where each stands in the legend.
    """

    height: float
    rows: tuple[tuple[str, float, Mark | None, tuple[tuple[float, str, str], ...]], ...]
    xticks: tuple[tuple[float, str], ...]
    one: float
    legend: tuple[tuple[str, float], ...]


def ceiling(value: float) -> float:
    """Return the next round number from 1 on: 1, 2, 2.5 or 5 times a power of ten.

    Example:
        >>> ceiling(0.2), ceiling(9.9), ceiling(10.2), ceiling(230.0)
        (1.0, 10.0, 20.0, 250.0)
    """
    value = max(value, 1.0)
    power = 10.0 ** math.floor(math.log10(value))
    return next(nice * power for nice in _NICE if nice * power >= value * (1 - 1e-9))


def top_of(task: TaskBoard) -> float:
    """Return the upper end of all axes of a task: entries can be compared by eye."""
    cells = [cell for e in task.entries for curve in e.curves for cell in curve.cells]
    cells += [cell for entry in task.entries for cell in entry.standing.cells]
    for line in task.yardsticks:
        cells += line.standing.cells if line.standing else ()
    highs = [cell.high for cell in cells if cell.high is not None]
    # A little beyond the axis an error bar may go; a whole empty half would be worse.
    return ceiling(max(highs, default=1.0) / 1.05)


def curve_panels(entry: Entry, top: float) -> list[Panel]:
    """Return a panel a signal, all with the same axes."""
    regimes = {cell.signal: cell.regime for cell in entry.standing.cells}
    reach = max((s for curve in entry.curves for s in curve.strengths), default=1.0)
    return [_panel(curve, regimes.get(curve.signal, ""), top, reach) for curve in entry.curves]


def _panel(curve: Curve, regime: str, top: float, reach: float) -> Panel:
    def x(strength: float) -> float:
        return round(LEFT + strength / reach * (WIDTH - LEFT - RIGHT), 1)

    def y(value: float) -> float:
        clipped = min(max(value, 0.0), top * 1.05)
        return round(HEIGHT - BOTTOM - clipped / top * (HEIGHT - BOTTOM - TOP), 1)

    marks: list[Mark] = []
    blanks: list[tuple[float, str]] = []
    runs: list[list[str]] = [[]]
    for strength, cell in zip(curve.strengths, curve.cells, strict=True):
        if cell.value is None or cell.low is None or cell.high is None:
            blanks.append((x(strength), f"S/sqrt(B) = {strength:g}: {cell.reason}"))
            runs.append([])
            continue
        says = f"S/sqrt(B) = {strength:g}: {cell.value:.3g} ({cell.low:.3g} to {cell.high:.3g})"
        marks.append(
            Mark(x=x(strength), y=y(cell.value), low=y(cell.low), high=y(cell.high), says=says)
        )
        runs[-1].append(f"{x(strength)},{y(cell.value)}")
    step = 1 if reach <= 6 else math.ceil(reach / 5)
    return Panel(
        signal=curve.signal,
        regime=regime,
        marks=tuple(marks),
        lines=tuple(" ".join(run) for run in runs if len(run) > 1),
        blanks=tuple(blanks),
        xticks=tuple((x(k), f"{k:g}") for k in range(0, math.floor(reach) + 1, step)),
        yticks=tuple((y(value), f"{value:g}") for value in (0.0, top / 2, top)),
        one=y(1.0),
    )


def dots(entry: Entry, task: TaskBoard, top: float) -> Dots:
    """Return the entry's cells beside the yardsticks."""

    def x(value: float) -> float:
        clipped = min(max(value, 0.0), top * 1.05)
        return round(LABELS + clipped / top * (DOTS - LABELS - 2 * RIGHT), 1)

    lines = [line for line in task.yardsticks if line.standing is not None]
    rows = []
    for k, cell in enumerate(entry.standing.cells):
        y = HEAD + ROW * (k + 0.5)
        others = tuple(_others(lines, k, entry, x))
        rows.append((cell.signal, y, _dot(cell, y, x), others))
    kinds = dict.fromkeys(kind for *_, others in rows for _, kind, _ in others)
    starts = itertools.accumulate((_LETTER * len(kind) + _SIGN for kind in kinds), initial=_FIRST)
    return Dots(
        height=HEAD + ROW * len(rows) + FOOT,
        rows=tuple(rows),
        xticks=tuple((x(value), f"{value:g}") for value in (0.0, top / 2, top)),
        one=x(1.0),
        legend=tuple(zip(kinds, starts, strict=False)),
    )


def _dot(cell: Cell, y: float, x: Callable[[float], float]) -> Mark | None:
    if cell.value is None or cell.low is None or cell.high is None:
        return None
    says = f"{cell.signal}: {cell.value:.3g} ({cell.low:.3g} to {cell.high:.3g})"
    return Mark(x=x(cell.value), y=y, low=x(cell.low), high=x(cell.high), says=says)


def _others(
    lines: Sequence[Yardline], k: int, entry: Entry, x: Callable[[float], float]
) -> Iterator[tuple[float, str, str]]:
    for line in lines:
        cell = line.standing.cells[k] if line.standing else None
        own = line.entry == entry.name and entry.yardstick
        if cell is None or cell.value is None or own:
            continue
        if line.kind in ("idealised", "supervised") and line.entry not in (entry.name, line.kind):
            continue  # of another entry's latents
        says = f"{line.kind} ({line.entry}): {cell.value:.3g}"
        yield x(cell.value), line.kind, says
