"""A folder in which DVC runs the pipeline at another profile than that of `params.yaml`.

DVC takes the profile from `params.yaml` and notes what it made in the one `dvc.lock` beside it:
another profile would change both, and everything made at the first one would be out of date. So
another profile has a folder of its own in `.diadem`: the same `dvc.yaml`, `params.yaml` with its
name, links to the rooms and to the store, and a lock file that stands in the results of the
profile, `results/<profile>/dvc.lock`. DVC's cache is shared. The repository stays as it was.
"""

from __future__ import annotations

import configparser
import os
import re
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import yaml

from benchmark.checksums import NAME as CHECKSUMS
from benchmark.errors import DiademError, complaint
from benchmark.files import atomic_path, explained
from benchmark.naming import unknown
from reproduce.params import FILE as PARAMS
from reproduce.params import VARIABLE
from reproduce.stages import RESULTS, stages

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

STORE = ".diadem"
_PIPELINE, _LOCK = "dvc.yaml", "dvc.lock"
_DEFAULT = re.compile(r"^profile:.*$", re.MULTILINE)
_CONFIGS = ("config", "config.local")  # of DVC, in this order


@contextmanager
def working_at(profile: str | None, root: Path, *, begin: bool) -> Iterator[Path]:
    """Yield the folder to run DVC in for a profile; the commands in it take it by default.

    Args:
        profile: None for that of `params.yaml`.
        root: Of the pipeline.
        begin: As in `workplace`.

    Raises:
        DiademError: See `workplace`.
    """
    place = root if profile is None else workplace(profile, root, begin=begin)
    if place == root:
        yield root
        return
    before = os.environ.get(VARIABLE)
    os.environ[VARIABLE] = str(place / PARAMS)  # what DVC starts inherits it
    try:
        yield place
    finally:
        if before is None:
            del os.environ[VARIABLE]
        else:
            os.environ[VARIABLE] = before


def workplace(profile: str, root: Path, *, begin: bool = True) -> Path:
    """Return the folder to run DVC in for a profile, made or brought up to date.

    Args:
        profile: One of `params.yaml`.
        root: Folder of `dvc.yaml`; itself the answer for the profile that stands there.
        begin: Whether something will be run: else nothing is put into the folder of results.

    Raises:
        DiademError: There is no such profile, no pipeline, or the folder cannot be written.
    """
    text = _text(root / PARAMS)
    standing = _standing(text)
    if profile == standing:
        return root
    known = yaml.safe_load(text)["profiles"]
    if profile not in known:
        raise DiademError(unknown("profile", profile, known, where=str(root / PARAMS)))
    root = root.resolve()
    place = root / STORE / "profiles" / profile
    with explained(place):
        (place / ".dvc").mkdir(parents=True, exist_ok=True)
        lock = root / RESULTS / profile / _LOCK
        for name in _rooms(_text(root / _PIPELINE)):
            _link(place / name, root / name)
        _link(place / STORE, root / STORE)
        if begin or lock.exists():
            _link(place / _LOCK, lock)
        else:  # DVC takes a link to nothing for a damaged file
            (place / _LOCK).unlink(missing_ok=True)
    _write(place / _PIPELINE, _text(root / _PIPELINE))
    _write(place / PARAMS, _DEFAULT.sub(f"profile: {profile}", text, count=1))
    _write(place / ".dvcignore", f"/{STORE}\n{CHECKSUMS}\n")
    _configure(place / ".dvc" / "config", root / ".dvc")
    if begin:
        _take_over(root, lock, (standing, profile))
    return place


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except OSError as error:
        message = complaint(
            "no pipeline here",
            where=str(path),
            found=error.strerror or "nothing",
            remedy="Work in a clone of the repository.",
        )
        raise DiademError(message) from error


def _standing(text: str) -> str:
    """Return the profile of `params.yaml`.

    Raises:
        DiademError: It is not there as one line, so that another cannot be put in its place.
    """
    found = _DEFAULT.findall(text)
    if len(found) != 1:
        expected = "one line `profile: NAME` that begins a line"
        raise DiademError(
            complaint("no profile", where=PARAMS, found=str(len(found)), expected=expected)
        )
    return str(yaml.safe_load(found[0])["profile"])


def _rooms(text: str) -> list[str]:
    """Return the first folders of all paths of a pipeline."""
    held = [each.get("do", each) for each in yaml.safe_load(text)["stages"].values()]
    listed = [
        path
        for one in held
        for kind in ("deps", "outs", "metrics", "plots")
        for path in one.get(kind, ())
    ]
    plain = [next(iter(path)) if isinstance(path, dict) else path for path in listed]
    return sorted({path.partition("/")[0] for path in plain})


def _link(link: Path, target: Path) -> None:
    """Make a relative link, so that the repository can be moved."""
    where = os.path.relpath(target, link.parent)
    if link.is_symlink() and os.readlink(link) == where:  # noqa: PTH115 - the text counts
        return
    link.unlink(missing_ok=True)
    link.symlink_to(where)


def _write(path: Path, text: str) -> None:
    """Write a text where it is another one: DVC looks at the time of a change."""
    if not path.is_file() or path.read_text(encoding="utf-8") != text:
        with atomic_path(path) as temporary:
            temporary.write_text(text, encoding="utf-8")


def _configure(path: Path, repository: Path) -> None:
    """Write DVC's settings: those of the repository, its cache, and no version control of ours."""
    held = configparser.ConfigParser(interpolation=None)
    for name in _CONFIGS:
        held.read(repository / name, encoding="utf-8")
    for section in held.values():
        if "url" in section and "://" not in section["url"]:  # a path from the file's folder
            section["url"] = str((repository / section["url"]).resolve())
    for name, values in {
        "core": {"no_scm": "True"},
        "cache": {"dir": held.get("cache", "dir", fallback=str(repository / "cache"))},
    }.items():
        if not held.has_section(name):
            held.add_section(name)
        held[name].update(values)
    lines = [
        line
        for name in held.sections()
        for line in (f"[{name}]", *(f"    {key} = {value}" for key, value in held[name].items()))
    ]
    _write(path, "\n".join(lines) + "\n")


def _take_over(root: Path, lock: Path, profiles: tuple[str, str]) -> None:
    """Note as made what the repository's lock has of stages that are the same at both profiles."""
    with explained(lock):
        lock.parent.mkdir(parents=True, exist_ok=True)
    if lock.exists() or not (root / _LOCK).is_file():
        return
    one, other = ({stage.name: stage for stage in stages(p, root / _PIPELINE)} for p in profiles)
    same = {name for name in one if one[name] == other[name]}
    held: dict[str, Any] = yaml.safe_load(_text(root / _LOCK))
    kept = {name: value for name, value in held["stages"].items() if name in same}
    text = yaml.safe_dump({**held, "stages": kept}, sort_keys=False)
    _write(lock, text)
