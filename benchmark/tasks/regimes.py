"""Regimes: which processes and mass points an embedding may learn from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from benchmark.errors import DiademError, complaint

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from benchmark.cards import DatasetCard
    from benchmark.events import EventTable

Kind = Literal["id", "ip", "ep", "background"]
SPELLING = "id, ip:PROCESS/POINT, ep:PROCESS (or ep:GROUP) or background"


@dataclass(frozen=True, order=True)
class Regime:
    """A rule for the events that `fit` sees, as in arXiv:2603.25794.

    "id": in-distribution, every process; "ip": interpolation, all but one mass point of a signal;
    "ep": extrapolation, all but one signal; "background": no signal.

    Attributes:
        kind: One of the four.
        process: The signal of which something is held out; "" for none.
        point: The mass point that is held out; "" for none.

    Example:
        >>> Regime("ip", "zprime", "400").name, Regime("ip", "zprime", "400").slug
        ('ip:zprime/400', 'ip-zprime-400')
    """

    kind: Kind
    process: str = ""
    point: str = ""

    @classmethod
    def parse(cls, text: str, card: DatasetCard) -> Regime:
        """Return the regime that a text names.

        Args:
            text: See `SPELLING`.
            card: Has the processes, points and groups.

        Raises:
            DiademError: The text has another form, or names an unknown process or point, or
                something that cannot be held out.
        """
        kind, colon, rest = text.strip().partition(":")
        process, _, point = rest.partition("/")
        shapes = {
            "id": not colon,
            "background": not colon,
            "ip": bool(process and point),
            "ep": bool(process) and "/" not in rest,
        }
        if not shapes.get(kind, False):
            message = complaint("no such regime", found=repr(text), expected=SPELLING)
            raise DiademError(message)
        name = _signal(process, text, card) if process else ""
        if point:
            _require_point(name, point, text, card)
        return cls(kind, name, point)  # type: ignore[arg-type]

    @property
    def name(self) -> str:
        """The text that `parse` takes, with the name of the process."""
        return f"{self.kind}:{self.held_out}" if self.process else self.kind

    @property
    def held_out(self) -> str:
        """Process, or process/point, that is held out; "" for none by name."""
        return f"{self.process}/{self.point}" if self.point else self.process

    @property
    def slug(self) -> str:
        """The name for files: letters, digits, "-", "_"."""
        return self.name.replace(":", "-").replace("/", "-")

    def processes(self, card: DatasetCard) -> tuple[str, ...]:
        """Return the processes of which `fit` sees events."""
        found = [p.name for p in card.processes if self.kind != "background" or _is_sm(p)]
        return tuple(name for name in found if not (self.kind == "ep" and name == self.process))

    def allowed(self, events: EventTable, card: DatasetCard) -> NDArray[np.bool_]:
        """Return which events `fit` may see."""
        seen = np.isin(events.process, self.processes(card))
        if self.kind == "ip":
            seen &= (events.process != self.process) | (events.point != self.point)
        return seen


def _is_sm(process: Any) -> bool:
    return bool(process.kind == "background")


def _signal(name: str, text: str, card: DatasetCard) -> str:
    """Return the name of a signal given by name or by group.

    Raises:
        DiademError: There is none.
    """
    signals = {p.name: p.group for p in card.processes if not _is_sm(p)}
    found = [known for known, group in signals.items() if name in (known, str(group))]
    if not found:
        message = complaint(
            "not a signal that can be held out",
            where=f"regime {text!r}",
            found=repr(name),
            expected=", ".join(f"{known} ({group})" for known, group in signals.items()),
        )
        raise DiademError(message)
    return found[0]


def _require_point(name: str, point: str, text: str, card: DatasetCard) -> None:
    process = next(p for p in card.processes if p.name == name)
    points = [p.name for p in process.points]
    if point not in points or len(points) < 2:
        message = complaint(
            "no mass point that can be held out",
            where=f"regime {text!r}",
            found=repr(point),
            expected=f"one of {', '.join(points)}, of several",
        )
        raise DiademError(message)
