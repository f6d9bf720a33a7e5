"""A digest of code that is blind to words."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from benchmark import code
from benchmark.code import closure, closure_digest, code_digest, own_digest

if TYPE_CHECKING:
    from pathlib import Path

PLAIN = 'def f(x):\n    """Add one."""\n    return x + 1  # why\n'


@pytest.mark.parametrize(
    ("changed", "same"),
    [
        ("def f(x):\n\n    return (x + 1)\n", True),
        (PLAIN.replace("Add one", "Add 1"), True),
        (PLAIN.replace("x + 1", "x + 2"), False),
        (PLAIN.replace("f(x)", "f(x=0)"), False),
    ],
)
def test_what_counts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, changed: str, same: bool
) -> None:
    monkeypatch.setattr(code, "ROOT", tmp_path)
    room = tmp_path / "room"
    room.mkdir()
    (room / "a.py").write_text(PLAIN)
    before = code_digest(["room"])
    (room / "a.py").write_text(changed)
    assert (code_digest(["room"]) == before) is same
    (room / "a.py").write_text(PLAIN)
    assert code_digest(["room"]) == before
    (room / "b.py").write_text("")
    assert code_digest(["room"]) != before


def test_missing_file() -> None:
    with pytest.raises(FileNotFoundError):
        code_digest(["benchmark/nothing.py"])


@pytest.fixture
def packages(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """benchmark.a imports benchmark.b, which names baselines.c by text; d is by itself."""
    monkeypatch.setattr(code, "ROOT", tmp_path)
    texts = {
        "benchmark/__init__": "",
        "benchmark/a": "def f():\n    from benchmark import b\n    return b",
        "benchmark/b": "KNOWN = {'c': 'baselines.c:Class'}\nimport numpy",
        "baselines/__init__": "",
        "baselines/c": "from benchmark.a import f",
        "benchmark/d": "",
        "benchmark/e": "if TYPE_CHECKING:\n    import benchmark.d",
    }
    for name, text in texts.items():
        path = tmp_path / f"{name}.py"
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)
    return tmp_path


@pytest.mark.parametrize(
    ("changed", "same"),
    [
        ("benchmark/b.py", False),
        ("baselines/c.py", False),
        ("baselines/__init__.py", False),
        ("benchmark/d.py", True),
    ],
)
def test_a_closure_holds_what_is_imported(packages: Path, changed: str, same: bool) -> None:
    before = closure_digest(["benchmark.a"])
    path = packages / changed
    path.write_text(path.read_text() + "\nx = 1\n")
    code._imports.cache_clear()
    assert (closure_digest(["benchmark.a"]) == before) is same


def test_imports_for_type_checkers_do_not_count(packages: Path) -> None:
    assert closure(["benchmark.e"]) == {"benchmark/__init__.py", "benchmark/e.py"}
    assert (packages / "benchmark" / "d.py").exists()


def test_own_code_is_parsed_once() -> None:
    """A scan asks for the digest of the same code with every one of its pieces of work."""
    assert own_digest("benchmark.mixing") == closure_digest(["benchmark.mixing"])
    before = own_digest.cache_info().misses
    assert {own_digest("benchmark.mixing") for _ in range(3)} == {own_digest("benchmark.mixing")}
    assert own_digest.cache_info().misses == before


def test_a_closure_of_nothing() -> None:
    with pytest.raises(FileNotFoundError):
        closure_digest(["benchmark.nothing"])


def test_a_task_does_not_hang_on_the_other() -> None:
    """A change of the diphoton task does not make trainings of CMS-ADC stale, nor a figure."""
    files = closure(["benchmark.tasks.work", "baselines.anomaly_clr"])
    assert "benchmark/detectors/autoencoder.py" in files, "named by text in a registry"
    assert not [file for file in files if "diphoton" in file or "simulation" in file]
