"""A digest of source code that changes when what the code does may change, and not otherwise."""

from __future__ import annotations

import ast
import hashlib
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

ROOT = Path(__file__).resolve().parents[1]
"""Folder of the packages."""


def code_digest(paths: Iterable[str]) -> str:
    """Return 16 hexadecimal digits of Python files, blind to comments, docstrings and layout.

    Args:
        paths: Files or folders, from the folder that holds the packages: "baselines",
            "benchmark/metrics.py".

    Raises:
        FileNotFoundError: A path does not exist.
    """
    found = hashlib.sha256()
    for name in sorted(paths):
        path = ROOT / name
        files = sorted(path.rglob("*.py")) if path.is_dir() else [path]
        for file in files:
            tree = ast.parse(file.read_text(encoding="utf-8"))
            found.update(file.relative_to(ROOT).as_posix().encode())
            found.update(ast.dump(_bare(tree)).encode())
    return found.hexdigest()[:16]


def _bare(tree: ast.Module) -> ast.Module:
    """Return the tree without docstrings and other lone strings."""
    for node in ast.walk(tree):
        body = getattr(node, "body", None)
        if isinstance(body, list):
            node.body = [  # type: ignore[attr-defined]
                part
                for part in body
                if not (
                    isinstance(part, ast.Expr)
                    and isinstance(part.value, ast.Constant)
                    and isinstance(part.value.value, str)
                )
            ]
    return tree
