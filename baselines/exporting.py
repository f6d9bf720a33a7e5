"""Baselines as encoders that anybody can run: fitted embeddings to ONNX."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from baselines.diphoton_training import LARGEST_LOG_VARIANCE
from baselines.graphs.particles import particle_outputs
from baselines.graphs.writing import Graph
from baselines.signal_aware import RandomEncoder, SignalAware, Supervised
from benchmark.errors import DiademError, complaint
from benchmark.files import atomic_path

if TYPE_CHECKING:
    from pathlib import Path

    from baselines.graphs.writing import Value

NOISE = 64
"""Columns of the documented input "noise"."""


def export_onnx(embedding: Any, path: Path) -> None:
    """Write a fitted embedding as an encoder: from the documented tensors to its latents.

    Normalisation and noise are inside: latents are those of `transform` to rounding.

    Args:
        embedding: A registered one.
        path: Of the file.

    Raises:
        DiademError: No embedding that can be written, not fitted, or the file cannot be written.
    """
    graph = Graph()
    for kind, write in _WRITERS.items():
        if isinstance(embedding, kind):
            latents, dimensions = write(graph, embedding)
            break
    else:
        message = complaint(
            "no embedding that can be written as ONNX",
            found=type(embedding).__name__,
            expected=", ".join(kind.name for kind in _WRITERS),
            remedy="Write the graph yourself; the inputs are documented.",
        )
        raise DiademError(message)
    with atomic_path(path) as temporary:
        temporary.write_bytes(graph.model(latents, dimensions).SerializeToString())


def _sampled(graph: Graph, mean: Value, log_variance: Value, dimensions: int) -> Value:
    """Return the latent that is drawn, with the noise of the event, from a Gaussian."""
    noise = graph.input("noise", "float32", (NOISE,)).part(1, 0, dimensions)
    return mean + (log_variance * 0.5).map("Exp") * noise


def _signal_aware(graph: Graph, embedding: SignalAware) -> tuple[Value, int]:
    outputs = particle_outputs(graph, *embedding._require_fitted())
    count = embedding.settings.latent
    bound = LARGEST_LOG_VARIANCE
    log_variance = (outputs.part(1, count, 2 * count) / bound).map("Tanh") * bound
    return _sampled(graph, outputs.part(1, 0, count), log_variance, count), count


def _supervised(graph: Graph, embedding: Supervised) -> tuple[Value, int]:
    outputs = particle_outputs(graph, *embedding._require_fitted())
    return outputs.map("LogSoftmax", axis=1), len(embedding.classes)


def _random(graph: Graph, embedding: RandomEncoder) -> tuple[Value, int]:
    count = embedding.settings.latent
    return particle_outputs(graph, *embedding._require_fitted()).part(1, 0, count), count


_WRITERS: dict[Any, Any] = {
    SignalAware: _signal_aware,
    Supervised: _supervised,
    RandomEncoder: _random,
}
