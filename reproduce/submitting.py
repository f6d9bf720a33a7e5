"""What `submission.yaml` says of an embedding that the suite itself trained."""

from __future__ import annotations

import os
import platform
import re
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from typing import TYPE_CHECKING, Any

import yaml

from baselines.registry import EMBEDDINGS
from benchmark.submissions.rules import rules_of
from benchmark.tasks.diphoton import DIPHOTON
from benchmark.tasks.regimes import Regime

if TYPE_CHECKING:
    from benchmark.cards import DatasetCard
    from benchmark.submissions.rules import Rules

AUTHORS = ["DIADEM developers"]
LICENCE = "BSD-3-Clause"
CODE = "https://example.org/diadem"
"""Until the project has an address; LICENCE and AUTHORS are those of CITATION.cff."""
LABEL_FREE = frozenset({"raw9", "random", "anomclr_plus_diphoton"})
"""Embeddings of the diphoton task whose fit does not look at labels, registered ones.

That of "haxad_vae" does: every process comes equally often.
"""
_PAPERS = {"cms_adc": "arXiv:2301.04660", "diphoton": "arXiv:2603.25794"}
_OTHER_PAPERS = {
    "haxad_vae": "arXiv:2508.13566",
    "raw9": "arXiv:2508.13566",
    "anomclr_plus_diphoton": "arXiv:2301.04660",
    "signal_aware_adc": "arXiv:2603.25794",
}
_LONGEST = 41  # letters of a name on the board


@dataclass(frozen=True, kw_only=True)
class Origin:
    """Where latents or an encoder come from.

    Attributes:
        task: Name of the task.
        embedding: Name of the embedding.
        variant: As in result rows.
        regime: Name of the regime; "" where the task has none.
        number: Repetition of the training.
        profile: Sizes of the run.
        release: Label of the events.
        n_train: Events that were trained on.
        settings: Of the embedding, as far as known.
        labels: Whether an embedding of the CMS-ADC task asked for labels.
        hours: Of the training; 0 where it was not measured.
    """

    task: str
    embedding: str
    variant: str
    regime: str
    number: int
    profile: str
    release: str
    n_train: int
    settings: dict[str, Any]
    labels: bool = False
    hours: float = 0.0


def submission_name(origin: Origin) -> str:
    """Return the name on the board: embedding, variant, regime, and repetition but the first.

    Example:
        >>> made = Origin(task="diphoton", embedding="signal_aware", variant="beta=0.1",
        ...     regime="ip:zprime/400", number=1, profile="quick", release="v1", n_train=9,
        ...     settings={})
        >>> submission_name(made)
        'signal_aware-beta_0_1-ip-zprime-400-1'
    """
    again = str(origin.number) if origin.number else ""
    variant = re.sub(r"[^a-z0-9]+", "_", origin.variant.lower()).strip("_")
    regime = re.sub(r"[:/]", "-", origin.regime.lower())
    own = re.sub(r"[^a-z0-9_-]+", "_", origin.embedding.lower())
    last = "".join(f"-{part}" for part in (regime, again) if part)
    return "-".join(filter(None, (own, variant)))[: _LONGEST - len(last)] + last


def described(origin: Origin, *, kind: str, dimensions: int, name: str = "") -> dict[str, Any]:
    """Return the fields of `submission.yaml`.

    Args:
        origin: Of the submission.
        kind: "latents" or "encoder".
        dimensions: Of the latents.
        name: On the board; "" for `submission_name`.
    """
    rules = rules_of(origin.task)
    entry = EMBEDDINGS.get(origin.embedding)
    regime = f", regime {origin.regime}" if origin.regime else ""
    paper = _OTHER_PAPERS.get(origin.embedding, _PAPERS[origin.task])
    return {
        "name": name or submission_name(origin),
        "title": (entry.title if entry else origin.embedding) + regime,
        "authors": AUTHORS,
        "version": _version(),
        "licence": LICENCE,
        "code_url": CODE,
        "citation": f"DIADEM, {paper}" if entry else "None.",
        "task": origin.task,
        "task_digest": rules.spec.digest(),
        "kind": kind,
        "dimensions": dimensions,
        "trained_on": trained_on(origin, rules),
        "hyper_parameters": _plain(origin),
        "hardware": f"{platform.machine()}, {os.cpu_count()} cores" if origin.hours else "unknown",
        "hours": round(origin.hours, 4),
    }


def trained_on(origin: Origin, rules: Rules) -> dict[str, Any]:
    """Return what an embedding learned from, as its regime says."""
    if rules.spec is DIPHOTON:
        regime = Regime.parse(origin.regime, rules.card)
        processes = [_allowed(name, regime, rules.card) for name in regime.processes(rules.card)]
    else:
        processes = [
            {"process": process.name, "points": "all"}
            for process in rules.card.processes
            if process.kind == "background"
        ]
    diphoton = rules.spec is DIPHOTON
    return {
        "labels": origin.embedding not in LABEL_FREE if diphoton else origin.labels,
        "processes": processes,
        "releases": [origin.release],
        "splits": list(rules.training),
    }


def as_yaml(fields: dict[str, Any]) -> str:
    """Return the text of `submission.yaml`: no anchors, no tags."""
    return yaml.dump(fields, Dumper=_Plain, sort_keys=False, allow_unicode=True, width=99)


class _Plain(yaml.SafeDumper):
    """Writes a list that stands at two places twice."""

    def ignore_aliases(self, data: Any) -> bool:
        """Return that nothing is written as a reference."""
        del data
        return True


def _allowed(process: str, regime: Regime, card: DatasetCard) -> dict[str, Any]:
    """Return the points of a process that a regime allows."""
    if regime.kind != "ip" or process != regime.process:
        return {"process": process, "points": "all"}
    points = [point.name for point in card.process(process).points if point.name != regime.point]
    return {"process": process, "points": points}


def _plain(origin: Origin) -> dict[str, Any]:
    """Return hyper-parameters as names and scalars."""
    found: dict[str, Any] = {}
    for key, value in origin.settings.items():
        scalar = value is None or isinstance(value, (bool, int, float, str))
        found[key] = value if scalar else "+".join(map(str, value))
    run = {"profile": origin.profile, "n_train": origin.n_train, "training": origin.number}
    return {**found, **run, **({"variant": origin.variant} if origin.variant else {})}


def _version() -> str:
    try:
        return version("diadem-bench")
    except PackageNotFoundError:
        return "0.1.0.dev0"
