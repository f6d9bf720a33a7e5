"""Where events lie: releases of a dataset, with what their manifests say."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from benchmark.simulation.release import MANIFEST
from benchmark.simulation.verify import read_manifest

if TYPE_CHECKING:
    from pathlib import Path

    from benchmark.cards import DatasetCard


@dataclass(frozen=True)
class ReleaseFolder:
    """A release on disk.

    Attributes:
        folder: Holds the manifest and the event files.
        manifest: Its content.
    """

    folder: Path
    manifest: dict[str, Any]

    @property
    def name(self) -> str:
        """Name of the release, such as "v1"."""
        return str(self.manifest.get("release", self.folder.name))

    @property
    def files(self) -> list[Path]:
        """The event files that are there."""
        named = [self.folder / str(entry["file"]) for entry in self.manifest["files"]]
        return [path for path in named if path.is_file()]

    @property
    def events(self) -> int:
        """Events by the manifest."""
        return sum(int(entry["events"]) for entry in self.manifest["files"])


def releases(card: DatasetCard) -> list[ReleaseFolder]:
    """Return the releases below the folder of a card, in order of their folders.

    Raises:
        DataError: A manifest cannot be read.
    """
    return [open_release(path.parent) for path in sorted(card.folder.glob(f"*/{MANIFEST}"))]


def open_release(folder: Path) -> ReleaseFolder:
    """Return the release in a folder.

    Raises:
        DataError: There is no manifest, or it is not one.
    """
    return ReleaseFolder(folder, read_manifest(folder))
