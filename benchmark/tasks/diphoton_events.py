"""The events of the diphoton task: who learns from which, and who sees what of them.

An embedding learns from labelled events of the encoder half, as far as its regime allows; what it
knows is measured on that half's test events, and signals are sought in the other half, the
pseudo-data (arXiv:2603.25794).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np

from benchmark.cards import DatasetCard, load_card
from benchmark.errors import DataError, complaint
from benchmark.splits import Split, Within
from benchmark.table import EventTable
from benchmark.tasks.collect import gather, hidden, read_only
from benchmark.tasks.spec import Specification

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from benchmark.tasks.regimes import Regime
    from benchmark.tasks.source import Source

PSEUDO_DATA = "pseudo_data"
FIT_PARTS = ("train", "validation")
"""Parts of the encoder half that `fit` sees; `in_part` tells them apart."""


class DiphotonEvents(Specification):
    """What the events are that embeddings learn from and are judged on.

    Attributes:
        halves: Name of the card's split into encoder and pseudo-data half; `split` is that of the
            encoder half.
        backgrounds: The Standard Model processes.
        merged: Name of the class that they are together, in equal parts.
        interpolation: Held-out mass points (process/point), each with a regime of its own.
    """

    halves: str
    backgrounds: tuple[str, ...]
    merged: str
    interpolation: tuple[str, ...]

    @property
    def classes(self) -> tuple[str, ...]:
        """The nine classes of the confusion matrices."""
        return (self.merged, *self.signals)


EVENTS = DiphotonEvents(
    name="diphoton",
    version=1,
    title="Eight families of new physics with H -> gamma gamma against the Standard Model",
    dataset="diphoton",
    release="v1",
    release_digest="f00f80c08f80e0f31c33f7450097afb9145b67483afa19356e679a6f1e068798",
    split="encoder",
    halves="halves",
    signals=(
        *("chargino_neutralino", "x_to_sh", "rpv_stop", "rpv_neutralino", "sbottom"),
        *("zprime", "fcnc_top", "stop"),
    ),
    backgrounds=("continuum", "ggF", "VBF", "VH", "ttH"),
    merged="background",
    interpolation=("zprime/400", "chargino_neutralino/200"),
)
"""The part of the task that a fit depends on: what comes after the embedding does not train it."""


@dataclass(frozen=True)
class Splits:
    """The task's two splits.

    Attributes:
        halves: Encoder and pseudo-data half.
        encoder: Of the encoder half.
    """

    halves: Split
    encoder: Within

    def part_of(self, event_id: NDArray[np.uint64]) -> NDArray[np.str_]:
        """Return "train", "validation", "test" or "pseudo_data" for each event."""
        encoder = self.halves.select(event_id, self.encoder.outer_part)
        return np.where(encoder, self.encoder.inner.assign(event_id), PSEUDO_DATA)


@cache
def diphoton_card() -> DatasetCard:
    """Return the card of the task's dataset."""
    return load_card(EVENTS.dataset)


def task_splits(card: DatasetCard | None = None) -> Splits:
    """Return the splits of the task, from its dataset's card."""
    found = {split.name: split for split in (card or diphoton_card()).splits}
    halves, encoder = found[EVENTS.halves], found[EVENTS.split]
    outer = Split(halves.salt, halves.parts)
    return Splits(outer, Within(outer, "encoder", Split(encoder.salt, encoder.parts)))


def in_part(events: EventTable, part: str) -> NDArray[np.bool_]:
    """Return which of the events that `fit` got are in its "train" or "validation" part."""
    return task_splits().encoder.select(events.event_id, part)


def fit_events(source: Source, regime: Regime, *, limit: int | None = None) -> EventTable:
    """Return what `fit` sees: labelled events of the regime, without test and pseudo-data.

    Args:
        source: Where events come from.
        regime: What is allowed.
        limit: At most so many events of each process and part; None for all.

    Raises:
        DataError: A process that the regime allows has no event.
    """
    card = diphoton_card()
    split = task_splits().encoder

    def allowed(events: EventTable) -> NDArray[np.bool_]:
        return regime.allowed(events, card)

    tables = [
        gather(source, [process], split, part, limit=limit, allowed=allowed)
        for process in regime.processes(card)
        for part in FIT_PARTS
    ]
    return hidden(EventTable.concat(tables), labels=True)


def unmarked(events: EventTable) -> EventTable:
    """Return events as `transform` sees them: without labels and without m_gg.

    m_gg is not a number there: an embedding that used it would sculpt the spectrum in which
    signals are sought. (It could still make it of the photons: the probes measure that.)
    """
    bare = hidden(events)
    arrays: dict[str, Any] = {name: getattr(bare, name) for name in vars(bare) if name != "schema"}
    arrays["m_gg"] = read_only(np.full(len(events), np.nan, dtype=np.float32))
    return EventTable.unchecked(events.schema, arrays)


def class_of(process: NDArray[np.str_]) -> NDArray[np.str_]:
    """Return the class of each event: its signal, or "background".

    Raises:
        DataError: A process is none of the task's.
    """
    known = (*EVENTS.backgrounds, *EVENTS.signals)
    bad = ~np.isin(process, known)
    if bad.any():
        row = int(np.argmax(bad))
        message = complaint(
            "no process of the task",
            where=f"row {row}",
            found=repr(str(process[row])),
            expected=", ".join(known),
        )
        raise DataError(message)
    return np.where(np.isin(process, EVENTS.backgrounds), EVENTS.merged, process)
