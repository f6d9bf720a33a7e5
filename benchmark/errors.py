"""The errors that a user may meet.

Every error that a bad file, card, setting or disk can cause is a `DiademError`. The command line
prints its message and ends with `exit_code`; a traceback is shown only for a bug of ours.
"""

from __future__ import annotations

from typing import ClassVar


class DiademError(Exception):
    """Base of all errors that the user can mend; the message says what, where and how."""

    exit_code: ClassVar[int] = 2


class CardError(DiademError):
    """A dataset card, or a generator setting that it names, is wrong."""


class DataError(DiademError):
    """An event file or an event table is not what the schema promises."""


class SimulationError(DiademError):
    """The generator or the detector response could not go on."""


def complaint(
    what: str, *, where: str = "", found: str = "", expected: str = "", remedy: str = ""
) -> str:
    """Return an error message in the one order that all messages of DIADEM have.

    Args:
        what: What was wrong, in a few words.
        where: The file, column and row; empty when there is no place.
        found: What was found.
        expected: What should have been there.
        remedy: How to mend it.

    Example:
        >>> complaint("negative pT", where="jet1_pt, row 3", found="-2.0", expected="pt > 0")
        'jet1_pt, row 3: negative pT; found -2.0; expected pt > 0'
    """
    parts = [f"{where}: {what}" if where else what]
    if found:
        parts.append(f"found {found}")
    if expected:
        parts.append(f"expected {expected}")
    message = "; ".join(parts)
    return f"{message}. {remedy}" if remedy else message
