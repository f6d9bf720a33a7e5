"""Names that people type: what they may have meant."""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING

from benchmark.errors import complaint

if TYPE_CHECKING:
    from collections.abc import Iterable


def suggestion(name: str, known: Iterable[str]) -> str:
    """Return "Did you mean ...?" with the known name that is nearest, or nothing if none is near.

    Capital letters do not count: they are the most frequent fault.

    Example:
        >>> suggestion("sic-di", ["sic-id", "sculpting"]), suggestion("GGF", ["ggF", "VBF"])
        ('Did you mean sic-id?', 'Did you mean ggF?')
        >>> suggestion("nothing like it", ["sic-id"])
        ''
    """
    typed = name.lower()
    lowered = {text.lower(): text for text in known}

    def nearness(text: str) -> tuple[float, bool]:
        # Of names that are as near, the one with the same letters: two were swapped.
        return difflib.SequenceMatcher(None, text, typed).ratio(), sorted(text) == sorted(typed)

    near = max(difflib.get_close_matches(typed, lowered), key=nearness, default="")
    return f"Did you mean {lowered[near]}?" if near else ""


def unknown(what: str, name: str, known: Iterable[str], *, where: str = "", more: str = "") -> str:
    """Return the complaint about a name that nothing has.

    Args:
        what: Is named, such as "figure".
        name: As it was typed.
        known: All that there are.
        where: The file, option or dataset.
        more: What else could stand there, in words.

    Example:
        >>> unknown("task", "cms-adc", ["cms_adc", "diphoton"])
        "no such task; found 'cms-adc'; expected cms_adc, diphoton. Did you mean cms_adc?"
    """
    names = list(known)
    return complaint(
        f"no such {what}",
        where=where,
        found=repr(name),
        expected=", ".join(names) + more,
        remedy=suggestion(name, names),
    )
