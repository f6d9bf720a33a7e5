"""The state of a training in one safetensors file: no pickle, so no code runs on reading."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file

from benchmark.errors import DataError, complaint
from benchmark.files import atomic_path
from benchmark.mixing import canonical_json

if TYPE_CHECKING:
    from pathlib import Path

_KEY = "state"
_PLAIN = (str, int, float, bool, type(None))


def write_state(path: Path, state: Any) -> None:
    """Write nested dicts, lists and tuples of tensors, numbers and text, whole or not at all.

    Raises:
        DataError: A value is of another kind, or a number is not finite.
        DiademError: The file cannot be written.

    Example:
        >>> import tempfile
        >>> from pathlib import Path
        >>> path = Path(tempfile.mkdtemp()) / "a.safetensors"
        >>> write_state(path, {1: (torch.zeros(2), "text", None)})
        >>> read_state(path)
        {1: (tensor([0., 0.]), 'text', None)}
    """
    tensors: dict[str, torch.Tensor] = {}
    plain = _packed(state, tensors)
    try:
        text = canonical_json(plain)
    except ValueError as error:
        message = complaint("not a state that can be kept", found=str(error))
        raise DataError(message) from error
    # The format wants at least one tensor and allows no two on the same memory.
    tensors["end"] = torch.zeros(1)
    with atomic_path(path) as temporary:
        save_file(tensors, temporary, metadata={_KEY: text})


def read_state(path: Path) -> Any:
    """Return what `write_state` wrote, tensors on the CPU.

    Raises:
        DataError: The file is not such a state.
    """
    try:
        with safe_open(path, framework="pt") as stream:
            plain = json.loads((stream.metadata() or {})[_KEY])
            tensors = {name: stream.get_tensor(name) for name in stream.keys()}  # noqa: SIM118
        return _unpacked(plain, tensors)
    except (SafetensorError, KeyError, ValueError, TypeError, OSError) as error:
        message = complaint(
            "not the state of a training",
            where=str(path),
            found=f"{type(error).__name__}: {error}",
            remedy="Remove it to begin anew.",
        )
        raise DataError(message) from error


def _packed(value: Any, tensors: dict[str, torch.Tensor]) -> Any:
    """Return the value for JSON; its tensors go to `tensors`, each under a name of its own."""
    if isinstance(value, torch.Tensor):
        name = f"tensor-{len(tensors)}"
        tensors[name] = value.detach().cpu().clone(memory_format=torch.contiguous_format)
        return {"tensor": name}
    if isinstance(value, dict):
        # Pairs, since JSON would turn numbers as keys into text.
        return {"dict": [[key, _packed(item, tensors)] for key, item in value.items()]}
    if isinstance(value, (list, tuple)):
        kind = "tuple" if isinstance(value, tuple) else "list"
        return {kind: [_packed(item, tensors) for item in value]}
    if isinstance(value, _PLAIN):
        return value
    message = complaint("not a state that can be kept", found=f"a {type(value).__name__}")
    raise DataError(message)


def _unpacked(value: Any, tensors: dict[str, torch.Tensor]) -> Any:
    if not isinstance(value, dict):
        return value
    ((kind, inner),) = value.items()
    if kind == "tensor":
        return tensors[inner]
    if kind == "dict":
        return {key: _unpacked(item, tensors) for key, item in inner}
    items = [_unpacked(item, tensors) for item in inner]
    return tuple(items) if kind == "tuple" else items
