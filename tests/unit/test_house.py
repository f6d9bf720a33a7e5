"""Rules of the house that no other tool holds."""

from __future__ import annotations

import ast
import itertools
import re
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
ROOMS = ("benchmark", "baselines", "reproduce")  # each may import those to its left
FILES = [path for room in ROOMS for path in sorted((ROOT / room).rglob("*.py"))]
MAX_FILE, MAX_FUNCTION = 400, 60
# What np.random offers that holds no hidden state.
STATELESS = {"Generator", "default_rng", "SeedSequence", "PCG64", "Philox", "BitGenerator"}

each_file = pytest.mark.parametrize("path", FILES, ids=lambda p: p.relative_to(ROOT).as_posix())


def parsed(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


def imported_rooms(tree: ast.AST, package: tuple[str, ...] = ()) -> set[str]:
    """The first names of all imports, also inside functions; a relative one is its own room."""
    names: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            names.add(package[0] if node.level else node.module or "")
        elif isinstance(node, ast.Call) and ast.unparse(node.func).endswith("import_module"):
            names |= {str(arg.value) for arg in node.args if isinstance(arg, ast.Constant)}
    return {name.split(".")[0] for name in names}


def forbidden_calls(tree: ast.AST) -> list[str]:
    """Prints, asserts, pickles and uses of NumPy's global generator, with their lines."""
    found = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Assert):
            found.append(f"line {node.lineno}: assert")
        elif isinstance(node, ast.Call) and ast.unparse(node.func) == "print":
            found.append(f"line {node.lineno}: print")
        elif isinstance(node, ast.Attribute):
            name = ast.unparse(node)
            match = re.fullmatch(r"(?:np|numpy)\.random\.(\w+)", name)
            if match and match[1] not in STATELESS:
                found.append(f"line {node.lineno}: {name}")
    if imported_rooms(tree, ("",)) & {"pickle", "cPickle", "dill", "cloudpickle", "joblib"}:
        found.append("pickle")
    return found


def long_functions(tree: ast.AST) -> list[str]:
    kinds = (ast.FunctionDef, ast.AsyncFunctionDef)
    return [
        node.name
        for node in ast.walk(tree)
        if isinstance(node, kinds) and (node.end_lineno or 0) - node.lineno + 1 > MAX_FUNCTION
    ]


@each_file
def test_imports_go_to_the_left_only(path: Path) -> None:
    package = path.relative_to(ROOT).parts
    further = set(ROOMS[ROOMS.index(package[0]) + 1 :]) | {"tests"}
    wrong = imported_rooms(parsed(path), package) & further
    assert not wrong, f"{package[0]} must not import {wrong}"


@each_file
def test_nothing_forbidden(path: Path) -> None:
    assert not forbidden_calls(parsed(path))


@each_file
def test_sizes(path: Path) -> None:
    assert len(path.read_text(encoding="utf-8").splitlines()) <= MAX_FILE
    assert not long_functions(parsed(path))


@pytest.mark.parametrize(
    ("code", "rooms"),
    [
        ("import reproduce.cli", {"reproduce"}),
        ("def f():\n    from baselines import a", {"baselines"}),
        ("from . import a", {"benchmark"}),
        ("import importlib\nimportlib.import_module('reproduce.x')", {"importlib", "reproduce"}),
    ],
)
def test_imports_are_found(code: str, rooms: set[str]) -> None:
    assert imported_rooms(ast.parse(code), ("benchmark", "x.py")) == rooms


@pytest.mark.parametrize(
    "code",
    ["print(1)", "assert x", "import pickle", "np.random.rand(3)", "numpy.random.seed(1)"],
)
def test_forbidden_is_found(code: str) -> None:
    assert forbidden_calls(ast.parse(code))
    assert not forbidden_calls(ast.parse("rng = np.random.default_rng(1)\nconsole.print(1)"))


def test_long_function_is_found() -> None:
    body = "\n".join("    x = 1" for _ in range(MAX_FUNCTION))
    assert long_functions(ast.parse(f"def f():\n{body}")) == ["f"]


@pytest.mark.parametrize("room", [*ROOMS, "datasets", "results", "tests"])
def test_every_room_has_a_short_readme(room: str) -> None:
    lines = (ROOT / room / "README.md").read_text(encoding="utf-8").splitlines()
    assert 1 < len(lines) <= 15


def test_datasets_hold_no_python() -> None:
    assert not list((ROOT / "datasets").rglob("*.py"))


def test_every_dependency_is_pinned() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    extras = project["optional-dependencies"].values()
    wanted = [*project["dependencies"], *itertools.chain(*extras)]
    names = {normal(re.split(r"[^\w.-]", line)[0]) for line in wanted}
    text = (ROOT / "constraints.txt").read_text(encoding="utf-8")
    lines = [line for line in text.splitlines() if line and not line.startswith("#")]
    assert all(re.fullmatch(r"[\w.-]+==[\w.!+]+", line) for line in lines)
    pinned = {normal(line.split("==")[0]) for line in lines}
    assert not names - pinned
    assert len(pinned) == len(lines), "a package is pinned twice"


def normal(name: str) -> str:
    """The name of a package as the registry compares it (PEP 503)."""
    return re.sub(r"[-_.]+", "-", name).lower()
