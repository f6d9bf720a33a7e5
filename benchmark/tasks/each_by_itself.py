"""The check that an embedding takes each event by itself."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from benchmark.embedding import latents_of
from benchmark.errors import DataError, complaint

if TYPE_CHECKING:
    from benchmark.embedding import Embedding
    from benchmark.events import EventTable

CHECKED = 32  # events that are embedded again, one at a time
# Of the largest latent: float32 sums in another order, in the half precision of a GPU.
BATCH_TOLERANCE = 2e-2


def check_each_by_itself(embedding: Embedding, events: EventTable) -> None:
    """Refuse an embedding of an event that depends on the other events of its table.

    Raises:
        DataError: An event alone is embedded otherwise than among others.
    """
    some = events.select(slice(0, CHECKED))
    whole = latents_of(embedding, some)
    alone = [latents_of(embedding, some.select(slice(k, k + 1))) for k in range(len(some))]
    off = float(np.abs(whole - np.concatenate(alone)).max() / (np.abs(whole).max() or 1.0))
    if off > BATCH_TOLERANCE:
        message = complaint(
            "the embedding of an event depends on the other events",
            where=f"{embedding.name}.transform",
            found=f"a change by {off:.1e} of the largest latent where it is alone",
            expected="each event by itself",
            remedy="Take means and the like in fit.",
        )
        raise DataError(message)
