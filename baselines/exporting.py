"""Baselines as encoders that anybody can run: fitted embeddings to ONNX."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from baselines.anomaly_clr import AnomalyClr, Untrained
from baselines.anomaly_clr_diphoton import AnomClrPlusDiphoton
from baselines.diphoton_training import LARGEST_LOG_VARIANCE
from baselines.graphs.adc_particles import adc_particle_outputs
from baselines.graphs.attention import perceptron
from baselines.graphs.nine import standard_nine
from baselines.graphs.objects import representation, scaled_objects
from baselines.graphs.particles import particle_outputs
from baselines.graphs.writing import Graph
from baselines.haxad_vae import STEEP, HaxadVae
from baselines.keeping import not_fitted
from baselines.networks.vae import LOG_VARIANCE
from baselines.nine_features import NINE
from baselines.raw import Raw
from baselines.raw9 import Raw9
from baselines.registry import EMBEDDINGS
from baselines.rounding import GRID
from baselines.signal_aware import RandomEncoder, SignalAware, Supervised
from baselines.signal_aware_adc import SignalAwareAdc
from benchmark.errors import DiademError, complaint
from benchmark.files import atomic_path
from benchmark.schema import CMS_ADC
from benchmark.submissions.tensors import NOISE_COLUMNS

if TYPE_CHECKING:
    from pathlib import Path

    from baselines.graphs.writing import Value


def export_onnx(embedding: Any, path: Path) -> None:
    """Write a fitted embedding as an encoder: from the documented tensors to its latents.

    Normalisation and noise are inside. As in `transform`, all is computed in float64 and then
    rounded to a grid: latents are the same numbers.

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
            expected=", ".join(EMBEDDINGS),
            remedy="Write the graph yourself; the inputs are documented.",
        )
        raise DiademError(message)
    with atomic_path(path) as temporary:
        model = graph.model(_rounded(latents), dimensions)
        temporary.write_bytes(model.SerializeToString())


def _rounded(latents: Value) -> Value:
    """Return latents on the grid, as `rounding.rounded` does."""
    return ((latents / GRID).map("Round") * GRID).cast("float32")


def _sampled(graph: Graph, mean: Value, log_variance: Value, dimensions: int) -> Value:
    """Return the latent that is drawn, with the noise of the event, from a Gaussian."""
    noise = graph.input("noise", "float32", (NOISE_COLUMNS,)).part(1, 0, dimensions)
    return mean + (log_variance * 0.5).map("Exp") * noise.cast("float64")


def _signal_aware(graph: Graph, embedding: SignalAware) -> tuple[Value, int]:
    outputs = particle_outputs(graph, *embedding._require_fitted())
    count = embedding.settings.latent
    bound = LARGEST_LOG_VARIANCE
    log_variance = (outputs.part(1, count, 2 * count) / bound).map("Tanh") * bound
    return _sampled(graph, outputs.part(1, 0, count), log_variance, count), count


def _signal_aware_adc(graph: Graph, embedding: SignalAwareAdc) -> tuple[Value, int]:
    count = embedding.settings.latent
    return adc_particle_outputs(graph, *embedding._require_fitted()).part(1, 0, count), count


def _supervised(graph: Graph, embedding: Supervised) -> tuple[Value, int]:
    outputs = particle_outputs(graph, *embedding._require_fitted())
    return outputs.map("LogSoftmax", axis=1), len(embedding.classes)


def _random(graph: Graph, embedding: RandomEncoder) -> tuple[Value, int]:
    count = embedding.settings.latent
    return particle_outputs(graph, *embedding._require_fitted()).part(1, 0, count), count


def _anomclr_plus_diphoton(graph: Graph, embedding: AnomClrPlusDiphoton) -> tuple[Value, int]:
    network, inputs = embedding._require_fitted()
    reduction = network.reduction
    outputs = particle_outputs(graph, network.particles, inputs)
    latents = (outputs - reduction.mean.numpy()) @ reduction.axes.numpy()
    return latents, embedding.settings.latent


def _haxad_vae(graph: Graph, embedding: HaxadVae) -> tuple[Value, int]:
    network, scale = embedding._require_fitted()
    outputs = perceptron(standard_nine(graph, scale, STEEP), network.encoder)
    count = embedding.settings.latent
    bounded = outputs.part(1, count, 2 * count).max(-LOG_VARIANCE).min(LOG_VARIANCE)
    return _sampled(graph, outputs.part(1, 0, count), bounded, count), count


def _raw9(graph: Graph, embedding: Raw9) -> tuple[Value, int]:
    return standard_nine(graph, embedding._fitted()), len(NINE)


def _transformer(graph: Graph, embedding: AnomalyClr | Untrained) -> tuple[Value, int]:
    return representation(graph, *embedding._require_fitted()), embedding.settings.dimension


def _raw(graph: Graph, embedding: Raw) -> tuple[Value, int]:
    if embedding.inputs is None:
        raise not_fitted(embedding.name)
    scaled, _ = scaled_objects(graph, embedding.inputs)
    count = CMS_ADC.slots * len(CMS_ADC.features)
    return scaled.reshape(-1, count), count


_WRITERS: dict[Any, Any] = {
    SignalAwareAdc: _signal_aware_adc,  # before what it is a kind of
    SignalAware: _signal_aware,
    Supervised: _supervised,
    RandomEncoder: _random,
    AnomClrPlusDiphoton: _anomclr_plus_diphoton,
    HaxadVae: _haxad_vae,
    Raw9: _raw9,
    AnomalyClr: _transformer,
    Untrained: _transformer,
    Raw: _raw,
}
