"""Maps of latents: the points that figures draw."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

import numpy as np
import pandas as pd

from benchmark.probes.sample import TEST
from benchmark.splits import uniform
from benchmark.tasks.diphoton import DIPHOTON
from benchmark.tasks.diphoton_events import diphoton_card
from benchmark.tasks.regimes import Regime

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from benchmark.latents import Latents

_SALT = "t-SNE map"
_STARVED = 3  # neighbours' perplexity must stay below a third of the events


def chosen(latents: Latents, per_process: int) -> NDArray[np.intp]:
    """Return rows of at most so many test events of each process, its points in equal parts.

    They are those with the smallest hash of their id: the same events for every embedding, and a
    smaller choice lies inside a larger one. What cannot be shared out goes to the first points.
    """
    test = np.flatnonzero(latents.part == TEST)
    # A stable order of ids, also where the rows of two files differ.
    test = test[np.argsort(uniform(latents.event_id[test], _SALT), kind="stable")]
    kept = []
    for process in (*DIPHOTON.backgrounds, *DIPHOTON.signals):
        of_process = test[latents.process[test] == process]
        points = latents.point[of_process]
        names = np.unique(points)
        for k, name in enumerate(names):
            share = per_process // len(names) + (k < per_process % len(names))
            kept.append(of_process[points == name][:share])
    return np.concatenate(kept)


def tsne(values: NDArray[np.floating], *, perplexity: float, seed: int) -> NDArray[np.float32]:
    """Return a two-dimensional map (n, 2) of latents (n, d) by t-SNE (scikit-learn).

    It starts from the principal components and runs on one thread: the same values and seed give
    the same map.
    """
    from sklearn.manifold import TSNE

    x = values.astype(np.float64)
    if x.shape[1] < 2:  # as many principal components as the map has
        x = np.column_stack([x, np.zeros(len(x))])
    made = TSNE(
        init="pca",
        perplexity=min(perplexity, max((len(x) - 1) / _STARVED, 1.0)),
        random_state=seed % 2**32,
        n_jobs=1,
    )
    return np.asarray(made.fit_transform(x), dtype=np.float32)


def tsne_points(
    latents: Latents, *, per_process: int, perplexity: float, seed: int
) -> pd.DataFrame:
    """Return process, point, held_out (0 or 1, by the regime), x and y of the chosen events."""
    some = latents.select(chosen(latents, per_process))
    place = tsne(some.values, perplexity=perplexity, seed=seed)
    card = diphoton_card()
    regime = Regime.parse(some.facts.regime, card)
    # The rule reads process and point, which latents have as events do.
    seen = regime.allowed(cast("Any", some), card)
    return pd.DataFrame(
        {
            "process": some.process,
            "point": some.point,
            "held_out": (~seen).astype(np.int64),
            "x": place[:, 0],
            "y": place[:, 1],
        }
    )
