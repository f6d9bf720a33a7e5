"""Probes of one file of latents as result rows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from benchmark.probes.classifier import Bdt, Linear, Own
from benchmark.probes.confusion import Confusion, confusion
from benchmark.probes.gaussianity import gaussianity
from benchmark.probes.mass import mass_r2
from benchmark.probes.sample import PARTS, TEST, process_sample, sample_of
from benchmark.results import format_variant
from benchmark.seeds import seed_for
from benchmark.tasks.diphoton import DIPHOTON

if TYPE_CHECKING:
    from benchmark.latents import Facts, Latents
    from benchmark.metrics import Measurement
    from benchmark.probes.classifier import Classifier
    from benchmark.probes.settings import ProbeSettings

ALL = "all"
"""The `signal` of a number that is of all classes together."""


def probe_seed(*names: str) -> int:
    """Return the seed of a probe: the same for every embedding, so that they can be compared."""
    return seed_for(DIPHOTON.name, DIPHOTON.version, "probe", *names)


@dataclass(frozen=True)
class Row:
    """A number with what it is of.

    Attributes:
        signal: True class, process, or `ALL`.
        metric: With its argument, as `benchmark.results.rules` knows it.
        measured: The number.
        probe: What it was measured with; "" where it needs nothing.
    """

    signal: str
    metric: str
    measured: Measurement
    probe: str = ""


def as_frame(facts: Facts, rows: list[Row]) -> pd.DataFrame:
    """Return result rows, but for their commit."""
    return pd.DataFrame([_fields(facts, row) for row in rows])


def _fields(facts: Facts, row: Row) -> dict[str, Any]:
    measured = row.measured
    return {
        "task": facts.task,
        "task_digest": facts.task_digest,
        "release": facts.release,
        "profile": facts.profile,
        "embedding": facts.embedding,
        "variant": _variant(facts.variant, row.probe),
        "regime": facts.regime,
        "signal": row.signal,
        "strength": None,
        "embedding_seed": facts.number,
        "detector_seed": 0,  # probes draw nothing in learning: repeating them gives the same
        "n_train": facts.n_train,
        "metric": row.metric,
        "at": None,
        "value": measured.value,
        "err_lo": measured.err_lo,
        "err_hi": measured.err_hi,
        "n_sig": measured.n_sig,
        "n_bkg": measured.n_bkg,
        "reason": measured.reason,
    }


def _variant(own: str, probe: str) -> str:
    settings = dict(item.split("=", 1) for item in own.split(";") if item)
    return format_variant({**settings, **({"probe": probe} if probe else {})})


def split_variant(variant: str) -> tuple[str, str]:
    """Return the embedding's own variant and the probe of a row; "" for none.

    Example:
        >>> split_variant("beta=0.1;probe=bdt;width=32"), split_variant("beta=0.1")
        (('beta=0.1;width=32', 'bdt'), ('beta=0.1', ''))
    """
    settings = dict(item.split("=", 1) for item in variant.split(";") if item)
    probe = settings.pop("probe", "")
    return format_variant(settings), probe


def confusion_rows(latents: Latents, probe: str, settings: ProbeSettings) -> list[Row]:
    """Return the confusion of the nine classes, and of each background process, by a classifier.

    Args:
        latents: With the parts train, validation and test.
        probe: "bdt", "linear" or "own".
        settings: Of the trees.

    Raises:
        DataError: A class has no event; or "own", and these are no log-probabilities.
    """
    classes = DIPHOTON.classes
    train, validation, test = (sample_of(latents, part) for part in PARTS)
    made = _classifier(latents.facts, probe, settings)
    model = made.fit(train, validation, seed=probe_seed(probe))
    assigned = np.asarray(classes)[model.log_proba(test.values).argmax(axis=1)]
    nine = confusion(test.label, test.stratum, assigned, rows=classes, classes=classes)
    merged = test.label == DIPHOTON.merged
    process = test.stratum[merged]
    five = confusion(
        process, process, assigned[merged], rows=DIPHOTON.backgrounds, classes=classes
    )
    means = {"mean_diagonal": classes, "mean_diagonal_signals": DIPHOTON.signals}
    return [
        *_cells(nine, "assigned", probe),
        *_cells(five, "assigned_process", probe),
        *(
            Row(ALL, name, nine.mean_diagonal(over, merged=DIPHOTON.merged), probe)
            for name, over in means.items()
        ),
    ]


def _classifier(facts: Facts, probe: str, settings: ProbeSettings) -> Classifier:
    if probe == "own":
        return Own(DIPHOTON.classes, facts.classes, DIPHOTON.backgrounds)
    return Bdt(DIPHOTON.classes, settings) if probe == "bdt" else Linear(DIPHOTON.classes)


def _cells(found: Confusion, metric: str, probe: str) -> list[Row]:
    return [
        Row(true, f"{metric}:{name}", found.cell(true, name), probe)
        for true in found.truth
        for name in found.classes
    ]


def mass_rows(latents: Latents, settings: ProbeSettings) -> list[Row]:
    """Return R2 of m_gg for the background in equal parts and for each process of it."""
    return [
        Row(name, "mass_r2", _mass(latents, name, settings), "bdt")
        for name in (DIPHOTON.merged, *DIPHOTON.backgrounds)
    ]


def _mass(latents: Latents, process: str, settings: ProbeSettings) -> Measurement:
    parts = [process_sample(latents, process, part) for part in PARTS]
    train, validation, test = (sample for _, sample in parts)
    first, second, third = (events.m_gg for events, _ in parts)
    seed = probe_seed("mass", process)
    return mass_r2((train, validation, test), (first, second, third), settings, seed=seed)


def gaussian_rows(latents: Latents) -> list[Row]:
    """Return mean, width, Kolmogorov distance and divergence of the latents of each process."""
    rows = []
    for process in (*DIPHOTON.backgrounds, *DIPHOTON.signals):
        _, sample = process_sample(latents, process, TEST)
        found = gaussianity(sample.values, sample.weight)
        for name in ("mean", "width", "kolmogorov"):
            of_dimension = getattr(found, name)
            rows += [
                Row(process, f"latent_{name}:{k}", measured)
                for k, measured in enumerate(of_dimension, start=1)
            ]
        rows.append(Row(process, "latent_kl", found.kl))
    return rows
