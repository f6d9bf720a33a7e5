"""Tables of a dataset's events as files: how many, at what rate, with what means."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd

from benchmark.describe.panels import in_order
from benchmark.describe.quantities import quantities
from benchmark.files import atomic_path

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from benchmark.cards import DatasetCard
    from benchmark.describe.tally import Key, Tally
    from benchmark.schema import EventSchema

_RATES = (
    "tried",
    "acceptance",
    "acceptance_error",
    "cross_section",
    "cross_section_error",
    "physical",
    "effective_luminosity",
    "effective_events",
)
_FLOAT = "%.6g"
_INTRODUCTION = """\
# {name}

Written by `diadem data describe --plot`; nothing here is typed by hand. Release digest `{digest}`,
made with {software}; code that drew this: `{commit}`.

`acceptance`: selected over generated events, with its statistical error. `cross_section`: pb, as
the generator reports for its settings, vetoes included. `physical`: pb, of the process before the
selection; empty where the model fixes no rate. `effective_luminosity`: 1/fb that the events
correspond to. `effective_events`: (sum w)^2 / sum w^2. Means of all quantities: `means.csv`;
pictures: one page a quantity.
"""
_MIXTURE = """
## Mixture of the background
`stated`: the paper's fraction, `released`: that of the events here, `generator`: what
leading-order cross sections times acceptances give, with its relative error, and its ratio to the
stated fraction.
"""


def write_summary(
    folder: Path,
    schema: EventSchema,
    tallies: Mapping[Key, Tally],
    *,
    card: DatasetCard | None,
    rates: Mapping[Key, Mapping[str, Any]],
    provenance: Mapping[str, Any],
) -> list[Path]:
    """Write `README.md`, `samples.csv`, `means.csv`, and `mixture.csv` where there is a mixture.

    Args:
        folder: Where the files go; made when missing.
        schema: Of the events.
        tallies: From `benchmark.describe.tally.tally`.
        card: Order of the processes.
        rates: Of each process and point, as in a release's manifest.
        provenance: name, digest, software, commit, and the manifest's mixture (may be empty).

    Raises:
        DiademError: The folder cannot be written.
    """
    keys = in_order(tallies, card)
    samples = _samples(keys, tallies, rates)
    text = _INTRODUCTION.format(**provenance) + "\n" + _markdown(samples)
    tables = {"samples.csv": samples, "means.csv": _means(keys, tallies, schema)}
    if provenance["mixture"]:
        tables["mixture.csv"] = pd.DataFrame(provenance["mixture"])
        text += _MIXTURE + "\n" + _markdown(tables["mixture.csv"])
    written = []
    for name, table in tables.items():
        with atomic_path(folder / name) as temporary:
            table.to_csv(temporary, index=False, float_format=_FLOAT)
        written.append(folder / name)
    with atomic_path(folder / "README.md") as temporary:
        temporary.write_text(text, encoding="utf-8")
    return [*written, folder / "README.md"]


def _samples(
    keys: list[Key], tallies: Mapping[Key, Tally], rates: Mapping[Key, Mapping[str, Any]]
) -> pd.DataFrame:
    rows = [
        {"process": key[0], "point": key[1], "events": tallies[key].events}
        | {name: rates.get(key, {}).get(name) for name in _RATES}
        for key in keys
    ]
    return pd.DataFrame(rows)


def _means(keys: list[Key], tallies: Mapping[Key, Tally], schema: EventSchema) -> pd.DataFrame:
    rows = []
    for process, point in keys:
        for quantity in quantities(schema):
            held = tallies[process, point].histograms[quantity.name]
            mean, error = held.mean()
            row = (process, point, quantity.name, quantity.unit, held.entries, mean, error)
            rows.append(row)
    names = ["process", "point", "quantity", "unit", "events", "mean", "error"]
    return pd.DataFrame(rows, columns=names)


def _markdown(table: pd.DataFrame) -> str:
    """Return a table in Markdown, numbers to four digits."""
    lines = ["| " + " | ".join(table.columns) + " |", "|" + "---|" * len(table.columns)]
    for row in table.itertuples(index=False):
        lines.append("| " + " | ".join(_cell(value) for value in row) + " |")
    return "\n".join(lines) + "\n"


def _cell(value: Any) -> str:
    if isinstance(value, str):
        return value
    if value is None or pd.isna(value):
        return ""
    return f"{value:,}" if isinstance(value, int) else f"{value:.4g}"
