"""The losses of the SAC paper (arXiv:2603.25794): supervised contrastive, and KL divergence.

Half precision is lifted to float32 first, also under autocast; float64 stays float64.
"""

from __future__ import annotations

import torch
from torch import Tensor

from baselines.pairs import check_temperature, inverse_length, lift, spread
from benchmark.errors import DiademError, complaint


def supervised_contrastive(z: Tensor, labels: Tensor, temperature: float) -> Tensor:
    """Return the supervised contrastive loss with one view an event (L_out of arXiv:2004.11362).

    P(i) are the other events of the batch with the label of event i, s(a, b) is the cosine
    similarity, tau the temperature:

        L = mean_i -1/|P(i)| sum_{p in P(i)} log( exp(s(z_i, z_p) / tau)
                                                  / sum_{a != i} exp(s(z_i, z_a) / tau) )

    The mean is over the events that have a positive. An event that is alone with its label in the
    batch is no anchor, but a negative of all others; where every event is alone, the loss is 0 and
    so is its gradient. A vector shorter than `baselines.pairs.SHORTEST` has no direction: its
    similarity to everything is 0 and no gradient reaches it.

    Time O(N^2 D), memory O(N D); no step asks the device for a value.

    Args:
        z: Vectors of any length, (N, D).
        labels: (N,) int64, any numbers.
        temperature: tau, positive.

    Raises:
        DiademError: Fewer than two events, shapes that do not match, labels that are not int64,
            or a temperature that is not positive.

    References:
        arXiv:2004.11362, Eq. 2.

    Example:
        >>> z = torch.tensor([[1.0, 0.0], [1.0, 0.0], [0.0, 1.0]])
        >>> loss = supervised_contrastive(z, torch.tensor([7, 7, 3]), temperature=0.5)
        >>> round(float(loss), 4)  # log(exp(2) + exp(0)) - 2, of the two anchors
        0.1269
    """
    check_temperature(temperature)
    _check_batch(z, labels)
    with torch.autocast(z.device.type, enabled=False):
        lifted = lift(z)
        unit = lifted * inverse_length(lifted)[:, None]
        group, number = _groups(labels)
        anchor = (number[group] > 1).to(unit.dtype)
        share = anchor / anchor.sum().clamp(min=1)
        denominator = spread(unit, temperature, share=share)
        return denominator - _likeness(unit, group, number, anchor.sum()) / temperature


def unit_gaussian_kl(mean: Tensor, log_variance: Tensor) -> Tensor:
    """Return the KL divergence of Gaussians to the unit Gaussian, the mean over events.

    L = mean_i sum_k [mean_ik^2 + exp(log_variance_ik) - 1 - log_variance_ik] / 2

    Args:
        mean: (N, D).
        log_variance: Logarithm of the variance of each dimension, (N, D).

    Raises:
        DiademError: No event, or shapes that differ.

    Example:
        >>> float(unit_gaussian_kl(torch.tensor([[1.0, 2.0]]), torch.zeros(1, 2)))
        2.5
    """
    if mean.shape != log_variance.shape or mean.ndim != 2 or mean.numel() == 0:
        message = complaint(
            "means and variances do not match",
            found=f"{tuple(mean.shape)} and {tuple(log_variance.shape)}",
            expected="one shape (events, dimension), with an event",
        )
        raise DiademError(message)
    with torch.autocast(mean.device.type, enabled=False):
        centre, logs = lift(mean), lift(log_variance)
        # Near a unit variance exp(x) - 1 would lose all digits.
        return (centre.square() + torch.expm1(logs) - logs).sum(dim=1).mean() / 2


def _groups(labels: Tensor) -> tuple[Tensor, Tensor]:
    """Return a number from 0 on for the label of each event, and the events of each number.

    Both (N,), padded with zero: `torch.unique` would ask the device for its number of labels.
    """
    ordered, order = torch.sort(labels)
    steps = torch.zeros_like(ordered)
    steps[1:] = ordered[1:] != ordered[:-1]
    group = torch.empty_like(steps).scatter_(0, order, steps.cumsum(0))
    number = torch.zeros_like(group).scatter_add_(0, group, torch.ones_like(group))
    return group, number


def _likeness(unit: Tensor, group: Tensor, number: Tensor, anchors: Tensor) -> Tensor:
    """Return the mean over anchors of the mean similarity to their positives.

    For a group of n events with the vectors u, the sum over its ordered pairs of u_i.u_p is
    |sum_i u_i|^2 - sum_i |u_i|^2, and each of its anchors has n - 1 positives.
    """
    sums = torch.zeros_like(unit).index_add_(0, group, unit)
    own = unit.new_zeros(len(unit)).index_add_(0, group, unit.square().sum(dim=1))
    positives = (number - 1).clamp(min=1).to(unit.dtype)
    pairs = torch.where(number > 1, sums.square().sum(dim=1) - own, 0)
    return (pairs / positives).sum() / anchors.clamp(min=1)


def _check_batch(z: Tensor, labels: Tensor) -> None:
    """Refuse what the loss is not defined for."""
    if z.ndim != 2 or z.shape[1] == 0 or labels.shape != z.shape[:1]:
        message = complaint(
            "vectors and labels do not match",
            found=f"{tuple(z.shape)} and {tuple(labels.shape)}",
            expected="(events, dimension) and (events,)",
        )
        raise DiademError(message)
    if labels.dtype != torch.int64:
        message = complaint("bad labels", found=str(labels.dtype), expected="torch.int64")
        raise DiademError(message)
    if len(z) < 2:
        message = complaint(
            "too few events in the batch",
            found=str(len(z)),
            expected="at least 2",
            remedy="Without a second event there is no pair.",
        )
        raise DiademError(message)
