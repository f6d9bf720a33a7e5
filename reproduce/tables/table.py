"""What a table is: a pure function of result rows, with its name and its words."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    import pandas as pd


@dataclass(frozen=True, kw_only=True)
class Made:
    """A table.

    Attributes:
        text: For people, in Markdown.
        numbers: What the text rounds: file name's ending (such as "" or "-orderings") to frame.
        notes: What is missing; empty when nothing is.
    """

    text: str
    numbers: Mapping[str, pd.DataFrame]
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Table:
    """A table that `diadem table` can make.

    Attributes:
        name: On the command line, and of the files.
        task: Whose rows it shows.
        reproduces: The table of the paper, or `NOT_PUBLISHED` and what it is for.
        needs: The rows that it needs, in words.
        published: Table of the paper's numbers beside ours; see `reproduce.published`.
        make: Rows (with parts) to table; raises DataError when there is nothing to show.
        every_size: Whether it takes the rows of all sizes of the training set, not of one.
    """

    name: str
    task: str
    reproduces: str
    needs: str
    published: str
    make: Callable[[pd.DataFrame], Made]
    every_size: bool = False
