"""What a check finds: faults, which refuse a submission, and flags, which the board shows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from benchmark.errors import DiademError, complaint

if TYPE_CHECKING:
    from collections.abc import Sequence

Level = Literal["fault", "flag"]
_SHOWN = 80  # characters of a submitter's text in a message


@dataclass(frozen=True)
class Finding:
    """One thing that a check found.

    Attributes:
        code: Name of the kind, for programs: letters, digits, "_".
        level: "fault" refuses the submission; "flag" is shown beside it.
        message: For people: what, where, found, expected, remedy.
    """

    code: str
    level: Level
    message: str


class Refused(DiademError):
    """A submission that is refused.

    Attributes:
        findings: At least one fault.
    """

    def __init__(self, findings: Sequence[Finding]) -> None:
        """Keep the findings; the text is their messages, a line each."""
        super().__init__("\n".join(finding.message for finding in findings))
        self.findings = tuple(findings)


def fault(
    code: str,
    what: str,
    *,
    where: str = "",
    found: str = "",
    expected: str = "",
    remedy: str = "",
) -> Refused:
    """Return the error of one fault; the texts as in `benchmark.errors.complaint`.

    Example:
        >>> fault("no_payload", "nothing to score", expected="latents").findings[0].code
        'no_payload'
    """
    message = complaint(what, where=where, found=found, expected=expected, remedy=remedy)
    return Refused([Finding(code, "fault", message)])


def quoted(text: object) -> str:
    r"""Return a submitter's text as one short line of ASCII that no terminal acts upon.

    Example:
        >>> quoted("a\u202eb\x1b[2J"), len(quoted("long" * 99))
        ("'a\\u202eb\\x1b[2J'", 80)
    """
    shown = ascii(text if isinstance(text, (int, float)) else str(text)[: _SHOWN + 1])
    return shown if len(shown) <= _SHOWN else shown[: _SHOWN - 3] + "..."
