"""What a confined process cannot do, tried; and how its end is told."""

from __future__ import annotations

import socket
import subprocess
import sys
import tempfile
import time
from typing import TYPE_CHECKING

import numpy as np
import pytest

from benchmark.submissions import onnx_run
from benchmark.submissions.findings import Refused
from benchmark.submissions.onnx_run import Limits, encode, run_encoder
from tests.encoders import FIXTURES, some_events

if TYPE_CHECKING:
    from pathlib import Path

GOOD = (FIXTURES / "good_encoder_diphoton" / "encoder.onnx").read_bytes()
LITTLE = Limits(seconds=3.0, memory=2**29)
# Does something in place of the encoder's work, and says how that ended as the runtime would.
_CONFINED = """
import json, sys
sys.path.insert(0, {root!r})
import numpy as np
from benchmark.sandbox.jail import confine
sys.stdin.readline()
confine(memory=2**29, seconds=3)
try:
    {code}
    text = "done"
except BaseException as error:
    text = type(error).__name__
sys.stdout.write(json.dumps({{"end": {{"fault": "run", "text": text}}}}) + chr(10))
"""
only_linux = pytest.mark.skipif(sys.platform != "linux", reason="elsewhere less is guaranteed")


def instead(monkeypatch: pytest.MonkeyPatch, code: str, *, confined: bool = True) -> Refused:
    """What `run_encoder` raises where its process runs other code."""
    start = _CONFINED.format(root=onnx_run._ROOT, code=code) if confined else code
    monkeypatch.setattr(onnx_run, "_START", start)
    with pytest.raises(Refused) as caught:
        run_encoder(GOOD, some_events("diphoton"), [np.arange(3)], dimensions=2, limits=LITTLE)
    return caught.value


@only_linux
@pytest.mark.parametrize(
    ("code", "ending"),
    [
        ("import socket; socket.socket()", "PermissionError"),
        ("import socket; socket.socketpair()", "PermissionError"),
        ("import subprocess; subprocess.run(['true'])", "PermissionError"),
        ("import os; os.fork()", "PermissionError"),
        ("import os; os.execv('/bin/true', ['true'])", "PermissionError"),
        ("import os; os.kill(os.getppid(), 0)", "PermissionError"),
        ("import threading; threading.Thread(target=int).start()", "RuntimeError"),
        ("open('written', 'w')", "PermissionError"),
        ("open('rows.npy', 'r+')", "PermissionError"),
        ("import os; os.remove('rows.npy')", "PermissionError"),
        ("import os; os.chmod('rows.npy', 0o777)", "PermissionError"),
        ("import os; os.symlink('/etc/passwd', 'link')", "PermissionError"),
        ("np.ones(2**27)", "MemoryError"),
        ("import resource as r; r.setrlimit(r.RLIMIT_AS, (-1, -1))", "ValueError"),
        ("len(open('rows.npy', 'rb').read())", "done"),
    ],
)
def test_the_kernel_refuses(monkeypatch: pytest.MonkeyPatch, code: str, ending: str) -> None:
    error = instead(monkeypatch, code)
    assert error.findings[0].code == "encoder_run"
    assert f"found {ending}" in str(error)


@only_linux
def test_a_server_next_door_hears_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(0.2)
        port = server.getsockname()[1]
        code = f"import socket; socket.create_connection(('127.0.0.1', {port}), 1)"
        assert "found PermissionError" in str(instead(monkeypatch, code))
        with pytest.raises(TimeoutError):
            server.accept()


def test_nothing_of_the_users_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SECRET", "of the user")
    code = "import os; raise type(chr(43).join(sorted(os.environ)), (Exception,), {})"
    assert "LANG+OMP_NUM_THREADS+OPENBLAS_NUM_THREADS;" in str(instead(monkeypatch, code)) + ";"


@pytest.mark.parametrize(
    ("code", "fault", "text"),
    [
        ("import os; os.abort()", "encoder_crash", "SIGABRT"),
        ("import ctypes; ctypes.string_at(0)", "encoder_crash", "SIGSEGV"),
        ("import sys; sys.exit(3)", "encoder_crash", "exit code 3"),
        ("pass", "encoder_crash", "exit code 0"),
        ("import sys; sys.stdout.write('[1]\\n')", "encoder_crash", "no answer"),
        ("import sys; sys.stdout.write('[' * 90_000 + '\\n')", "encoder_crash", "no answer"),
        ("import sys; sys.stdout.write('\\n')", "encoder_crash", "no answer"),
        ("while True: import sys; sys.stdout.write('x' * 9999)", "encoder_crash", "too much"),
        ('import sys; sys.stdout.write(\'{"end": {"rows": 2}}\\n\')', "encoder_crash", "early"),
        ("import time; time.sleep(60)", "encoder_time", "at most 3 s"),
    ],
)
def test_an_end_that_is_none(
    monkeypatch: pytest.MonkeyPatch, code: str, fault: str, text: str
) -> None:
    error = instead(monkeypatch, code, confined=False)
    assert error.findings[0].code == fault
    assert text in str(error)


def test_a_process_is_ended_when_its_time_is_over(monkeypatch: pytest.MonkeyPatch) -> None:
    begin = time.monotonic()
    monkeypatch.setattr(onnx_run, "_START", "import time; time.sleep(60)")
    started: list[subprocess.Popen[bytes]] = []
    plain = subprocess.Popen

    def kept(*args: object, **more: object) -> subprocess.Popen[bytes]:
        started.append(plain(*args, **more))  # type: ignore[call-overload]
        return started[0]

    monkeypatch.setattr(subprocess, "Popen", kept)
    limits = Limits(seconds=0.5)
    with pytest.raises(Refused, match="too long"):
        run_encoder(GOOD, some_events("diphoton"), [np.arange(3)], dimensions=2, limits=limits)
    assert started[0].poll() is not None
    assert time.monotonic() - begin < 10


@only_linux
def test_processor_time_counts_too(monkeypatch: pytest.MonkeyPatch) -> None:
    # Its own wait is longer than the limit of processor time.
    start = _CONFINED.format(root=onnx_run._ROOT, code="while True: pass")
    monkeypatch.setattr(onnx_run, "_START", start.replace("seconds=3", "seconds=1"))
    limits = Limits(seconds=30.0)
    with pytest.raises(Refused, match="too long"):
        run_encoder(GOOD, some_events("diphoton"), [np.arange(3)], dimensions=2, limits=limits)


def test_the_order_of_events_is_kept_and_progress_told() -> None:
    events, told = some_events("diphoton"), list[int]()
    found = encode(GOOD, events, dimensions=2, progress=told.append)
    met = events.objects[:, 10][:, [0, 2]] * np.array([0.01, 1.0], dtype=np.float32)
    assert found == pytest.approx(met, rel=1e-6)
    assert told == [512, 1024, 1200]


def test_no_events() -> None:
    assert encode(GOOD, some_events("diphoton").select(slice(0, 0)), dimensions=2).shape == (0, 2)


def test_nothing_is_left(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    encode(GOOD, some_events("diphoton"), dimensions=2)
    with pytest.raises(Refused):
        encode(b"no encoder", some_events("diphoton"), dimensions=2)
    assert not list(tmp_path.iterdir())


@only_linux
def test_what_held() -> None:
    events = some_events("diphoton")
    made = run_encoder(GOOD, events, [np.array([5, 2]), np.array([5])], dimensions=2)
    assert {"memory", "time", "files", "calls"} <= set(made.held)
    assert np.array_equal(made.latents[0], made.latents[2])
