"""A digest of code that is blind to words."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from benchmark import code
from benchmark.code import code_digest

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
