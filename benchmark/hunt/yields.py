"""How many events of each Standard Model process are expected, from a release's manifest."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from benchmark.errors import DataError, complaint
from benchmark.tasks.diphoton import DIPHOTON

if TYPE_CHECKING:
    from pathlib import Path

_DIGITS = 12  # of a release's digest in the name that results give it


def background_yields(folder: Path, *, release: str) -> dict[str, float]:
    """Return the expected events after the selection for 1/fb, by Standard Model process.

    They are events over effective luminosity of a sample: its cross section times acceptance.
    Events of one's own come without a manifest, and without rates: then there are none.

    Args:
        folder: Of the release.
        release: Its name and short digest, as result rows have it.

    Raises:
        DataError: The manifest is damaged or of another release, or a process has no rate.
    """
    path = folder / "manifest.json"
    if folder.is_dir() and not path.exists():
        return {}
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        name = f"{content['release']}@{content['digest'][:_DIGITS]}"
        found: dict[str, float] = {}
        for sample in content["samples"]:
            if sample["process"] in DIPHOTON.backgrounds:
                rate = sample["events"] / sample["effective_luminosity"]
                found[sample["process"]] = found.get(sample["process"], 0.0) + rate
    except (OSError, ValueError, KeyError, TypeError, ZeroDivisionError) as error:
        message = complaint(
            "no manifest with the rates of the processes",
            where=str(path),
            found=f"{type(error).__name__}: {error}",
            remedy="Name the folder of the release with --data.",
        )
        raise DataError(message) from error
    missing = [process for process in DIPHOTON.backgrounds if process not in found]
    if missing or name != release:
        message = complaint(
            f"no rate of {', '.join(missing)}" if missing else "the latents' release is another",
            where=str(path),
            found=name,
            expected=release,
            remedy="Name the folder of the release with --data.",
        )
        raise DataError(message)
    return found
