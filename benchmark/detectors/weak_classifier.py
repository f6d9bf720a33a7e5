"""The weak classifier of CATHODE: recorded events against samples of their background.

Where the data hold a signal that the samples lack, events like it look like data; without any,
nothing can be told apart. Events are scored by models that never saw them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, Protocol, Self

import numpy as np
from pydantic import BaseModel, ConfigDict, Field, PositiveInt

from benchmark.errors import DataError, DiademError, complaint
from benchmark.probes.boosting import Table, Trees, boost
from benchmark.probes.settings import BoostingSettings
from benchmark.seeds import rng_for, seed_for

if TYPE_CHECKING:
    from numpy.typing import NDArray

MIN_EVENTS = 20
"""Smallest number of events of a side in a fold: fewer decide nothing."""


class WeakSettings(BaseModel):
    """Settings of the classifier; the SAC paper gives a BDT and five folds, all else is assumed.

    Attributes:
        kind: "xgboost", or scikit-learn's "hist" (HistGradientBoosting).
        folds: Parts of the events; each is scored by trees that saw neither it nor, but for when
            to stop, the next one (stated: 5).
        trees: At most so many.
        boosting: Learning rate, depth, smallest leaf, patience.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: Literal["xgboost", "hist"] = "xgboost"
    folds: PositiveInt = Field(default=5, ge=3)
    trees: PositiveInt = 200
    boosting: BoostingSettings = BoostingSettings(rate=0.1, depth=4, min_weight=10.0)


class _Model(Protocol):
    def scores(self, values: NDArray[np.float32]) -> NDArray[np.float64]:
        """Return the log of the odds that events (n, d) are data."""


class WeakClassifier:
    """Boosted trees that tell data from samples, cross-fitted.

    Both sides have the same weight in all, whatever their numbers: with more samples than data
    the samples weigh less each.

    Example:
        >>> rng = np.random.default_rng(1)
        >>> data, samples = (rng.normal(size=(n, 2)).astype(np.float32) for n in (300, 600))
        >>> made = WeakClassifier(WeakSettings(trees=5)).fit(data, samples, seed=1)
        >>> made.data_scores.shape, made.score_samples(data[:3]).shape
        ((300,), (3,))
    """

    def __init__(self, settings: WeakSettings | None = None) -> None:
        """Keep the settings."""
        self.settings = settings or WeakSettings()
        self._models: list[_Model] = []
        self._scores: dict[str, NDArray[np.float64]] = {}

    def fit(self, data: NDArray[np.float32], samples: NDArray[np.float32], *, seed: int) -> Self:
        """Train one model for each fold and score each event by the model that did not see it.

        Args:
            data: (n, d), recorded events.
            samples: (m, d), drawn from the model of their background.
            seed: Of the folds.

        Raises:
            DataError: Other numbers of dimensions, a value that is not finite, or too few events.
        """
        sides = {"data": data, "samples": samples}
        self._check(sides)
        folds = {
            name: _folds(len(values), self.settings.folds, seed_for(seed, name))
            for name, values in sides.items()
        }
        self._models = [self._train(sides, folds, k, seed) for k in range(self.settings.folds)]
        self._scores = {
            name: self._out_of_fold(values, folds[name]) for name, values in sides.items()
        }
        return self

    @property
    def data_scores(self) -> NDArray[np.float64]:
        """Scores (n,) of the data of `fit`, each by a model that did not see the event."""
        return self._of("data")

    @property
    def sample_scores(self) -> NDArray[np.float64]:
        """The same of the samples."""
        return self._of("samples")

    def score_samples(self, latents: NDArray[np.float32]) -> NDArray[np.float64]:
        """Return scores (n,) of other events: the mean of all models, higher = more like data.

        Raises:
            DiademError: Not fitted.
        """
        if not self._models:
            raise _not_fitted()
        found: NDArray[np.float64] = np.mean(
            [model.scores(latents) for model in self._models], axis=0
        )
        return found

    def _of(self, side: str) -> NDArray[np.float64]:
        if side not in self._scores:
            raise _not_fitted()
        return self._scores[side]

    def _out_of_fold(
        self, values: NDArray[np.float32], fold: NDArray[np.intp]
    ) -> NDArray[np.float64]:
        found = np.empty(len(values))
        for k, model in enumerate(self._models):
            found[fold == k] = model.scores(values[fold == k])
        return found

    def _train(
        self,
        sides: dict[str, NDArray[np.float32]],
        folds: dict[str, NDArray[np.intp]],
        k: int,
        seed: int,
    ) -> _Model:
        """Return the model of fold k: the next fold says when to stop, the others are learned."""
        following = (k + 1) % self.settings.folds
        stopping = _table(sides, {name: fold == following for name, fold in folds.items()})
        learned = _table(
            sides, {name: (fold != k) & (fold != following) for name, fold in folds.items()}
        )
        train = _xgboost if self.settings.kind == "xgboost" else _hist
        return train(learned, stopping, self.settings, seed_for(seed, "fold", k))

    def _check(self, sides: dict[str, NDArray[np.float32]]) -> None:
        widths = {name: values.shape[1:] for name, values in sides.items()}
        if len(set(widths.values())) > 1 or len(widths["data"]) != 1:
            message = complaint(
                "data and samples do not match",
                found=", ".join(f"{name} {values.shape}" for name, values in sides.items()),
                expected="(events, dimensions) with the same dimensions",
            )
            raise DataError(message)
        fewest = MIN_EVENTS * self.settings.folds
        for name, values in sides.items():
            if len(values) < fewest:
                message = complaint(
                    f"too few {name} for {self.settings.folds} folds",
                    found=f"{len(values)} events",
                    expected=f"at least {fewest}",
                )
                raise DataError(message)
            bad = ~np.isfinite(values).all(axis=1)
            if bad.any():
                where = f"{name}, row {int(np.argmax(bad))}"
                raise DataError(complaint("a value that is not finite", where=where))


@dataclass(frozen=True)
class _Xgboost:
    trees: Trees

    def scores(self, values: NDArray[np.float32]) -> NDArray[np.float64]:
        return self.trees.predict(values).astype(np.float64)


@dataclass(frozen=True)
class _Hist:
    model: Any

    def scores(self, values: NDArray[np.float32]) -> NDArray[np.float64]:
        return np.asarray(self.model.decision_function(values), dtype=np.float64)


def _xgboost(learned: Table, stopping: Table, settings: WeakSettings, seed: int) -> _Model:
    trees = boost(
        learned,
        stopping,
        {"objective": "binary:logistic"},
        trees=settings.trees,
        settings=settings.boosting,
        seed=seed,
    )
    return _Xgboost(trees)


def _hist(learned: Table, stopping: Table, settings: WeakSettings, seed: int) -> _Model:
    from sklearn.ensemble import HistGradientBoostingClassifier

    chosen = settings.boosting
    model = HistGradientBoostingClassifier(
        learning_rate=chosen.rate,
        max_depth=chosen.depth,
        max_iter=settings.trees,
        early_stopping=True,
        n_iter_no_change=chosen.patience,
        random_state=seed % 2**32,
    )
    model.fit(
        learned.values,
        learned.target,
        sample_weight=learned.weight,
        X_val=stopping.values,
        y_val=stopping.target,
        sample_weight_val=stopping.weight,
    )
    return _Hist(model)


def _folds(n: int, folds: int, seed: int) -> NDArray[np.intp]:
    """Return the fold of each of n events: equally many in each, to one."""
    return rng_for("folds", seed).permutation(np.arange(n) % folds)


def _table(sides: dict[str, NDArray[np.float32]], chosen: dict[str, NDArray[np.bool_]]) -> Table:
    """Return the chosen events of both sides, data with target 1, each side of weight one half."""
    data, samples = (sides[name][chosen[name]] for name in ("data", "samples"))
    n, m = len(data), len(samples)
    weight = np.repeat(((n + m) / (2 * n), (n + m) / (2 * m)), (n, m))
    target = np.repeat((1, 0), (n, m))
    return Table(np.concatenate((data, samples)), target, weight)


def _not_fitted() -> DiademError:
    return DiademError(complaint("not fitted", where="weak classifier", remedy="Call fit first."))
