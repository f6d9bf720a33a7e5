"""What the stages of a profile took, as the report shows it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from reproduce.times import StageTime, read_times

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

_SHORT = 30.0  # seconds: shorter stages share a line
_GIGABYTE, _MINUTE = 1e9, 60.0


@dataclass(frozen=True, kw_only=True)
class Spent:
    """A line of the table, in words; "-" where nobody measured."""

    stage: str
    time: str
    cpu: str
    memory: str
    commit: str


def spent(folder: Path) -> list[Spent]:
    """Return what each long stage took, all short ones together, and all; none without times.

    Args:
        folder: Of the profile's results.

    Raises:
        DataError: The file is not one of times.
    """
    times = read_times(folder)
    if not times:
        return []
    long = {name: took for name, took in times.items() if took.seconds >= _SHORT}
    short = [took for name, took in times.items() if name not in long]
    lines = [_line(name, [took]) for name, took in long.items()]
    if short:
        lines.append(_line(f"{len(short)} shorter stages", short))
    return [*lines, _line("all", list(times.values()))]


def said(folder: Path) -> str:
    """Return on what it ran, and what the numbers hold; empty without times."""
    times = read_times(folder)
    reused = [name for name, took in times.items() if took.reused]
    where = "; ".join(sorted({took.where() for took in times.values()}))
    held = f"Measured on {where}. " if where else ""
    if reused:
        held += f"Found finished work, and would else have taken longer: {', '.join(reused)}. "
    return f"{held}Memory: the most at one time, of the command and its processes." if held else ""


def _line(name: str, held: Sequence[StageTime]) -> Spent:
    cpu = [took.cpu_seconds for took in held if took.cpu_seconds is not None]
    memory = [took.memory for took in held if took.memory is not None]
    return Spent(
        stage=name + (" (part)" if any(took.reused for took in held) else ""),
        time=_minutes(sum(took.seconds for took in held)),
        cpu=_minutes(sum(cpu)) if cpu else "-",
        memory=f"{max(memory) / _GIGABYTE:.1f} GB" if memory else "-",
        commit=", ".join(sorted({took.commit for took in held if took.commit})) or "-",
    )


def _minutes(seconds: float) -> str:
    """Return a time to a tenth of a minute.

    Example:
        >>> _minutes(90.0)
        '1.5 min'
    """
    return f"{seconds / _MINUTE:.1f} min"
