"""Where the file of profiles is; apart, since what reads them imports most of the suite."""

from __future__ import annotations

import os
from pathlib import Path

VARIABLE = "DIADEM_PARAMS"
FILE = "params.yaml"


def params_path() -> Path:
    """Return the file of profiles: named by DIADEM_PARAMS, or beside the packages."""
    named = os.environ.get(VARIABLE)
    return Path(named) if named else Path(__file__).resolve().parents[1] / FILE
