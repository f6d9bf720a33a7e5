"""What a report says of the versions that it was made with."""

from __future__ import annotations

import tomllib
from importlib.metadata import PackageNotFoundError, version
from typing import TYPE_CHECKING

from benchmark.code import ROOT
from reproduce.report import origins

if TYPE_CHECKING:
    import pytest


def test_a_checkout_that_was_not_installed_has_its_version(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def lacking(name: str) -> str:
        if name == origins.OWN:
            raise PackageNotFoundError(name)
        return version(name)

    monkeypatch.setattr(origins, "version", lacking)
    own = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    found = origins.versions()
    assert found[origins.OWN] == f"{own['version']}, from a checkout"
    assert found["numpy"] == version("numpy")


def test_others_may_be_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(origins, "PACKAGES", ("surely-not-there",))
    assert origins.versions()["surely-not-there"] == "not installed"
