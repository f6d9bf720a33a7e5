"""The state of the pipeline: what is out of date, what is not here, and where it could come from.

`dvc repro --allow-missing` takes for made what is not there, and `dvc fetch` says "everything is
up to date" where no remote is configured. Here each of these is a case with words of its own.
"""

from __future__ import annotations

import os
import subprocess
import sys
import warnings
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from benchmark.errors import DiademError, complaint

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

STAGE = "DVC_STAGE"
"""What DVC tells a stage's command about itself, in its environment."""
Place = Literal["cache", "remote", "not in remote", "remote unreachable", "no remote"]
_LACKING = ("deleted", "never made")
_ADVICE = "docs/data.md says how to add one"


@dataclass(frozen=True, kw_only=True)
class Away:
    """A result that DVC keeps outside of git, and that is not in this clone.

    Attributes:
        path: Of the result.
        stage: That makes it.
        place: Where it can be had.
        remote: Name of the remote; empty without one.
        why: What the remote answered, where it cannot be reached.
    """

    path: str
    stage: str
    place: Place
    remote: str = ""
    why: str = ""

    @property
    def within_reach(self) -> bool:
        """Whether it need not be made again."""
        return self.place in {"cache", "remote"}

    def words(self) -> str:
        """Return what is missing, the data or the remote, and what to do."""
        again = f"`dvc repro {self.stage}` makes it again"
        fetch = f"`dvc pull {self.path}`"
        said = {
            "cache": f"it is in DVC's cache, `dvc checkout {self.path}` puts it in place",
            "remote": f"the remote {self.remote!r} has it, {fetch} brings it",
            "not in remote": f"the remote {self.remote!r} does not have it either; {again}",
            "remote unreachable": f"the remote {self.remote!r} cannot be reached ({self.why}): "
            f"the data may well be there; {fetch} when it can, or {again}",
            "no remote": f"no remote is configured that could have it ({_ADVICE}); {again}",
        }
        return f"not in this clone: {self.path}; {said[self.place]}"


@dataclass(frozen=True, kw_only=True)
class Fault:
    """A result that is not the one of dvc.lock.

    Attributes:
        path: The file.
        stage: That makes it.
        what: Deleted, modified, empty, ...
    """

    path: str
    stage: str
    what: str


@dataclass(frozen=True, kw_only=True)
class State:
    """The pipeline, looked at.

    Attributes:
        order: Stages that are run when they are out of date, in the order of `dvc repro`.
        stale: Those of which code, data, parameters or command changed since dvc.lock was written.
        follows: Stages that read from each stage, directly or not.
        faults: Results that are missing, changed or empty.
        away: Results that only a cache or a remote has.
        outputs: How many results are declared.
    """

    order: tuple[str, ...]
    stale: frozenset[str]
    follows: dict[str, frozenset[str]]
    faults: tuple[Fault, ...]
    away: tuple[Away, ...]
    outputs: int
    reads: dict[str, frozenset[str]] = field(default_factory=dict)

    def to_run(self, wanted: Iterable[str] | None = None) -> tuple[str, ...]:
        """Return the stages that will run, or be looked at again, in their order.

        Args:
            wanted: Of these and what they are made from; None for all.
        """
        first = {*self.stale, *(fault.stage for fault in self.faults)}
        every = set(first).union(*(self.follows[name] for name in first if name in self.follows))
        kept = self.order if wanted is None else self.upstream(wanted)
        return tuple(name for name in kept if name in every)

    @property
    def deleted(self) -> frozenset[str]:
        """Stages that lack a result that git should have."""
        return frozenset(fault.stage for fault in self.faults if fault.what in _LACKING)

    def needed(self, stages: Iterable[str]) -> tuple[Away, ...]:
        """Return what is away and read by one of some stages."""
        read = set().union(*(self.reads.get(name, frozenset()) for name in stages))
        return tuple(one for one in self.away if one.path in read)

    def upstream(self, wanted: Iterable[str]) -> tuple[str, ...]:
        """Return stages and all that they are made from, in their order."""
        asked = set(wanted)
        return tuple(n for n in self.order if n in asked or self.follows[n] & asked)


def look(root: Path) -> State:
    """Return the state of the pipeline in a folder.

    Raises:
        DiademError: There is none, or it cannot be read.
    """
    with _opened(root) as repo:
        stages = list(repo.index.stages)
        names = {stage: _name(stage) for stage in stages}
        running = os.environ.get(STAGE, "").rpartition(":")[2]
        outs = [(out, names[stage]) for stage in stages for out in stage.outs]
        away, faults = [], []
        for out, name in outs:
            if out.use_cache and not out.exists and out.hash_info:
                away.append(_away(repo, out, name))
            elif what := _wrong(out, root):
                faults.append(Fault(path=str(out), stage=name, what=what))
        stale = {n for s, n in names.items() if not s.frozen and n != running and _stale(s)}
        return State(
            order=_order(repo, names),
            stale=frozenset(stale),
            follows=_follows(repo, names),
            faults=tuple(sorted(faults, key=lambda fault: fault.path)),
            away=tuple(sorted(away, key=lambda one: one.path)),
            outputs=len(outs),
            reads={names[s]: frozenset(str(dep) for dep in s.deps) for s in stages},
        )


@contextmanager
def _opened(root: Path) -> Iterator[Any]:
    from dvc.exceptions import DvcException
    from dvc.repo import Repo

    try:
        with warnings.catch_warnings(), Repo(str(root)) as repo:
            # DVC uses what its library of tries will drop.
            warnings.simplefilter("ignore", DeprecationWarning)
            yield repo
    except DvcException as error:
        message = complaint(
            "no pipeline here, or one that DVC cannot read",
            where=str(root),
            found=str(error),
            remedy="Work in a clone of the repository.",
        )
        raise DiademError(message) from error


def _name(stage: Any) -> str:
    return str(getattr(stage, "name", None) or stage.addressing)


def _order(repo: Any, names: dict[Any, str]) -> tuple[str, ...]:
    from dvc.repo.reproduce import get_active_graph, plan_repro

    graph = get_active_graph(repo.index.graph)
    return tuple(names[stage] for stage in plan_repro(graph) if not stage.frozen)


def _follows(repo: Any, names: dict[Any, str]) -> dict[str, frozenset[str]]:
    from dvc.repo.reproduce import get_active_graph

    graph = get_active_graph(repo.index.graph)  # from a stage to those that it reads from

    def after(stage: Any) -> frozenset[str]:
        waiting, found = [stage], set[str]()
        while waiting:
            new = list(graph.predecessors(waiting.pop()))
            waiting += [other for other in new if names[other] not in found]
            found |= {names[other] for other in new}
        return frozenset(found)

    return {name: after(stage) for stage, name in names.items()}


def _stale(stage: Any) -> bool:
    return bool(stage.changed_stage()) or any(_changed(dep) for dep in stage.deps)


def _changed(dep: Any) -> bool:
    """Return whether a dependency changed; one that only the cache keeps may be away."""
    return any(state not in ("deleted", "not in cache") for state in _leaves(dep.status()))


def _leaves(states: Any) -> list[str]:
    if isinstance(states, dict):
        return [leaf for state in states.values() for leaf in _leaves(state)]
    return [str(states)]


def _wrong(out: Any, root: Path) -> str:
    """Return what is wrong with an output that should be here; empty if nothing is."""
    if not out.hash_info and not out.exists:
        return "never made"
    states = _leaves(out.status())
    if states:
        return ", ".join(sorted(set(states)))
    path = root / str(out)
    files = sorted(path.rglob("*")) if path.is_dir() else [path]
    empty = [str(file.relative_to(root)) for file in files if file.is_file() and _empty(file)]
    if empty or not files:
        return "empty" if empty == [str(out)] or not files else f"empty: {', '.join(empty)}"
    return ""


def _empty(file: Path) -> bool:
    """Return whether a file holds nothing: no byte, or only the heading of a table."""
    if file.stat().st_size == 0:
        return True
    if file.suffix != ".csv":
        return False
    with file.open("rb") as lines:
        next(lines)
        return not next(lines, b"").strip()


def _away(repo: Any, out: Any, name: str) -> Away:
    if _cached(out):
        return Away(path=str(out), stage=name, place="cache")
    remote = _remote_name(repo)
    if not remote:
        return Away(path=str(out), stage=name, place="no remote")
    found = {"path": str(out), "stage": name, "remote": remote}
    try:
        odb, url = repo.cloud.get_remote_odb(remote), repo.config["remote"][remote]["url"]
        if odb.fs.protocol == "local" and not odb.fs.exists(url):  # or it would seem to be empty
            return Away(**found, place="remote unreachable", why=f"there is no folder {url}")
        there = odb.exists(out.hash_info.value)
    except Exception as error:  # noqa: BLE001 - each kind of remote has errors of its own
        return Away(**found, place="remote unreachable", why=f"{type(error).__name__}: {error}")
    return Away(**found, place="remote" if there else "not in remote")


def _cached(out: Any) -> bool:
    return bool(out.cache is not None and out.cache.exists(out.hash_info.value))


def _remote_name(repo: Any) -> str:
    """Return the remote that DVC takes; empty where none is configured."""
    named = repo.config["core"].get("remote") or ""
    remotes = list(repo.config.get("remote", {}))
    return str(named or (remotes[0] if len(remotes) == 1 else ""))


def fetch(root: Path, paths: Iterable[str]) -> str:
    """Bring results from the cache or the remote; return what went wrong, empty if nothing did."""
    done = _dvc(root, "pull", "--quiet", *paths, stderr=subprocess.PIPE)
    said = (done.stderr or "").strip().replace("\n", " ")
    return (said or f"exit code {done.returncode}") if done.returncode else ""


def run(root: Path, stage: str, *, may_lack: bool) -> None:
    """Run a stage if it is out of date; its command writes to this terminal.

    Args:
        root: Of the pipeline.
        stage: Its name.
        may_lack: Whether a result that is not here is taken for made, as in a fresh clone.

    Raises:
        DiademError: It failed.
    """
    lacking = ("--allow-missing",) if may_lack else ()
    done = _dvc(root, "repro", "--quiet", "--single-item", *lacking, stage)
    if done.returncode:
        message = complaint(
            "the pipeline stopped",
            where=f"stage {stage}",
            found=f"exit code {done.returncode} of DVC",
            remedy="What the stage says of it stands above; `dvc repro --single-item "
            f"{stage}` tells what DVC says. Finished work is kept: run the command again.",
        )
        raise DiademError(message)


def _dvc(root: Path, *words: str, stderr: int | None = None) -> subprocess.CompletedProcess[str]:
    # Stages find the command `diadem` that belongs to this Python, activated or not.
    beside = os.pathsep.join((str(Path(sys.executable).parent), os.environ.get("PATH", "")))
    return subprocess.run(
        [sys.executable, "-m", "dvc", *words],
        cwd=root,
        env={**os.environ, "PATH": beside},
        stderr=stderr,
        text=True,
        check=False,
    )
