"""The board in a real browser: sorted, filtered and opened, on a desk and on a telephone."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from html import unescape
from typing import TYPE_CHECKING, Any

import pytest

from benchmark.leaderboard import Board, build
from reproduce.leaderboard.writing import write_board
from tests.leaderboard_entries import cms_adc, diphoton, hostile_board, write_entries

if TYPE_CHECKING:
    from pathlib import Path

BROWSER = next(filter(None, map(shutil.which, ("chromium", "chromium-browser"))), None)
WIDTHS = (390, 1280)
SMALLEST = 9.5  # pixels of letters in a plot, on a telephone
# The page in a frame of a width, used as a reader does; what is found goes into the document.
HARNESS = """<!DOCTYPE html><html><body><pre id="found"></pre>
<iframe id="frame" src="index.html" style="width: {width}px; height: 900px; border: 0"></iframe>
<script>
frame.onload = () => {{
  const page = frame.contentDocument, root = page.documentElement, found = {{}};
  const all = (selector, top = page) => [...top.querySelectorAll(selector)];
  const table = page.querySelector("#board-diphoton");
  const order = () => all("tbody.entry", table).map((e) => e.dataset.name);
  const visible = (e) => e.getClientRects().length > 0;
  const inView = (e) => visible(e) && getComputedStyle(e).clipPath === "none"
    && !e.closest("thead, caption");
  const shown = () => all("tbody.entry").filter(visible).map((e) => e.dataset.name);
  const choose = (id, value) => {{
    const box = page.getElementById(id);
    box.value = value;
    box.dispatchEvent(new Event("change"));
  }};
  const column = (k) => table.tHead.rows[0].cells[k];
  const wide = () => {{
    const far = (e) => e.getBoundingClientRect().right > {width} + 1;
    return all("body *").filter((e) => inView(e) && far(e)).map((e) => e.outerHTML.slice(0, 90));
  }};
  const cut = () => all("td, th, dd, h2, h3, p, button, select, figcaption").filter((e) =>
    inView(e) && e.clientWidth > 0 && e.scrollWidth > e.clientWidth + 1
  ).map((e) => e.outerHTML.slice(0, 90));

  found.title = page.title;
  found.closed = all("tr.details").filter(visible).length;
  found.order = order();
  found.width = root.scrollWidth;
  column(4).querySelector("button").click();
  found.sorted = all("tbody.entry", table).map((e) => e.rows[0].cells[4].dataset.value);
  found.aria = [column(0).getAttribute("aria-sort"), column(4).getAttribute("aria-sort")];
  column(4).querySelector("button").click();
  found.reversed = all("tbody.entry", table).map((e) => e.rows[0].cells[4].dataset.value);
  choose("board-diphoton-sort", "1+");
  found.named = order();
  choose("board-diphoton-sort", "0+");
  found.again = order();
  found.last = table.tBodies[table.tBodies.length - 1].className;

  choose("filter-regime", "ep");
  found.regime = shown();
  found.told = page.getElementById("told").textContent;
  found.faint = all("td.other", table).length > 0;
  found.yardsticks = all("tbody.own, tbody.line", table).filter(visible).length;
  choose("filter-regime", "");
  choose("filter-dimension", "16");
  found.dimension = shown();
  choose("filter-dimension", "");
  choose("filter-task", "cms_adc");
  found.task = shown();
  choose("filter-status", "verified encoder");
  found.none = shown();
  page.getElementById("reset").click();
  found.reset = shown().length;

  const button = all("button.open", table)[1], id = button.getAttribute("aria-controls");
  const details = page.getElementById(id);
  button.focus();
  found.focused = page.activeElement === button;
  button.click();
  const told = details.innerText.includes("how to cite");
  found.opened = [visible(details), button.getAttribute("aria-expanded"), told];
  const points = (e) => e.querySelectorAll("circle").length;
  found.curves = all(".panels svg", details).filter((e) => points(e) > 2).length;
  const picture = details.querySelector(".panels svg"), box = picture.getBoundingClientRect();
  found.letters = 10 * box.width / picture.viewBox.baseVal.width;
  button.click();
  found.shut = visible(details);
  frame.contentWindow.location.hash = "details-diphoton-pca6";
  setTimeout(() => {{
    found.followed = visible(page.getElementById("details-diphoton-pca6"));
    for (const one of all('button.open[aria-expanded="false"]')) one.click();
    found.all = all("tr.details").filter(visible).length;
    found.full = root.scrollWidth;
    found.wide = wide();
    found.cut = cut();
    document.getElementById("found").textContent = JSON.stringify(found);
  }}, 200);
}};
</script></body></html>
"""

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(BROWSER is None, reason="no chromium on this machine"),
]


@pytest.fixture(scope="module")
def board(tmp_path_factory: pytest.TempPathFactory) -> Board:
    folder = tmp_path_factory.mktemp("entries")
    return build(write_entries(folder, [*diphoton(), *cms_adc()]))


def opened(board: Board, folder: Path, width: int, *, break_it: str = "") -> tuple[Any, str]:
    """What the harness finds in the page, and what the browser's console says."""
    write_board(board, folder)
    if break_it:
        page = folder / "index.html"
        text = page.read_text(encoding="utf-8")
        page.write_text(text.replace("</main>", break_it + "</main>"), encoding="utf-8")
    harness = folder / f"frame-{width}.html"
    harness.write_text(HARNESS.format(width=width), encoding="utf-8")
    flags = [
        "--headless=new",
        "--disable-gpu",
        "--no-first-run",
        "--disable-dev-shm-usage",
        "--hide-scrollbars",
    ]
    flags += ["--no-sandbox"] if os.geteuid() == 0 else []
    flags += ["--allow-file-access-from-files", f"--user-data-dir={folder / 'browser'}"]
    flags += ["--enable-logging=stderr", "--log-level=0"]
    flags += ["--virtual-time-budget=10000", "--dump-dom", harness.as_uri()]
    done = subprocess.run(
        [str(BROWSER), *flags], capture_output=True, text=True, timeout=120, check=True
    )
    found = re.search(r'<pre id="found">(.*?)</pre>', done.stdout, re.DOTALL)
    console = "\n".join(line for line in done.stderr.splitlines() if "CONSOLE" in line)
    assert found, done.stdout[:2000] + done.stderr[-2000:]
    return json.loads(unescape(found[1]) or "{}"), console


@pytest.mark.parametrize("width", WIDTHS)
def test_the_page_sorts_filters_opens_and_fits(board: Board, tmp_path: Path, width: int) -> None:
    found, console = opened(board, tmp_path, width)
    assert console == ""
    assert found["title"] == "DIADEM leaderboard (quick profile)"
    entries = [e.name for e in board.tasks[0].entries if not e.yardstick]
    others = [e.name for e in board.tasks[1].entries if not e.yardstick]

    assert found["order"] == found["again"] == entries
    assert found["named"] == sorted(entries)
    numbers = [float(value) for value in found["sorted"] if value]
    assert numbers == sorted(numbers, reverse=True)
    assert [value for value in found["reversed"] if value] == found["sorted"][: len(numbers)][::-1]
    blanks = [""] * (len(entries) - len(numbers))
    assert found["sorted"][len(numbers) :] == found["reversed"][len(numbers) :] == blanks
    assert found["aria"] == [None, "descending"]
    assert found["last"] in ("own", "line")

    assert found["regime"] == ["signal_aware_held_out"]
    assert found["told"] == f"1 of {len(entries) + len(others)} entries shown"
    assert found["faint"]
    assert found["yardsticks"] == len(board.tasks[0].yardsticks)
    assert found["dimension"] == ["signal_aware_wide"]
    assert found["task"] == others
    assert found["none"] == []
    assert found["reset"] == len(entries) + len(others)

    assert found["closed"] == 0
    assert found["focused"]
    assert found["opened"] == [True, "true", True]
    assert found["curves"] == 9
    assert found["letters"] >= SMALLEST
    assert found["shut"] is False
    assert found["followed"] is True

    assert found["all"] == sum(len(task.entries) for task in board.tasks)
    assert found["width"] <= width
    assert found["full"] <= width
    assert found["wide"] == []
    assert found["cut"] == []


@pytest.mark.parametrize("width", WIDTHS)
def test_hostile_texts_do_nothing(board: Board, tmp_path: Path, width: int) -> None:
    found, console = opened(hostile_board(board), tmp_path, width)
    assert console == ""
    assert found["title"].startswith("DIADEM leaderboard (<script>")
    assert found["order"] == found["again"]
    assert found["full"] <= width
    assert found["wide"] == []
    assert found["cut"] == []


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        ("<script>document.title = 'taken'</script>", "Content Security Policy"),
        ("<img src='x.png'>", "Content Security Policy"),
        ("<p style='color: red'>x</p>", "Content Security Policy"),
    ],
)
def test_the_policy_stops_what_slips_through(
    board: Board, tmp_path: Path, fault: str, words: str
) -> None:
    found, console = opened(board, tmp_path, 1280, break_it=fault)
    assert words in console  # and so the console's silence elsewhere means something
    assert found["title"] == "DIADEM leaderboard (quick profile)"


def test_something_too_wide_is_found(board: Board, tmp_path: Path) -> None:
    wide = "<canvas width='500'></canvas>"
    found, _ = opened(board, tmp_path, 390, break_it=wide)
    assert found["full"] > 390
    assert found["wide"] != []
