"""Speed of an encoder's training step, as a ratio within one run on one thread.

Run alone on an idle machine: pytest tests/performance/test_transformer.py
"""

from __future__ import annotations

import math
import time
from typing import TYPE_CHECKING, Any

import pytest
import torch
from torch import Tensor

from baselines.losses import anomclr_plus
from baselines.networks.transformer import EventTransformer
from benchmark.cards import load_card
from benchmark.parquet import read_events
from benchmark.seeds import rng_for
from benchmark.table import EventTable
from tests.unit.baselines.test_transformer import reference

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

FASTER = 2.0  # asked for: a training step over the same network on all 19 padded slots
BATCH, ROUNDS = 128, 15
AGREE = 1e-4  # float32 sums in another order, through four layers
MIXTURE = ("w", "z", "ttbar", "qcd")


@pytest.fixture
def one_thread() -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(1)
        yield
    torch.set_num_threads(before)


def three_views() -> tuple[Tensor, Tensor]:
    """Features and mask of 3 x 128 events of the release's background."""
    folder = load_card("cms_adc").folder / "v1"
    table = EventTable.concat([read_events(folder / f"{name}.parquet") for name in MIXTURE])
    chosen = rng_for("performance", "views").permutation(len(table))[: 3 * BATCH]
    events = table.select(chosen)
    scale = torch.tensor([50.0, 4.0, math.pi])  # GeV, 1, rad: sizes near 1 are all that counts
    kinematics = torch.from_numpy(events.objects) / scale
    return torch.nn.functional.pad(kinematics, (0, 4)), torch.from_numpy(events.mask)


def padded(network: EventTransformer, dropout: float) -> Callable[[Tensor, Tensor], Tensor]:
    """The same network, with PyTorch's encoder on every slot and a mask of the keys."""
    plain = reference(network).train()
    for module in plain.modules():
        if isinstance(module, torch.nn.Dropout):
            module.p = dropout
        elif isinstance(module, torch.nn.MultiheadAttention):
            module.dropout = dropout

    def encode(x: Tensor, mask: Tensor) -> Tensor:
        tokens = plain(network.embed(x), src_key_padding_mask=~mask)
        summed: Tensor = tokens.masked_fill(~mask[..., None], 0).sum(dim=1)
        return summed

    return encode


def milliseconds(encode: Callable[[Tensor, Tensor], Tensor], network: EventTransformer) -> float:
    """The quickest of some training steps: forward, loss and backward."""
    x, mask = three_views()
    times = []
    for _ in range(ROUNDS):
        start = time.process_time()
        first, second, third = network.head(encode(x, mask)).split(BATCH)
        torch.autograd.backward(anomclr_plus(first, second, third, 0.1))
        times.append(time.process_time() - start)
    return 1e3 * min(times)


@pytest.mark.usefixtures("one_thread")
@pytest.mark.parametrize("dropout", [0.0, 0.1])
def test_a_training_step_against_all_slots(dropout: float) -> None:
    network = EventTransformer(dropout=dropout)
    x, mask = three_views()
    plain: Any = padded(network, 0.0)
    torch.testing.assert_close(network.eval()(x, mask), plain(x, mask), rtol=AGREE, atol=AGREE)
    ours = milliseconds(network.train(), network)
    slots = milliseconds(padded(network, dropout), network)
    assert slots / ours > FASTER, f"{slots / ours:.1f} times: {slots:.0f} ms and {ours:.0f} ms"
