"""The latents of a submitted encoder: its graph is looked at, then the suite runs it.

Three runs in processes of their own: some events, all of them, and the some again, which come in
another order and number. An encoder whose latents differ between these is no function of an event.

The file is read once, and graph and runs are of these bytes: what its authors put in its place
afterwards is not looked at.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from benchmark.seeds import rng_for
from benchmark.submissions.findings import Finding, Refused, fault
from benchmark.submissions.folder import LIMITS as SIZES
from benchmark.submissions.reading import read_limited

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from benchmark.submissions.folder import SubmissionFolder
    from benchmark.submissions.onnx_run import Limits
    from benchmark.submissions.published import Published

AGAIN = 500
"""Events that are encoded before all others, and again after them."""
TRIAL_SECONDS = 20.0
"""Of encoding these. One of the SAC paper's size needs 0.7 s: one that needs 20 s is far too
slow for all events, and is refused before it gets them."""
SECONDS = 120.0
"""Of all runs together, on the clock: nearly three times what an encoder of the SAC paper's size
needs for the largest release on two loaded cores (43 s)."""
BATCHES = (1, 2, 9, 100)
"""Where their batches begin: no batch is like one of the first run, and one is a single event."""
TOLERANCE = 1e-4
"""Of the width of a latent: sums in float32 of another batch differ in the last digits only."""


@dataclass(frozen=True, eq=False)
class EncoderValues:
    """What an encoder made of the published events.

    Attributes:
        latents: float32 (n, d), in the order of the events.
        content: The bytes of the encoder that made them.
        flags: Of its graph.
    """

    latents: NDArray[np.float32]
    content: bytes
    flags: list[Finding]


def encoder_values(
    folder: SubmissionFolder, published: Published, *, tell: Callable[[str], None]
) -> EncoderValues:
    """Return the latents of all published events, and the encoder that was read.

    Args:
        folder: A submission of kind "encoder".
        published: The events.
        tell: Progress.

    Raises:
        Refused: The file cannot be read, the graph has a fault, the encoder fails or takes too
            much, its latents differ between two runs, or hang on the order or the number of the
            events.
    """
    from benchmark.submissions.onnx_graph import check_graph

    name = folder.payload.name
    content = read_limited(folder.payload, SIZES[name])
    tell("the encoder's graph")
    found = check_graph(content, folder.submission)
    if any(finding.level == "fault" for finding in found):
        raise Refused(found)
    latents = _run(content, folder.submission.dimensions, published, name=name, tell=tell)
    return EncoderValues(latents, content, found)


def _run(
    content: bytes,
    dimensions: int,
    published: Published,
    *,
    name: str,
    tell: Callable[[str], None],
) -> NDArray[np.float32]:
    """Return the latents of all events, which no other run gives otherwise."""
    from benchmark.submissions.onnx_run import encode, run_encoder

    end = time.monotonic() + SECONDS
    rows = rng_for("events that are encoded again").permutation(len(published))[:AGAIN]
    some = published.events.select(rows)
    batches = np.split(np.arange(len(rows)), [size for size in BATCHES if size < len(rows)])

    def trial() -> NDArray[np.float32]:
        limits = _limits(min(TRIAL_SECONDS, end - time.monotonic()), f"{len(rows)} events")
        made = run_encoder(content, some, batches, dimensions=dimensions, limits=limits)
        return made.latents

    tell("the encoder on some events")
    first = trial()
    tell("the encoder on all events")
    limits = _limits(end - time.monotonic(), f"{len(published)} events")
    values = encode(content, published.events, dimensions=dimensions, limits=limits)
    tell("the encoder on some events again, in other batches")
    _require_equal(first, trial(), name)
    require_same(values[rows], first, _widths(values), name)
    return values


def _limits(seconds: float, of: str) -> Limits:
    """Return what a run may use: the time that is left, no more than one run may take."""
    from benchmark.submissions import onnx_run

    allowed = onnx_run.LIMITS
    return replace(allowed, seconds=max(0.0, min(allowed.seconds, seconds)), of=of)


def _require_equal(first: NDArray[np.float32], second: NDArray[np.float32], name: str) -> None:
    """Make sure that two runs gave the same latents."""
    if not np.array_equal(first, second, equal_nan=True):
        raise fault(
            code="not_deterministic",
            what="two runs give other latents for the same events",
            where=name,
            found=f"{int((first != second).any(axis=1).sum())} of {len(first)} events differ",
            remedy='Take random numbers from the input "noise".',
        )


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
