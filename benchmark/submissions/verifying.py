"""Holding an encoder's scores on private events to those on the published ones.

Flows, classifiers and autoencoders learn from the published events, exactly as in a scoring; only
the events that results are measured on are others.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from benchmark.events import EventTable
from benchmark.hunt.sample import PRIVATE
from benchmark.leaderboard.rules import rules
from benchmark.results import format_variant
from benchmark.submissions.published import Published
from benchmark.tasks.evaluation import Training, run_training

if TYPE_CHECKING:
    from collections.abc import Iterator

    import pandas as pd

    from benchmark.detectors import Device
    from benchmark.embedding import Embedding
    from benchmark.submissions.result_file import ScoredSubmission
    from benchmark.tasks.cms_adc import AdcData
    from benchmark.tasks.evaluation import Protocol
    from benchmark.tasks.spec import TaskSpec

EVENTS = "events"
"""Names the events in a variant: "private" for these rows, nothing for the published ones."""
MOST_PULL = 3.0
"""Standard deviations below the published score that are allowed. A normal variable falls below in
one case of 740; errors are taken as correlated over signals, so that honest encoders do less."""
_LEAST_RATIO = 1e-6
"""Stands for a number that is missing for no good reason, or for a zero without error."""


def joined(published: Published, private: EventTable, bare: EventTable) -> Published:
    """Return published events with private ones after them, of a part of their own.

    Args:
        published: As they are.
        private: Labelled.
        bare: The same as an embedding sees them.
    """
    mass = None
    if published.m_gg is not None and private.m_gg is not None:
        mass = np.concatenate((published.m_gg, private.m_gg))
    return Published(
        task=published.task,
        release=published.release,
        events=EventTable.concat([published.events, bare]),
        event_id=np.concatenate((published.event_id, private.event_id)),
        process=np.concatenate((published.process, private.process)),
        point=np.concatenate((published.point, private.point)),
        part=np.concatenate((published.part, np.full(len(private), PRIVATE))),
        weight=np.concatenate((published.weight, private.weight)),
        m_gg=mass,
    )


def private_variant(variant: str) -> str:
    """Return the variant of rows that were measured on private events.

    Example:
        >>> private_variant("detector=cathode")
        'detector=cathode;events=private'
    """
    own = dict(part.split("=", 1) for part in variant.split(";") if part)
    return format_variant({**own, EVENTS: PRIVATE})


def adc_rows(
    embedding: Embedding,
    data: AdcData,
    private: EventTable,
    spec: TaskSpec,
    protocol: Protocol,
    *,
    device: Device,
) -> Iterator[pd.DataFrame]:
    """Yield the rows of each detector, measured on private events.

    Args:
        embedding: Of the latents of published and private events.
        data: Of the release; the training events count.
        private: Labelled.
        spec: The task.
        protocol: Of the profile.
        device: Where detectors train.
    """
    background = private.select(~np.isin(private.process, spec.signals))
    signals = {name: private.select(private.process == name) for name in spec.signals}
    others = replace(data, background=background, signals=signals)
    for number, detectors in protocol.trainings(learns=False):
        training = Training(
            embedding=embedding, number=number, detectors=detectors, curves=False, device=device
        )
        yield run_training(training, others, spec, protocol)


@dataclass(frozen=True)
class Agreement:
    """Primary numbers on private events against those on published ones.

    Attributes:
        signals: How many have both.
        ratio: Geometric mean over them of private over published.
        error: Relative, of test events: in standard deviations.
        pull: log(ratio) / error.
    """

    signals: int
    ratio: float
    error: float

    @property
    def pull(self) -> float:
        """Standard deviations between the two."""
        return float(np.log(self.ratio) / self.error)

    @property
    def good(self) -> bool:
        """Whether the private score is not too far below the published one."""
        return self.signals > 0 and self.pull > -MOST_PULL


def agreement(scored: ScoredSubmission, private: pd.DataFrame) -> Agreement:
    """Return how primary numbers on private events stand to the published ones.

    Every signal with a published number counts. A private one that cannot be told from zero
    stands at its upper limit, and a missing one at next to nothing; but where too few background
    events passed it is left out: at a background efficiency the published one would be blank at
    that number of events, too, and at a signal efficiency it is a high score. With less than half
    of the signals left, nothing is said.

    All signals share the background events of a sample, so that their errors are taken as fully
    correlated: the error of the mean is the mean of the errors. Training is the same in both.

    Args:
        scored: The scores on published events.
        private: Rows on private events, of the same columns.
    """
    rule = rules()[scored.task]
    known = _limited(_primary(scored.frame(), rule.task, rule.variant).dropna())
    known = known[known["value"] > 0]
    rows = _chosen(private, rule.task, private_variant(rule.variant))
    seen = _limited(_primary(private, rule.task, private_variant(rule.variant)))
    # A mean over the repetitions that are left would be one over the lowest scores.
    left_out = rows[rows["value"].isna() & rows["reason"].fillna("").str.contains("background")]
    both = known.add_suffix("_known").join(seen, how="left")
    both = both[~both.index.isin(left_out["signal"])]
    if both.empty or 2 * len(both) < len(known):
        return Agreement(0, float("nan"), float("nan"))
    ratio = (both["value"] / both["value_known"]).fillna(0.0).clip(lower=_LEAST_RATIO)
    # An upper limit above the published number is no gain.
    ratio = ratio.mask(both["limited"] > 0, ratio.clip(upper=1.0))
    relative = (both["error"] / both["value"]).where(both["value"] > 0, 0.0)
    errors = np.hypot(relative, both["error_known"] / both["value_known"])
    return Agreement(len(both), float(np.exp(np.log(ratio).mean())), float(errors.mean()))


def _limited(numbers: pd.DataFrame) -> pd.DataFrame:
    """Return numbers with those that cannot be told from zero at their upper limits.

    Their relative error is then one half. For a count of none it gives, to a tenth, the standard
    deviations sqrt(2 n) of the likelihood where 5 to 20 events are expected; relative to the
    number itself, errors would have no bound and hide how far the others fall.
    """
    limit = numbers["error"] > numbers["value"] / 2
    value = numbers["value"].mask(limit, numbers["value"] + numbers["upwards"])
    error = numbers["error"].mask(limit, value / 2)
    return numbers.assign(value=value, error=error, limited=limit.astype("float64"))


def _primary(rows: pd.DataFrame, task: str, variant: str) -> pd.DataFrame:
    """Return value and error of each signal's primary number, mean over repetitions."""
    chosen = _chosen(rows, task, variant)
    chosen = chosen.assign(
        error=(chosen["err_lo"] + chosen["err_hi"]) / 2, upwards=chosen["err_hi"]
    )
    # Repetitions share the test events: their mean has the error of one.
    return chosen.groupby("signal")[["value", "error", "upwards"]].mean()


def _chosen(rows: pd.DataFrame, task: str, variant: str) -> pd.DataFrame:
    """Return the rows of the primary number."""
    point = rules()[task].primary
    chosen = rows[(rows["metric"] == point.metric) & (rows["variant"] == variant)]
    for name in ("at", "strength"):
        if getattr(point, name) is not None:
            chosen = chosen[chosen[name] == getattr(point, name)]
    # Rows with a null hold Python's own numbers.
    return chosen.astype({"value": "float64", "err_lo": "float64", "err_hi": "float64"})
