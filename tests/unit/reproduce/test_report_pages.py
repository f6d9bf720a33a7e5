"""The report's files: whole, the same again, self-contained, honest about what is missing."""

from __future__ import annotations

import csv
import shutil
from html.parser import HTMLParser
from typing import TYPE_CHECKING

import pytest
from click.testing import CliRunner, Result

from benchmark.results import write_rows
from reproduce.cli import diadem
from reproduce.report.claims import load_claims
from reproduce.report.pages import FILES
from reproduce.report.verdicts import VERDICTS
from tests.diphoton_rows import write_diphoton
from tests.hunt_rows import write_hunt
from tests.rows import adc_rows, adc_scans

if TYPE_CHECKING:
    from pathlib import Path

PROFILE = "made-up"
# The smallest PNG: one pixel.
PIXEL = bytes.fromhex(
    "89504e470d0a1a0a0000000d4948445200000001000000010806000000"
    "1f15c4890000000d4944415478da63fcffff3f0300050001ff5c5c5d0000000049454e44ae426082"
)
CAPTION = "# adc-roc-si\n\nReproduces a figure.\n\n**Incomplete: a < b & c.**\n"
VOID = {"meta", "br", "img", "link", "hr", "input"}


class Page(HTMLParser):
    """Tags with their attributes, and whether they are closed as they were opened."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.words: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.words.append(data)


def run(*words: object) -> Result:
    return CliRunner().invoke(diadem, ["report", *(str(word) for word in words)])


def by_id(folder: Path) -> dict[str, dict[str, str]]:
    """The lines of the CSV of claims."""
    with (folder / "claims.csv").open(encoding="utf-8", newline="") as file:
        return {line["id"]: line for line in csv.DictReader(file)}


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("results")
    adc = folder / PROFILE / "cms_adc"
    write_rows(adc_rows(), adc / "rows" / "main.csv")
    write_rows(adc_scans(), adc / "rows" / "scans.csv")
    (adc / "figures").mkdir()
    (adc / "figures" / "adc-roc-si.png").write_bytes(PIXEL)
    (adc / "figures" / "adc-roc-si.md").write_text(CAPTION, encoding="utf-8")
    write_diphoton(folder / PROFILE / "diphoton")
    write_hunt(folder / PROFILE / "diphoton")
    return folder


@pytest.fixture(scope="module")
def made(results: Path) -> Path:
    done = run("--profile", PROFILE, "--results", results)
    assert done.exit_code == 0, done.output
    return results / PROFILE / "report"


def test_files_are_whole_and_the_same_again(made: Path, results: Path) -> None:
    first = {path.name: path.read_bytes() for path in made.iterdir()}
    assert set(first) == set(FILES)
    done = run("--profile", PROFILE, "--results", results)
    assert done.exit_code == 0
    assert {path.name: path.read_bytes() for path in made.iterdir()} == first
    assert all(verdict in done.output for verdict in VERDICTS.values())


def test_every_claim_has_its_row(made: Path) -> None:
    lines = list(by_id(made).values())
    claims = load_claims().claims
    assert [line["id"] for line in lines] == [claim.id for claim in claims]
    assert {line["verdict"] for line in lines} <= set(VERDICTS.values())
    for line in lines:
        assert (line["verdict"] in ("reproduced", "not reproduced")) == (line["reason"] == "")
        assert not {"nan", "inf"} & set(line.values())
    page = (made / "report.html").read_text(encoding="utf-8")
    text = (made / "report.md").read_text(encoding="utf-8")
    words = "".join(Page(page).words)
    for claim in claims:
        assert claim.claim in words
        assert claim.claim in text


def test_made_up_rows_give_the_verdicts_that_they_were_made_for(made: Path) -> None:
    lines = by_id(made)
    assert lines["sac-fig-4-above-haxad"]["verdict"] == "reproduced"
    assert lines["sac-fig-7-fcnc-0.01"]["verdict"] == "reproduced"
    assert lines["aclr-plus-above-clr-auc"]["verdict"] == "reproduced"
    assert lines["sac-fig-2-clusters"]["verdict"] == "not testable at this profile"
    assert int(lines["sac-fig-4-chargino-tight"]["n_bkg"]) > 0


def test_the_page_needs_nothing_but_itself(made: Path) -> None:
    page = Page((made / "report.html").read_text(encoding="utf-8"))
    assert page.open == []
    names = {tag for tag, _ in page.tags}
    assert not names & {"script", "link", "iframe", "object", "base"}
    for tag, held in page.tags:
        assert not [name for name in held if name.startswith("on")]
        assert (held.get("src") or "data:").startswith("data:"), tag
        assert (held.get("href") or "#").startswith("#"), tag
    assert ("meta", "viewport") in [(tag, held.get("name")) for tag, held in page.tags]
    targets = {held.get("id") for _, held in page.tags}
    links = {held["href"] for tag, held in page.tags if tag == "a"}
    assert {str(link).removeprefix("#") for link in links} <= targets
    assert "url(" not in "".join(page.words)


def test_figures_and_captions_stand_there(made: Path) -> None:
    page = (made / "report.html").read_text(encoding="utf-8")
    assert page.count("data:image/png;base64,") == 1
    assert "Incomplete: a &lt; b &amp; c." in page
    assert "diadem figure confusion --profile made-up" in page
    text = (made / "report.md").read_text(encoding="utf-8")
    assert "![adc-roc-si](../cms_adc/figures/adc-roc-si.png)" in text
    assert "**Incomplete: a < b & c.**" in text


def test_origin_and_assumptions_are_told(made: Path) -> None:
    for name in ("report.html", "report.md"):
        text = (made / name).read_text(encoding="utf-8")
        for part in ("0123456789ab", "abc1234", "cms_adc/rows/main.csv", "numpy", "cores"):
            assert part in text
        for part in ("diphoton card: luminosity", "cms_adc card: ", "signal_aware card: "):
            assert part in text
        assert "Pseudo-data of 14.9 /fb" in text


def test_tables_of_the_text_are_whole(made: Path) -> None:
    lines = (made / "report.md").read_text(encoding="utf-8").splitlines()
    columns = 0
    for line, following in zip(lines, [*lines[1:], ""], strict=True):
        if line.startswith("|") and following.startswith("| :--"):
            columns = line.replace(r"\|", "").count("|")
        if line.startswith("|"):
            assert line.replace(r"\|", "").count("|") == columns, line


def test_what_rows_say_is_text_and_no_markup(tmp_path: Path) -> None:
    rows = adc_rows(embeddings=("raw",), curve=False).assign(commit="<script>alert(1)</script>")
    write_rows(rows, tmp_path / PROFILE / "cms_adc" / "rows" / "a.csv")
    done = run("--profile", PROFILE, "--results", tmp_path)
    assert done.exit_code == 0, done.output
    page = (tmp_path / PROFILE / "report" / "report.html").read_text(encoding="utf-8")
    assert "<script" not in page
    assert "&lt;script&gt;" in page


def test_a_missing_file_makes_claims_not_testable(results: Path, tmp_path: Path) -> None:
    shutil.copytree(results / PROFILE, tmp_path / PROFILE)
    (tmp_path / PROFILE / "diphoton" / "rows" / "hunt.csv").unlink()
    done = run("--profile", PROFILE, "--results", tmp_path, "--output", tmp_path / "page")
    assert done.exit_code == 0, done.output
    lines = by_id(tmp_path / "page")
    assert lines["sac-fig-4-above-haxad"]["verdict"] == "not testable at this profile"
    assert "no result rows of" in lines["sac-fig-4-above-haxad"]["reason"]


def test_nothing_at_all_is_an_error(tmp_path: Path) -> None:
    done = run("--profile", PROFILE, "--results", tmp_path)
    assert done.exit_code == 2
    assert "no result rows here" in done.output
    assert "dvc repro" in done.output
    assert not list(tmp_path.iterdir())


def test_a_bad_row_is_an_error_that_names_its_place(tmp_path: Path) -> None:
    """Rows of another program, which leaves no checksum."""
    path = tmp_path / PROFILE / "cms_adc" / "rows" / "a.csv"
    write_rows(adc_rows(embeddings=("raw",), curve=False), tmp_path / "b.csv")
    text = (tmp_path / "b.csv").read_text(encoding="utf-8").splitlines()
    path.parent.mkdir(parents=True)
    path.write_text("\n".join([*text, text[-1]]) + "\n", encoding="utf-8")
    done = run("--profile", PROFILE, "--results", tmp_path)
    assert done.exit_code == 2
    assert "two rows of one result" in done.output


def test_an_output_that_cannot_be(results: Path, tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_text("", encoding="utf-8")
    done = run("--profile", PROFILE, "--results", results, "--output", file / "page")
    assert done.exit_code == 2
    assert "Traceback" not in done.output


def test_help_has_an_example() -> None:
    assert "\n    diadem report" in run("--help").output
