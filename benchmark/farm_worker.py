"""What runs in the workers of a cluster: they look whether they are like the client, then work.

A result is kept under a name made of its spec by the client. One made by other code, by other
versions of libraries or with several threads would be found there later as if it were right.
"""

from __future__ import annotations

import hashlib
import importlib.util
import os
import platform
import re
import sys
import time
from dataclasses import dataclass
from functools import cache
from importlib.metadata import PackageNotFoundError
from importlib.metadata import version as installed_version
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmark.code import PACKAGES, ROOT, closure, code_digest
from benchmark.errors import DiademError, complaint
from benchmark.farm_spec import work
from benchmark.files import sha256
from benchmark.workers import THREADS

if TYPE_CHECKING:
    from collections.abc import Iterable

    from benchmark.farm_spec import Spec

# Libraries whose version may change a result, and those that carry the work.
_LIBRARIES = (
    *("awkward", "fastjet", "lightning", "numpy", "pandas", "pyarrow", "pythia8mc"),
    *("scikit-learn", "scipy", "torch", "xgboost-cpu", "xgboost", "zuko", "dask", "distributed"),
)
_BY_NAME = re.compile(r"[A-Za-z_][\w.]*:[A-Za-z_]\w*")  # "module:name"
_PATIENCE = 30.0  # seconds until a shared disk must show what another machine wrote


@dataclass(frozen=True)
class Visit:
    """What a worker must find.

    Attributes:
        marker: A file that the client wrote into the store.
        modules: Of the work.
        identity: What `identity` of them gave the client.
    """

    marker: str
    modules: tuple[str, ...]
    identity: dict[str, str]


def do(spec: Spec, path: str, visit: Visit) -> None:
    """Do one piece of work, unless a worker that was given up has done it after all.

    Raises:
        DiademError: This worker is not like the client, or the work failed.
    """
    from distributed import get_worker

    # Every time: workers may join at any time, and each looks by itself.
    look(visit, get_worker())
    if not Path(path).exists():
        work(spec, Path(path))


def look(visit: Visit, dask_worker: Any) -> None:
    """Check that this worker may work for a client.

    Args:
        visit: What it must find.
        dask_worker: The worker; `Client.run` hands it over by this name.

    Raises:
        DiademError: It has several threads, other code or versions, or sees another disk.
    """
    where = f"worker {dask_worker.address}"
    _require_one_thread(dask_worker.state.nthreads, where)
    _require_same(visit, where)
    if not appeared(visit.marker):
        message = complaint(
            "this worker does not see the store",
            where=where,
            found=f"no {visit.marker}",
            expected="the file that the client wrote there",
            remedy="Give a --store on a disk that all machines have under the same path.",
        )
        raise DiademError(message)


def _require_one_thread(threads: int, where: str) -> None:
    """Several threads add in another order, and sums then differ in their last digits."""
    several = {name: os.environ.get(name) for name in THREADS}
    # The others follow the first where they are not set.
    found = {name: value for name, value in several.items() if value not in (None, "1")}
    if several["OMP_NUM_THREADS"] is None:
        found["OMP_NUM_THREADS"] = "nothing"
    if threads != 1:
        found["threads"] = str(threads)
    if found:
        message = complaint(
            "a worker of several threads",
            where=where,
            found=", ".join(f"{name} = {value}" for name, value in found.items()),
            expected="one thread a process",
            remedy="Start workers as `dask worker --nthreads 1 --nworkers N`, each below its "
            "nanny, which sets OMP_NUM_THREADS=1, or set that yourself.",
        )
        raise DiademError(message)


def _require_same(visit: Visit, where: str) -> None:
    found = identity(visit.modules)
    for name, expected in visit.identity.items():
        if found.get(name) != expected:
            message = complaint(
                f"this worker differs from the client in {name}",
                where=where,
                found=str(found.get(name)),
                expected=expected,
                remedy="Let both use the same source tree and environment, start the workers in "
                "the folder of the command, and again after every change of code.",
            )
            raise DiademError(message)


def identity(modules: tuple[str, ...]) -> dict[str, str]:
    """Return all that results of this process may depend on beside specs.

    Args:
        modules: Names of the modules of the work. Of ours, all that they import counts too; of
            others, which a user wrote, their file.
    """
    ours = [name for name in modules if name.split(".")[0] in PACKAGES]
    others = [name for name in modules if name not in ours]
    return {
        "the code of DIADEM": _code((__name__, *ours)),
        **{f"the file of module {name}": _digest(name) for name in others},
        **_versions(),
    }


def _code(modules: tuple[str, ...]) -> str:
    try:
        files = _closure(modules)
    except FileNotFoundError as error:
        return f"no module {error}"
    return hashlib.sha256("".join(_files().get(file, file) for file in files).encode()).hexdigest()


@cache
def _closure(modules: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(sorted(closure(modules)))  # it asks the disk for every file


@cache
def _files() -> dict[str, str]:
    """Digests of our files when first asked: later changes do not reach what was imported."""
    paths = [path for package in PACKAGES for path in (ROOT / package).rglob("*.py")]
    names = [path.relative_to(ROOT).as_posix() for path in paths]
    return {name: code_digest([name]) for name in names}


@cache
def _versions() -> dict[str, str]:
    return {
        "Python": platform.python_version(),
        "machine": platform.machine(),
        **{name: _version(name) for name in _LIBRARIES},
    }


def _version(name: str) -> str:
    try:
        return installed_version(name)
    except PackageNotFoundError:
        return "none"


@cache
def _digest(module: str) -> str:
    if os.getcwd() not in sys.path:  # noqa: PTH109 - as where embeddings are imported
        sys.path.append(os.getcwd())  # noqa: PTH109
    try:
        spec = importlib.util.find_spec(module)
    except (ImportError, ValueError):
        spec = None
    file = Path(spec.origin) if spec and spec.origin else None
    return sha256(file)[:16] if file and file.is_file() else "none"


def modules_of(specs: Iterable[Spec]) -> tuple[str, ...]:
    """Return the modules that specs name as "module:name": of the work, and of an embedding.

    Example:
        >>> from benchmark.farm_spec import Spec
        >>> modules_of([Spec("benchmark.a:f", {"embedding": "my_module:Pca6", "n": 1})])
        ('benchmark.a', 'my_module')
    """
    named = set()
    for spec in specs:
        named |= {spec.function, *(v for v in spec.arguments.values() if isinstance(v, str))}
    return tuple(sorted({text.partition(":")[0] for text in named if _BY_NAME.fullmatch(text)}))


def appeared(path: str | Path) -> bool:
    """Return whether a file is there, or comes to be seen: shared disks show changes late."""
    path, deadline = Path(path), time.monotonic() + _PATIENCE
    while not (there := path.exists()) and path.parent.is_dir() and time.monotonic() < deadline:
        time.sleep(0.1)
        any(path.parent.iterdir())  # the system then asks the disk's server again
    return there
