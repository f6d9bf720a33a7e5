"""Numbers of a hunt as result rows.

Finished work does not say whose latents were searched: others with the same numbers have the same
result. Their names are added when results are gathered.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from benchmark.results import format_variant

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from benchmark.farm_spec import Spec
    from benchmark.hunt.ensembles import Key
    from benchmark.latents import Facts
    from benchmark.metrics import Measurement

NONE = "none"
"""The `signal` where nothing is injected."""
_ORIGIN = ("task", "task_digest", "release", "profile", "embedding", "regime", "n_train")


@dataclass(frozen=True, kw_only=True)
class Piece:
    """Work for the farm, and what its result rows are to say.

    Attributes:
        spec: The work.
        facts: Of the latents.
        named: Parts of the rows' variant, beside the embedding's own.
    """

    spec: Spec
    facts: Facts
    named: tuple[tuple[str, str], ...]

    @property
    def variant(self) -> str:
        """The variant of the embedding, joined with what the search did.

        Example:
            >>> from benchmark.farm_spec import Spec
            >>> from benchmark.latents import Facts
            >>> facts = Facts(task="t", task_digest="d", release="r", profile="p", commit="c",
            ...     embedding="e", regime="id", n_train=1, variant="events=8")
            >>> Piece(spec=Spec("a:f", {}), facts=facts, named=(("detector", "cathode"),)).variant
            'detector=cathode;events=8'
        """
        own = dict(part.split("=", 1) for part in self.facts.variant.split(";") if part)
        return format_variant({**own, **dict(self.named)})


def frame(
    measured: Mapping[Key, Measurement], *, signal: str, strength: float | None, instance: int
) -> pd.DataFrame:
    """Return result rows, but for their commit and for whose they are: see `signed`."""
    keys = {"signal": signal, "strength": strength, "embedding_seed": 0, "detector_seed": instance}
    return pd.DataFrame(
        [
            {**keys, "metric": metric, "at": at, **vars(value)}
            for (metric, at), value in measured.items()
        ]
    )


def signed(table: pd.DataFrame, pieces: Sequence[Piece], counts: Sequence[int]) -> pd.DataFrame:
    """Return rows with the columns that say whose they are.

    Args:
        table: Rows of all pieces, one after the other.
        pieces: Work that made them.
        counts: How many rows each made.
    """
    whose = np.repeat(np.arange(len(pieces)), counts)
    columns = {name: [getattr(piece.facts, name) for piece in pieces] for name in _ORIGIN}
    columns["variant"] = [piece.variant for piece in pieces]
    return table.assign(**{name: np.array(held)[whose] for name, held in columns.items()})
