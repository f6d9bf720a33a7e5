"""A digest of source code that changes when what the code does may change, and not otherwise."""

from __future__ import annotations

import ast
import hashlib
import re
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

ROOT = Path(__file__).resolve().parents[1]
"""Folder of the packages."""
PACKAGES = ("benchmark", "baselines")
_BY_NAME = re.compile(rf"({'|'.join(PACKAGES)})(\.\w+)+:\w+")  # "package.module:Class"


def closure_digest(modules: Iterable[str]) -> str:
    """Return 16 hexadecimal digits of modules of ours and of all that they import of ours.

    Imports inside functions count, and so do texts of the form "package.module:name", by which
    registries name what they import later. A module's packages count too: importing it runs them.

    Args:
        modules: By their dotted names.

    Raises:
        FileNotFoundError: There is no such module.
    """
    return code_digest(closure(modules))


@cache
def own_digest(module: str) -> str:
    """Return `closure_digest` of one module, as it was when first asked: what this process runs.

    Parsing takes a third of a second, and a scan has thousands of pieces of work.
    """
    return closure_digest((module,))


def closure(modules: Iterable[str]) -> frozenset[str]:
    """Return the files of modules of ours and of all that they import of ours; see above."""
    waiting, found = list(modules), set[str]()
    while waiting:
        module = waiting.pop()
        path = _file(module)
        if path is None:
            raise FileNotFoundError(module)
        if path not in found:
            found.add(path)
            waiting += [name for name in _imports(ROOT, path) if _file(name)]
    return frozenset(found)


def _file(module: str) -> str | None:
    """Return the file of a module or package, from `ROOT`; None where there is none."""
    stem = module.replace(".", "/")
    files = (f"{stem}.py", f"{stem}/__init__.py")
    return next((file for file in files if (ROOT / file).is_file()), None)


@cache
def _imports(root: Path, path: str) -> tuple[str, ...]:
    """Return the modules of ours that a file may import, with the packages that they are in."""
    tree = ast.parse((root / path).read_text(encoding="utf-8"))
    names = {name for name in _named(tree) if name.split(".")[0] in PACKAGES}
    names.add(path.removesuffix(".py").replace("/", ".").removesuffix(".__init__"))
    whole = [name.split(".") for name in names]
    return tuple({".".join(parts[:k]) for parts in whole for k in range(1, len(parts) + 1)})


def _running(tree: ast.AST) -> Iterator[ast.AST]:
    """Yield the nodes of a tree without what is there for type checkers alone."""
    waiting = [tree]
    while waiting:
        node = waiting.pop()
        yield node
        if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING":
            waiting += node.orelse
        else:
            waiting += ast.iter_child_nodes(node)


def _named(tree: ast.AST) -> Iterator[str]:
    for node in _running(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)
        elif isinstance(node, ast.Constant) and _BY_NAME.fullmatch(str(node.value)):
            yield str(node.value).partition(":")[0]


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
            found.update(file.relative_to(ROOT).as_posix().encode())
            found.update(_dumped(file, file.stat().st_mtime_ns))
    return found.hexdigest()[:16]


@cache
def _dumped(file: Path, changed: int) -> bytes:
    """Return what counts of a file; the digests of several modules share most of theirs."""
    del changed  # part of the key
    return ast.dump(_bare(ast.parse(file.read_text(encoding="utf-8")))).encode()


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
