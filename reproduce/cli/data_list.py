"""`diadem data list`: what there is."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

import click

from reproduce.cli.output import console, escaped, size, table

if TYPE_CHECKING:
    from benchmark.cards import DatasetCard
    from benchmark.describe.sources import ReleaseFolder

_DIGITS = 12  # shown of a digest


@click.command(name="list", epilog="\b\nExample:\n  diadem data list")
def list_datasets() -> None:
    """List datasets, their releases, processes and points."""
    from benchmark.cards import card_names, load_card
    from benchmark.describe.sources import releases

    cards = {name: load_card(name) for name in card_names()}
    found = {name: releases(card) for name, card in cards.items()}
    out = console()
    overview = table(
        "Datasets",
        ("dataset", "release", "title", "digest"),
        ("processes", "points", "events", "size"),
    )
    for name, card in cards.items():
        points = sum(len(process.points) for process in card.processes)
        numbers = (f"{len(card.processes)}", f"{points}")
        for release in found[name]:
            overview.add_row(
                name,
                release.name,
                escaped(card.title),
                str(release.manifest["digest"])[:_DIGITS],
                *numbers,
                f"{release.events:,}",
                _release_size(release),
            )
        if not found[name]:
            overview.add_row(name, "none here", escaped(card.title), "-", *numbers, "-", "-")
    out.print(overview)
    for name, card in cards.items():
        _print_processes(card, found[name])


def _release_size(release: ReleaseFolder) -> str:
    return size(sum(int(entry["bytes"]) for entry in release.manifest["files"]))


def _print_processes(card: DatasetCard, found: list[ReleaseFolder]) -> None:
    """Print the events of each point, a column a release."""
    events: dict[tuple[str, str], dict[str, int]] = defaultdict(dict)
    digests: dict[tuple[str, str], str] = {}
    for release in found:
        for sample in release.manifest["samples"]:
            events[sample["process"], sample["point"]][release.name] = int(sample["events"])
        for entry in release.manifest["files"]:
            digests[release.name, entry["file"]] = str(entry["digest"])[:_DIGITS]
    names = [release.name for release in found]
    shown = table(
        f"Processes of {card.name}",
        ("process", "point", "kind", *(f"digest {name}" for name in names)),
        tuple(f"events {name}" for name in names),
    )
    for process in card.processes:
        for k, point in enumerate(process.points):
            file = f"{process.name}.parquet"
            shown.add_row(
                process.name if k == 0 else "",
                point.name,
                process.kind if k == 0 else "",
                *(digests.get((name, file), "-") if k == 0 else "" for name in names),
                *(f"{events[process.name, point.name].get(name, 0):,}" for name in names),
            )
    console().print(shown)
