"""What `diadem data describe` is asked about: files, their card, and the rates known of them."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from benchmark.cards import card_names, load_card
from benchmark.describe.sources import releases
from benchmark.describe.tally import tally
from benchmark.errors import DataError, complaint
from benchmark.events import digest_of, iter_events, open_events
from benchmark.provenance import commit
from benchmark.schema import SCHEMAS

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from benchmark.cards import DatasetCard
    from benchmark.describe.tally import Key, Tally
    from benchmark.schema import EventSchema


@dataclass(frozen=True)
class Described:
    """Events, and what is known of them.

    Attributes:
        name: For titles and folders.
        files: Event files of one schema; empty where a dataset has no release here.
        schema: Of the files.
        card: Of the dataset; None for files of a dataset that has no card here.
        rates: Of each process and point: the numbers of `benchmark.simulation.release.Rate`, as
            far as they are known.
        manifest: Of the release; empty for a file.
    """

    name: str
    files: tuple[Path, ...]
    schema: EventSchema
    card: DatasetCard | None
    rates: dict[Key, dict[str, Any]]
    manifest: Mapping[str, Any] = field(default_factory=dict)

    def provenance(self) -> dict[str, Any]:
        """Return where the events come from, for `benchmark.describe.summary`."""
        software = self.manifest.get("software", {})
        return {
            "name": self.name,
            "digest": self.manifest.get("digest") or digest_of(list(self.files)),
            "software": ", ".join(f"{k} {v}" for k, v in software.items()) or "unknown software",
            "commit": commit(),
            "mixture": self.manifest.get("mixture", []),
        }

    def tally(self) -> dict[Key, Tally]:
        """Return what the files hold of each process and point; reads them once.

        Raises:
            DataError: A file is no event file, or breaks a rule of the schema.
        """
        return tally(self.schema, iter_events(self.files))


def of_dataset(name_or_path: str) -> Described:
    """Return the last release of a dataset, without files where there is none.

    Raises:
        CardError: There is no such card, or it is wrong.
        DataError: A manifest is wrong, or a file that it names is missing.
    """
    card = load_card(name_or_path)
    schema = SCHEMAS[card.event_schema]
    found = releases(card)
    if not found:
        return Described(card.name, (), schema, card, {})
    release = found[-1]
    missing = {str(entry["file"]) for entry in release.manifest["files"]}
    missing -= {path.name for path in release.files}
    if missing:
        message = complaint(
            "files of the release are missing",
            where=str(release.folder),
            found=", ".join(sorted(missing)),
            remedy="Restore them, or make the release again.",
        )
        raise DataError(message)
    rates = _by_key(release.manifest["samples"])
    name = f"{card.name}-{release.name}"
    return Described(name, tuple(release.files), schema, card, rates, release.manifest)


def of_file(path: Path) -> Described:
    """Return an event file, with the card of its dataset where there is one.

    Raises:
        DataError: It is no event file.
    """
    file = open_events(path)
    dataset = file.metadata.get("dataset", file.schema.name)
    card = load_card(dataset) if dataset in card_names() else None
    rates = _by_key(json.loads(file.metadata.get("samples", "[]")))
    return Described(path.stem, (path,), file.schema, card, rates)


def _by_key(samples: list[dict[str, Any]]) -> dict[Key, dict[str, Any]]:
    return {(str(s["process"]), str(s["point"])): s for s in samples}
