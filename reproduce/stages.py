"""Which command makes a result file: the stages of `dvc.yaml`, as a profile has them.

`dvc.yaml` is the one list of commands, of what they read and of what they write. It is read here
and not through DVC, which takes a second to be imported and knows one profile at a time.
"""

from __future__ import annotations

import re
import shlex
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

from benchmark.code import ROOT
from benchmark.errors import DiademError, complaint

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

FILE = ROOT / "dvc.yaml"
RESULTS = "results"
"""Folder of all results, in every path of the pipeline."""
_NAME = re.compile(r"\$\{([\w.]+)\}")


@dataclass(frozen=True, kw_only=True)
class Stage:
    """One stage of the pipeline at a profile.

    Attributes:
        name: As `dvc repro` knows it.
        command: What it runs.
        reads: Results of other stages: files and folders, from `RESULTS`.
        writes: Its results, in the same way.
    """

    name: str
    command: str
    reads: tuple[str, ...]
    writes: tuple[str, ...]

    def words(self, results: Path) -> list[str]:
        """Return the words of the command, with another folder of results."""
        return [_moved(word, results) for word in shlex.split(self.command)]


def stages(profile: str, file: Path = FILE) -> tuple[Stage, ...]:
    """Return the stages of a pipeline file at a profile, in its order.

    Raises:
        DiademError: The file cannot be read, or is none of a pipeline.
    """
    try:
        held = _read(file)["stages"]
        return tuple(
            stage
            for name, content in held.items()
            for stage in _expanded(name, content, {"profile": profile})
        )
    except (OSError, yaml.YAMLError, KeyError, TypeError, AttributeError, ValueError) as error:
        message = complaint(
            "the pipeline cannot be read",
            where=str(file),
            found=f"{type(error).__name__}: {error}",
            remedy="Work in a clone of the repository.",
        )
        raise DiademError(message) from error


def producers(wanted: Iterable[str], known: Iterable[Stage], results: Path) -> list[Stage]:
    """Return the stages that must be run for some results, in their order.

    What is there is not made again, and so what only it was made from is not looked at.

    Args:
        wanted: Files and folders, from `RESULTS`.
        known: All stages.
        results: Where the results are.

    Raises:
        DiademError: No stage makes one of them.
    """
    every = list(known)
    needed: dict[str, Stage] = {}
    waiting = [path for path in wanted if not is_there(path, results)]
    while waiting:
        path = waiting.pop()
        found = [stage for stage in every if any(_meet(path, out) for out in stage.writes)]
        if not found:
            raise DiademError(complaint("no stage of the pipeline makes this", where=path))
        for stage in found:
            if stage.name not in needed:
                needed[stage.name] = stage
                waiting += [read for read in stage.reads if not is_there(read, results)]
    return _in_order(needed.values())


def is_there(path: str, results: Path) -> bool:
    """Return whether a result is there: a file, or a folder that holds something."""
    place = Path(_moved(path, results))
    return any(place.iterdir()) if place.is_dir() else place.is_file()


@cache
def _read(file: Path) -> Any:
    return yaml.safe_load(file.read_text(encoding="utf-8"))


def _in_order(needed: Iterable[Stage]) -> list[Stage]:
    """Return stages so that each comes after those that it reads from."""
    left, found = list(needed), list[Stage]()
    while left:
        ready = [
            stage
            for stage in left
            if not any(
                _meet(read, out)
                for other in left
                if other is not stage
                for out in other.writes
                for read in stage.reads
            )
        ]
        found += ready[:1] or left[:1]
        left.remove(found[-1])
    return found


def _meet(one: str, other: str) -> bool:
    """Return whether two paths are the same, or one of them is in the other."""
    return one == other or f"{one}/".startswith(f"{other}/") or f"{other}/".startswith(f"{one}/")


def _moved(path: str, results: Path) -> str:
    first, slash, rest = path.partition("/")
    return str(results / rest) if first == RESULTS and slash else path


def _expanded(name: str, content: Any, names: Mapping[str, Any]) -> Iterator[Stage]:
    """Yield the stages that one entry stands for: itself, or those of `matrix` or `foreach`."""
    if "matrix" in content:
        ((key, values),) = content["matrix"].items()
        for value in values:
            yield _stage(f"{name}@{value}", content, {**names, f"item.{key}": value})
    elif "foreach" in content:
        held = content["foreach"]
        for key, value in held.items() if isinstance(held, dict) else zip(held, held, strict=True):
            inside = {f"item.{k}": v for k, v in value.items()} if isinstance(value, dict) else {}
            yield _stage(
                f"{name}@{key}", content["do"], {**names, "key": key, "item": value, **inside}
            )
    else:
        yield _stage(name, content, names)


def _stage(name: str, content: Any, names: Mapping[str, Any]) -> Stage:
    def filled(kinds: Iterable[str]) -> tuple[str, ...]:
        listed = [path for kind in kinds for path in content.get(kind, ())]
        plain = [next(iter(path)) if isinstance(path, dict) else path for path in listed]
        paths = [_filled(path, names) for path in plain]
        return tuple(path for path in paths if path.startswith(f"{RESULTS}/"))

    return Stage(
        name=name,
        command=_filled(str(content["cmd"]).strip(), names),
        reads=filled(("deps",)),
        writes=filled(("outs", "metrics", "plots")),
    )


def _filled(text: str, names: Mapping[str, Any]) -> str:
    return _NAME.sub(lambda match: str(names[match[1]]), text)
