"""Where the dataset cards and the bundled release lie."""

from __future__ import annotations

import os
from pathlib import Path

from benchmark.errors import DataError, complaint

VARIABLE = "DIADEM_DATASETS"


def datasets_root() -> Path:
    """Return the `datasets` folder.

    It is the folder named by the environment variable `DIADEM_DATASETS`, or else the folder
    `datasets` of the repository that holds this package.

    Raises:
        DataError: The folder does not exist.
    """
    chosen = os.environ.get(VARIABLE)
    root = Path(chosen) if chosen else Path(__file__).resolve().parents[1] / "datasets"
    if not root.is_dir():
        message = complaint(
            "there is no folder of datasets here",
            where=str(root),
            remedy=f"Set {VARIABLE} to the folder `datasets` of a clone of the repository.",
        )
        raise DataError(message)
    return root
