"""Where the numbers of a figure or a table come from, in words."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd


@dataclass(frozen=True, kw_only=True)
class Provenance:
    """Where numbers come from; each field holds all values that occur, in order of their names.

    Attributes:
        task: Name of the task.
        task_digest: Digest of its specification.
        release: Of the events.
        profile: Sizes of the run.
        commit: Of the code.
        further: What else is to be said, such as "trainings AE-Raw 5".
    """

    task: str
    task_digest: str
    release: str
    profile: str
    commit: str
    further: tuple[str, ...] = ()

    @classmethod
    def of(cls, frame: pd.DataFrame, *further: str) -> Provenance:
        """Return the provenance of a frame with the columns `reproduce.inputs.ORIGIN`."""

        def all_of(column: str) -> str:
            held = {str(value) for value in frame[column].unique() if value}
            return ", ".join(sorted(held)) or "-"

        return cls(
            task=all_of("task"),
            task_digest=all_of("task_digest"),
            release=all_of("release"),
            profile=all_of("profile"),
            commit=all_of("commit"),
            further=further,
        )

    def line(self) -> str:
        """Return all of it on one line."""
        parts = (
            f"task {self.task} (digest {self.task_digest})",
            f"release {self.release}",
            f"profile {self.profile}",
            f"commit {self.commit}",
            *self.further,
        )
        return "; ".join(parts)

    def short(self) -> str:
        """Return release, profile and commit, for the corner of a picture."""
        return f"{self.release}, {self.profile} profile, {self.commit}"


def listed(texts: Sequence[str]) -> str:
    """Return texts that may hold commas as one.

    Example:
        >>> listed(["3,000", "8,000", "23,904"])
        '3,000, 8,000 and 23,904'
    """
    return " and ".join(filter(None, (", ".join(texts[:-1]), texts[-1])))
