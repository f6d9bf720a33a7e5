"""The board as data."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

    from benchmark.leaderboard.cells import Cell


@dataclass(frozen=True, kw_only=True)
class Standing:
    """The primary number of an entry or a yardstick.

    Attributes:
        value: Geometric mean over the signals; None where a cell is blank.
        low: Lower end of the 68 % interval.
        high: Upper end.
        cells: One a signal, in the order of the task.
        reason: Why there is no value; empty where there is one.
    """

    value: float | None
    low: float | None
    high: float | None
    cells: tuple[Cell, ...]
    reason: str = ""


@dataclass(frozen=True, kw_only=True)
class Place:
    """Where an entry stands.

    Attributes:
        rank: From 1; entries of equal value share one.
        low: Best rank of the 68 % interval.
        high: Worst rank.
        tied_above: The intervals of this entry and of the one above it overlap.
        tied_below: And of the one below it.
    """

    rank: int
    low: int
    high: int
    tied_above: bool
    tied_below: bool

    @property
    def tied(self) -> bool:
        """Whether a neighbour cannot be told apart from it."""
        return self.tied_above or self.tied_below


@dataclass(frozen=True, kw_only=True)
class Curve:
    """The primary metric of a signal against the strength of its injection.

    Attributes:
        signal: Name.
        strengths: S / sqrt(B), rising.
        cells: One a strength.
    """

    signal: str
    strengths: tuple[float, ...]
    cells: tuple[Cell, ...]


@dataclass(frozen=True, kw_only=True)
class Entry:
    """A submission on the board.

    Attributes:
        name: Unique in its task.
        standing: Its primary number.
        place: None where it is not ranked: a yardstick, or a cell is blank.
        yardstick: Whether it is one.
        status: Where its latents come from.
        dimensions: Of the latents.
        regimes: Of its cells, in the order of the signals, each once.
        flags: (code, message) of what readers should know.
        beside: Further numbers: label, and a cell a signal.
        diagnostics: Numbers of the whole entry, by label.
        curves: One a signal; empty where the task has none.
        submission: What it says of itself; texts of strangers.
        submission_digest: Of its folder.
        commit: Of the code that scored it.
        environment: Of the machine that scored it.
        rows_digest: Of its result rows.
    """

    name: str
    standing: Standing
    place: Place | None
    yardstick: bool
    status: str
    dimensions: int
    regimes: tuple[str, ...]
    flags: tuple[tuple[str, str], ...]
    beside: Mapping[str, tuple[Cell, ...]]
    diagnostics: Mapping[str, Cell]
    curves: tuple[Curve, ...]
    submission: Mapping[str, Any]
    submission_digest: str
    commit: str
    environment: Mapping[str, str]
    rows_digest: str


@dataclass(frozen=True, kw_only=True)
class Yardline:
    """A yardstick on the board.

    Attributes:
        kind: "random", "raw", "supervised" or "idealised".
        words: What it is.
        entry: Name of the entry whose rows it is; empty where there is none.
        standing: None where no result file holds it.
        reason: Why it is missing.
    """

    kind: str
    words: str
    entry: str = ""
    standing: Standing | None = None
    reason: str = ""


@dataclass(frozen=True, kw_only=True)
class TaskBoard:
    """The board of a task.

    Attributes:
        task: Name.
        title: In words.
        task_digest: Of its specification.
        release: Name and digest of the events.
        label: Short name of the primary metric.
        words: The primary metric in words.
        repetition: What is repeated.
        signals: In the order of the task.
        entries: Ranked ones from the best, unranked ones, yardsticks.
        yardsticks: What the entries are held against.
    """

    task: str
    title: str
    task_digest: str
    release: str
    label: str
    words: str
    repetition: str
    signals: tuple[str, ...]
    entries: tuple[Entry, ...]
    yardsticks: tuple[Yardline, ...]

    @property
    def ranked(self) -> tuple[Entry, ...]:
        """Entries with a rank, from the best."""
        return tuple(entry for entry in self.entries if entry.place is not None)

    @property
    def unranked(self) -> tuple[Entry, ...]:
        """Entries with a blank cell, by name."""
        return tuple(e for e in self.entries if e.place is None and not e.yardstick)


@dataclass(frozen=True, kw_only=True)
class Board:
    """The leaderboard of a profile.

    Attributes:
        profile: How much was run.
        tasks: In their order; only those with an entry.
    """

    profile: str
    tasks: tuple[TaskBoard, ...]
