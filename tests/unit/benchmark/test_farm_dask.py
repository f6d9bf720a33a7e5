"""A cluster that cannot do the work is refused before the work starts."""

from __future__ import annotations

import json
import socket
import threading
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest

from benchmark import farm_dask, farm_worker
from benchmark.errors import DiademError
from benchmark.farm import Spec, run_farm
from benchmark.farm_dask import address_of, connected
from benchmark.farm_worker import Visit, appeared, identity, look, modules_of

if TYPE_CHECKING:
    from collections.abc import Iterator

HERE = "tests.unit.benchmark.test_farm_dask"


@pytest.mark.parametrize(
    "text",
    [
        *("tcp://host", "tcp://host:port", "tcp://host:99999", "tcp://:8786", "tcp://host:0"),
        *("http://host:8786", "tcp://host:8786/path", "tcp://host:8786?a=b", "://", "tcp://[::1"),
    ],
)
def test_what_is_no_address(text: str, tmp_path: Path) -> None:
    with pytest.raises(DiademError, match="not the address of a scheduler; found"):
        address_of(text)
    store = tmp_path / "store"
    with pytest.raises(DiademError, match="expected tcp://HOST:PORT, or the path"):
        run_farm([Spec("nothing:f", {})], store=store, scheduler=text)
    assert not store.exists()


@pytest.mark.parametrize("text", ["tcp://host:8786", "tls://10.0.0.1:1", "tcp://[::1]:8786"])
def test_what_is_an_address(text: str) -> None:
    assert address_of(text) == text


@pytest.mark.parametrize("content", ["", "[]", "{}", "\0", '{"address": "host"}'])
def test_what_is_no_scheduler_file(content: str, tmp_path: Path) -> None:
    file = tmp_path / "scheduler.json"
    file.write_text(content)
    with pytest.raises(DiademError, match=r"scheduler\.json: not (a scheduler file|the address)"):
        address_of(str(file))
    with pytest.raises(DiademError, match="no such file"):
        address_of(str(tmp_path / "another.json"))
    file.write_text(json.dumps({"type": "Scheduler", "address": "tcp://10.0.0.1:8786"}))
    assert address_of(str(file)) == "tcp://10.0.0.1:8786"


@contextmanager
def server(greeting: bytes) -> Iterator[str]:
    """Something that listens, and is no scheduler."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        callers = []

        def answer() -> None:
            while True:
                try:
                    caller, _ = listening.accept()
                    callers.append(caller)
                    caller.sendall(greeting)
                except OSError:
                    return

        thread = threading.Thread(target=answer)
        thread.start()
        yield f"tcp://127.0.0.1:{listening.getsockname()[1]}"
        listening.shutdown(socket.SHUT_RDWR)
        thread.join()
        for caller in callers:
            caller.close()


@pytest.mark.parametrize(("greeting", "said"), [(b"", "silence"), (b"SSH-2.0-OpenSSH", "another")])
def test_who_does_not_answer_as_a_scheduler(
    greeting: bytes, said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(farm_dask, "PATIENCE", 0.5)
    refused = pytest.raises(DiademError, match=f"no scheduler answers; found {said}")
    with server(greeting) as address, refused, connected(address):
        pass


def test_nobody_there(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        address = f"tcp://127.0.0.1:{listening.getsockname()[1]}"
    with pytest.raises(DiademError, match=r"no scheduler answers.*refused.*dask scheduler"):
        run_farm([Spec(f"{HERE}:nothing", {})], store=tmp_path, scheduler=address)
    with pytest.raises(DiademError, match="no scheduler answers"), connected("tls://127.0.0.1:1"):
        pass


def worker(threads: int = 1) -> Any:
    state = SimpleNamespace(nthreads=threads)
    return SimpleNamespace(address="tcp://10.0.0.2:1", state=state)


@pytest.fixture
def visit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Visit:
    """What a worker in this process finds right."""
    for name in ("MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    marker = tmp_path / "marker"
    marker.touch()
    found = Visit(str(marker), (HERE,), identity((HERE,)))
    look(found, worker())
    return found


def test_a_worker_with_other_code_is_refused(visit: Visit) -> None:
    changed = dict.fromkeys(visit.identity, "x")
    assert {"the code of DIADEM", "Python", "numpy", "torch", f"the file of module {HERE}"} <= set(
        changed
    )
    for name in changed:
        other = Visit(visit.marker, visit.modules, {**visit.identity, name: "x"})
        with pytest.raises(DiademError, match=rf"10\.0\.0\.2:1: this worker differs .* in {name}"):
            look(other, worker())


@pytest.mark.parametrize(
    ("name", "value"),
    [("OMP_NUM_THREADS", None), ("OMP_NUM_THREADS", "2"), ("MKL_NUM_THREADS", "4")],
)
def test_a_worker_of_several_threads_is_refused(
    visit: Visit, name: str, value: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(DiademError, match=r"several threads; found threads = 2; .*--nthreads 1"):
        look(visit, worker(2))
    if value is None:
        monkeypatch.delenv(name)
    else:
        monkeypatch.setenv(name, value)
    with pytest.raises(DiademError, match=f"several threads; found {name} = "):
        look(visit, worker())


def test_a_worker_on_another_disk_is_refused(
    visit: Visit, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(farm_worker, "_PATIENCE", 0.2)
    Path(visit.marker).unlink()
    with pytest.raises(DiademError, match=r"does not see the store; .*--store"):
        look(visit, worker())
    elsewhere = Visit("/nowhere/store/marker", visit.modules, visit.identity)
    with pytest.raises(DiademError, match="does not see the store"):
        look(elsewhere, worker())


def test_a_file_that_shows_late(tmp_path: Path) -> None:
    late = threading.Timer(0.3, (tmp_path / "late").touch)
    late.start()
    assert appeared(tmp_path / "late")
    late.join()
    assert not appeared(tmp_path / "no folder" / "late")


def test_modules_of_the_work_are_compared() -> None:
    arguments = {"embedding": "my_module:Pca6", "regime": "ip:zprime/400", "own": "baselines.a:B"}
    named = modules_of([Spec("benchmark.work:f", arguments)])
    assert named == ("baselines.a", "benchmark.work", "my_module")
    assert identity(("no_such_module", "no.such"))["the file of module no_such_module"] == "none"


def test_code_that_the_work_does_not_import_may_change(monkeypatch: pytest.MonkeyPatch) -> None:
    """Machines may join while somebody writes something else."""
    modules = ("benchmark.probes.work", HERE)
    before = identity(modules)
    files = dict(farm_worker._files())
    monkeypatch.setattr(farm_worker, "_files", lambda: files)
    files["benchmark/fidelity/__init__.py"] = "changed"
    assert identity(modules) == before
    for file in ("benchmark/probes/rows.py", "benchmark/farm_worker.py"):
        monkeypatch.setitem(files, file, "changed")
        assert identity(modules) != before
        monkeypatch.undo()
        monkeypatch.setattr(farm_worker, "_files", lambda: files)
    assert "no module benchmark.nothing" in identity(("benchmark.nothing",)).values()
