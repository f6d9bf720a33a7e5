"""Where the numbers of a report come from: files, releases, versions, machine, assumptions."""

from __future__ import annotations

import os
import platform
import tomllib
from importlib.metadata import PackageNotFoundError, version
from typing import TYPE_CHECKING

from benchmark.cards import load_card
from benchmark.code import ROOT
from reproduce.inputs import Place
from reproduce.saving import assumed_of

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from reproduce.report.results import Results

OWN = "diadem-bench"
PACKAGES = (
    *(OWN, "numpy", "scipy", "pandas", "pyarrow", "torch", "lightning", "zuko"),
    *("scikit-learn", "xgboost-cpu", "pythia8mc", "fastjet", "matplotlib", "dvc"),
)
"""Those that numbers may depend on."""


def versions() -> dict[str, str]:
    """Return the versions of Python and of the packages that numbers may depend on."""
    found = {"Python": platform.python_version()}
    for name in PACKAGES:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            found[name] = _of_checkout() if name == OWN else "not installed"
    return found


def _of_checkout(file: Path = ROOT / "pyproject.toml") -> str:
    """Return the version of this code where it runs without having been installed."""
    try:
        project = tomllib.loads(file.read_text(encoding="utf-8"))["project"]
        return f"{project['version']}, from a checkout"
    except (OSError, ValueError, KeyError, TypeError):
        return "from a checkout"


def machine() -> str:
    """Return on what the page was made, in words."""
    cores = os.cpu_count() or 0
    return f"{platform.system()} {platform.release()}, {platform.machine()}, {cores} cores"


def departures(results: Results, folder: Path, profile: str) -> Iterator[str]:
    """Yield sentences on how the profile departs from the papers."""
    from reproduce.adc.deviations import deviations as of_adc
    from reproduce.sac.deviations import deviations as of_sac

    for task, of in (("cms_adc", of_adc), ("diphoton", of_sac)):
        if task in results.rows:
            yield from (f"{task}: {sentence}" for sentence in of(results.rows[task]))
    yield from _of_search(folder, profile)


def _of_search(folder: Path, profile: str) -> Iterator[str]:
    from reproduce.sac.hunt import ROWS, SETTINGS, HuntFiles

    place = Place(results=folder.parent, profile=profile, task="diphoton")
    rows = place.folder / "rows"
    if (rows / ROWS).is_file() and (rows / SETTINGS).is_file():
        settings = HuntFiles().read(place).settings
        yield f"diphoton: {settings.words()}"
        yield from (f"diphoton: {sentence}" for sentence in settings.differs())


def assumed(tasks: tuple[str, ...]) -> Iterator[str]:
    """Yield what we chose where a paper is silent: of the cards, and of the method."""
    from reproduce.published import load_table
    from reproduce.sac.deviations import assumed as of_method

    for task in tasks:
        yield from assumed_of(load_card(task))
    if "diphoton" in tasks:
        yield from of_method()
    if "cms_adc" in tasks:
        yield from load_table("aclr_table_2").assumed
