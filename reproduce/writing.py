"""Figures and tables as files: PNG, PDF, the numbers behind them, and the words."""

from __future__ import annotations

import logging
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from benchmark.cards import load_card
from benchmark.checksums import written_paths
from reproduce.names import NOT_PUBLISHED
from reproduce.saving import assumed_of, write_csv, write_text

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from matplotlib.figure import Figure as Page

    from reproduce.entry import Entry, Made

_DPI = 150
_COLOURS = 256
# A date, and the version of a library in it, would change the bytes.
_METADATA: dict[str, dict[str, Any]] = {
    ".png": {"Software": None},
    ".pdf": {"CreationDate": None, "Producer": None},
}


def write(entry: Entry[Any], made: Made, folder: Path) -> list[Path]:
    """Write all files of a figure or table; the same input gives the same bytes.

    Args:
        entry: What was made.
        made: The result.
        folder: Made when missing.

    Raises:
        DiademError: The folder cannot be written, or there is no card of the task's dataset.
    """
    pictures = [] if made.page is None else list(_METADATA)
    endings = [*pictures, *(f"{ending}.csv" for ending in made.numbers), ".md"]
    paths = [folder / f"{entry.name}{ending}" for ending in endings]
    with written_paths(paths) as temporary:  # a picture never stands beside the numbers of another
        *others, text = temporary
        if made.page is not None:
            _write_page(made.page, dict(zip(pictures, others, strict=False)))
        for numbers, path in zip(made.numbers.values(), others[len(pictures) :], strict=True):
            write_csv(numbers, path)
        write_text(document(entry, made), text)
    return paths


def _write_page(page: Page, paths: Mapping[str, Path]) -> None:
    """Write a picture in each format."""
    from reproduce.style import styled

    with styled():
        page.draw_without_rendering()
        page.set_layout_engine("none")  # laid out once is enough
        with _quiet_fonts():
            for ending, path in paths.items():
                page.savefig(path, dpi=_DPI, metadata=_METADATA[ending])
    if ".png" in paths:
        _fewer_colours(paths[".png"])


def _fewer_colours(path: Path) -> None:
    """Write a picture with a palette: a third of the bytes, and nobody sees the difference."""
    from PIL import Image

    with Image.open(path) as image:
        palette = image.convert("RGB").quantize(
            _COLOURS, method=Image.Quantize.MEDIANCUT, dither=Image.Dither.NONE
        )
    palette.save(path, format="PNG", optimize=True, dpi=(_DPI, _DPI))


@contextmanager
def _quiet_fonts() -> Iterator[None]:
    """Keep to itself what a library finds odd about the dates of matplotlib's own fonts."""
    log = logging.getLogger("fontTools")
    level = log.level
    log.setLevel(logging.ERROR)
    try:
        yield
    finally:
        log.setLevel(level)


def document(entry: Entry[Any], made: Made) -> str:
    """Return what a reader must know, in Markdown: beside the picture, or the table itself."""
    return "\n\n".join(part.rstrip("\n") for part in _parts(entry, made)) + "\n"


def _parts(entry: Entry[Any], made: Made) -> Iterator[str]:
    yield f"# {entry.title or entry.name}"
    if entry.caption:
        yield _reproduced(entry.reproduces)
        yield entry.caption
    yield f"{'' if made.page is None else 'Simulation. '}{made.origin}."
    yield from made.differs
    yield from (f"**Incomplete: {note}.**" for note in made.notes)
    if made.body:
        yield made.body
    assumed = (*made.assumed, *assumed_of(load_card(entry.task)))
    if assumed:
        yield f"Depends on values that the paper does not state: {'; '.join(assumed)}."


def _reproduced(what: str) -> str:
    if what.startswith(NOT_PUBLISHED):
        return f"{what[0].upper()}{what[1:]}."
    return f"Reproduces {what}."
