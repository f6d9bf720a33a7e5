"""What a contestant is: a map from events to a few numbers."""

from __future__ import annotations

import importlib
import inspect
import os
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, Protocol, Self, runtime_checkable

import numpy as np

from benchmark.errors import DataError, DiademError, complaint

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from benchmark.events import EventTable


@dataclass(frozen=True)
class Runtime:
    """Where and how an embedding works; no result depends on it but for the arithmetic's.

    An embedding that has an attribute `runtime` is given one before `fit`.

    Attributes:
        device: "auto" (a GPU when there is one), "cpu" or "cuda".
        checkpoint: Folder of an unfinished training, to resume from; None for none.
        identity: Of the task that the training is for; a checkpoint of another one is refused.
        progress: Whether to show a progress bar.
    """

    device: Literal["auto", "cpu", "cuda"] = "auto"
    checkpoint: Path | None = None
    identity: str = ""
    progress: bool = False


@runtime_checkable
class Embedding(Protocol):
    """A learned map from a collision event to a vector, in the shape of scikit-learn.

    An instance is made with its settings, not fitted. Attributes beyond these are its own;
    a class attribute `learns = False` says that `fit` depends on no seed, so that repeating it is
    idle. In a task whose events come without labels, a class attribute `uses_labels = True` asks
    for the processes of the training events; the regime is then "background".

    Attributes:
        name: Short name, for tables and files.
    """

    name: str

    def fit(self, events: EventTable, *, seed: int) -> Self:
        """Learn from the events that the task allows; they carry no labels beyond those."""
        ...

    def transform(self, events: EventTable) -> NDArray[np.float32]:
        """Return (n, d), event by event: never a function of the other events in the table."""
        ...


@runtime_checkable
class Storable(Protocol):
    """An embedding that can be kept in a folder."""

    def save(self, folder: Path) -> None:
        """Write what `fit` learned."""
        ...

    @classmethod
    def load(cls, folder: Path) -> Self:
        """Return the embedding that `save` wrote."""
        ...


def uses_labels(embedding: Any) -> bool:
    """Return whether an embedding asks for the processes of the events that it learns from."""
    return bool(getattr(embedding, "uses_labels", False))


def embedding_class(path: str) -> Any:
    """Return the class named by "package.module:Class"; modules of the working folder count.

    Raises:
        DiademError: There is no such module or class, or it is no embedding.

    Example:
        >>> embedding_class("nowhere:Pca6")
        Traceback (most recent call last):
        ...
        benchmark.errors.DiademError: nowhere:Pca6: no such module; found no module named ...
    """
    module, _, name = path.partition(":")
    if not (module and name):
        message = complaint("not an embedding", found=repr(path), expected="module:Class")
        raise DiademError(message)
    if os.getcwd() not in sys.path:  # noqa: PTH109 - sys.path holds text
        sys.path.append(os.getcwd())  # noqa: PTH109
    try:
        found = getattr(importlib.import_module(module), name)
    except ModuleNotFoundError as error:
        what = "no such module" if error.name == module else "the module cannot be imported"
        text = complaint(what, where=path, found=str(error).lower())
        raise DiademError(text) from error
    except SyntaxError as error:
        text = complaint("the module cannot be imported", where=path, found=str(error))
        raise DiademError(text) from error
    except AttributeError as error:
        text = complaint("no such class", where=path, expected=f"a class {name} in {module}")
        raise DiademError(text) from error
    missing = [part for part in ("name", "fit", "transform") if not hasattr(found, part)]
    if missing:
        text = complaint("not an embedding", where=path, found="no " + ", no ".join(missing))
        raise DiademError(text)
    parameters = inspect.signature(found.fit).parameters.values()
    if not any(p.name == "seed" or p.kind is p.VAR_KEYWORD for p in parameters):
        text = complaint(
            "not an embedding",
            where=path,
            found=f"fit{inspect.signature(found.fit)}",
            expected="fit(self, events, *, seed)",
        )
        raise DiademError(text)
    return found


def latents_of(embedding: Embedding, events: EventTable) -> NDArray[np.float32]:
    """Return the embedding of events, checked.

    Raises:
        DataError: It is not float32 (n, d) with d > 0, or holds a value that is not finite.
    """
    latents = embedding.transform(events)
    shape, kind = np.shape(latents), getattr(latents, "dtype", type(latents))
    if len(shape) != 2 or shape[0] != len(events) or shape[1] < 1 or kind != np.float32:
        message = complaint(
            "not an embedding of these events",
            where=f"{embedding.name}.transform",
            found=f"{kind} {shape}",
            expected=f"float32 ({len(events)}, d)",
        )
        raise DataError(message)
    bad = ~np.isfinite(latents).all(axis=1)
    if bad.any():
        message = complaint(
            f"{bad.sum()} of {len(events)} embedded events are not finite",
            where=f"{embedding.name}.transform, row {int(np.argmax(bad))}",
        )
        raise DataError(message)
    return latents
