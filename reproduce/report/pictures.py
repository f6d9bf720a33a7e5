"""Figures for the page: the picture as text, and its caption."""

from __future__ import annotations

import base64
from dataclasses import dataclass
from typing import TYPE_CHECKING

from benchmark.checksums import as_written

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from reproduce.report.shown import Line

Words = tuple[tuple[bool, str], ...]
"""A paragraph: pieces of text, and whether each is emphasised."""


@dataclass(frozen=True, kw_only=True)
class Picture:
    """A figure with what the papers say of it.

    Attributes:
        name: Of the figure.
        reproduces: Figure of the paper.
        task: Whose results it shows.
        path: Of the PNG; None where it was not drawn.
        data: The PNG as a data URI; empty where it was not drawn.
        caption: Paragraphs.
        lines: Claims that it shows.
    """

    name: str
    reproduces: str
    task: str
    path: Path | None
    data: str
    caption: tuple[Words, ...]
    lines: tuple[Line, ...]


def pictures(folder: Path, lines: Iterable[Line]) -> Iterator[Picture]:
    """Yield every registered figure, with what lies below the folder of a profile.

    Raises:
        DataError: A picture or caption was edited.
    """
    from reproduce.figures import FIGURES

    held = list(lines)
    for name, entry in FIGURES.items():
        stem = folder / entry.task / "figures" / name
        image, words = stem.with_suffix(".png"), stem.with_suffix(".md")
        there = image.is_file()
        yield Picture(
            name=name,
            reproduces=entry.reproduces,
            task=entry.task,
            path=image if there else None,
            data=_data(image) if there else "",
            caption=_caption(words) if there and words.is_file() else (),
            lines=tuple(line for line in held if line.shown == name),
        )


def _caption(words: Path) -> tuple[Words, ...]:
    return tuple(paragraphs(as_written(words).read_text(encoding="utf-8", errors="replace")))


def _data(image: Path) -> str:
    held = base64.b64encode(as_written(image).read_bytes()).decode("ascii")
    return f"data:image/png;base64,{held}"


def paragraphs(text: str) -> Iterator[Words]:
    r"""Yield the paragraphs of a caption in Markdown, without its headings.

    Example:
        >>> list(paragraphs("# roc\n\nOne.\n\n**Two** more."))
        [((False, 'One.'),), ((True, 'Two'), (False, ' more.'))]
    """
    for block in text.split("\n\n"):
        held = block.strip()
        if held and not held.startswith("#"):
            pieces = enumerate(held.split("**"))
            yield tuple((bool(k % 2), piece) for k, piece in pieces if piece)
