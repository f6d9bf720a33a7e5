"""The model cards say what the code does."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from baselines.method_card import method_card
from baselines.registry import EMBEDDINGS
from reproduce.model_cards import card, write_cards

DOCS = Path(__file__).resolve().parents[3] / "docs" / "models"
each = pytest.mark.parametrize("name", EMBEDDINGS)


@each
def test_the_committed_card_is_that_of_the_code(name: str) -> None:
    """If this fails: `python -m reproduce.model_cards docs/models`."""
    assert (DOCS / f"{name}.md").read_text(encoding="utf-8") == card(name)


def test_every_card_is_of_an_embedding() -> None:
    assert {path.stem for path in DOCS.glob("*.md")} == set(EMBEDDINGS)


@each
def test_a_card_has_its_parts(name: str) -> None:
    text = card(name)
    for part in ("Intended use", "Trained on", "Settings", "Limits", "Measured"):
        assert f"**{part}" in text
    assert EMBEDDINGS[name].path in text
    links = re.findall(r"\]\(([^)]+)\)", text)
    assert links
    assert [link for link in links if not (DOCS / link).exists()] == []


def test_settings_stand_with_their_sources() -> None:
    text = card("signal_aware")
    for key, value in method_card("signal_aware").items():
        assert f"| {key.replace('_', ' ')} |" in text
        assert value.source in text


def test_they_are_written_as_files(tmp_path: Path) -> None:
    paths = write_cards(tmp_path / "models")
    assert {path.name for path in paths} == {f"{name}.md" for name in EMBEDDINGS}
    assert all(path.read_text(encoding="utf-8").startswith("# ") for path in paths)
