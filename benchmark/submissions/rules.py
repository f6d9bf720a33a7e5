"""What a task asks of its submissions."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

from benchmark.cards import load_card
from benchmark.errors import DiademError, complaint
from benchmark.tasks.cms_adc import CMS_ADC
from benchmark.tasks.diphoton import DIPHOTON
from benchmark.tasks.diphoton_events import FIT_PARTS, PSEUDO_DATA

if TYPE_CHECKING:
    from benchmark.cards import DatasetCard
    from benchmark.tasks.spec import Specification

TASKS: dict[str, Specification] = {"diphoton": DIPHOTON, "cms_adc": CMS_ADC}
"""The tasks that take submissions, by name."""

_TRAINING = {"diphoton": FIT_PARTS, "cms_adc": ("train",)}
_EVALUATION = {"diphoton": ("test", PSEUDO_DATA), "cms_adc": ("test",)}


@dataclass(frozen=True)
class Rules:
    """What a task asks.

    Attributes:
        spec: The task.
        card: Of its dataset.
        training: Parts of its splits that an encoder may learn from.
        evaluation: Parts that scores are measured on: nothing may learn from them.
    """

    spec: Specification
    card: DatasetCard
    training: tuple[str, ...]
    evaluation: tuple[str, ...]

    @property
    def signals(self) -> tuple[str, ...]:
        """Every signal that the board has a cell for: "process/point", or a process alone."""
        if self.spec is DIPHOTON:
            return DIPHOTON.hunt.injections
        return self.spec.signals


@cache
def rules_of(task: str) -> Rules:
    """Return the rules of a task.

    Raises:
        DiademError: No task of this name takes submissions.
    """
    if task not in TASKS:
        message = complaint("no such task", found=repr(task), expected=" or ".join(TASKS))
        raise DiademError(message)
    spec = TASKS[task]
    return Rules(spec, load_card(spec.dataset), _TRAINING[task], _EVALUATION[task])
