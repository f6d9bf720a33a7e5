"""Files of latents that a user names: found, whole, and of one task, release and profile."""

from __future__ import annotations

from typing import TYPE_CHECKING

from benchmark.errors import DataError, DiademError, complaint
from benchmark.latents import Facts, read_latents
from benchmark.probes.sample import require_parts
from benchmark.tasks.diphoton import DIPHOTON
from benchmark.tasks.diphoton_events import diphoton_card
from benchmark.tasks.regimes import Regime

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

SAME = ("task", "task_digest", "release", "profile")
"""Facts that the files of one command share: their rows would not be comparable."""


def latent_files(given: Sequence[Path]) -> list[Path]:
    """Return the files that are named, and those below the folders that are; each once.

    Raises:
        DiademError: Something does not exist, or a folder holds none.
    """
    files: list[Path] = []
    for path in given:
        found = sorted(path.rglob("*.parquet")) if path.is_dir() else [path]
        found = [file for file in found if not file.name.startswith(".")]  # unfinished ones
        if not found or not path.exists():
            message = complaint(
                "no latents here",
                where=str(path),
                found="a folder without Parquet files" if path.exists() else "nothing",
                expected="a file of latents, or a folder of them",
                remedy="Make them with `diadem train`.",
            )
            raise DiademError(message)
        files += found
    return list({file.resolve(): file for file in files}.values())


def checked_facts(files: Sequence[Path]) -> list[Facts]:
    """Return the facts of files that can be probed together.

    Raises:
        DiademError: A file is damaged or lacks a part or a process, is not of the task as it is
            here, or of another release or profile than the first; or two are of one training.
    """
    found: dict[Path, Facts] = {}
    for file in files:
        latents = read_latents(file)
        facts = latents.facts
        first, whole = next(iter(found.items()), (file, facts))
        for name in SAME:
            if getattr(facts, name) != getattr(whole, name):
                _refuse(name, file, getattr(facts, name), f"{getattr(whole, name)!r} as {first}")
        _require_task(facts, file)
        twin = [other for other, known in found.items() if _training(known) == _training(facts)]
        if twin:
            _refuse("embedding", file, facts.embedding, f"another training than {twin[0]}")
        require_parts(latents, str(file))
        found[file] = facts
    return list(found.values())


def _training(facts: Facts) -> tuple[str, str, str, int]:
    return (facts.embedding, facts.variant, facts.regime, facts.number)


def _require_task(facts: Facts, file: Path) -> None:
    if facts.task != DIPHOTON.name:
        _refuse("task", file, facts.task, DIPHOTON.name)
    if facts.task_digest != DIPHOTON.digest():
        _refuse("task_digest", file, facts.task_digest, f"{DIPHOTON.digest()} of the task here")
    Regime.parse(facts.regime, diphoton_card())


def _refuse(name: str, file: Path, found: str, expected: str) -> None:
    message = complaint(
        "latents that do not go together",
        where=f"{file}, {name}",
        found=repr(found),
        expected=expected,
        remedy="Name the files of one task, release and profile, each training once.",
    )
    raise DataError(message)
