"""A piece of work for the farm: what to call, with what, and how it is done.

Apart from the farm itself: modules of work need no more than this, and how the farm shares work
out is no part of the code that their results depend on.
"""

from __future__ import annotations

import hashlib
import importlib
import json
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from benchmark.errors import DiademError, complaint
from benchmark.files import atomic_path

if TYPE_CHECKING:
    from pathlib import Path


@dataclass(frozen=True)
class Spec:
    """One piece of work.

    Attributes:
        function: "package.module:function", called as `function(path, **arguments)`: it writes
            its result to `path`.
        arguments: Plain JSON values; all that the result depends on.
        label: For people.
        context: Plain JSON values that change where or how the work is done, never its result
            (device, folders); passed as further arguments, left out of the key.
    """

    function: str
    arguments: dict[str, Any]
    label: str = ""
    context: dict[str, Any] | None = None

    @cached_property
    def key(self) -> str:
        """64 hexadecimal digits of the function and its arguments, as they were when first asked.

        Example:
            >>> Spec("a:f", {"x": 1, "y": 2}).key == Spec("a:f", {"y": 2, "x": 1}, "again").key
            True
        """
        plain = json.dumps([self.function, self.arguments], sort_keys=True, allow_nan=False)
        return hashlib.sha256(plain.encode()).hexdigest()


def work(spec: Spec, path: Path) -> None:
    """Do one piece of work; its file appears whole or not at all.

    Raises:
        DiademError: The function cannot be found, or the work failed; begins with the label.
    """
    try:
        function = _function(spec.function)
        with atomic_path(path) as temporary:
            function(temporary, **spec.arguments, **(spec.context or {}))
    except DiademError as error:
        if not spec.label:
            raise
        message = f"{spec.label}: {error}"
        raise type(error)(message) from error
    except Exception as error:  # a fault of ours: its traceback is shown, with this below
        error.add_note(f"in {spec.label or spec.function}")
        raise


def _function(path: str) -> Any:
    module, _, name = path.partition(":")
    found = getattr(importlib.import_module(module), name, None)
    if not callable(found):
        message = complaint("no such function", found=path, expected="module:function")
        raise DiademError(message)
    return found
