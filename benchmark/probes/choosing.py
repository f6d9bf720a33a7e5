"""Measures for choosing hyper-parameters: on the validation part, never on test events."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from benchmark.code import closure_digest
from benchmark.farm_spec import Spec
from benchmark.files import sha256
from benchmark.latents import read_latents
from benchmark.probes.density import CONTINUUM, flow_auc
from benchmark.probes.rows import Row, as_frame, confusion_rows, gaussian_rows
from benchmark.probes.sample import TEST, TRAIN, VALIDATION
from benchmark.probes.settings import ProbeSettings
from benchmark.provenance import commit
from benchmark.splits import uniform

if TYPE_CHECKING:
    from benchmark.latents import Facts, Latents

CLOSED = "closed"
"""What test events are called here: no probe knows the part."""
_TENTH = 0.1


def without_test(latents: Latents) -> Latents:
    """Return latents whose validation part stands in the place of the test part.

    Test events are put away; a tenth of the training part takes the place of the validation part,
    by which classifiers stop.
    """
    part = latents.part.astype("<U12")
    aside = (part == TRAIN) & (uniform(latents.event_id, "stop by") < _TENTH)
    part[latents.part == TEST] = CLOSED
    part[latents.part == VALIDATION] = TEST
    part[aside] = VALIDATION
    return replace(latents, part=part)


def choosing_spec(path: Path, facts: Facts) -> Spec:
    """Return the work of measuring a file of latents on the validation part."""
    shared = {"latents": sha256(path), "code": closure_digest([__name__])}
    label = " ".join(filter(None, (facts.embedding, facts.variant, facts.regime, "validation")))
    context = {"file": str(path.absolute())}
    return Spec("benchmark.probes.choosing:measure", shared, label, context)


def measure(path: Path, *, latents: str, code: str, file: str) -> None:
    """Write rows: a linear classifier's, the unit Gaussian's, and what a flow makes of them.

    Raises:
        DataError: The file is not what it should be.
    """
    del latents, code  # they are part of the key
    found = without_test(read_latents(Path(file)))
    rows = [*confusion_rows(found, "linear", ProbeSettings()), *gaussian_rows(found)]
    rows.append(Row(CONTINUUM, "flow_auc", flow_auc(found.select(found.part == TEST))))
    as_frame(found.facts, rows).assign(commit=commit()).to_parquet(path, index=False)
