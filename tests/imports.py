"""What code imports, through all three rooms."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from benchmark.code import ROOT, _named

if TYPE_CHECKING:
    from collections.abc import Iterable

ROOMS = ("benchmark", "baselines", "reproduce")
# A registry imports everything that is registered; whoever asks it for one thing runs one thing.
REGISTRIES = frozenset({"reproduce/figures/__init__.py", "reproduce/tables/__init__.py"})


def closure(modules: Iterable[str], *, through_registries: bool = False) -> frozenset[str]:
    """Return the files of modules and of all that they import of ours, from the root."""
    waiting, found = list(modules), set[str]()
    while waiting:
        path = _file(waiting.pop())
        if path is None or path in found:
            continue
        found.add(path)
        if through_registries or path not in REGISTRIES:
            waiting += _imports(path)
    return frozenset(found)


def _file(module: str) -> str | None:
    stem = module.replace(".", "/")
    files = (f"{stem}.py", f"{stem}/__init__.py")
    return next((file for file in files if (ROOT / file).is_file()), None)


def _imports(path: str) -> list[str]:
    tree = ast.parse((ROOT / path).read_text(encoding="utf-8"))
    whole = [name.split(".") for name in _named(tree) if name.split(".")[0] in ROOMS]
    whole.append(path.removesuffix(".py").removesuffix("/__init__").split("/"))
    return [".".join(parts[:k]) for parts in whole for k in range(1, len(parts) + 1)]
