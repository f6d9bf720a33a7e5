"""Peak memory of an import, measured in a process of its own."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from tests.adc import write_many

_ROOT = Path(__file__).parents[1]
_PROGRAM = """
import json, resource, sys
from benchmark.importers.cms_adc import iter_cms_adc

def peak():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024  # Linux counts in KiB

peaks, events = [], 0
for table in iter_cms_adc(sys.argv[1], process="w", chunk=int(sys.argv[2])):
    events += len(table)
    peaks.append(peak())
json.dump({"events": events, "early": peaks[2], "peak": peaks[-1]}, sys.stdout)
"""


@dataclass(frozen=True)
class Growth:
    """Events read, peak memory in bytes, and how far the peak rose after the third chunk."""

    events: int
    peak: int
    later: int


def growth_while_importing(path: Path, *, events: int, chunk: int) -> Growth:
    """Write a file of `events` events at `path`, import it elsewhere and say what it took."""
    write_many(path, events)
    done = subprocess.run(
        [sys.executable, "-c", _PROGRAM, str(path), str(chunk)],
        cwd=_ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    found = json.loads(done.stdout)
    return Growth(found["events"], found["peak"], found["peak"] - found["early"])
