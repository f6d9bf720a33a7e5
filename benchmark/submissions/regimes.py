"""The regime of each cell of the board, computed from what an encoder was trained on."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from benchmark.errors import DiademError, complaint

if TYPE_CHECKING:
    from benchmark.cards import DatasetCard
    from benchmark.submissions.schema import TrainedOn

RegimeName = Literal["id", "ip", "ep", "background", "self-supervised"]


def regime_of(trained_on: TrainedOn, signal: str, card: DatasetCard) -> RegimeName:
    """Return in which regime an encoder meets a signal; nobody can choose it.

    - "self-supervised": no process label was used, whatever events were seen.
    - "background": labels were used, and no event of any signal was seen.
    - "ep" (extrapolation): other signals were seen, but none of this one's process.
    - "ip" (interpolation): its process was seen, but not at this mass point.
    - "id" (in distribution): events of this very point were seen.

    What decides is the names of process and mass point in the dataset's card, and that events
    were seen at all, not how many: two names there are never the same physics.

    Args:
        trained_on: What the author says.
        signal: "process/point", or "process": all its points together, which is "id" only if
            every one was seen.
        card: Of the dataset.

    Raises:
        DiademError: The card has no such signal.
    """
    kinds = {process.name: process.kind for process in card.processes}
    points = {process.name: [p.name for p in process.points] for process in card.processes}
    process, _, point = signal.partition("/")
    if kinds.get(process) != "signal" or (point and point not in points[process]):
        known = ", ".join(name for name, kind in kinds.items() if kind == "signal")
        message = complaint(
            "no such signal", where=f"card {card.name}", found=repr(signal), expected=known
        )
        raise DiademError(message)
    if not trained_on.labels:
        return "self-supervised"
    seen = {
        (entry.process, name)
        for entry in trained_on.processes
        for name in (points[entry.process] if entry.points == "all" else entry.points)
    }
    of_signals = {name for name, _ in seen if kinds[name] == "signal"}
    if not of_signals:
        return "background"
    if process not in of_signals:
        return "ep"
    wanted = {(process, name) for name in ([point] if point else points[process])}
    return "id" if wanted <= seen else "ip"
