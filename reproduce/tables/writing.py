"""Tables as files: Markdown for people, CSV with all digits."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reproduce.saving import write_csv, write_text

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from reproduce.tables.table import Made, Table


def write_table(
    table: Table, made: Made, folder: Path, *, assumed: Sequence[str] = ()
) -> list[Path]:
    """Write all files of a table; the same rows give the same bytes.

    Args:
        table: What was made.
        made: The table.
        folder: Made when missing.
        assumed: Names of assumed values that the table depends on.

    Raises:
        DiademError: The folder cannot be written.
    """
    text = made.text
    if assumed:
        text += f"\nDepends on values that the paper does not state: {'; '.join(assumed)}.\n"
    paths = [folder / f"{table.name}.md"]
    write_text(text, paths[0])
    for ending, numbers in made.numbers.items():
        paths.append(folder / f"{table.name}{ending}.csv")
        write_csv(numbers, paths[-1])
    return paths
