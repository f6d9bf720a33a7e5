"""The tree of a Delphes file, with an error that a user understands for each way to fail."""

from __future__ import annotations

import struct
import zlib
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import awkward as ak
import numpy as np
import uproot

from benchmark.errors import DataError, complaint

if TYPE_CHECKING:
    import os
    from collections.abc import Iterator

TREE = "Delphes"
# What uproot raises for damaged bytes, found by cutting and overwriting files.
_DAMAGE = (
    OSError,
    ValueError,
    IndexError,
    KeyError,
    TypeError,
    AssertionError,
    AttributeError,
    MemoryError,
    OverflowError,
    NotImplementedError,
    RuntimeError,
    struct.error,
    zlib.error,
    uproot.DeserializationError,
)


class DelphesTree:
    """The branches of one open Delphes tree."""

    def __init__(self, path: str | os.PathLike[str], tree: Any) -> None:
        """Remember the names of the branches."""
        self.path = path
        self._tree = tree
        self._leaves = {branch.name for branch in tree.branches} | {
            leaf.name for branch in tree.branches for leaf in branch.branches
        }

    def __len__(self) -> int:
        """Return the number of entries."""
        return int(self._tree.num_entries)

    def has(self, branch: str) -> bool:
        """Return whether there is a collection `branch`."""
        return any(leaf.startswith(f"{branch}.") for leaf in self._leaves)

    def has_leaf(self, leaf: str) -> bool:
        """Return whether there is a leaf such as "Jet.PT"."""
        return leaf in self._names

    @property
    def _names(self) -> set[str]:
        """Names of leaves without the length of arrays: "Tau[5]" is "Tau"."""
        return {leaf.split("[")[0] for leaf in self._leaves}

    def require(self, leaf: str) -> None:
        """Refuse a tree without `leaf`.

        Raises:
            DataError: It is missing; the message lists what is there.
        """
        if self.has_leaf(leaf):
            return
        branch = leaf.split(".")[0]
        beside = sorted(name for name in self._names if name.startswith(f"{branch}."))
        collections = sorted({name.split(".")[0] for name in self._names if "." in name})
        message = complaint(
            f"no branch {leaf}",
            where=f"{self.path}, tree {TREE}",
            found=", ".join(beside or collections) or "no branches",
            expected=leaf,
            remedy="Write it in the TreeWriter of the Delphes card, or name another branch.",
        )
        raise DataError(message)

    def leaf(self, leaf: str, start: int, stop: int) -> Any:
        """Return a leaf of entries `start` to `stop - 1` as a jagged array of finite numbers.

        Raises:
            DataError: It cannot be read, or a value is not finite.
        """
        name = next(held for held in self._leaves if held.split("[")[0] == leaf)
        where = f"{self.path}, {leaf}"
        try:
            values = self._tree[name].array(entry_start=start, entry_stop=stop, library="ak")
        except _DAMAGE as error:
            message = complaint(
                "the branch cannot be read",
                where=f"{where}, entries from {start}",
                found=_first_line(error),
                remedy="Is the file damaged? Copy or make it again.",
            )
            raise DataError(message) from error
        if values.ndim < 2:
            message = complaint(
                "the branch is not a list of objects",
                where=where,
                found=str(values.type),
                remedy="Give the output of Delphes.",
            )
            raise DataError(message)
        bad = ~np.isfinite(ak.to_numpy(ak.flatten(values, axis=None)))
        if bad.any():
            entries = ak.any(~np.isfinite(values), axis=1)
            entries = entries if entries.ndim == 1 else ak.any(entries, axis=1)
            message = complaint(
                "not a finite number",
                where=f"{where}, entry {start + int(np.argmax(entries))}",
                expected="finite values",
                remedy="Drop the event from the file.",
            )
            raise DataError(message)
        return values


@contextmanager
def open_tree(path: str | os.PathLike[str]) -> Iterator[DelphesTree]:
    """Open a Delphes file.

    Raises:
        DataError: There is no such file, it is not a ROOT file, damaged, without the tree, or
            empty.
    """
    file = _open(path)
    with file:
        yield _tree(path, file)


def _open(path: str | os.PathLike[str]) -> Any:
    if not Path(path).is_file():
        message = complaint("no such file", where=str(path), expected="a ROOT file")
        raise DataError(message)
    with Path(path).open("rb") as stream:
        if stream.read(4) != b"root":
            message = complaint(
                "not a ROOT file", where=str(path), remedy="Give the output of Delphes."
            )
            raise DataError(message)
    try:
        return uproot.open(Path(path))
    except _DAMAGE as error:
        raise DataError(_damaged(path, error)) from error


def _tree(path: str | os.PathLike[str], file: Any) -> DelphesTree:
    """Return the tree of an open file, once it is known to hold events."""
    try:
        names = file.classnames(cycle=False)
        tree = DelphesTree(path, file[TREE]) if names.get(TREE) == "TTree" else None
    except _DAMAGE as error:
        raise DataError(_damaged(path, error)) from error
    if tree is None:
        message = complaint(
            f"no tree {TREE}",
            where=str(path),
            found=", ".join(f"{name} ({kind})" for name, kind in names.items()) or "nothing",
            remedy="Give the output of Delphes.",
        )
        raise DataError(message)
    if len(tree) == 0:
        message = complaint(
            "no events", where=f"{path}, tree {TREE}", expected="at least one event"
        )
        raise DataError(message)
    return tree


def _damaged(path: str | os.PathLike[str], error: BaseException) -> str:
    return complaint(
        "the ROOT file is truncated or damaged",
        where=str(path),
        found=f"{Path(path).stat().st_size} bytes; {_first_line(error)}",
        remedy="Copy or make it again.",
    )


def _first_line(error: BaseException) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0]
