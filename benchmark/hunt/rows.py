"""Numbers of a hunt as result rows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd

from benchmark.results import format_variant

if TYPE_CHECKING:
    from collections.abc import Mapping

    from benchmark.hunt.ensembles import Key
    from benchmark.latents import Facts
    from benchmark.metrics import Measurement

NONE = "none"
"""The `signal` where nothing is injected."""


def variant_of(facts: Facts, **named: object) -> str:
    """Return the variant of the embedding, joined with what the hunt did.

    Example:
        >>> from benchmark.latents import Facts
        >>> facts = Facts(task="t", task_digest="d", release="r", profile="p", commit="c",
        ...     embedding="e", regime="id", n_train=1, variant="events=8")
        >>> variant_of(facts, detector="cathode")
        'detector=cathode;events=8'
    """
    own = dict(part.split("=", 1) for part in facts.variant.split(";") if part)
    return format_variant({**own, **named})


def frame(
    facts: Facts,
    measured: Mapping[Key, Measurement],
    *,
    variant: str,
    signal: str,
    strength: float | None,
    instance: int,
) -> pd.DataFrame:
    """Return result rows, but for their commit."""
    shared = {**origin(facts), "variant": variant}
    keys = {"signal": signal, "strength": strength, "embedding_seed": 0, "detector_seed": instance}
    return pd.DataFrame(
        [
            {**shared, **keys, "n_train": facts.n_train, "metric": metric, "at": at, **vars(value)}
            for (metric, at), value in measured.items()
        ]
    )


def origin(facts: Facts) -> dict[str, Any]:
    """Return the columns of rows and points that say where the latents come from."""
    names = ("task", "task_digest", "release", "profile", "embedding", "regime")
    return {name: getattr(facts, name) for name in names}
