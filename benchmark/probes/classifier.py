"""Classifiers on latents: trees, a linear one, and what log-probabilities say by themselves."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol, Self, TypeVar

import numpy as np
from scipy.special import log_softmax, logsumexp

from benchmark.errors import DataError, complaint
from benchmark.probes.boosting import Table, Trees, boost

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray
    from sklearn.linear_model import LogisticRegression

    from benchmark.probes.sample import Sample
    from benchmark.probes.settings import ProbeSettings

Model = TypeVar("Model")

OWN_TOLERANCE = 1e-3
"""How far the probabilities of an event may be from one in all: float32 sums are within 1e-5."""
_STEPS = 1000  # of the linear fit, which takes some tens


class Classifier(Protocol):
    """Tells classes apart by the latents."""

    classes: tuple[str, ...]

    def fit(self, train: Sample, validation: Sample, *, seed: int) -> Self:
        """Learn from `train`; `validation` says when to stop.

        Raises:
            DataError: A class has no event, or a label is no class.
        """

    def log_proba(self, values: NDArray[np.float32]) -> NDArray[np.float64]:
        """Return the log-probabilities (n, k) of the classes for latents (n, d)."""


class Bdt:
    """Boosted decision trees with a softmax over the classes."""

    def __init__(self, classes: Sequence[str], settings: ProbeSettings) -> None:
        """Take the classes, in the order of the columns of `log_proba`."""
        self.classes = tuple(classes)
        self._settings = settings
        self._trees: Trees | None = None

    def fit(self, train: Sample, validation: Sample, *, seed: int) -> Self:
        """Learn; see `Classifier`."""
        learned, stopping = (
            Table(part.values, numbers(part.label, self.classes), part.weight)
            for part in (train, validation)
        )
        self._trees = boost(
            learned,
            stopping,
            {"objective": "multi:softprob", "num_class": len(self.classes)},
            trees=self._settings.trees,
            settings=self._settings.boosting,
            seed=seed,
        )
        return self

    def log_proba(self, values: NDArray[np.float32]) -> NDArray[np.float64]:
        """Return log-probabilities (n, k)."""
        margin = _fitted(self._trees).predict(values).astype(np.float64)
        return np.asarray(log_softmax(margin, axis=1))


class Linear:
    """Multinomial logistic regression (scikit-learn) on standardised latents.

    Mean and width are those of the weighted training events; the penalty is scikit-learn's
    default, C = 1, which for thousands of events of mean weight one is next to none (assumed).
    """

    def __init__(self, classes: Sequence[str]) -> None:
        """Take the classes, in the order of the columns of `log_proba`."""
        self.classes = tuple(classes)
        self._model: LogisticRegression | None = None

    def fit(self, train: Sample, validation: Sample, *, seed: int) -> Self:
        """Learn; see `Classifier`. It needs neither validation nor seed."""
        from sklearn.linear_model import LogisticRegression

        del validation, seed
        values = train.values.astype(np.float64)
        self._mean = np.average(values, axis=0, weights=train.weight)
        width = np.sqrt(np.average((values - self._mean) ** 2, axis=0, weights=train.weight))
        self._width = np.where(width > 0, width, 1.0)
        target = numbers(train.label, self.classes)
        model = LogisticRegression(max_iter=_STEPS)
        self._model = model.fit(self._scaled(values), target, sample_weight=train.weight)
        return self

    def log_proba(self, values: NDArray[np.float32]) -> NDArray[np.float64]:
        """Return log-probabilities (n, k)."""
        model = _fitted(self._model)
        return np.asarray(model.predict_log_proba(self._scaled(values.astype(np.float64))))

    def _scaled(self, values: NDArray[np.float64]) -> NDArray[np.float64]:
        scaled: NDArray[np.float64] = (values - self._mean) / self._width
        return scaled


class Own:
    """The classes of latents that are log-probabilities of processes already.

    With equal priors of the processes, p(process | x) is proportional to p(x | process). So the
    posterior of classes of equal priors is, before it is made to sum to one,

        p(background | x) = mean of p(process | x) over the Standard Model processes seen,
        p(signal | x) = its own p(process | x),

    and zero for a signal that the embedding never saw.
    """

    def __init__(
        self, classes: Sequence[str], processes: Sequence[str], backgrounds: Sequence[str]
    ) -> None:
        """Take the classes (first the merged one), the columns' processes and those merged."""
        self.classes = tuple(classes)
        self._processes, self._backgrounds = tuple(processes), frozenset(backgrounds)
        known = self._backgrounds | set(self.classes[1:])
        strange = sorted(set(processes) - known)
        twice = len(set(processes)) < len(self._processes)
        if strange or twice or not self._backgrounds & set(processes):
            message = complaint(
                "not the processes of a classifier",
                found=", ".join(processes),
                expected="each once; some of " + ", ".join(sorted(known)) + ", one background",
            )
            raise DataError(message)

    def fit(self, train: Sample, validation: Sample, *, seed: int) -> Self:
        """Check that these are log-probabilities; nothing is learned.

        Raises:
            DataError: They are not.
        """
        del validation, seed
        self._check(train.values)
        return self

    def log_proba(self, values: NDArray[np.float32]) -> NDArray[np.float64]:
        """Return log-probabilities (n, k); -inf for a class never seen."""
        self._check(values)
        merged = [k for k, name in enumerate(self._processes) if name in self._backgrounds]
        found = np.full((len(values), len(self.classes)), -np.inf)
        exact = values.astype(np.float64)
        found[:, 0] = logsumexp(exact[:, merged], axis=1) - np.log(len(merged))
        for column, name in enumerate(self._processes):
            if name not in self._backgrounds:
                found[:, self.classes.index(name)] = exact[:, column]
        return np.asarray(log_softmax(found, axis=1))

    def _check(self, values: NDArray[np.float32]) -> None:
        if values.shape[1:] != (len(self._processes),):
            found, expected = f"{values.shape[1]} latents", f"{len(self._processes)}"
            message = complaint("not log-probabilities", found=found, expected=expected)
            raise DataError(message)
        total = np.abs(logsumexp(values.astype(np.float64), axis=1))
        if len(total) and total.max() > OWN_TOLERANCE:
            message = complaint(
                "not log-probabilities",
                where=f"row {int(total.argmax())}",
                found=f"a logarithm of the sum of {total.max():.3g}",
                expected=f"0 within {OWN_TOLERANCE:g}",
            )
            raise DataError(message)


def numbers(label: NDArray[np.str_], classes: Sequence[str]) -> NDArray[np.int64]:
    """Return the number of each event's class.

    Raises:
        DataError: A label is no class, or a class has no event.
    """
    found = places(label, classes)
    missing = [name for k, name in enumerate(classes) if not (found == k).any()]
    if missing:
        message = complaint(
            f"no event of the class {missing[0]}",
            found=", ".join(map(str, np.unique(label))) or "no event at all",
            expected="events of each of " + ", ".join(classes),
        )
        raise DataError(message)
    return found


def places(label: NDArray[np.str_], classes: Sequence[str]) -> NDArray[np.int64]:
    """Return the place of each label in `classes`, in any order and not each of them needed.

    Raises:
        DataError: A label is no class.
    """
    order = np.argsort(np.asarray(classes))
    names = np.asarray(classes)[order]
    place = np.minimum(np.searchsorted(names, label), len(names) - 1)
    strange = label[names[place] != label]
    if len(strange):
        message = complaint(
            "no such class", found=str(strange[0]), expected="one of " + ", ".join(classes)
        )
        raise DataError(message)
    return order[place].astype(np.int64)


def _fitted(model: Model | None) -> Model:
    if model is None:
        message = complaint("a classifier that was not fitted", remedy="Call fit first.")
        raise DataError(message)
    return model
