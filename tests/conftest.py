"""What holds for every test."""

from __future__ import annotations

import os
import signal


def pytest_configure() -> None:
    """Let Ctrl-C through and use one thread, here and in what tests start.

    A job in the background ignores Ctrl-C, and so would its children. Networks as small as those
    of the tests are slower on several threads, by far where another process wants the cores.
    """
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)
