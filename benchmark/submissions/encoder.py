"""The latents of a submitted encoder: its graph is looked at, then the suite runs it.

Three runs in processes of their own: all events, and some of them again, twice, in another order
and number. An encoder whose latents differ between these is no function of an event.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from benchmark.seeds import rng_for
from benchmark.submissions.findings import Finding, Refused, fault

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from benchmark.submissions.folder import SubmissionFolder
    from benchmark.submissions.published import Published

AGAIN = 500
"""Events that are encoded again."""
BATCHES = (1, 2, 9, 100)
"""Where their batches begin: no batch is like one of the first run, and one is a single event."""
TOLERANCE = 1e-4
"""Of the width of a latent: sums in float32 of another batch differ in the last digits only."""


def encoder_values(
    folder: SubmissionFolder, published: Published, *, tell: Callable[[str], None]
) -> tuple[NDArray[np.float32], list[Finding]]:
    """Return the latents of all published events, float32 (n, d), and flags of the graph.

    Args:
        folder: A submission of kind "encoder".
        published: The events.
        tell: Progress.

    Raises:
        Refused: The graph has a fault, the encoder fails or takes too much, its latents differ
            between two runs, or hang on the order or the number of the events.
    """
    from benchmark.submissions.onnx_graph import check_graph
    from benchmark.submissions.onnx_run import encode, run_encoder

    path, dimensions = folder.payload, folder.submission.dimensions
    tell("the encoder's graph")
    found = list(check_graph(path, folder.submission))
    if any(finding.level == "fault" for finding in found):
        raise Refused(found)
    tell("the encoder on all events")
    values = encode(path, published.events, dimensions=dimensions)
    rows = rng_for("events that are encoded again").permutation(len(published))[:AGAIN]
    some = published.events.select(rows)
    batches = np.split(np.arange(len(rows)), [size for size in BATCHES if size < len(rows)])
    tell("the encoder on some events again, in other batches")
    first, second = (
        run_encoder(path, some, batches, dimensions=dimensions).latents for _ in range(2)
    )
    if not np.array_equal(first, second, equal_nan=True):
        raise fault(
            code="not_deterministic",
            what="two runs give other latents for the same events",
            where=folder.payload.name,
            found=f"{int((first != second).any(axis=1).sum())} of {len(rows)} events differ",
            remedy='Take random numbers from the input "noise".',
        )
    require_same(values[rows], first, _widths(values), folder.payload.name)
    return values, found


def _widths(values: NDArray[np.float32]) -> NDArray[np.float64]:
    width = np.nanstd(values, axis=0, dtype=np.float64)
    return np.where(width > 0, width, 1.0)


def require_same(
    values: NDArray[np.float32],
    again: NDArray[np.float32],
    widths: NDArray[np.float64],
    where: str,
) -> None:
    """Make sure that events have the latents that they had among others.

    Raises:
        Refused: One has not.
    """
    far = np.abs(values.astype(np.float64) - again) / widths
    scale = np.maximum(1.0, np.abs(values) / widths)
    bad = ~(far <= TOLERANCE * scale).all(axis=1)
    # No number is no number among others too: that is the fault of another check.
    bad &= np.isfinite(values).all(axis=1) | np.isfinite(again).all(axis=1)
    if bad.any():
        raise fault(
            code="depends_on_others",
            what="the latents of an event change with the order or the number of the events",
            where=where,
            found=f"{int(bad.sum())} of {len(values)} events, up to {np.nanmax(far):.3g} widths",
            expected=f"at most {TOLERANCE:g}",
            remedy="Leave out what averages over a batch; export the model in evaluation mode.",
        )
