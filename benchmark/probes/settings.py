"""Sizes and settings of the probes; what a profile may change."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, PositiveFloat, PositiveInt

from benchmark.metrics import MIN_REPLICAS


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class BoostingSettings(_Frozen):
    """Boosted decision trees (xgboost); the SAC paper gives none of these: all assumed.

    On the validation part other rates (0.1, 0.3), depths (4, 6) and weights (20) change the mean
    diagonal of raw9 and of an untrained encoder by less than 0.005.

    Attributes:
        rate: Learning rate.
        depth: Of a tree.
        min_weight: Smallest sum of second derivatives in a leaf.
        patience: Rounds without a better loss on the validation part before it stops.
        every: Rounds from one look at that loss to the next.
    """

    rate: Annotated[float, Field(gt=0, le=1)] = 0.2
    depth: PositiveInt = 5
    min_weight: PositiveFloat = 5.0
    patience: PositiveInt = 10
    every: PositiveInt = 1


class ProbeSettings(_Frozen):
    """How much is probed; all assumed, as the SAC paper gives no number.

    Attributes:
        trees: At most so many rounds of boosting; a round has a tree for each class.
        replicas: Bootstrap replicas of the test events.
        drawn: Embeddings that get a t-SNE map, for figures.
        tsne_regimes: Regimes that get a map.
        tsne_events: At most so many test events of each process in it.
        tsne_perplexity: Of the map.
        boosting: Of the trees.
    """

    trees: PositiveInt = 300
    replicas: Annotated[int, Field(ge=MIN_REPLICAS)] = 200
    drawn: tuple[str, ...] = ("signal_aware",)
    tsne_regimes: tuple[str, ...] = ("id", "ip:zprime/400", "background")
    tsne_events: PositiveInt = 200
    tsne_perplexity: PositiveFloat = 30.0
    boosting: BoostingSettings = BoostingSettings()
