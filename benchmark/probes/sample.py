"""The events of one part with their classes, in the balance that every probe uses.

Every class has the same weight; inside a class its strata have equal parts: the Standard Model
processes inside "background", the mass points inside a signal. The weights are the true ones of
the question asked, not a correction: the samples' sizes are the release's choice.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from benchmark.errors import DataError, complaint
from benchmark.tasks.diphoton import DIPHOTON
from benchmark.tasks.diphoton_events import class_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from benchmark.latents import Latents

TRAIN, VALIDATION, TEST = PARTS = ("train", "validation", "test")
"""Parts that probes learn on, stop by, and are measured on."""
MIN_EVENTS = 10.0
"""Effective events below which a number is null: a share is then known to 0.16 at best."""


@dataclass(frozen=True, eq=False)
class Sample:
    """Events with class and weight.

    Attributes:
        values: Latents, float32 (n, d).
        label: Class of each event, str (n,).
        stratum: What has equal parts inside a class, str (n,).
        weight: float64 (n,) of mean one, as `balanced_weight` makes them.
    """

    values: NDArray[np.float32]
    label: NDArray[np.str_]
    stratum: NDArray[np.str_]
    weight: NDArray[np.float64]

    @classmethod
    def of(
        cls, values: NDArray[np.float32], label: NDArray[np.str_], stratum: NDArray[np.str_]
    ) -> Sample:
        """Return events with balanced weights."""
        return cls(values, label, stratum, balanced_weight(label, stratum))

    def __len__(self) -> int:
        """Return the number of events."""
        return len(self.label)

    def select(self, rows: NDArray[Any]) -> Sample:
        """Return some of the events, balanced anew."""
        return Sample.of(self.values[rows], self.label[rows], self.stratum[rows])


def balanced_weight(label: NDArray[np.str_], stratum: NDArray[np.str_]) -> NDArray[np.float64]:
    """Return weights (n,) of mean one: classes equal, strata equal inside their class.

    Example:
        >>> label = np.array(["a", "a", "a", "b"])
        >>> balanced_weight(label, np.array(["x", "x", "y", "z"])).tolist()
        [0.5, 0.5, 1.0, 2.0]
    """
    classes, of_class = np.unique(label, return_inverse=True)
    strata, of_stratum = np.unique(stratum, return_inverse=True)
    cell = of_class * len(strata) + of_stratum
    counts = np.bincount(cell, minlength=len(classes) * len(strata))
    parts = (counts.reshape(len(classes), len(strata)) > 0).sum(axis=1)
    weight: NDArray[np.float64] = len(label) / (len(classes) * parts[of_class] * counts[cell])
    return weight


def effective(weight: NDArray[np.float64]) -> float:
    """Return the effective number of events, (sum w)^2 / sum w^2; 0 of none."""
    squares = float(np.sum(weight**2))
    return float(np.sum(weight)) ** 2 / squares if squares > 0 else 0.0


def too_few(n_effective: float) -> str:
    """Return why so few effective events carry no number; empty when they do."""
    if n_effective < MIN_EVENTS * (1 - 1e-9):  # rounding must not undo a count just enough
        return f"{n_effective:.3g} effective test events; at least {MIN_EVENTS:g} needed"
    return ""


def sample_of(latents: Latents, part: str) -> Sample:
    """Return the events of one part, in the nine classes of the task.

    Raises:
        DataError: A process is none of the task's.
    """
    chosen = latents.select(latents.part == part)
    label = class_of(chosen.process)
    stratum = np.where(label == DIPHOTON.merged, chosen.process, chosen.point)
    return Sample.of(chosen.values, label, stratum)


def process_sample(latents: Latents, process: str, part: str) -> tuple[Latents, Sample]:
    """Return the events of one process and part, as they are and as a sample of one class.

    The sample has the points in equal parts; the merged background's has the processes.
    """
    if process == DIPHOTON.merged:
        rows = np.isin(latents.process, DIPHOTON.backgrounds)
    else:
        rows = latents.process == process
    chosen = latents.select(rows & (latents.part == part))
    merged = process == DIPHOTON.merged
    stratum = chosen.process if merged else chosen.point
    return chosen, Sample.of(chosen.values, np.full(len(chosen), process), stratum)


def require_parts(latents: Latents, where: str) -> None:
    """Make sure that every process of the task has events in every part that is probed.

    Raises:
        DataError: A part is missing, or a process has no event in one.
    """
    class_of(latents.process)
    for part in PARTS:
        found = np.unique(latents.process[latents.part == part])
        missing = [p for p in (*DIPHOTON.backgrounds, *DIPHOTON.signals) if p not in found]
        if missing:
            message = complaint(
                f"no {part} event of {', '.join(missing)}" if len(found) else f"no {part} part",
                where=where,
                found=", ".join(sorted(map(str, np.unique(latents.part)))) + " in the file",
                expected="every process of the task in the parts " + ", ".join(PARTS),
                remedy="Make the latents again with more events.",
            )
            raise DataError(message)
