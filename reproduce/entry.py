"""What a figure or a table is: a pure function of what it reads, with its name and its words."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Generic, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    import pandas as pd
    from matplotlib.figure import Figure as Page

    from reproduce.inputs import Source

Read = TypeVar("Read")
"""What a figure or table is made from: rows, points, or several of them."""


@dataclass(frozen=True, kw_only=True)
class Made:
    """A figure or a table.

    Attributes:
        numbers: All that it shows, unrounded: file name's ending (such as "" or "-orderings") to
            frame.
        origin: Where its numbers come from, on one line.
        differs: Sentences on how that departs from the paper.
        notes: What is missing; empty when nothing is.
        assumed: What the paper leaves open of the method, and the numbers depend on.
        body: What people read, in Markdown; of a figure nothing but its caption.
        page: The picture; None of a table.
    """

    numbers: Mapping[str, pd.DataFrame]
    origin: str
    differs: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    assumed: tuple[str, ...] = ()
    body: str = ""
    page: Page | None = None


@dataclass(frozen=True, kw_only=True)
class Entry(Generic[Read]):
    """A figure that `diadem figure`, or a table that `diadem table` can make.

    Attributes:
        name: On the command line, and of the files.
        task: Whose results it shows.
        reproduces: The figure or table of the paper, or `NOT_PUBLISHED` and what it is for.
        needs: What must be there, in words.
        source: Reads it.
        make: What the source reads to a figure or table; raises DataError when there is nothing
            to show.
        title: Above the text; the name where empty.
        caption: What is shown, what bands, markers and columns mean.
    """

    name: str
    task: str
    reproduces: str
    needs: str
    source: Source[Read]
    make: Callable[[Read], Made]
    title: str = ""
    caption: str = ""
