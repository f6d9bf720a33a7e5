"""Pieces of work are done once, whatever is killed in between."""

from __future__ import annotations

import errno
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from benchmark.errors import DiademError
from benchmark.farm import Finished, Spec, run_farm
from benchmark.workers import remove_leftovers, sole_user

HERE = "tests.unit.benchmark.test_farm"
ROOT = Path(__file__).resolve().parents[3]


def square(path: Path, *, number: int, log: str = "") -> None:
    """Write a square; note in a log that it was worked out."""
    if number < 0:
        message = "no square of a negative number here"
        raise DiademError(message)
    if log:
        with Path(log).open("a") as file:
            file.write(f"{number}\n")
    path.write_text(json.dumps(number**2))


def slow_square(path: Path, *, number: int, log: str) -> None:
    square(path, number=number, log=log)
    time.sleep(0.2)


def die(path: Path, *, number: int) -> None:
    path.write_text(f"half of {number}")
    os.kill(os.getpid(), signal.SIGKILL)


def specs(numbers: list[int], log: Path, name: str = "square") -> list[Spec]:
    return [Spec(f"{HERE}:{name}", {"number": n}, f"n{n}", {"log": str(log)}) for n in numbers]


def values(paths: list[Path]) -> list[int]:
    return [int(path.read_text()) for path in paths]


@pytest.mark.parametrize("workers", [1, 2])
def test_results_come_in_order_and_once(tmp_path: Path, workers: int) -> None:
    log = tmp_path / "log"
    wanted = specs([3, 1, 2, 3], log)
    paths = run_farm(wanted, store=tmp_path / "store", workers=workers)
    assert values(paths) == [9, 1, 4, 9]
    assert sorted(log.read_text().split()) == ["1", "2", "3"]
    seen: list[Finished] = []
    again = run_farm(
        wanted, store=tmp_path / "store", workers=workers, on_progress=lambda f: seen.append(f)
    )
    assert again == paths
    assert len(log.read_text().split()) == 3, "finished work was done again"
    assert [(f.done, f.total, f.reused) for f in seen] == [(k, 3, True) for k in (1, 2, 3)]


def test_a_fault_keeps_what_is_done(tmp_path: Path) -> None:
    log = tmp_path / "log"
    with pytest.raises(DiademError, match=r"^n-1: no square of a negative"):
        run_farm(specs([5, -1, 6], log), store=tmp_path, workers=1)
    assert len(list(tmp_path.glob("[!.]*.parquet"))) == 1
    assert values(run_farm(specs([5, 6], log), store=tmp_path)) == [25, 36]
    assert log.read_text().split() == ["5", "6"]


def test_a_dead_worker_leaves_no_half_result(tmp_path: Path) -> None:
    dying = [Spec(f"{HERE}:die", {"number": n}, f"d{n}") for n in (1, 2)]
    with pytest.raises(DiademError, match=r"^d1 or d2: a worker process died"):
        run_farm(dying, store=tmp_path, workers=2)
    assert not list(tmp_path.glob("[!.]*.parquet"))
    run_farm(specs([1], tmp_path / "log"), store=tmp_path)
    assert not list(tmp_path.glob(".tmp-*")), "leftovers stay"


def test_killed_farm_goes_on_where_it_was(tmp_path: Path) -> None:
    log, store = tmp_path / "log", tmp_path / "store"
    code = (
        "from pathlib import Path\n"
        "from benchmark.farm import run_farm\n"
        f"from {HERE} import specs\n"
        f"run_farm(specs(list(range(8)), Path({str(log)!r}), 'slow_square'), "
        f"store=Path({str(store)!r}))\n"
    )
    child = subprocess.Popen([sys.executable, "-c", code], cwd=ROOT)
    deadline = time.monotonic() + 60
    while len(list(store.glob("[!.]*.parquet"))) < 3 and time.monotonic() < deadline:
        time.sleep(0.02)
    child.kill()
    child.wait()
    done = len(list(store.glob("[!.]*.parquet")))
    assert 3 <= done < 8
    paths = run_farm(specs(list(range(8)), log, "slow_square"), store=store)
    assert values(paths) == [n**2 for n in range(8)]
    # At most the one piece under way was begun twice.
    assert len(log.read_text().split()) <= 9


def test_the_key_holds_arguments_not_context() -> None:
    spec = Spec("a:f", {"x": 1}, "label", {"device": "cuda"})
    assert spec.key == Spec("a:f", {"x": 1}).key
    assert spec.key != Spec("a:g", {"x": 1}).key
    assert spec.key != Spec("a:f", {"x": 2}).key


def test_unknown_function(tmp_path: Path) -> None:
    with pytest.raises(DiademError, match=r"no such function; found benchmark\.farm:nothing"):
        run_farm([Spec("benchmark.farm:nothing", {})], store=tmp_path)


def test_a_fault_in_a_process_says_whose_it_is(tmp_path: Path) -> None:
    log = tmp_path / "log"
    with pytest.raises(DiademError, match=r"^n-1: no square"):
        run_farm(specs([-1, *range(100)], log), store=tmp_path, workers=2)
    assert not log.exists() or len(log.read_text().split()) < 100, "the rest was done"
    wrong = Spec(f"{HERE}:square", {"nummer": 1}, "the wrong one")
    with pytest.raises(TypeError, match="nummer") as caught:
        run_farm([wrong], store=tmp_path)
    assert caught.value.__notes__ == ["in the wrong one"]


def test_many_more_specs_than_processes(tmp_path: Path) -> None:
    wanted = specs(list(range(300)), tmp_path / "log")
    assert values(run_farm(wanted, store=tmp_path, workers=2)) == [n**2 for n in range(300)]


def test_files_of_workers_that_live_stay(tmp_path: Path) -> None:
    old, young = tmp_path / ".tmp-old", tmp_path / ".tmp-young"
    for file in (old, young):
        file.touch()
    os.utime(old, (0, 0))
    remove_leftovers(tmp_path, idle=3600.0)
    assert (old.exists(), young.exists()) == (False, True)
    remove_leftovers(tmp_path)
    assert not young.exists()


def test_a_disk_without_locks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise OSError(number, "no locks")

    monkeypatch.setattr("fcntl.flock", refuse)
    number = errno.ENOSYS
    with sole_user(tmp_path):
        pass
    number = errno.EIO
    with pytest.raises(OSError, match="no locks"), sole_user(tmp_path):
        pass


def test_a_store_has_one_user(tmp_path: Path) -> None:
    refused = pytest.raises(DiademError, match="another command is using this store")
    with sole_user(tmp_path), refused, sole_user(tmp_path):
        pass
    with sole_user(tmp_path):
        pass
