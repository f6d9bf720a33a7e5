"""The events that an embedding may learn from, for authors."""

from __future__ import annotations

from typing import TYPE_CHECKING

from benchmark.paths import datasets_root
from benchmark.submissions.rules import rules_of
from benchmark.tasks.cms_adc import load_data
from benchmark.tasks.diphoton import DIPHOTON
from benchmark.tasks.diphoton_events import fit_events
from benchmark.tasks.regimes import Regime
from benchmark.tasks.source import open_source

if TYPE_CHECKING:
    from pathlib import Path

    from benchmark.events import EventTable


def training_events(
    task: str, data: Path | None = None, *, regime: str = "background"
) -> EventTable:
    """Return the events of a task that an embedding may learn from.

    diphoton: labelled events of the encoder half, parts "train" and "validation", as far as the
    regime goes. cms_adc: unlabelled background of the part "train".

    Args:
        task: Name of the task.
        data: Folder of events; None for the bundled release.
        regime: Of diphoton, as `benchmark.tasks.regimes` spells it; "id" for every process.

    Raises:
        DataError: The folder has no such events.
        DiademError: No such task or regime.
    """
    rules = rules_of(task)
    folder = datasets_root() / rules.spec.dataset / rules.spec.release if data is None else data
    source = open_source(folder)
    if rules.spec is DIPHOTON:
        return fit_events(source, Regime.parse(regime, rules.card))
    return load_data(source).train
