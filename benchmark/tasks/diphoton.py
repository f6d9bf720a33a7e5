"""The diphoton task: which embedding makes new physics with H -> gamma gamma easier to find.

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
from benchmark.tasks.spec import DetectorSpec, HuntSpec, PrimaryPoint, Specification

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from benchmark.tasks.regimes import Regime
    from benchmark.tasks.source import Source

PSEUDO_DATA = "pseudo_data"
FIT_PARTS = ("train", "validation")
"""Parts of the encoder half that `fit` sees; `in_part` tells them apart."""


class DiphotonSpec(Specification):
    """All that defines what a number of the task means.

    Attributes:
        halves: Name of the card's split into encoder and pseudo-data half; `split` is that of the
            encoder half.
        backgrounds: The Standard Model processes.
        merged: Name of the class that they are together, in equal parts.
        interpolation: Held-out mass points (process/point), each with a regime of its own.
        hunt: How signals are sought in the pseudo-data half.
    """

    halves: str
    backgrounds: tuple[str, ...]
    merged: str
    interpolation: tuple[str, ...]
    hunt: HuntSpec

    @property
    def classes(self) -> tuple[str, ...]:
        """The nine classes of the confusion matrices."""
        return (self.merged, *self.signals)


DIPHOTON = DiphotonSpec(
    name="diphoton",
    version=2,
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
    hunt=HuntSpec(
        luminosity=140.0,
        share=0.5,
        injections=(
            *("chargino_neutralino/200", "x_to_sh/500_100", "rpv_stop/500_300"),
            *("rpv_neutralino/350_200", "sbottom/500_180_50", "zprime/400"),
            *("fcnc_top/c", "fcnc_top/u", "stop/1000_400_0p5"),
        ),
        strengths=(0.25, 0.5, 1.0, 1.5, 2.0, 3.0, 4.0, 5.0),
        working_points=(0.001, 0.01),
        curve=(0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5),
        primary=PrimaryPoint(at=0.01, strength=2.0),
        detector=DetectorSpec(
            name="cathode",
            # In full, not as defaults elsewhere: what trains encoders does not hang on flows.
            settings={
                "smearing": 0.1,
                "flow": {
                    "layers": 6,
                    "hidden": [32, 32],
                    "bins": 4,
                    "bound": 5.0,
                    "learning_rate": 0.003,
                    "batch_size": 512,
                    "epochs": 20,
                    "patience": 10,
                    "held_out": 0.2,
                    "clip_norm": 5.0,
                },
                "oversampling": 4.0,
                "masses": "sideband",
                "resonant": "simulated",
                "weak": {
                    "kind": "xgboost",
                    "folds": 5,
                    "trees": 200,
                    "boosting": {"rate": 0.1, "depth": 3, "min_weight": 10.0, "patience": 10},
                },
            },
        ),
    ),
)


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
    return load_card(DIPHOTON.dataset)


def task_splits(card: DatasetCard | None = None) -> Splits:
    """Return the splits of the task, from its dataset's card."""
    found = {split.name: split for split in (card or diphoton_card()).splits}
    halves, encoder = found[DIPHOTON.halves], found[DIPHOTON.split]
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
    known = (*DIPHOTON.backgrounds, *DIPHOTON.signals)
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
    return np.where(np.isin(process, DIPHOTON.backgrounds), DIPHOTON.merged, process)
