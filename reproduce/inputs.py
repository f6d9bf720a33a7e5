"""What figures and tables read, and from where."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol, TypeVar

from benchmark.checksums import as_written
from benchmark.errors import DataError, complaint

if TYPE_CHECKING:
    from pathlib import Path

    import pandas as pd

REMEDY = "Make them with `dvc repro`, or name another --profile or --results."
ORIGIN = ("task", "task_digest", "release", "profile", "commit")
"""Columns of every frame of results that say where it comes from."""


Read_co = TypeVar("Read_co", covariant=True)
"""What a source reads."""


@dataclass(frozen=True, kw_only=True)
class Place:
    """Where results are, and which of them are wanted.

    Attributes:
        results: Folder of all results.
        profile: Sizes of the run.
        task: Whose results.
        events: Of this number of training events only; None for those of the profile.
    """

    results: Path
    profile: str
    task: str
    events: int | None = None

    @property
    def folder(self) -> Path:
        """The task's results at the profile."""
        return self.results / self.profile / self.task


class Source(Protocol[Read_co]):
    """Something that figures and tables are made from."""

    @property
    def sized(self) -> bool:
        """Whether the results of one number of training events can be chosen."""

    def files(self, place: Place) -> tuple[str, ...]:
        """Return the result files that it needs, from the task's folder; some may be missing.

        Each is written by a stage of dvc.yaml: `reproduce.stages` finds it.
        """

    def read(self, place: Place) -> Read_co:
        """Return what `Entry.make` gets.

        Raises:
            DataError: It is missing or not valid; the message says how to make it.
        """


@dataclass(frozen=True)
class RowFile:
    """One file of result rows (`benchmark.results`) of a task.

    Attributes:
        name: In the folder `rows`.
    """

    name: str
    sized: bool = False

    def files(self, place: Place) -> tuple[str, ...]:
        """Return the file; see `Source.files`."""
        del place
        return (f"rows/{self.name}",)

    def read(self, place: Place) -> pd.DataFrame:
        """Return the rows; see `Source.read`."""
        from benchmark.results import read_rows

        return read_rows(there(place.folder / "rows" / self.name))


@dataclass(frozen=True)
class PointFile:
    """One file of numbers that are no result rows: places of points, contents of histograms.

    Attributes:
        name: In the folder `points`.
        texts: Its columns of text, beside those of `ORIGIN`.
        numbers: Its columns of numbers.
        gaps: Those of them that may have empty fields: NaN.
    """

    name: str
    texts: tuple[str, ...]
    numbers: tuple[str, ...]
    gaps: tuple[str, ...] = ()
    sized: bool = False

    def files(self, place: Place) -> tuple[str, ...]:
        """Return the file; see `Source.files`."""
        del place
        return (f"points/{self.name}",)

    def read(self, place: Place) -> pd.DataFrame:
        """Return the numbers; see `Source.read`."""
        import pandas as pd

        path = there(place.folder / "points" / self.name)
        texts, wanted = (*ORIGIN, *self.texts), (*ORIGIN, *self.texts, *self.numbers)
        try:
            found = pd.read_csv(path, dtype="str", keep_default_na=False)[list(wanted)]
            found = found.replace({name: {"": "nan"} for name in self.gaps})
            return found.astype(dict.fromkeys(self.numbers, "float64")).astype(
                dict.fromkeys(texts, "object")
            )
        except (ValueError, KeyError) as error:
            message = complaint(
                "not numbers of this kind",
                where=str(path),
                found=str(error),
                expected=f"a CSV with the columns {', '.join(wanted)}",
                remedy=REMEDY,
            )
            raise DataError(message) from error


@dataclass(frozen=True)
class Samples:
    """The samples of a task's bundled release, from its manifest."""

    sized: bool = False

    def files(self, place: Place) -> tuple[str, ...]:
        """Return nothing: the release is no result."""
        del place
        return ()

    def read(self, place: Place) -> pd.DataFrame:
        """Return one row for each mass point, with the columns `dataset` and `release`."""
        import pandas as pd

        from benchmark.cards import load_card
        from benchmark.paths import datasets_root

        release = load_card(place.task).release.name
        path = datasets_root() / place.task / release / "manifest.json"
        try:
            held = json.loads(path.read_text(encoding="utf-8"))
            samples = pd.DataFrame(held["samples"])
            named = f"{held['release']}@{held['digest'][:12]}"
            return samples.assign(dataset=held["dataset"], release=named)
        except (OSError, ValueError, KeyError) as error:
            message = complaint("no manifest of a release", where=str(path), found=str(error))
            raise DataError(message) from error


def there(path: Path) -> Path:
    """Return the path of a result that exists, and is what was written.

    Raises:
        DataError: It does not, or was edited (`benchmark.checksums`).
    """
    if path.is_file():
        return as_written(path)
    message = complaint("no results here", where=str(path), remedy=REMEDY)
    raise DataError(message)
