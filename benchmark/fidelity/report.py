"""The report: what passes, what fails, tables and pictures."""

from __future__ import annotations

from typing import TYPE_CHECKING

from benchmark.fidelity.compare import FAIL, MIN_OBJECTS, PASS, SHOWN, TOLERANCES
from benchmark.fidelity.plots import draw_all
from benchmark.fidelity.reference import write_rows
from benchmark.files import atomic_path

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from pathlib import Path

    import pandas as pd

_CARDS = {"atlas": "ATLAS card (R = 0.6)", "cms": "CMS Phase-II card (R = 0.4)"}
_INTRO = f"""# Our detector response against Delphes

The same Pythia settings (`datasets/validation/pythia/`) through our response and through
Delphes 3.5.1; the numbers of the latter lie in `datasets/validation/delphes.csv`, with their
origin. Events are independent on the two sides, so both have statistical errors: sigma is the
difference over the combined one. A bin is judged with at least {MIN_OBJECTS} true objects on both
sides, and fails when the deviation exceeds the tolerance, whatever its error. The deviation is a
difference, a difference over Delphes (relative), or the logarithm of the ratio (factor).
A dash: nothing was asked. All numbers, in all bins: `rows.csv`.
"""
_CLEAR = 3.0  # standard deviations: beyond, chance is no explanation in some hundred rows
_EVENT_LEVEL = ("multiplicity", "component s68", "mean", "fraction", "mass")


def write_report(rows: pd.DataFrame, folder: Path, provenance: Mapping[str, str]) -> None:
    """Write `rows.csv`, `report.md` and the pictures into a folder.

    Args:
        rows: From `benchmark.fidelity.compare.compare`.
        folder: Where to; made if missing.
        provenance: What made the numbers: events, seed, versions.
    """
    write_rows(rows, folder / "rows.csv")
    pictures = draw_all(rows, folder)
    with atomic_path(folder / "report.md") as temporary:
        text = "\n".join(_lines(rows, provenance, [path.name for path in pictures]))
        temporary.write_text(text + "\n", encoding="utf-8")


def _lines(
    rows: pd.DataFrame, provenance: Mapping[str, str], pictures: list[str]
) -> Iterator[str]:
    yield _INTRO
    yield from _table(("what", "value"), provenance.items())
    yield "\n## Verdict\n"
    yield from _verdict_table(rows)
    yield "\n## Rows that fail\n"
    failing = rows[rows["verdict"] == FAIL]
    yield from _row_table(failing) if len(failing) else ["None."]
    judged = rows[rows["verdict"].isin([PASS, FAIL])]
    yield (
        f"\nOf {len(judged)} judged rows {len(failing)} fail. A perfect response would fail "
        f"{judged['chance'].sum():.1f} by the statistical errors of both sides alone; of the rows "
        f"that fail, {int((failing['sigma'].abs() > _CLEAR).sum())} are off by more than "
        f"{_CLEAR:g} standard deviations."
    )
    yield "\n## Tolerances\n"
    yield from _table(
        ("quantity", "of", "scale", "limit", "reason"),
        (
            (t.quantity, ", ".join(t.objects), t.scale, f"{t.limit:.3g}", t.reason)
            for t in TOLERANCES
        ),
    )
    for card, name in _CARDS.items():
        mine = rows[rows["card"] == card]
        if mine.empty:
            continue
        yield f"\n## {name}\n\n### Events\n"
        yield from _row_table(mine[mine["quantity"].str.startswith(_EVENT_LEVEL)])
        yield "\n### Bins that are judged\n"
        shown = mine["verdict"].isin([PASS, FAIL])
        yield from _row_table(mine[shown & ~mine["quantity"].str.startswith(_EVENT_LEVEL)])
        yield "\n### Pictures\n"
        yield from (f"![{p}]({p})" for p in pictures if p.startswith(card))


def _verdict_table(rows: pd.DataFrame) -> Iterator[str]:
    """How many bins pass, the largest deviation in tolerances, and the largest in sigma."""
    asked = rows[rows["verdict"] != SHOWN]
    lines = []
    for (card, quantity, what), part in asked.groupby(["card", "quantity", "object"]):
        judged = part[part["verdict"].isin([PASS, FAIL])]
        worst = (judged["deviation"].abs() / judged["tolerance"]).max()
        counts = [int((part["verdict"] == verdict).sum()) for verdict in (PASS, FAIL, "too few")]
        sigma = judged["sigma"].abs().max()
        lines.append((card, quantity, what, *counts, f"{worst:.2f}", f"{sigma:.1f}"))
    head = (
        "card",
        "quantity",
        "of",
        "pass",
        "fail",
        "too few",
        "worst / tolerance",
        "worst sigma",
    )
    yield from _table(head, lines)


def _row_table(rows: pd.DataFrame) -> Iterator[str]:
    head = (
        *("sample", "quantity", "of", "abs(eta)", "bin", "ours", "Delphes"),
        *("deviation", "tolerance", "sigma", "verdict"),
    )
    lines = (
        (
            r.sample, r.quantity, r.object, r.eta, r.bin,
            f"{r.value:.4g} ± {r.error:.2g}", f"{r.reference:.4g} ± {r.reference_error:.2g}",
            f"{r.deviation:+.3f}", f"{r.tolerance:.3f}" if r.verdict != SHOWN else "-",
            f"{r.sigma:+.1f}", r.verdict if r.verdict != SHOWN else "-",
        )
        for r in rows.itertuples()
    )  # fmt: skip
    yield from _table(head, lines)


def _table(head: Iterable[str], lines: Iterable[Iterable[object]]) -> Iterator[str]:
    head = tuple(head)
    yield f"| {' | '.join(head)} |"
    yield "|" + "---|" * len(head)
    for line in lines:
        yield f"| {' | '.join(str(cell).replace('|', '/') for cell in line)} |"
