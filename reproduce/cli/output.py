"""Tables and numbers on the terminal."""

from __future__ import annotations

import math
import os
import sys
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from pathlib import Path

    from rich.console import Console
    from rich.table import Table

_WIDE = 200  # columns where no terminal sets a width: a table in a file is not cut


def console(*, stderr: bool = False) -> Console:
    """Return a console for stdout or stderr."""
    from rich.console import Console

    stream = sys.stderr if stderr else sys.stdout
    fixed = stream.isatty() or "COLUMNS" in os.environ
    return Console(stderr=stderr, width=None if fixed else _WIDE, highlight=False)


def table(title: str, left: tuple[str, ...], right: tuple[str, ...] = ()) -> Table:
    """Return an empty table with text columns and, after them, columns of numbers."""
    from rich import box
    from rich.table import Table

    made = Table(title=title, box=box.SIMPLE_HEAD, title_justify="left", title_style="bold")
    for name in left:
        made.add_column(name, overflow="fold", min_width=10)
    for name in right:
        made.add_column(name, justify="right", no_wrap=True)
    return made


def told(output: Path | None, *files: str) -> None:
    """Print where results were written, or that they were not."""
    import click

    if output is None:
        click.echo("nothing was written: no --output was given")
        return
    for file in files or ("",):
        click.echo(str(output / file if file else output))


def escaped(text: object) -> str:
    """Return text in which rich sees no markup."""
    from rich.markup import escape

    return escape(str(text))


def number(value: float | None, error: float | None = None, *, unit: str = "") -> str:
    """Return a number with its error, to two digits of the error; "-" for none.

    Example:
        >>> number(0.33333, 0.0021), number(None), number(48.58, unit="pb")
        ('0.3333 ± 0.0021', '-', '48.58 pb')
        >>> number(1234.5, 67.0), number(3.2e-5, 4e-7)
        ('1234 ± 67', '3.200e-05 ± 4.0e-07')
    """
    if value is None or not math.isfinite(value):
        return "-"
    if error is None or not math.isfinite(error) or error <= 0:
        text = f"{value:.4g}"
    elif 0 < abs(value) < 1e-3:
        digits = max(math.floor(math.log10(abs(value))) - math.floor(math.log10(error)) + 1, 1)
        text = f"{value:.{digits}e} ± {error:.1e}"
    else:
        decimals = max(1 - math.floor(math.log10(error)), 0)
        text = f"{value:.{decimals}f} ± {error:.{decimals}f}"
    return f"{text} {unit}" if unit else text


def size(n_bytes: int) -> str:
    """Return a size in MB (10^6 bytes) or kB.

    Example:
        >>> size(1_234_567), size(4_321)
        ('1.23 MB', '4.3 kB')
    """
    return f"{n_bytes / 1e6:.2f} MB" if n_bytes >= 1e5 else f"{n_bytes / 1e3:.1f} kB"


def refuse_overwriting(path: Path, *, force: bool) -> None:
    """End with a usage error where something would be overwritten.

    Raises:
        click.UsageError: `path` exists and `force` is not given.
    """
    if path.exists() and not force:
        message = f"{path} exists already. Choose another --output, or add --force to replace it."
        raise click.UsageError(message)


def print_pairs(rows: dict[str, Any]) -> None:
    """Print names and values on stdout, one pair a line."""
    from rich.table import Table

    grid = Table.grid(padding=(0, 2))
    for name, value in rows.items():
        grid.add_row(name, escaped(value))
    console().print(grid)
