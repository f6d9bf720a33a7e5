"""The few numbers that tell at a glance how a change did: for `dvc metrics show` and `diff`."""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from benchmark.tasks.cms_adc import CMS_ADC
from benchmark.tasks.diphoton import DIPHOTON
from reproduce.report.results import read_results
from reproduce.report.schema import Select
from reproduce.saving import write_text

if TYPE_CHECKING:
    from pathlib import Path

    from reproduce.report.results import Measured, Results

_STRENGTH, _LOOSE, _EFFICIENCY = 2.0, 0.01, 0.3
_AREA = Select(metric="auc")
_SIGNIFICANCE = Select(metric="significance_improvement", at=_EFFICIENCY)
_SEARCH = Select(
    metric="significance_improvement_at_background",
    at=_LOOSE,
    strength=_STRENGTH,
    variant="detector=cathode",
    embedding="signal_aware",
)
_CONFUSION = Select(metric="mean_diagonal", signal="all", variant="probe=bdt")
_REGIMES = {"id": "in_distribution", "background": "background_only"}


@dataclass(frozen=True, kw_only=True)
class Headline:
    """A number, from one cell of the result rows or as the geometric mean of several.

    Attributes:
        name: What it is called, its parts joined by dots.
        select: The cells.
        over: Signals that the mean goes over; none for the one of `select`.
    """

    name: str
    select: Select
    over: tuple[str, ...] = ()

    def of(self, results: Results, task: str) -> dict[str, float | None]:
        """Return its value and uncertainty; null where a cell has no value."""
        signals = self.over or (self.select.signal or "",)
        cells = [
            results.measured(task, self.select.model_copy(update={"signal": signal}))
            for signal in signals
        ]
        return _mean(cells) if self.over else _plain(cells[0])


def headlines() -> dict[str, tuple[Headline, ...]]:
    """Return the headline numbers of each task.

    CMS-ADC: geometric means over the four signals of the AUC, and of the significance improvement
    at a signal efficiency of 0.3. Diphoton: the mean diagonal of nine classes, R2 of a regression
    of m_gg, AUC of generated against true background, and the geometric mean over the sought
    signals of the significance improvement at S/sqrt(B) = 2 and a background efficiency of 1 %,
    where an encoder learned from every process (in_distribution) and from none of the signals
    (background_only).
    """
    return {CMS_ADC.name: tuple(_adc()), DIPHOTON.name: tuple(_diphoton())}


def _adc() -> list[Headline]:
    plain = {"regime": "self-supervised", "variant": ""}
    return [
        Headline(
            name=f"{select.metric}.{name}",
            select=select.model_copy(update={"embedding": name, **plain}),
            over=CMS_ADC.signals,
        )
        for select in (_AREA, _SIGNIFICANCE)
        for name in ("raw", "untrained", "anomclr_plus")
    ]


def _diphoton() -> list[Headline]:
    confusion = [
        ("signal_aware", "id"),
        ("signal_aware", "background"),
        ("raw9", "background"),
    ]
    found = [
        Headline(
            name=f"mean_diagonal.{embedding}.{_REGIMES[regime]}",
            select=_CONFUSION.model_copy(update={"embedding": embedding, "regime": regime}),
        )
        for embedding, regime in confusion
    ]
    for regime, words in _REGIMES.items():
        search = _SEARCH.model_copy(update={"regime": regime})
        none = {"signal": "none", "metric": "sculpting_auc", "at": None, "strength": 0.0}
        mass = {"metric": "mass_r2", "signal": DIPHOTON.merged, "regime": regime}
        probed = _CONFUSION.model_copy(update={**mass, "embedding": "signal_aware"})
        found += [
            Headline(
                name=f"significance_improvement.signal_aware.{words}",
                select=search,
                over=tuple(DIPHOTON.hunt.injections),
            ),
            Headline(
                name=f"sculpting_auc.signal_aware.{words}",
                select=search.model_copy(update=none),
            ),
            Headline(name=f"mass_r2.signal_aware.{words}", select=probed),
        ]
    return found


def write_headlines(folder: Path, task: str) -> Path:
    """Write the headline numbers of a task as JSON: each with value and uncertainty.

    The uncertainty is that of one training: statistical, spread over repetitions and, where
    there is one, over ensembles, in quadrature. That of a mean over signals is as if their
    relative ones were fully correlated, which they are at most.

    Args:
        folder: Of the profile's results.
        task: Its name.

    Raises:
        DataError: There are no rows, or they are not valid.
    """
    wanted = headlines()[task]
    metrics = {one.select.metric for one in wanted if one.select.metric}
    results = read_results(folder, metrics, tasks=(task,))
    found: dict[str, object] = {}
    for one in wanted:
        _put(found, one.name.split("."), one.of(results, task))
    path = folder / task / "metrics.json"
    write_text(json.dumps(found, indent=2, allow_nan=False) + "\n", path)
    return path


def _put(found: dict[str, object], keys: list[str], number: dict[str, float | None]) -> None:
    """Put a number where its name's parts lead."""
    held = found
    for key in keys[:-1]:
        inner = held.setdefault(key, {})
        if isinstance(inner, dict):
            held = inner
    held[keys[-1]] = number


def _plain(cell: Measured) -> dict[str, float | None]:
    return {"value": _or_null(cell.value), "uncertainty": _or_null(cell.uncertainty)}


def _mean(cells: list[Measured]) -> dict[str, float | None]:
    """Return the geometric mean of positive values; null where one is missing or is not."""
    values = np.array([cell.value for cell in cells])
    errors = np.array([cell.uncertainty for cell in cells])
    if not (values > 0).all():
        return {"value": None, "uncertainty": None}
    mean = float(np.exp(np.log(values).mean()))
    return {"value": _or_null(mean), "uncertainty": _or_null(mean * (errors / values).mean())}


def _or_null(number: float) -> float | None:
    """Return six digits of a number."""
    return float(f"{number:.6g}") if math.isfinite(number) else None
