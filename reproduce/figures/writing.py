"""Figures as files: PNG, PDF, the numbers behind them, and their caption."""

from __future__ import annotations

from typing import TYPE_CHECKING

from benchmark.files import atomic_path
from reproduce.deviations import deviations
from reproduce.figures.style import styled
from reproduce.names import NOT_PUBLISHED
from reproduce.rows import provenance
from reproduce.saving import write_csv, write_text

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from reproduce.figures.figure import Drawn, Figure

_DPI = 150


def write_figure(
    figure: Figure, drawn: Drawn, folder: Path, *, assumed: Sequence[str] = ()
) -> list[Path]:
    """Write all files of a figure; the same rows give the same bytes.

    Args:
        figure: What was drawn.
        drawn: The picture.
        folder: Made when missing.
        assumed: Names of assumed values that the figure depends on.

    Raises:
        DiademError: The folder cannot be written.
    """
    stem = folder / figure.name
    # A date, and the version of a library in it, would change the bytes.
    metadata = {"png": {"Software": None}, "pdf": {"CreationDate": None, "Producer": None}}
    with styled():
        drawn.page.draw_without_rendering()
        drawn.page.set_layout_engine("none")  # laid out once is enough
    paths = []
    for ending, held in metadata.items():
        path = stem.with_suffix(f".{ending}")
        with atomic_path(path) as temporary, styled():
            drawn.page.savefig(temporary, dpi=_DPI, metadata=held)
        paths.append(path)
    write_csv(drawn.numbers, stem.with_suffix(".csv"))
    write_text(caption(figure, drawn, assumed), stem.with_suffix(".md"))
    return [*paths, stem.with_suffix(".csv"), stem.with_suffix(".md")]


def caption(figure: Figure, drawn: Drawn, assumed: Sequence[str]) -> str:
    """Return what a reader must know beside the picture, in Markdown."""
    parts = [
        f"# {figure.name}",
        _origin(figure.reproduces),
        figure.caption,
        f"Simulation. {provenance(drawn.rows).line()}.",
        *deviations(drawn.rows),
        *(f"**Incomplete: {note}.**" for note in drawn.notes),
    ]
    if assumed:
        parts.append(f"Depends on values that the paper does not state: {'; '.join(assumed)}.")
    return "\n\n".join(parts) + "\n"


def _origin(reproduces: str) -> str:
    if reproduces.startswith(NOT_PUBLISHED):
        return f"{reproduces[0].upper()}{reproduces[1:]}."
    return f"Reproduces {reproduces}."
