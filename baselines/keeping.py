"""What every encoder with a network shares: settings, files, and what a checkpoint belongs to."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np
from pydantic import BaseModel, ValidationError
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file

from benchmark.errors import DiademError, complaint
from benchmark.files import atomic_path
from benchmark.mixing import canonical_json, hash64

if TYPE_CHECKING:
    from pathlib import Path

    from torch import Tensor, nn

    from benchmark.events import EventTable

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
        ids.update("\n".join(np.unique(labels)).encode())
    content = hash64(canonical_json(settings.model_dump(mode="json")), ids.hexdigest())
    return f"{name}, {task}, settings and events {content:016x}"


def write_network(folder: Path, network: nn.Module, note: dict[str, Any]) -> None:
    """Write weights and a note beside them.

    Raises:
        DiademError: The folder cannot be written.
    """
    with atomic_path(folder / _WEIGHTS) as temporary:
        state = network.state_dict().items()
        save_file({name: value.cpu().contiguous() for name, value in state}, temporary)
    with atomic_path(folder / _NOTE) as temporary:
        temporary.write_text(json.dumps(note, indent=1) + "\n", encoding="utf-8")


def read_network(folder: Path, name: str) -> tuple[dict[str, Tensor], dict[str, Any]]:
    """Return the weights and the note that `write_network` wrote.

    Args:
        folder: Of one embedding.
        name: Of the embedding that it should be; stands in the note as "name".

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
    if note.get("name") != name:
        message = complaint(
            "another encoder", where=str(folder), found=str(note.get("name")), expected=name
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
