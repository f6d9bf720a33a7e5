"""Time that the farm itself takes.

Run alone on an idle machine: pytest tests/performance/test_farm.py
"""

from __future__ import annotations

import hashlib
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from distributed import LocalCluster

from benchmark.farm import Spec, run_farm
from reproduce.cli.farming import reporting

if TYPE_CHECKING:
    from collections.abc import Iterator

HERE = "tests.performance.test_farm"
FIT = 1.0  # seconds of the shortest fit that a farm is used for
OVERHEAD = (
    0.05 * FIT
)  # asked for: under 5 % of a fit; 0.5 ms in processes, 2 ms on a cluster are usual
SPEEDUP = 1.8  # asked for, of two workers; 1.97 are usual
RERUN = 5.0  # asked for: seconds for a finished scan of 5,000; 0.3 s are usual
CARD = "x" * 18_000  # as long as what real specs carry


def touch(path: Path, *, number: int, card: str = "") -> None:
    del number, card
    path.touch()


def count(path: Path, *, number: int, rounds: int) -> None:
    """Keep one core busy, and write when."""
    begin = time.time()
    found = str(number).encode()
    for _ in range(rounds):
        found = hashlib.sha256(found).digest()
    path.write_text(f"{begin} {time.time()}")


def scan(n: int, name: str = "touch", **arguments: Any) -> list[Spec]:
    each = [{"number": k, **arguments} for k in range(n)]
    return [Spec(f"{HERE}:{name}", made, f"n{made['number']}") for made in each]


@pytest.fixture(scope="module")
def cluster() -> Iterator[LocalCluster]:
    with LocalCluster(
        n_workers=2, threads_per_worker=1, processes=True, dashboard_address=":0"
    ) as made:
        yield made


def seconds(specs: list[Spec], store: Path, **where: Any) -> float:
    start = time.perf_counter()
    with reporting(len(specs)) as report:
        run_farm(specs, store=store, on_progress=report, **where)
    return time.perf_counter() - start


def test_overhead(cluster: LocalCluster, tmp_path: Path) -> None:
    """Time from the first piece of work that is done to the last."""
    places: dict[str, dict[str, Any]] = {
        "here": {"workers": 1},
        "processes": {"workers": 2},
        "cluster": {"scheduler": cluster.scheduler_address},
    }
    specs = scan(500, card=CARD)
    for name, where in places.items():
        start, times = time.perf_counter(), list[float]()
        run_farm(
            specs,
            store=tmp_path / name,
            on_progress=lambda _, times=times: times.append(time.perf_counter()),  # type: ignore[misc]
            **where,
        )
        each = (times[-1] - times[0]) / (len(times) - 1)
        print(f"{name}: {1e3 * each:.2f} ms each, {times[0] - start:.2f} s to start")  # noqa: T201
        assert each < OVERHEAD


def rounds_for(wanted: float) -> int:
    """How much work takes so many seconds here and now."""
    some = 200_000
    start = time.perf_counter()
    count(Path("/dev/null"), number=0, rounds=some)
    return int(some * wanted / (time.perf_counter() - start))


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["processes", "cluster"])
def test_two_workers(kind: str, cluster: LocalCluster, tmp_path: Path) -> None:
    """How much is under way at a time, from the first beginning to the last end.

    That is what two workers gain over one where two cores are free, and holds where others use
    them as well. The plain ratio of times, with the start of the processes, is printed.
    """
    specs = scan(16, "count", rounds=rounds_for(FIT))
    where: dict[str, Any] = (
        {"workers": 2} if kind == "processes" else {"scheduler": cluster.scheduler_address}
    )
    alone = seconds(specs, tmp_path / "alone")
    both = seconds(specs, tmp_path / "two", **where)
    times = [
        [float(word) for word in path.read_text().split()]
        for path in (tmp_path / "two").glob("[!.]*.parquet")
    ]
    span = max(end for _, end in times) - min(begin for begin, _ in times)
    gain = sum(end - begin for begin, end in times) / span
    print(f"{kind}: {gain:.2f} at a time; {alone:.1f} s with one, {both:.1f} s")  # noqa: T201
    assert len(times) == len(specs)
    assert gain > SPEEDUP


@pytest.mark.parametrize("n", [5_000, 50_000])
def test_a_finished_scan(n: int, tmp_path: Path) -> None:
    specs = scan(n, card=CARD)
    for spec in specs:
        (tmp_path / f"{spec.key}.parquet").touch()
    taken = seconds(scan(n, card=CARD), tmp_path)
    print(f"{n}: {taken:.2f} s")  # noqa: T201
    assert taken < RERUN * max(n / 5_000, 1)
