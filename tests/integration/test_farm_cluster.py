"""A farm on a real cluster gives what one process gives, whatever dies in between."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from distributed import LocalCluster

from benchmark import farm_dask
from benchmark.errors import DiademError
from benchmark.farm import Finished, Spec, run_farm

if TYPE_CHECKING:
    from collections.abc import Iterator

HERE = "tests.integration.test_farm_cluster"
ROOT = Path(__file__).resolve().parents[2]
PATIENCE = 60.0  # seconds for what takes one or two on a free machine
WORKERS = 2


def numbers(path: Path, *, seed: int, seconds: float = 0.0, log: str) -> None:
    """Write random numbers; note in a log who begins."""
    if seed < 0:
        message = "no seed"
        raise DiademError(message)
    with Path(log).open("a") as file:
        file.write(f"{seed} {os.getpid()}\n")
    path.write_bytes(b"half")
    time.sleep(seconds)
    path.write_bytes(np.random.default_rng(seed).normal(size=1000).tobytes())


def kill_worker(path: Path, *, log: str) -> None:
    del path
    with Path(log).open("a") as file:
        file.write("x")
    os.kill(os.getpid(), signal.SIGKILL)


def fault(path: Path) -> None:
    """A fault of ours."""
    path.write_text(str(1 / 0))


def scan(seeds: range | list[int], log: Path, *, seconds: float = 0.0) -> list[Spec]:
    context = {"log": str(log), "seconds": seconds}
    return [Spec(f"{HERE}:numbers", {"seed": n}, f"seed {n}", context) for n in seeds]


def begun(log: Path) -> list[tuple[int, int]]:
    """Seeds and processes, in the order in which they began."""
    text = log.read_text() if log.exists() else ""
    words = [line.split() for line in text.splitlines()]
    return [(int(seed), int(process)) for seed, process in words]


def contents(paths: list[Path]) -> list[bytes]:
    return [path.read_bytes() for path in paths]


@pytest.fixture(scope="module")
def cluster() -> Iterator[LocalCluster]:
    """Two processes, each below its nanny, as on the nodes of a real one."""
    with LocalCluster(
        n_workers=WORKERS, threads_per_worker=1, processes=True, dashboard_address=":0"
    ) as made:
        yield made


@pytest.fixture
def address(cluster: LocalCluster) -> str:
    cluster.wait_for_workers(WORKERS, timeout=PATIENCE)
    return str(cluster.scheduler_address)


def test_a_scan_is_what_one_process_gives(address: str, tmp_path: Path) -> None:
    log, store = tmp_path / "log", tmp_path / "store"
    wanted = scan([3, 1, 2, 3, 4], log)
    seen: list[Finished] = []
    found = run_farm(wanted, store=store, scheduler=address, on_progress=lambda f: seen.append(f))
    assert sorted(seed for seed, _ in begun(log)) == [1, 2, 3, 4]
    assert os.getpid() not in {process for _, process in begun(log)}
    assert [(f.done, f.total, f.reused) for f in seen] == [(k, 4, False) for k in range(1, 5)]
    assert run_farm(wanted, store=store, scheduler=address) == found
    assert len(begun(log)) == 4, "finished work was done again"
    alone = run_farm(wanted, store=tmp_path / "alone")
    assert [path.name for path in alone] == [path.name for path in found]
    assert contents(alone) == contents(found)
    assert not list(store.glob(".tmp-*"))


def test_the_work_of_a_killed_worker_is_done_by_another(address: str, tmp_path: Path) -> None:
    log = tmp_path / "log"
    wanted = scan(range(10), log, seconds=0.6)
    victims: list[int] = []

    def kill_once() -> None:
        """Kill who began last, in the middle of its work."""
        deadline = time.monotonic() + PATIENCE
        while len(begun(log)) < 4 and time.monotonic() < deadline:
            time.sleep(0.01)
        victims.append(begun(log)[-1][1])
        os.kill(victims[0], signal.SIGKILL)

    killer = threading.Thread(target=kill_once)
    killer.start()
    found = run_farm(wanted, store=tmp_path / "store", scheduler=address)
    killer.join()
    seeds = [seed for seed, _ in begun(log)]
    assert set(seeds) == set(range(10))
    # What it had begun, and perhaps what it had done and not yet told, is begun again: no more.
    assert len(seeds) == 11
    (again,) = {seed for seed in seeds if seeds.count(seed) == 2}
    assert (again, victims[0]) in begun(log)
    assert contents(found) == contents(run_farm(scan(range(10), log), store=tmp_path / "alone"))


def test_work_that_kills_every_worker_is_given_up(address: str, tmp_path: Path) -> None:
    log = tmp_path / "deaths"
    deadly = Spec(f"{HERE}:kill_worker", {}, "the deadly one", {"log": str(log)})
    with pytest.raises(DiademError, match=r"the deadly one: workers died 4 times at this work"):
        run_farm([deadly], store=tmp_path / "store", scheduler=address)
    assert log.read_text() == "xxxx"


def test_a_fault_cancels_the_rest(address: str, tmp_path: Path) -> None:
    log, store = tmp_path / "log", tmp_path / "store"
    wanted = scan([1, 2, -1, *range(10, 60)], log, seconds=0.2)
    with pytest.raises(DiademError, match=r"^seed -1: no seed$"):
        run_farm(wanted, store=store, scheduler=address)
    time.sleep(1.0)  # for what had begun
    assert len(begun(log)) < 20
    run_farm(scan([1, 2], log), store=store, scheduler=address)
    assert [seed for seed, _ in begun(log)].count(1) == 1, "finished work was lost"
    with pytest.raises(ZeroDivisionError) as caught:
        run_farm([Spec(f"{HERE}:fault", {}, "it")], store=store, scheduler=address)
    assert caught.value.__notes__ == ["in it"]


def test_workers_of_other_code_are_refused_before_the_work(
    address: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(farm_dask, "identity", lambda _: {"the code of DIADEM": "another"})
    with pytest.raises(DiademError, match=r"differs from the client in the code of DIADEM"):
        run_farm(scan([1], tmp_path / "log"), store=tmp_path / "store", scheduler=address)
    assert begun(tmp_path / "log") == []


def test_workers_that_come_later(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The work waits for them, and each is looked at."""
    empty = LocalCluster(n_workers=0, threads_per_worker=1, processes=True, dashboard_address=":0")
    with empty as cluster:
        cluster.adapt(minimum=0, maximum=1, interval="100ms")
        where: dict[str, Any] = {"store": tmp_path, "scheduler": cluster.scheduler_address}
        found = run_farm(scan([1, 2], tmp_path / "log"), **where)
        assert "no worker yet" in caplog.text
        assert {process for _, process in begun(tmp_path / "log")} != {os.getpid()}
        assert contents(found) == contents(run_farm(scan([1, 2], tmp_path), store=tmp_path))
        monkeypatch.setattr(farm_dask, "_visit", lambda *_: None)
        monkeypatch.setattr(farm_dask, "identity", lambda _: {"Python": "another"})
        with pytest.raises(DiademError, match=r"differs from the client in Python"):
            run_farm(scan([3], tmp_path / "log"), **where)


CLIENT = """
import sys
from pathlib import Path
from benchmark.farm import run_farm
from tests.integration.test_farm_cluster import scan

log, store, scheduler = map(Path, sys.argv[1:])
run_farm(scan(range(40), log, seconds=0.2), store=store, scheduler=str(scheduler))
"""


@pytest.fixture
def started(tmp_path: Path) -> Iterator[tuple[Path, list[subprocess.Popen[bytes]]]]:
    """A cluster by the commands that docs/cluster.md names: its scheduler file, its processes."""
    file = tmp_path / "scheduler.json"
    dask = [sys.executable, "-m", "dask"]
    options = ("--no-dashboard", "--scheduler-file", str(file))
    worker = ("--nthreads", "1", "--nworkers", str(WORKERS), "--local-directory", str(tmp_path))
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    commands = (
        [*dask, "scheduler", "--host", "127.0.0.1", "--port", "0", *options],
        [*dask, "worker", *options, *worker],
    )
    processes = []
    try:
        for command in commands:
            processes.append(subprocess.Popen(command, cwd=ROOT, **quiet))  # type: ignore[call-overload]
            deadline = time.monotonic() + PATIENCE
            while not file.exists() and time.monotonic() < deadline:
                time.sleep(0.05)
        yield file, processes
    finally:
        for process in reversed(processes):
            process.terminate()
            process.wait(PATIENCE)


def test_ctrl_c_and_a_lost_scheduler(
    started: tuple[Path, list[subprocess.Popen[bytes]]], tmp_path: Path
) -> None:
    file, (scheduler, _) = started
    log, store = tmp_path / "log", tmp_path / "store"
    command = [sys.executable, "-c", CLIENT, str(log), str(store), str(file)]

    def start() -> subprocess.Popen[str]:
        before = len(begun(log))
        made = subprocess.Popen(command, cwd=ROOT, stderr=subprocess.PIPE, text=True)
        deadline = time.monotonic() + PATIENCE
        while len(begun(log)) < before + 4 and time.monotonic() < deadline:
            time.sleep(0.02)
        return made

    client = start()
    client.send_signal(signal.SIGINT)
    assert "KeyboardInterrupt" in client.communicate(timeout=PATIENCE)[1]
    time.sleep(0.5)  # for what had begun
    count = len(begun(log))
    assert count < 20
    time.sleep(0.5)
    assert len(begun(log)) == count, "queued work was begun"
    client = start()
    scheduler.kill()
    assert "the scheduler was lost" in client.communicate(timeout=PATIENCE)[1]
    kept = len(list(store.glob("[!.]*.parquet")))
    assert kept >= count
    run_farm(scan(range(40), log), store=store)
    assert {seed for seed, _ in begun(log)} == set(range(40))
