"""The check that an embedding takes each event by itself."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from benchmark.embedding import latents_of
from benchmark.errors import DataError, complaint

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from benchmark.embedding import Embedding
    from benchmark.events import EventTable

CHECKED = 64  # events that are embedded again, one at a time
# Of the largest latent: float32 sums in another order, in the half precision of a GPU.
BATCH_TOLERANCE = 2e-2


def check_each_by_itself(
    embedding: Embedding,
    events: EventTable,
    latents: NDArray[np.float32],
    rng: np.random.Generator,
) -> None:
    """Refuse an embedding of an event that depends on the other events of its table.

    Args:
        embedding: Fitted.
        events: As `transform` saw them.
        latents: What it made of them, the latents that are used.
        rng: Chooses the events that are embedded again.

    Raises:
        DataError: An event alone is embedded otherwise than among others.
    """
    rows = np.sort(rng.permutation(len(events))[:CHECKED])
    some, whole = events.select(rows), latents[rows]
    alone = [latents_of(embedding, some.select(slice(k, k + 1))) for k in range(len(some))]
    off = np.inf
    if all(part.shape[1] == whole.shape[1] for part in alone):
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
