"""The report in a real browser, as wide as a telephone and as a desk."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from html import unescape
from typing import TYPE_CHECKING, Any

import pytest
from click.testing import CliRunner

from benchmark.results import write_rows
from reproduce.cli import diadem
from reproduce.figures import FIGURES
from reproduce.report.claims import load_claims
from tests.diphoton_rows import write_diphoton
from tests.hunt_rows import write_hunt
from tests.rows import adc_rows, adc_scans

if TYPE_CHECKING:
    from pathlib import Path

BROWSER = next(filter(None, map(shutil.which, ("chromium", "chromium-browser"))), None)
PROFILE = "made-up"
DRAWN = ("adc-roc-si", "sic-id")
# The page in a frame of a width, and what a browser finds in it; the page itself has no script.
HARNESS = """<!DOCTYPE html><html><body><pre id="found"></pre>
<iframe id="frame" src="report.html" style="width: {width}px; height: 900px; border: 0"></iframe>
<script>
frame.onload = () => {{
  const page = frame.contentDocument, root = page.documentElement;
  const wide = [...page.querySelectorAll("body *")].filter(
    (e) => e.getBoundingClientRect().right > {width} + 1 && getComputedStyle(e).clipPath === "none"
      && !e.closest("thead")
  );
  const row = page.querySelector(".claims tbody tr");
  found.textContent = JSON.stringify({{
    title: page.title,
    width: root.scrollWidth,
    wide: wide.map((e) => e.outerHTML.slice(0, 80)),
    images: [...page.images].map((e) => e.complete && e.naturalWidth > 0),
    verdicts: page.querySelectorAll("h2#claims ~ table .verdict").length,
    stacked: getComputedStyle(row).display,
    small: parseFloat(getComputedStyle(page.querySelector(".small")).fontSize),
  }});
}};
</script></body></html>
"""

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(BROWSER is None, reason="no chromium on this machine"),
]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the report on made-up results, two of the figures drawn."""
    results = tmp_path_factory.mktemp("results")
    write_rows(adc_rows(), results / PROFILE / "cms_adc" / "rows" / "main.csv")
    write_rows(adc_scans(), results / PROFILE / "cms_adc" / "rows" / "scans.csv")
    write_diphoton(results / PROFILE / "diphoton")
    write_hunt(results / PROFILE / "diphoton")
    words = ["--profile", PROFILE, "--results", str(results)]
    for name in DRAWN:
        assert CliRunner().invoke(diadem, ["figure", name, *words]).exit_code == 0
    assert CliRunner().invoke(diadem, ["report", *words]).exit_code == 0
    return results / PROFILE / "report"


def opened(folder: Path, width: int, profile: Path) -> dict[str, Any]:
    """What the browser finds in the page at a width in pixels."""
    harness = folder / f"frame-{width}.html"
    harness.write_text(HARNESS.format(width=width), encoding="utf-8")
    flags = ["--headless=new", "--disable-gpu", "--no-first-run", "--disable-dev-shm-usage"]
    flags += ["--no-sandbox"] if os.geteuid() == 0 else []
    flags += ["--allow-file-access-from-files", f"--user-data-dir={profile}"]
    flags += ["--virtual-time-budget=10000", "--dump-dom", harness.as_uri()]
    done = subprocess.run(
        [str(BROWSER), *flags], capture_output=True, text=True, timeout=120, check=True
    )
    found = re.search(r'<pre id="found">(.*?)</pre>', done.stdout, re.DOTALL)
    assert found, done.stdout[:2000] + done.stderr[-2000:]
    told: dict[str, Any] = json.loads(unescape(found[1]))
    return told


@pytest.mark.parametrize(("width", "stacked"), [(390, "block"), (1200, "table-row")])
def test_the_page_opens_and_fits(folder: Path, tmp_path: Path, width: int, stacked: str) -> None:
    found = opened(folder, width, tmp_path / "browser")
    assert found["title"] == f"DIADEM: what was reproduced ({PROFILE} profile)"
    assert found["width"] <= width
    assert found["wide"] == []
    assert found["images"] == [True] * len(DRAWN)
    assert found["stacked"] == stacked
    assert found["small"] >= 12  # pixels: still to be read
    claims = load_claims().claims
    shown = sum(claim.shown in FIGURES for claim in claims)
    assert found["verdicts"] == len(claims) + shown
