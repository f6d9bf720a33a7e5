"""Speed and memory of the losses, as ratios within one run on one thread.

Run alone on an idle machine: pytest tests/performance/test_losses.py
The comparison takes about 6 GB of memory.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np

FASTER = 100.0  # asked for: AnomCLR over broadcasting all pairs
SMALLER = 50.0  # asked for: memory of broadcasting all pairs over that of AnomCLR
SIZES = [256, 512, 1024, 2048, 4096, 8192, 16384]
# Slope of log time against log N: linear is 1, quadratic 2. The vectors of the larger batches do
# not fit into the inner cache, and reading them from further away costs up to a half more.
LINEAR = 1.15
AGREE = 1e-4  # relative; float32 sums over 2048 anchors in another order

# malloc keeps what it was given: else the system's page faults would be most of what is measured.
KEEP = {"MALLOC_MMAP_MAX_": "0", "MALLOC_TRIM_THRESHOLD_": str(2**40)}

_PROGRAM = """
import json, math, sys, time
import torch
from torch.nn.functional import cosine_similarity
from baselines.losses import anomclr, anomclr_plus

def broadcast(z, z_pos, z_neg, temperature):
    views = torch.nn.functional.normalize(torch.cat([z, z_pos]), dim=1)
    logits = (views[:, None] * views[None]).sum(dim=2) / temperature
    own = torch.eye(len(z), dtype=torch.bool).repeat(2, 2)
    spread = logits.masked_fill(own, -math.inf).logsumexp(dim=1).mean()
    contrast = cosine_similarity(z, z_neg) - cosine_similarity(z, z_pos)
    return spread + contrast.mean() / temperature

def step(loss, n):
    rng = torch.Generator().manual_seed(9)
    views = [torch.randn(n, 160, generator=rng).requires_grad_() for _ in range(3)]
    start = time.process_time()
    value = loss(*views, 0.1)
    torch.autograd.grad(value, views)
    return time.process_time() - start, value.item()

def peak():
    # Not ru_maxrss: a process inherits that from the one that started it.
    with open("/proc/self/status") as status:
        lines = dict(line.split(":", 1) for line in status)
    return int(lines["VmHWM"].split()[0]) * 1024  # Linux counts in KiB

loss, rounds, sizes = globals()[sys.argv[1]], int(sys.argv[2]), json.loads(sys.argv[3])
torch.set_num_threads(1)
step(loss, 8)  # loads what the libraries load at first use
before = peak()
found = [[step(loss, n) for _ in range(rounds)] for n in sizes]
seconds = [min(second for second, _ in of_size) for of_size in found]
json.dump({"seconds": seconds, "grown": peak() - before, "value": found[-1][0][1]}, sys.stdout)
"""


def measured(loss: str, sizes: list[int], *, rounds: int, **environment: str) -> dict[str, Any]:
    """Seconds of forward and backward per size, growth of the peak memory in bytes, the loss."""
    done = subprocess.run(
        [sys.executable, "-c", _PROGRAM, loss, str(rounds), json.dumps(sizes)],
        cwd=Path(__file__).parents[2],
        env=os.environ | {"OMP_NUM_THREADS": "1"} | environment,
        capture_output=True,
        text=True,
        check=True,
    )
    result: dict[str, Any] = json.loads(done.stdout)
    return result


def test_anomclr_against_broadcasting_all_pairs() -> None:
    ours = measured("anomclr", [1024], rounds=10)
    plain = measured("broadcast", [1024], rounds=2)
    assert abs(ours["value"] - plain["value"]) < AGREE * abs(plain["value"])
    ratio = plain["seconds"][0] / ours["seconds"][0]
    assert ratio > FASTER, f"{ratio:.0f} times: {1e3 * ours['seconds'][0]:.0f} ms"
    memory = plain["grown"] / ours["grown"]
    assert memory > SMALLER, f"1/{memory:.0f} of the memory: {ours['grown'] / 2**20:.0f} MiB"


def test_anomclr_plus_is_linear() -> None:
    seconds = measured("anomclr_plus", SIZES, rounds=15, **KEEP)["seconds"]
    slope = np.polyfit(np.log(SIZES), np.log(seconds), 1)[0]
    assert slope < LINEAR, f"slope {slope:.2f}; ms: {np.round(1e3 * np.array(seconds), 2)}"
