"""Text and numbers as files, whole or not at all."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from benchmark.files import atomic_path

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    import pandas as pd

    from benchmark.cards import DatasetCard


def write_csv(numbers: pd.DataFrame, path: Path) -> None:
    """Write numbers unrounded; nulls are empty fields."""
    with atomic_path(path) as temporary:
        numbers.to_csv(temporary, index=False, lineterminator="\n", na_rep="")


def write_text(text: str, path: Path) -> None:
    """Write a text in UTF-8."""
    with atomic_path(path) as temporary:
        temporary.write_text(text, encoding="utf-8")


def assumed_of(card: DatasetCard) -> list[str]:
    """Return the names of what we chose of a dataset where the paper does not state it."""
    of_card = dict.fromkeys(_assumed(card.model_dump(), ""))
    return [f"{card.name} card: {key}" for key in of_card]


def _assumed(held: Any, key: str) -> Iterator[str]:
    if isinstance(held, dict):
        if held.get("status") == "assumed":
            yield key
        for name, item in held.items():
            yield from _assumed(item, f"{key}.{name}" if key else str(name))
    elif isinstance(held, (list, tuple)):
        yield from _items(held, key)


def _items(held: Sequence[Any], key: str) -> Iterator[str]:
    for k, item in enumerate(held):
        name = item.get("name") or k if isinstance(item, dict) else k
        yield from _assumed(item, f"{key}.{name}")
