"""The board as a page and as Markdown, with strangers' texts in it."""

from __future__ import annotations

import base64
import hashlib
import re
from dataclasses import replace
from html.parser import HTMLParser
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from benchmark.leaderboard import Board, build
from reproduce.leaderboard.markdown import render_markdown
from reproduce.leaderboard.page import render_page
from tests.leaderboard_entries import HOSTILE, hostile_board, scored, toy, toy_rows, write_entries

if TYPE_CHECKING:
    from pathlib import Path

VOID = {"meta", "wbr", "br", "link", "img", "input"}
LINKS = re.compile(r"https://example\.org/[a-z]*|#[a-z0-9_-]+|board\.(md|csv|json)")


class Reader(HTMLParser):
    """Elements, attributes and text of a page."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str, str]] = []
        self.texts: list[str] = []
        self.code: dict[str, str] = {}
        self.open: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += [(tag, name, value or "") for name, value in attrs]
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += [(tag, name, value or "") for name, value in attrs]

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self.open and self.open[-1] in ("script", "style"):
            self.code[self.open[-1]] = self.code.get(self.open[-1], "") + data
        else:
            self.texts.append(data)

    def named(self, name: str) -> list[str]:
        """The values of an attribute, whatever the element."""
        return [value for _, key, value in self.attributes if key == name]


def read(page: str) -> Reader:
    reader = Reader()
    reader.feed(page)
    reader.close()
    assert reader.open == []
    return reader


def values(level: float, signals: int = 9) -> Any:
    return level * np.exp(np.random.default_rng(3).normal(0, 0.05, (3, signals)))


@pytest.fixture(scope="module")
def board(tmp_path_factory: pytest.TempPathFactory) -> Board:
    blank = values(4.0)
    blank[0, 2] = np.nan
    made = [toy(values(5.0), "first"), toy(blank, "second"), toy(values(1.0), "random")]
    made.append(toy(values(2.0, 4), "third", "cms_adc", release="v1@other"))
    return build(write_entries(tmp_path_factory.mktemp("board"), made))


@pytest.fixture(scope="module")
def hostile(board: Board) -> Board:
    return hostile_board(board)


def test_the_page_is_whole_and_always_the_same(board: Board) -> None:
    page = render_page(board)
    reader = read(page)
    assert page == render_page(board)
    assert reader.tags.count("section") == 2
    for name in ("first", "second", "random"):
        assert f"details-diphoton-{name}" in reader.named("id")
    assert reader.tags.count("tbody") > 4


def test_ids_are_unique_and_references_lead_somewhere(board: Board) -> None:
    reader = read(render_page(board))
    ids = reader.named("id")
    assert len(set(ids)) == len(ids)
    wanted = [
        value
        for name in ("for", "aria-controls", "aria-labelledby")
        for value in reader.named(name)
    ]
    wanted = [one for value in wanted for one in value.split()]
    wanted += [value[1:] for value in reader.named("href") if value.startswith("#")]
    assert set(wanted) <= set(ids)


def test_nothing_comes_from_elsewhere(hostile: Board) -> None:
    reader = read(render_page(hostile))
    assert not {"link", "img", "iframe", "object", "base", "embed"} & set(reader.tags)
    assert not reader.named("src")
    assert not reader.named("action")
    assert all(LINKS.fullmatch(value) for value in reader.named("href"))
    assert "@import" not in reader.code["style"]
    assert "url(" not in reader.code["style"]


def test_the_policy_allows_our_script_and_style_alone(board: Board) -> None:
    reader = read(render_page(board))
    policy = next(value for value in reader.named("content") if "default-src" in value)
    assert policy.startswith("default-src 'none'; ")
    assert "unsafe" not in policy
    assert reader.tags.count("script") == reader.tags.count("style") == 1
    for kind, code in reader.code.items():
        digest = base64.b64encode(hashlib.sha256(code.encode()).digest()).decode()
        assert f"{kind}-src 'sha256-{digest}'" in policy
    # Neither would run under it, and both would end in the console.
    assert not reader.named("style")
    assert not [name for _, name, _ in reader.attributes if name.startswith("on")]


def test_hostile_texts_are_texts(board: Board, hostile: Board) -> None:
    plain, reader = read(render_page(board)), read(render_page(hostile))
    # No text makes an element or an attribute: their kinds are those of the friendly page.
    assert set(reader.tags) == set(plain.tags) | {"ul"}  # of the flags
    kinds = {(tag, name) for tag, name, _ in plain.attributes}
    assert {(tag, name) for tag, name, _ in reader.attributes} <= kinds
    shown = " ".join(reader.texts)
    for text in HOSTILE.values():
        if text.isprintable():
            assert text in shown
    assert shown.count("<script>") > 10


def test_marks_that_cannot_be_seen_are_seen(hostile: Board) -> None:
    for text in (render_page(hostile), render_markdown(hostile)):
        assert not re.search("[\u200b-\u200f\u202a-\u202e\u2066-\u2069\x00\x1b]", text)
        assert "\ufffd" in text


def test_no_link_is_made_of_what_is_no_web_address(board: Board) -> None:
    for url in (
        "javascript:alert(1)",
        "data:text/html,x",
        "https://a b",
        "http://a",
        "https://u@h/",
    ):
        (task, *others) = board.tasks
        (entry, *rest) = task.entries
        entry = replace(entry, submission={**entry.submission, "code_url": url})
        changed = replace(board, tasks=(replace(task, entries=(entry, *rest)), *others))
        reader = read(render_page(changed))
        assert url not in reader.named("href")
        assert url in " ".join(reader.texts)


def test_markdown_has_the_ranks_blanks_and_yardsticks(board: Board) -> None:
    text = render_markdown(board)
    lines = [line for line in text.splitlines() if line.startswith("| ")]
    assert any(line.startswith("| 1 (1\u20131) | **first**") for line in lines)
    assert any(line.startswith("| \u2013 | **second**") and "\\[1\\]" in line for line in lines)
    assert "- \\[1\\] blank: 1 of 3: too few events" in text
    for kind in ("random: random", "raw", "supervised", "idealised"):
        assert any(line.startswith(f"| \u2013 | {kind} |") for line in lines)
    assert text == render_markdown(board)


def test_tables_of_markdown_stay_tables(board: Board, hostile: Board) -> None:
    def shape(made: Board) -> list[int]:
        return [
            len(re.findall(r"(?<!\\)\|", line))
            for line in render_markdown(made).splitlines()
            if line.startswith("|")
        ]

    assert shape(hostile) == shape(board)


def test_markdown_holds_no_tag_and_no_link_of_a_stranger(hostile: Board) -> None:
    text = render_markdown(hostile)
    assert not re.search(r"<[a-zA-Z/!]", text)
    links = re.findall(r"(?<!\\)\]\(([^)]*)\)", text)
    assert set(links) == {"index.html", "board.csv", "board.json"}
    assert not re.search(r"https?:/", text)


def test_reasons_of_rows_are_escaped_too(tmp_path: Path) -> None:
    rows = toy_rows(values(3.0), "first")
    rows.loc[0, ["value", "err_lo", "err_hi"]] = None
    rows.loc[0, "reason"] = HOSTILE["script"]
    board = build(write_entries(tmp_path, [scored(rows, "first")]))
    reader = read(render_page(board))
    assert reader.tags.count("script") == 1
    assert any(HOSTILE["script"] in text for text in reader.texts)
