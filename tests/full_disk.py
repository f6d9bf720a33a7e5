"""Every verb that writes, on a disk that is full; run by test_full_disk.py in a namespace.

`python -m tests.full_disk FOLDER` mounts a small disk on FOLDER/disk, which needs the right to
mount, puts files there that must not be lost, fills it, runs the verbs and prints JSON: of each
its exit code, what it said on stderr, and which files are not what they were.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

from click.testing import CliRunner, Result

from benchmark.events import write_events
from benchmark.results import write_rows
from benchmark.schema import DIPHOTON
from reproduce.cli import diadem
from tests.adc import random_particles, small_release, write_particles
from tests.diphoton import small_diphoton
from tests.diphoton_rows import write_diphoton
from tests.hunt_rows import write_hunt
from tests.rows import adc_rows, adc_scans
from tests.tables import random_table

SIZE = 8  # MiB
LEFT = 2048  # bytes that can still be written: some files begin well
VERBS = (
    *("figure", "table", "report", "metrics", "evaluate", "store", "train", "weights", "probe"),
    *("embed", "import", "describe", "no-store", "no-output"),
)
"""What is tried: see `commands`."""
COMMON = ("--profile", "smoke", "--workers", "1")
NO_WORKERS = COMMON[:2]


def run(*words: object) -> Result:
    """Run the command."""
    return CliRunner().invoke(diadem, list(map(str, words)))


def commands(root: Path, full: Path) -> dict[str, tuple[object, ...]]:
    """What is run, by name; all that they write is on the full disk."""
    results = ("--results", root / "results", "--profile", "made-up")
    store = ("--store", root / "store")
    adc, diphoton = ("--data", root / "adc"), ("--data", root / "diphoton")
    latents = root / "latents"
    return {
        "figure": ("figure", "confusion", *results, "--output", full / "figures"),
        "table": ("table", "adc-2", *results, "--output", full / "tables"),
        "report": ("report", *results, "--output", full / "report"),
        "metrics": ("metrics", "cms_adc", "--results", full / "results", "--profile", "made-up"),
        "evaluate": ("evaluate", "raw", *adc, *store, *COMMON, "--output", full / "rows.csv"),
        "store": ("evaluate", "untrained", *adc, "--store", full / "store", *COMMON),
        "train": ("train", "raw9", *diphoton, *store, *COMMON, "--output", full / "latents"),
        "weights": ("train", "random", *diphoton, "--store", full / "store", *COMMON),
        "probe": ("probe", latents, *store, *COMMON, "--output", full / "probes"),
        "embed": (
            *("embed", "raw9", root / "diphoton" / "ggF.parquet", *diphoton, *store, *NO_WORKERS),
            *("--output", full / "embedded.parquet", "--force"),
        ),
        "import": (
            *("data", "import", root / "Ato4l_x.h5", "--dataset", "cms_adc"),
            *("--output", full / "imported.parquet", "--force"),
        ),
        "describe": ("data", "describe", root / "a.parquet", "--plot", "--output", full / "pages"),
        "no-store": ("evaluate", "raw", *adc, "--store", "/proc/none", *COMMON),
        "no-output": ("table", "adc-2", *results, "--output", "/proc/none"),
    }


def prepare(root: Path, full: Path) -> None:
    """Put events and rows on the whole disk, and files that must stay on the one to be filled."""
    small_release(root / "adc", events=200)
    small_diphoton(root / "diphoton", events=60)
    write_particles(root / "Ato4l_x.h5", random_particles(2000))
    write_events(random_table(DIPHOTON, 200), root / "a.parquet")
    for folder in (root / "results" / "made-up", full / "results" / "made-up"):
        rows = adc_rows(curve=folder.is_relative_to(root / "results"))
        write_rows(rows, folder / "cms_adc" / "rows" / "a.csv")
    write_rows(adc_scans(), root / "results/made-up/cms_adc/rows/scans.csv")
    write_diphoton(root / "results/made-up/diphoton")
    write_hunt(root / "results/made-up/diphoton")
    where = ("--store", root / "store", "--output", root / "latents")
    made = run("train", "raw9", "--data", root / "diphoton", *where, *COMMON)
    if made.exit_code:
        raise RuntimeError(made.output)
    olds = (
        *("figures/confusion.png", "tables/adc-2.csv", "report/report.html", "rows.csv"),
        *("latents/raw9/background.parquet", "probes/rows/probes.csv", "embedded.parquet"),
        *("imported.parquet", "results/made-up/cms_adc/metrics.json"),
    )
    for name in olds:
        path = full / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("old")
    (full / "store").mkdir()


def fill(full: Path) -> None:
    """Leave no more than a little room."""
    with (full / "filler").open("wb", buffering=0) as stream:
        room = os.statvfs(full)
        stream.write(b"x" * (room.f_bavail * room.f_bsize))
        stream.truncate(max(stream.tell() - LEFT, 0))


def held(full: Path) -> dict[str, bytes]:
    """The files of the disk and what is in them."""
    return {str(p.relative_to(full)): p.read_bytes() for p in full.rglob("*") if p.is_file()}


def main() -> None:
    """See the module."""
    root = Path(sys.argv[1])
    full = root / "disk"
    full.mkdir()
    words = ["mount", "-t", "tmpfs", "-o", f"size={SIZE}m", "none", str(full)]
    subprocess.run(words, check=True)
    os.chdir(root)
    prepare(root, full)
    fill(full)
    found = {}
    for name, words_of in commands(root, full).items():
        before = held(full)
        done = run(*words_of)
        after = held(full)
        changed = [key for key in {*before, *after} if before.get(key) != after.get(key)]
        found[name] = {
            "exit_code": done.exit_code,
            "stderr": done.stderr,
            "changed": sorted(changed),
            "exception": repr(done.exception),
        }
    sys.stdout.write(json.dumps(found, indent=1))


if __name__ == "__main__":
    main()
