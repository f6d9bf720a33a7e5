"""The reference: the same measurements on files of Delphes output.

    python -m benchmark.fidelity.reference FOLDER [OUTPUT]

FOLDER holds `<sample>_<card>.parquet`; `datasets/validation/README.md` says where they come from.
"""

from __future__ import annotations

import sys
from pathlib import Path

import pandas as pd

from benchmark.errors import DataError, complaint
from benchmark.fidelity.measure import measure
from benchmark.fidelity.sources import from_delphes
from benchmark.files import atomic_path
from benchmark.paths import datasets_root

SAMPLES: dict[str, tuple[str, ...]] = {"cms": ("tt", "z", "qcd"), "atlas": ("tt", "ggh")}
"""The samples of each detector card that the reference has."""
KEY = ["card", "sample", "quantity", "object", "eta", "bin"]
_DIGITS = 6


def reference_path() -> Path:
    """Return where the bundled reference lies."""
    return datasets_root() / "validation" / "delphes.csv"


def read_reference(path: Path | None = None) -> pd.DataFrame:
    """Read rows written by `write_rows`.

    Raises:
        DataError: The file is missing or has other columns.
    """
    path = path or reference_path()
    try:
        table = pd.read_csv(path, comment="#", keep_default_na=True)
    except (OSError, ValueError) as error:
        message = complaint("cannot read the rows", where=str(path), found=str(error))
        raise DataError(message) from error
    missing = [c for c in (*KEY, "value", "error", "n") if c not in table.columns]
    if missing:
        message = complaint(f"column {missing[0]} is missing", where=str(path))
        raise DataError(message)
    return table


def build_reference(folder: Path) -> pd.DataFrame:
    """Measure the files of Delphes output in a folder."""
    tables = [
        measure({n: from_delphes(folder / f"{n}_{card}.parquet", card, n) for n in names})
        for card, names in SAMPLES.items()
    ]
    return pd.concat(tables, ignore_index=True)


def write_rows(rows: pd.DataFrame, path: Path) -> None:
    """Write rows as CSV, floats to six significant digits."""
    with atomic_path(path) as temporary:
        rows.to_csv(temporary, index=False, float_format=f"%.{_DIGITS}g", lineterminator="\n")


if __name__ == "__main__":
    write_rows(
        build_reference(Path(sys.argv[1])),
        Path(sys.argv[2]) if len(sys.argv) > 2 else reference_path(),
    )
