"""The names that a profile holds: signals, strengths and regimes that there are."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from baselines.registry import EMBEDDINGS
from benchmark.errors import DiademError, complaint
from benchmark.naming import unknown
from benchmark.tasks.cms_adc import CMS_ADC
from benchmark.tasks.diphoton import DIPHOTON
from benchmark.tasks.diphoton_events import diphoton_card
from reproduce.regimes import regime_named

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from reproduce.profiles import Profile


def require_known(profile: Profile, where: str) -> None:
    """Refuse a signal that is no mass point, a strength that is not the task's, no regime.

    Args:
        profile: To look at.
        where: Names it: file and profile.

    Raises:
        DiademError: There is no such thing; with the place, what there is and the nearest of it.
    """
    diphoton, board = profile.diphoton, profile.leaderboard
    hunt = diphoton.hunt
    signals = {
        "signals": hunt.signals,
        "drawn": hunt.drawn,
        "sharing": hunt.sharing,
        **{f"embeddings.{name}": asked for name, asked in hunt.embeddings.items()},
    }
    for key, asked in signals.items():
        _require_signals(asked, f"{where}.diphoton.hunt.{key}")
        _require_once(asked, f"{where}.diphoton.hunt.{key}")
    _require_embeddings(hunt.embeddings, DIPHOTON.name, f"{where}.diphoton.hunt.embeddings")
    _require_among(hunt.yardsticks, hunt.embeddings, f"{where}.diphoton.hunt.yardsticks")
    _require_embeddings(board.diphoton, DIPHOTON.name, f"{where}.leaderboard.diphoton")
    _require_embeddings(board.cms_adc, CMS_ADC.name, f"{where}.leaderboard.cms_adc")
    _require_among(board.yardsticks, board.diphoton, f"{where}.leaderboard.yardsticks")
    _require_once(diphoton.regimes, f"{where}.diphoton.regimes")
    _require_strengths(hunt.strengths, f"{where}.diphoton.hunt.strengths")
    _require_strengths(board.strengths, f"{where}.leaderboard.strengths")
    _require_regimes(diphoton.regimes, f"{where}.diphoton.regimes")
    _require_regimes(diphoton.probes.tsne_regimes, f"{where}.diphoton.probes.tsne_regimes")
    for name, regimes in board.diphoton.items():
        _require_regimes(regimes, f"{where}.leaderboard.diphoton.{name}")


def signal_points() -> list[str]:
    """Return every mass point of a signal of the diphoton task's card, as process/point.

    Example:
        >>> "zprime/400" in signal_points(), "ggF/125" in signal_points()
        (True, False)
    """
    return [
        f"{process.name}/{point.name}"
        for process in diphoton_card().processes
        if process.kind == "signal"
        for point in process.points
    ]


def _require_signals(names: Iterable[str], where: str) -> None:
    known = signal_points()
    for name in names:
        if name not in known:
            raise DiademError(unknown("signal", name, known, where=where))


def _require_once(values: Collection[object], where: str) -> None:
    """Refuse a value that stands twice: its rows would."""
    twice = [str(value) for value, count in Counter(values).items() if count > 1]
    if twice:
        message = complaint("twice the same", where=where, found=", ".join(twice))
        raise DiademError(message)


def _require_among(names: Iterable[str], known: Collection[str], where: str) -> None:
    for name in names:
        if name not in known:
            raise DiademError(unknown("embedding", name, known, where=where))


def _require_embeddings(names: Iterable[str], task: str, where: str) -> None:
    """Refuse an embedding that is not registered for a task; one's own is named with a colon."""
    known = [name for name, entry in EMBEDDINGS.items() if entry.task == task]
    _require_among((name for name in names if ":" not in name), known, where)


def _require_strengths(strengths: Collection[float], where: str) -> None:
    """Of a profile: with other strengths a number would mean something else."""
    known = DIPHOTON.hunt.strengths
    _require_once(strengths, where)
    for strength in strengths:
        if strength not in known:
            nearest = min(known, key=lambda one: abs(one - strength))
            message = complaint(
                "no strength of the task",
                where=where,
                found=f"{strength:g}",
                expected=", ".join(f"{one:g}" for one in known),
                remedy=f"The nearest is {nearest:g}.",
            )
            raise DiademError(message)


def _require_regimes(texts: Iterable[str], where: str) -> None:
    for text in texts:
        try:
            regime_named(text)
        except DiademError as error:
            message = f"{where}: {error}"
            raise DiademError(message) from error
