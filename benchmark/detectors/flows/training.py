"""Training of many flows in one computation, each with its own data, order and end."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch

from benchmark.batches import epoch_order
from benchmark.detectors.flows.protocol import CHUNK
from benchmark.errors import DiademError, complaint
from benchmark.seeds import seed_for

if TYPE_CHECKING:
    from collections.abc import Sequence

    from torch import Tensor

    from benchmark.detectors.flows.coupling import Coupling
    from benchmark.detectors.flows.protocol import FlowSettings

_BETAS, _EPSILON = (0.9, 0.999), 1e-8  # Adam's own (arXiv:1412.6980)


def held_out_rows(n: int, fraction: float, seed: int) -> tuple[Tensor, Tensor]:
    """Return the numbers of the events to train on and of those held out, at least one each."""
    generator = torch.Generator().manual_seed(seed_for("flow", "held out", seed))
    rows = torch.randperm(n, generator=generator)
    held = min(n - 1, max(1, round(fraction * n)))
    return rows[held:], rows[:held]


@dataclass(kw_only=True)
class Member:
    """One flow in training: which rows of all events are its own, and how far it is."""

    number: int
    seed: int
    rows: Tensor
    held: Tensor
    batch_size: int
    best: float = math.inf
    best_weights: Tensor | None = None
    worse: int = 0
    epoch: int = 0
    _drawn: int = 0
    _waiting: Tensor | None = None

    @property
    def steps(self) -> int:
        """Steps in an epoch."""
        return math.ceil(len(self.rows) / self.batch_size)

    def batch(self) -> Tensor:
        """Return the next rows of one pass after the other; all batches have the same size."""
        waiting = self.rows[:0] if self._waiting is None else self._waiting
        while len(waiting) < self.batch_size:
            order = epoch_order(len(self.rows), seed=self.seed, epoch=self._drawn)
            waiting = torch.cat([waiting, self.rows[order]])
            self._drawn += 1
        self._waiting = waiting[self.batch_size :]
        return waiting[: self.batch_size]

    def judged(self, loss: float, weights: Tensor) -> None:
        """Take note of the held-out loss at the end of an epoch.

        Raises:
            DiademError: The loss is not finite.
        """
        self.epoch += 1
        if not math.isfinite(loss):
            where = f"flow {self.number}, epoch {self.epoch}"
            message = complaint("the held-out loss is not finite", where=where, found=str(loss))
            raise DiademError(message)
        if loss < self.best:
            self.best, self.best_weights, self.worse = loss, weights.clone(), 0
        else:
            self.worse += 1


class _Adam:
    """Adam for all members that still train; each row has its own learning rate and gradient."""

    def __init__(self, weights: Tensor) -> None:
        self.weights = weights
        self._mean, self._square = torch.zeros_like(weights), torch.zeros_like(weights)
        self._steps = 0

    def keep(self, rows: Tensor) -> None:
        """Drop the members that have stopped."""
        self.weights, self._mean, self._square = (
            part.index_select(0, rows) for part in (self.weights, self._mean, self._square)
        )

    def step(self, gradient: Tensor, rates: Tensor, clip_norm: float) -> None:
        """Change the weights in place."""
        self._steps += 1
        norm = gradient.norm(dim=1, keepdim=True)
        gradient.mul_(clip_norm / norm.clamp_min(clip_norm))
        first, second = _BETAS
        self._mean.lerp_(gradient, 1 - first)
        self._square.mul_(second).addcmul_(gradient, gradient, value=1 - second)
        width = self._square.sqrt().mul_((1 - second**self._steps) ** -0.5).add_(_EPSILON)
        rates = rates.to(gradient).unsqueeze(1) / (1 - first**self._steps)
        self.weights.sub_((self._mean / width).mul_(rates))


def train(
    coupling: Coupling, settings: FlowSettings, events: Tensor, members: Sequence[Member]
) -> None:
    """Train all members; their `best_weights` are those of the best epoch.

    A member sees neither the data nor the fate of another one: only roundings can depend on which
    members train beside it.

    Args:
        coupling: The structure.
        settings: How to train.
        events: (n, d + 1), the events of all members, on the device to train on.
        members: With rows of these events.
    """
    first = torch.stack([coupling.first_weights(member.seed) for member in members])
    adam = _Adam(first.to(events.device))
    active, step = list(members), 0
    while active:
        rates = torch.tensor([_rate(member.steps, step, settings) for member in active])
        rows = torch.stack([member.batch() for member in active]).to(events.device)
        weights = adam.weights.requires_grad_()
        with torch.enable_grad():
            loss = -coupling.log_prob(weights, events[rows].transpose(1, 2)).mean(1).sum()
            (gradient,) = torch.autograd.grad(loss, weights)
        adam.weights.requires_grad_(False)
        adam.step(gradient, rates, settings.clip_norm)
        step += 1
        due = [place for place, member in enumerate(active) if step % member.steps == 0]
        if due:
            _judge(coupling, adam.weights, events, [(place, active[place]) for place in due])
            going = [place for place, one in enumerate(active) if _goes_on(one, settings)]
            if len(going) < len(active):
                active = [active[place] for place in going]
                adam.keep(torch.tensor(going, device=events.device, dtype=torch.int64))


def _rate(steps: int, step: int, settings: FlowSettings) -> float:
    return settings.learning_rate * (1 + math.cos(math.pi * step / (steps * settings.epochs))) / 2


def _goes_on(member: Member, settings: FlowSettings) -> bool:
    return member.epoch < settings.epochs and member.worse < settings.patience


@torch.no_grad()
def _judge(
    coupling: Coupling, weights: Tensor, events: Tensor, due: Sequence[tuple[int, Member]]
) -> None:
    """Give the members that have ended an epoch their held-out loss."""
    places = torch.tensor([place for place, _ in due], device=weights.device)
    chosen = weights.index_select(0, places)
    sizes = torch.tensor([len(member.held) for _, member in due])
    rows = torch.nn.utils.rnn.pad_sequence([member.held for _, member in due], batch_first=True)
    there = (torch.arange(rows.shape[1]) < sizes.unsqueeze(1)).to(weights.device)
    total = torch.zeros(len(due), dtype=torch.float64, device=weights.device)
    size = max(1, CHUNK // len(due))
    for start in range(0, rows.shape[1], size):
        part = slice(start, start + size)
        both = events[rows[:, part].to(events.device)].transpose(1, 2)
        log_prob = coupling.log_prob(chosen, both)
        total -= torch.where(there[:, part], log_prob, 0.0).sum(1, dtype=torch.float64)
    for loss, row, (_, member) in zip((total.cpu() / sizes).tolist(), chosen, due, strict=True):
        member.judged(loss, row)
