"""The weak classifier of CATHODE: recorded events against samples of their background.

Where the data hold a signal that the samples lack, events like it look like data; without any,
nothing can be told apart. Events are scored by models that never saw them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol, Self

import numpy as np

from benchmark.detectors.cathode_settings import WeakSettings
from benchmark.errors import DataError, DiademError, complaint
from benchmark.probes.boosting import Table, Trees, boost
from benchmark.seeds import rng_for, seed_for

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

MIN_EVENTS = 20
"""Smallest number of events of a side in a fold: fewer decide nothing."""


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

    def fit(
        self,
        data: NDArray[np.float32],
        samples: NDArray[np.float32],
        *,
        seed: int,
        sample_weight: NDArray[np.float64] | None = None,
        folds: tuple[NDArray[np.intp], NDArray[np.intp]] | None = None,
    ) -> Self:
        """Train one model for each fold and score each event by the model that did not see it.

        Args:
            data: (n, d), recorded events.
            samples: (m, d), drawn from the model of their background.
            seed: Of the folds, where they are not given, and of the trees.
            sample_weight: (m,), positive; ones if not given.
            folds: Of the data (n,) and of the samples (m,), from 0 on, where other events have
                folds too: `score_samples` then scores an event by the model that saw none of its
                fold.

        Raises:
            DataError: Other numbers of dimensions, a value that is not finite, bad weights or
                folds, or too few events.
        """
        sides = {"data": data, "samples": samples}
        self._check(sides)
        weight = np.ones(len(samples)) if sample_weight is None else sample_weight
        self._check_weight(weight, len(samples))
        number = self.settings.folds
        given = folds or tuple(
            _folds(len(values), number, seed_for(seed, name)) for name, values in sides.items()
        )
        fold = dict(zip(sides, given, strict=True))
        self._check_folds(sides, fold)
        weights = {"data": np.ones(len(data)), "samples": weight}
        self._models = [self._train(_Sides(sides, weights, fold), k, seed) for k in range(number)]
        self._scores = {
            name: self.score_samples(values, fold=fold[name]) for name, values in sides.items()
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

    def score_samples(
        self, latents: NDArray[np.float32], *, fold: NDArray[np.intp] | None = None
    ) -> NDArray[np.float64]:
        """Return scores (n,), higher = more like data.

        Args:
            latents: (n, d).
            fold: Of the events (n,): each is scored by the model that saw none of its fold. Not
                given, events are new, and get the mean of all models.

        Raises:
            DiademError: Not fitted.
        """
        if not self._models:
            raise _not_fitted()
        found: NDArray[np.float64]
        if fold is None:
            found = np.mean([model.scores(latents) for model in self._models], axis=0)
            return found
        found = np.empty(len(latents))
        for k, model in enumerate(self._models):
            own = fold == k
            if own.any():
                found[own] = model.scores(latents[own])
        return found

    def _of(self, side: str) -> NDArray[np.float64]:
        if side not in self._scores:
            raise _not_fitted()
        return self._scores[side]

    def _train(self, sides: _Sides, k: int, seed: int) -> _Model:
        """Return the model of fold k: the next fold says when to stop, the others are learned."""
        following = (k + 1) % self.settings.folds
        stopping = sides.table(lambda fold: fold == following)
        learned = sides.table(lambda fold: (fold != k) & (fold != following))
        train = _xgboost if self.settings.kind == "xgboost" else _hist
        return train(learned, stopping, self.settings, seed_for(seed, "fold", k))

    def _check_weight(self, weight: NDArray[np.float64], n: int) -> None:
        if weight.shape != (n,) or not (np.isfinite(weight) & (weight > 0)).all():
            message = complaint(
                "bad weights of samples",
                found=f"shape {weight.shape}, smallest {weight.min(initial=np.inf):g}",
                expected=f"{n} positive numbers",
            )
            raise DataError(message)

    def _check_folds(
        self, sides: dict[str, NDArray[np.float32]], fold: dict[str, NDArray[np.intp]]
    ) -> None:
        number = self.settings.folds
        for name, values in sides.items():
            fits = fold[name].shape == (len(values),)
            counts = np.bincount(fold[name], minlength=number) if fits else np.zeros(0)
            if len(counts) != number or counts.min() < MIN_EVENTS:
                message = complaint(
                    f"bad folds of the {name}",
                    found=f"events of each fold: {counts.tolist()}",
                    expected=f"{number} folds of {MIN_EVENTS} or more",
                )
                raise DataError(message)

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


@dataclass(frozen=True, eq=False)
class _Sides:
    """Values, weights and folds of "data" and "samples"."""

    values: dict[str, NDArray[np.float32]]
    weight: dict[str, NDArray[np.float64]]
    fold: dict[str, NDArray[np.intp]]

    def table(self, chosen: Callable[[NDArray[np.intp]], NDArray[np.bool_]]) -> Table:
        """Return chosen events of both, data with target 1; each side weighs half of all."""
        rows = {name: chosen(fold) for name, fold in self.fold.items()}
        counts = {name: int(found.sum()) for name, found in rows.items()}
        half = sum(counts.values()) / 2
        weights = [self.weight[name][found] for name, found in rows.items()]
        return Table(
            np.concatenate([self.values[name][found] for name, found in rows.items()]),
            np.repeat((1, 0), (counts["data"], counts["samples"])),
            np.concatenate([weight * (half / weight.sum()) for weight in weights]),
        )


def _not_fitted() -> DiademError:
    return DiademError(complaint("not fitted", where="weak classifier", remedy="Call fit first."))
