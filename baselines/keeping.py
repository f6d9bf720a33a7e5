"""What every encoder with a network shares: settings, files, and what a checkpoint belongs to."""

from __future__ import annotations

import hashlib
import json
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np
from pydantic import BaseModel, ValidationError
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file

from benchmark.errors import DiademError, complaint
from benchmark.files import atomic_path
from benchmark.mixing import canonical_json, hash64

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from torch import Tensor, nn

    from benchmark.events import EventTable
    from benchmark.schema import EventSchema

Settings = TypeVar("Settings", bound=BaseModel)
_WEIGHTS, _NOTE = "encoder.safetensors", "encoder.json"


def checked(model: type[Settings], name: str, settings: dict[str, Any]) -> Settings:
    """Return settings of an embedding as their model.

    Raises:
        DiademError: A setting is unknown or impossible.
    """
    try:
        return model.model_validate(settings)
    except ValidationError as error:
        first = error.errors()[0]
        message = complaint(
            first["msg"],
            where=f"{name}, setting {'.'.join(map(str, first['loc']))}",
            found=repr(first["input"])[:80],
            expected="one of " + ", ".join(model.model_fields)
            if first["type"] == "extra_forbidden"
            else "",
        )
        raise DiademError(message) from error


def not_fitted(name: str) -> DiademError:
    """Return the error of an embedding that was asked before `fit`."""
    return DiademError(complaint("not fitted", where=name, remedy="Call fit first."))


def identity_of(name: str, task: str, settings: BaseModel, events: EventTable) -> str:
    """Return what a checkpoint belongs to: name, task, and a hash of settings and events.

    The labels count: a training that sees fewer of them is another one.
    """
    order = np.argsort(events.event_id)
    ids = hashlib.sha256(events.event_id[order].tobytes())
    for labels in (events.process, events.point):
        names, codes = np.unique(labels[order], return_inverse=True)
        ids.update("\n".join(names.tolist()).encode() + codes.tobytes())
    content = hash64(canonical_json(settings.model_dump(mode="json")), ids.hexdigest())
    return f"{name}, {task}, settings and events {content:016x}"


def write_network(
    folder: Path, network: nn.Module, note: dict[str, Any], schema: EventSchema
) -> None:
    """Write weights and a note beside them, with the schema of the events.

    Raises:
        DiademError: The folder cannot be written.
    """
    with atomic_path(folder / _WEIGHTS) as temporary:
        state = network.state_dict().items()
        save_file({name: value.cpu().contiguous() for name, value in state}, temporary)
    with atomic_path(folder / _NOTE) as temporary:
        held = {**note, "schema": _named(schema)}
        temporary.write_text(json.dumps(held, indent=1) + "\n", encoding="utf-8")


def _named(schema: EventSchema) -> str:
    return f"{schema.name} {schema.version}"


@contextmanager
def readable(folder: Path) -> Iterator[None]:
    """Turn what a damaged note raises into an error that a user understands.

    Raises:
        DiademError: In place of the errors of missing fields and of values of another kind.
    """
    try:
        yield
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        message = complaint(
            "the note of an encoder is damaged",
            where=str(folder / _NOTE),
            found=f"{type(error).__name__}: {error}"[:200],
            remedy="Remove the folder; it is then trained again.",
        )
        raise DiademError(message) from error


def read_network(
    folder: Path, name: str, schema: EventSchema
) -> tuple[dict[str, Tensor], dict[str, Any]]:
    """Return the weights and the note that `write_network` wrote.

    Args:
        folder: Of one embedding.
        name: Of the embedding that it should be; stands in the note as "name".
        schema: Of the events that it embeds.

    Raises:
        DiademError: The folder holds another encoder, or is damaged.
    """
    try:
        note = json.loads((folder / _NOTE).read_text(encoding="utf-8"))
        weights = load_file(folder / _WEIGHTS)
    except (OSError, ValueError, SafetensorError) as error:
        message = complaint(
            "no encoder can be read",
            where=str(folder),
            found=str(error),
            remedy="Remove the folder; it is then trained again.",
        )
        raise DiademError(message) from error
    if not isinstance(note, dict):
        raise DiademError(complaint("no encoder can be read", where=str(folder), found="no note"))
    for field, expected in (("name", name), ("schema", _named(schema))):
        if note.get(field) != expected:
            message = complaint(
                "another encoder" if field == "name" else "an encoder of another schema",
                where=f"{folder / _NOTE}, {field}",
                found=str(note.get(field)),
                expected=expected,
                remedy="Remove the folder; it is then trained again.",
            )
            raise DiademError(message)
    return weights, note


def take_weights(network: nn.Module, weights: dict[str, Tensor], folder: Path) -> None:
    """Load weights into a network.

    Raises:
        DiademError: They are of a network of another shape.
    """
    try:
        network.load_state_dict(weights)
    except RuntimeError as error:
        message = complaint(
            "weights of another network",
            where=str(folder),
            found=str(error).splitlines()[-1].strip()[:200],
            remedy="Remove the folder; it is then trained again.",
        )
        raise DiademError(message) from error
