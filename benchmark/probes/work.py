"""Probes of files of latents as pieces of work for the farm."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from benchmark.code import closure_digest
from benchmark.farm_spec import Spec
from benchmark.files import sha256
from benchmark.latents import read_latents
from benchmark.mixing import hash64
from benchmark.probes.maps import tsne_points
from benchmark.probes.rows import (
    as_frame,
    confusion_rows,
    gaussian_rows,
    mass_rows,
    probe_seed,
)
from benchmark.probes.settings import ProbeSettings
from benchmark.provenance import commit
from benchmark.tasks.diphoton_events import diphoton_card

if TYPE_CHECKING:
    import pandas as pd

    from benchmark.latents import Facts, Latents

Kind = Literal["bdt", "linear", "own", "mass", "gaussian", "tsne"]
_CODE = ("benchmark.probes.rows", "benchmark.probes.maps", "benchmark.latents")
_TREES = {"trees", "boosting"}
# The settings that the result of each kind depends on: others must not make it again.
_USED: dict[Kind, set[str]] = {
    "bdt": _TREES,
    "linear": set(),
    "own": set(),
    "mass": {*_TREES, "replicas"},
    "gaussian": set(),
    "tsne": {"tsne_events", "tsne_perplexity"},
}


def kinds_of(facts: Facts, settings: ProbeSettings) -> tuple[Kind, ...]:
    """Return what is asked of one file of latents.

    Log-probabilities classify by themselves and are not meant to be Gaussian: they are asked for
    their own classes and for m_gg. Figures draw the first training of some embeddings.
    """
    if facts.classes:
        return ("own", "mass")
    drawn = facts.embedding in settings.drawn and facts.number == 0
    mapped = drawn and facts.regime in settings.tsne_regimes
    # The map first: it takes longest, and other work fills the time beside it.
    first: tuple[Kind, ...] = ("tsne",) if mapped else ()
    return (*first, "bdt", "mass", "linear", "gaussian")


def probe_specs(path: Path, facts: Facts, settings: ProbeSettings) -> dict[Kind, Spec]:
    """Return the piece of work for each kind of probe of a file of latents.

    Args:
        path: The file.
        facts: Those in it.
        settings: Sizes.
    """
    shared = {
        "latents": sha256(path),
        "code": closure_digest(_CODE),
        "card": hash64(diphoton_card().model_dump_json()),
    }
    name = " ".join(filter(None, (facts.embedding, facts.variant, facts.regime)))
    return {
        kind: Spec(
            "benchmark.probes.work:probe",
            {
                **shared,
                "kind": kind,
                "settings": settings.model_dump(mode="json", include=_USED[kind]),
            },
            f"{name}, {kind}",
            {"file": str(path.absolute())},
        )
        for kind in kinds_of(facts, settings)
    }


def probe(
    path: Path,
    *,
    kind: Kind,
    settings: dict[str, Any],
    latents: str,
    code: str,
    card: int,
    file: str,
) -> None:
    """Write the rows or points of one probe of one file; see `probe_specs`.

    Raises:
        DataError: The file is not what it should be.
    """
    del latents, code, card  # they are part of the key
    found = read_latents(Path(file))
    made = _made(found, kind, ProbeSettings(**settings))
    made.assign(commit=commit()).to_parquet(path, index=False)


def _made(latents: Latents, kind: Kind, settings: ProbeSettings) -> pd.DataFrame:
    facts = latents.facts
    if kind == "tsne":
        points = tsne_points(
            latents,
            per_process=settings.tsne_events,
            perplexity=settings.tsne_perplexity,
            seed=probe_seed(kind),
        )
        return _with_facts(points, facts)
    if kind == "mass":
        return as_frame(facts, mass_rows(latents, settings))
    if kind == "gaussian":
        return as_frame(facts, gaussian_rows(latents))
    return as_frame(facts, confusion_rows(latents, kind, settings))


def _with_facts(points: pd.DataFrame, facts: Facts) -> pd.DataFrame:
    names = ("task", "task_digest", "release", "profile", "embedding", "variant", "regime")
    return points.assign(number=facts.number, **{name: getattr(facts, name) for name in names})
