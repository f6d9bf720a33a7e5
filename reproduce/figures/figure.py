"""What a figure is: a pure function of result rows, with its name and its words."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    import pandas as pd
    from matplotlib.figure import Figure as Page


@dataclass(frozen=True, kw_only=True)
class Drawn:
    """A drawn figure.

    Attributes:
        page: The picture.
        rows: That the picture was drawn from.
        numbers: All that the picture shows, unrounded.
        notes: What is missing in it; empty when nothing is.
    """

    page: Page
    rows: pd.DataFrame
    numbers: pd.DataFrame
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Figure:
    """A figure that `diadem figure` can draw.

    Attributes:
        name: On the command line, and of the files.
        task: Whose rows it shows.
        reproduces: The figure of the paper, or `NOT_PUBLISHED` and what it is for.
        caption: What is shown, what bands and markers mean.
        needs: The rows that it needs, in words.
        published: Table of the paper's numbers beside ours; see `reproduce.published`.
        draw: Rows (with parts) to picture; raises DataError when there is nothing to draw.
        every_size: Whether it takes the rows of all sizes of the training set, not of one.
    """

    name: str
    task: str
    reproduces: str
    caption: str
    needs: str
    published: str
    draw: Callable[[pd.DataFrame], Drawn]
    every_size: bool = False
