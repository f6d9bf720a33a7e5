"""The nine features of HAXAD themselves as an embedding: what needs no network."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import TYPE_CHECKING, Self

from baselines.development import development
from baselines.keeping import not_fitted
from baselines.nine_features import Standard, nine_features
from baselines.rounding import rounded
from benchmark.batches import as_tensor
from benchmark.errors import DiademError, complaint
from benchmark.files import atomic_path
from benchmark.schema import DIPHOTON
from benchmark.table import require_schema

if TYPE_CHECKING:
    from pathlib import Path

    import numpy as np
    from numpy.typing import NDArray

    from benchmark.events import EventTable

_FILE = "raw9.json"


class Raw9:
    """The features of `NINE`, each with mean 0 and width 1 over the events that are trained on.

    Nothing but this scaling is done: it changes no decision of a tree.

    Example:
        >>> from benchmark.events import read_events
        >>> events = read_events("datasets/diphoton/v1/zprime.parquet")
        >>> Raw9().fit(events, seed=1).transform(events).shape[1]
        9
    """

    name = "raw9"
    learns = False

    def __init__(self) -> None:
        """Make an embedding that is not fitted."""
        self.scale: Standard | None = None

    def fit(self, events: EventTable, *, seed: int) -> Self:
        """Take means and widths; nothing depends on the seed, on labels or on weights.

        Raises:
            DataError: No event, or events of another schema.
        """
        del seed
        require_schema(events, DIPHOTON)
        fitted, _ = development(events, self.name, watched=False)
        self.scale = Standard.fit(nine_features(fitted))
        return self

    def transform(self, events: EventTable) -> NDArray[np.float32]:
        """Return float32 (n, 9), rounded to the grid of all latents.

        Raises:
            DataError: Events of another schema.
            DiademError: Not fitted.
        """
        require_schema(events, DIPHOTON)
        found: NDArray[np.float32] = rounded(
            as_tensor(self._fitted().of(nine_features(events)))
        ).numpy()
        return found

    def save(self, folder: Path) -> None:
        """Write means and widths.

        Raises:
            DiademError: Not fitted, or the folder cannot be written.
        """
        text = json.dumps(asdict(self._fitted()), indent=1)
        with atomic_path(folder / _FILE) as temporary:
            temporary.write_text(text + "\n", encoding="utf-8")

    @classmethod
    def load(cls, folder: Path) -> Self:
        """Return the embedding that `save` wrote.

        Raises:
            DiademError: The file is missing or damaged.
        """
        try:
            note = json.loads((folder / _FILE).read_text(encoding="utf-8"))
        except (OSError, ValueError) as error:
            message = complaint("no embedding can be read", where=str(folder), found=str(error))
            raise DiademError(message) from error
        made = cls()
        made.scale = Standard.from_note(note, str(folder))
        return made

    def _fitted(self) -> Standard:
        if self.scale is None:
            raise not_fitted(self.name)
        return self.scale
