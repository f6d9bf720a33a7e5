"""Every figure keeps the one style: it is measured, not only looked at."""

from __future__ import annotations

import re
from itertools import combinations
from typing import TYPE_CHECKING, Any

import pytest
from matplotlib.text import Text

from benchmark.results import write_rows
from reproduce import style
from reproduce.adc.look import COLOURS, MARKERS
from reproduce.figures import FIGURES
from reproduce.inputs import Place
from reproduce.sac.look import LINES, LOOKS
from tests.colours import distance
from tests.diphoton_rows import write_diphoton
from tests.hunt_rows import write_hunt
from tests.rows import adc_rows, adc_scans

if TYPE_CHECKING:
    from collections.abc import Iterator

    from matplotlib.figure import Figure

PROFILE = "made-up"
JUST_SEEN = 2.3  # CIE 1976: the difference that people just notice, side by side
APART, ALONE = 3 * JUST_SEEN, 8 * JUST_SEEN  # with another mark beside it, and by itself
CUT = 4.0  # pixels: what a line of letters has above the highest of them
SQUARE = 0.03  # of the sides
A_LIST = {"sensitivity"}  # one line for each signal: as high as their number
# An axis without a unit: shares, ratios, counts, coordinates that have none.
UNITLESS = (
    r"AUC|1/|SI$|SIC|efficiency|S/|augmentations|dimension|training events|latent|t-SNE|"
    r"class|passes|diagonal|after / before|share|probability density$"
)


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Figure]:
    folder = tmp_path_factory.mktemp("results")
    rows = folder / PROFILE / "cms_adc" / "rows"
    write_rows(adc_rows(), rows / "main.csv")
    write_rows(adc_scans(), rows / "scans.csv")
    write_diphoton(folder / PROFILE / "diphoton")
    write_hunt(folder / PROFILE / "diphoton")
    found = {}
    for name, entry in FIGURES.items():
        place = Place(results=folder, profile=PROFILE, task=entry.task)
        page = entry.make(entry.source.read(place)).page
        assert page is not None
        with style.styled():
            page.draw_without_rendering()
        found[name] = page
    return found


def texts(page: Figure) -> Iterator[Text]:
    return (t for t in page.findobj(Text) if t.get_visible() and t.get_text().strip())


each = pytest.mark.parametrize("name", FIGURES)


@each
def test_it_says_simulation_and_where_it_comes_from(name: str, pages: dict[str, Figure]) -> None:
    words = {text.get_text() for text in texts(pages[name])}
    assert "Simulation" in words
    assert any("profile" in word for word in words)
    assert not any(re.search(r"\b(ATLAS|CMS)\b", word) for word in words)


@each
def test_letters_can_be_read_in_print(name: str, pages: dict[str, Figure]) -> None:
    """A panel as wide as a column, two or more as wide as a page."""
    page = pages[name]
    width = page.get_size_inches()[0]
    shrunk = min(1.0, (style.COLUMN if len(page.axes) == 1 else style.PAGE) / width)
    smallest = min(float(text.get_fontsize()) for text in texts(page))
    assert smallest * shrunk >= style.SMALLEST


@each
def test_panels_are_square(name: str, pages: dict[str, Figure]) -> None:
    boxes = [ax.get_window_extent() for ax in pages[name].axes if ax.get_visible()]
    wide = max(box.width for box in boxes)
    panels = [box for box in boxes if box.width > wide / 2 and box.height > wide / 2]
    assert panels
    if name not in A_LIST:
        assert all(abs(box.height / box.width - 1) < SQUARE for box in panels)


@each
def test_axes_have_labels_with_units(name: str, pages: dict[str, Figure]) -> None:
    labels = {
        label for ax in pages[name].axes for label in (ax.get_xlabel(), ax.get_ylabel()) if label
    }
    assert labels
    for label in labels:
        assert re.search(r"\([^)]+\)$", label) or re.search(UNITLESS, label), label


@each
def test_nothing_is_cut(name: str, pages: dict[str, Figure]) -> None:
    page = pages[name]
    whole = page.bbox.padded(CUT)
    numbers = {t for ax in page.axes for t in (*ax.get_xticklabels(), *ax.get_yticklabels())}
    for text in texts(page):
        if text in numbers:  # those beyond the axis are not drawn
            continue
        box = text.get_window_extent()
        assert whole.x0 <= box.x0 <= box.x1 <= whole.x1, text.get_text()
        assert whole.y0 <= box.y0 <= box.y1 <= whole.y1, text.get_text()


@each
def test_published_numbers_are_open_marks_in_every_figure(
    name: str, pages: dict[str, Figure]
) -> None:
    page = pages[name]
    entries = [
        (handle, text.get_text())
        for legend in page.legends
        for handle, text in zip(legend.legend_handles, legend.get_texts(), strict=True)
    ]
    for handle, text in entries:
        open_mark = getattr(handle, "get_markerfacecolor", lambda: "")() == "white"
        if "published" in text and "AUC" not in text:  # one number in words has no mark
            assert open_mark, text
        else:
            assert not open_mark, text


def test_bands_are_explained() -> None:
    for name, entry in FIGURES.items():
        if name not in {"latent-tsne", "confusion"}:
            assert re.search(r"[Bb]ands?|[Bb]ars?", entry.caption), name
            assert re.search(r"standard deviation|statistical error|its error", entry.caption), (
                name
            )


LOOKS_OF: dict[str, dict[str, dict[str, Any]]] = {
    "adc": {k: {"color": c, "marker": MARKERS[k]} for k, c in COLOURS.items()},
    "processes": LOOKS,
    "regimes": LINES,
}


@pytest.mark.parametrize("name", LOOKS_OF)
def test_colours_are_told_apart_by_everybody(name: str) -> None:
    """By the colour alone, or by the colour and the mark, in four kinds of vision."""
    for (one, a), (other, b) in combinations(LOOKS_OF[name].items(), 2):
        marks = {(look.get("marker"), look.get("linestyle")) for look in (a, b)}
        if a["color"] == b["color"]:
            assert len(marks) == 2, (one, other)
            continue
        least = APART if len(marks) == 2 else ALONE
        assert distance(a["color"], b["color"]) >= least, (one, other)


def test_the_distance_of_colours_knows_what_is_hard_to_tell() -> None:
    """A red and a green of like lightness, which eight men of a hundred cannot tell."""
    assert distance("black", "white") > 99
    assert distance("#a17a00", "#7a8b00") < ALONE
    assert distance("#0173b2", "#0173b2") == 0
