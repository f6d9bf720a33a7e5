"""Latents that tell a signal better than an encoder could that never saw it.

Latents are a function of the event, so that no classifier of them can do better than the best one
of the events themselves. That one is not known; trees on all numbers of the events stand for it,
with the same training events. Latents may beat them, as an encoder learns from more events; so
the rule asks how much. Compared are the fractions of pairs of a signal and a background event
that are ordered wrongly, 1 - AUC, and latents are flagged that have less than half of the trees'.

On release v1 the suite's own encoders stay below 1.1 times the trees for signals that they never
saw, and below 1.5 times where a fully supervised encoder saw them in thirty times as many events.
The ratio's standard error is 0.1 to 0.2: an honest encoder is hardly ever flagged. The price is
that only labels written into latents are found, not an encoder that was shown a signal in secret
and learned from it as any encoder can. The former also fails on events of a secret seed; against
the latter there is nothing but the published code.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from benchmark.metrics import auc
from benchmark.probes.sample import balanced_weight
from benchmark.splits import uniform
from benchmark.submissions.boosted import cross_fitted
from benchmark.submissions.findings import Finding
from benchmark.submissions.regimes import regime_of
from benchmark.submissions.rules import rules_of
from benchmark.tasks.diphoton_events import PSEUDO_DATA

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from benchmark.submissions.published import Published
    from benchmark.submissions.schema import TrainedOn

MOST_RATIO = 2.0
EVENTS = 600
"""Of each signal at most; four times as many of the background."""
LEAST_EVENTS = 100
"""Of a signal and of the background; with fewer there is no flag."""
_BACKGROUND = "background"
_PARTS = {"diphoton": PSEUDO_DATA, "cms_adc": "test"}
_UNSEEN = ("ep", "background", "self-supervised")
_POINT_UNSEEN = "ip"


class Known(NamedTuple):
    """How well a signal is told from background.

    Attributes:
        latents: AUC from the latents.
        events: AUC from all numbers of the events.
        pairs: Of a signal and a background event.
    """

    latents: float
    events: float
    pairs: int

    @property
    def ratio(self) -> float:
        """How many times fewer pairs the latents order wrongly."""
        least = 1 / self.pairs
        return max(1 - self.events, least) / max(1 - self.latents, least)


def check_labels(
    values: NDArray[np.float32], published: Published, trained_on: TrainedOn
) -> list[Finding]:
    """Return flags of latents that know a signal which their author says they never saw.

    Args:
        values: (n, d).
        published: With process and point.
        trained_on: What the author says.
    """
    rules = rules_of(published.task)
    points = [
        f"{process.name}/{point.name}"
        for process in rules.card.processes
        if process.name in rules.spec.signals
        for point in process.points
    ]
    regimes = {
        name: regime_of(trained_on, name, rules.card) for name in (*rules.spec.signals, *points)
    }
    unseen = [
        name
        for name, regime in regimes.items()
        if regime == _POINT_UNSEEN or ("/" not in name and regime in _UNSEEN)
    ]
    found = []
    for name, known in label_knowledge(values, published, unseen).items():
        if known.ratio > MOST_RATIO:
            text = (
                f"the latents tell {name} from background better than its regime "
                f"({regimes[name]}) allows: AUC {known.latents:.4f}, where trees on the events "
                f"themselves reach {known.events:.4f}"
            )
            found.append(Finding("knows_labels", "flag", text))
    return found


def label_knowledge(
    values: NDArray[np.float32], published: Published, signals: Sequence[str]
) -> dict[str, Known]:
    """Return how well signals are told from background; those with too few events are left out.

    Args:
        values: (n, d).
        published: With process and point.
        signals: Processes, or points of others as "process/point".
    """
    every = rules_of(published.task).spec.signals
    label = np.where(np.isin(published.process, every), published.process, _BACKGROUND)
    label = label.astype(np.dtype("U64"))
    for name in signals:
        process, _, point = name.partition("/")
        if point:
            label[(published.process == process) & (published.point == point)] = name
    stratum = np.where(label == _BACKGROUND, published.process, published.point)
    rows = _chosen(published, label, stratum)
    counts = {name: int((label[rows] == name).sum()) for name in (*signals, _BACKGROUND)}
    wanted = [name for name in signals if counts[name] >= LEAST_EVENTS]
    if not wanted or counts[_BACKGROUND] < LEAST_EVENTS:
        return {}
    names = [_BACKGROUND, *wanted]
    rows = rows[np.isin(label[rows], names)]
    label, weight = label[rows], balanced_weight(label[rows], stratum[rows])
    target = np.array([names.index(name) for name in label])
    objective = {"objective": "multi:softprob", "num_class": len(names)}
    both = [
        cross_fitted(published.event_id[rows], numbers, target, weight, objective)
        for numbers in (values[rows], _numbers(published, rows))
    ]
    found = {}
    for k, name in enumerate(wanted, start=1):
        pairs = int((target == k).sum()) * int((target == 0).sum())
        of_latents, of_events = (_auc(margin, target, weight, k) for margin in both)
        found[name] = Known(of_latents, of_events, pairs)
    return found


def _auc(
    margin: NDArray[np.float32], target: NDArray[np.intp], weight: NDArray[np.float64], k: int
) -> float:
    """Return the AUC of class k against class 0 by the difference of their margins."""
    score = margin[:, k] - margin[:, 0]
    signal, background = target == k, target == 0
    found = auc(
        score[signal],
        score[background],
        weight_sig=weight[signal],
        weight_bkg=weight[background],
    )
    return float(found)


def _chosen(
    published: Published, label: NDArray[np.str_], stratum: NDArray[np.str_]
) -> NDArray[np.intp]:
    """Return rows with the strata of each class in equal parts, as far as there are events."""
    order = np.argsort(uniform(published.event_id, "submissions/labels"))
    order = order[published.part[order] == _PARTS[published.task]]
    kept = []
    for name in np.unique(label[order]):
        own = order[label[order] == name]
        strata = np.unique(stratum[own])
        most = EVENTS * (4 if name == _BACKGROUND else 1) // len(strata)
        kept += [own[stratum[own] == one][:most] for one in strata]
    return np.concatenate(kept)


def _numbers(published: Published, rows: NDArray[np.intp]) -> NDArray[np.float32]:
    """Return all numbers of events that are not constant, (n, k)."""
    objects = published.events.objects[rows]
    flat = np.concatenate(
        (objects.reshape(len(rows), -1), published.events.features[rows]), axis=1
    )
    found: NDArray[np.float32] = flat[:, np.ptp(flat, axis=0) > 0]
    return found
