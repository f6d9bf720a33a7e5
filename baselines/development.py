"""The events that `fit` got, by the part of the task's split that they are in."""

from __future__ import annotations

from typing import TYPE_CHECKING

from benchmark.errors import DataError, complaint
from benchmark.tasks.diphoton_events import in_part

if TYPE_CHECKING:
    from benchmark.events import EventTable


def development(
    events: EventTable, name: str, *, watched: bool
) -> tuple[EventTable, EventTable | None]:
    """Return the events to train on, and those whose loss is watched; None where none is.

    Args:
        events: As the diphoton task hands them out.
        name: Of the embedding, for messages.
        watched: Whether the training stops by the loss of the validation part.

    Raises:
        DataError: A part that is needed has no event.
    """
    parts = {part: events.select(in_part(events, part)) for part in ("train", "validation")}
    for part in ("train", "validation")[: 1 + watched]:
        if not len(parts[part]):
            message = complaint(
                f"no event in the task's part {part!r}",
                where=f"{name}.fit",
                found=f"{len(events)} events",
                remedy="Give more events, or set patience to null." if part != "train" else "",
            )
            raise DataError(message)
    return parts["train"], parts["validation"] if watched else None
