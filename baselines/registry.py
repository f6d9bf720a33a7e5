"""The contestants that come with the suite, by name."""

from __future__ import annotations

from dataclasses import dataclass

from benchmark.errors import DiademError
from benchmark.naming import unknown


@dataclass(frozen=True)
class Entry:
    """A registered embedding.

    Attributes:
        path: "package.module:Class".
        task: The task that it is made for.
        title: In words.
        settings: Section of a profile that changes its default settings; "" for none.
        regimes: What it is trained in where the task has regimes; empty: all of the profile's.
        repeated: Trained as often in each regime as the profile's `encoders` says, for ensembles.
    """

    path: str
    task: str
    title: str
    settings: str = ""
    regimes: tuple[str, ...] = ()
    repeated: bool = False


EMBEDDINGS = {
    "raw": Entry("baselines.raw:Raw", "cms_adc", "The kinematics themselves: 57 numbers an event"),
    "untrained": Entry(
        "baselines.anomaly_clr:Untrained",
        "cms_adc",
        "The transformer with its first weights",
        "encoder",
    ),
    "clr": Entry("baselines.anomaly_clr:Clr", "cms_adc", "Contrastive, physical views", "encoder"),
    "anomclr": Entry(
        "baselines.anomaly_clr:AnomClr",
        "cms_adc",
        "Contrastive, with anomaly-augmented views as further negatives",
        "encoder",
    ),
    "anomclr_plus": Entry(
        "baselines.anomaly_clr:AnomClrPlus",
        "cms_adc",
        "Contrastive against anomaly-augmented views alone; costs O(N)",
        "encoder",
    ),
    "signal_aware_adc": Entry(
        "baselines.signal_aware_adc:SignalAwareAdc",
        "cms_adc",
        "Particle transformer, contrastive between W, Z, top pairs and QCD by their labels",
        "signal_aware",
    ),
    "signal_aware": Entry(
        "baselines.signal_aware:SignalAware",
        "diphoton",
        "Particle transformer, contrastive between processes, Gaussian latent",
        "encoder",
        repeated=True,
    ),
    "supervised": Entry(
        "baselines.signal_aware:Supervised",
        "diphoton",
        "The same transformer with a softmax over the processes",
        "encoder",
        ("id",),
    ),
    "random": Entry(
        "baselines.signal_aware:RandomEncoder",
        "diphoton",
        "The same transformer with its first weights",
        "encoder",
        ("background",),
    ),
    "anomclr_plus_diphoton": Entry(
        "baselines.anomaly_clr_diphoton:AnomClrPlusDiphoton",
        "diphoton",
        "Contrastive against anomaly-augmented views alone, its principal components",
        "clr",
        ("background",),
    ),
    "haxad_vae": Entry(
        "baselines.haxad_vae:HaxadVae",
        "diphoton",
        "Variational autoencoder on nine features (arXiv:2508.13566)",
        "vae",
        ("background",),
    ),
    "raw9": Entry(
        "baselines.raw9:Raw9", "diphoton", "The nine features themselves", "", ("background",)
    ),
}


def entry(name: str) -> Entry:
    """Return a registered embedding, or one's own by "package.module:Class".

    Raises:
        DiademError: There is no such name.

    Example:
        >>> entry("raw").path
        'baselines.raw:Raw'
    """
    if ":" in name:
        return Entry(name, "", "")
    if name not in EMBEDDINGS:
        more = ", or your own as module:Class"
        raise DiademError(unknown("embedding", name, EMBEDDINGS, more=more))
    return EMBEDDINGS[name]
