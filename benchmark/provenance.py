"""Which state of the code made a result."""

from __future__ import annotations

import subprocess
from pathlib import Path

# What a pipeline writes while it runs: a result does not depend on it.
_WRITTEN = ("results", "dvc.lock")


def commit() -> str:
    """Return the commit of the source tree, marked where tracked files differ, or "unknown".

    Results and DVC's lock file do not count: the pipeline writes them between its stages.
    """
    name = _git("describe", "--always", "--exclude=*")
    apart = [f":(exclude){path}" for path in _WRITTEN]
    changed = _git("status", "--porcelain", "--untracked-files=no", "--", ".", *apart)
    if name is None or changed is None:
        return "unknown"
    return f"{name}-dirty" if changed else name


def _git(*words: str) -> str | None:
    """Return what git says of the source tree, None where it cannot."""
    root = Path(__file__).resolve().parents[1]
    try:
        found = subprocess.run(
            ["git", *words], cwd=root, capture_output=True, text=True, check=True
        )
    except (OSError, subprocess.CalledProcessError):
        return None
    return found.stdout.strip()
