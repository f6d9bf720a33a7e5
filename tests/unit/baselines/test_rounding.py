"""Evaluation in float64 and the grid of the latents."""

from __future__ import annotations

import numpy as np
import torch
from torch import nn

from baselines.rounding import GRID, in_double, rounded

NOISE = 1e-13  # more than two libraries differ by in float64


def test_noise_of_float64_is_gone_and_nothing_else() -> None:
    values = torch.randn(10_000, dtype=torch.float64, generator=torch.Generator().manual_seed(1))
    found = rounded(values)
    # A pair is split with a probability of 1e-13 / 1.5e-5, so any at all with one of 10^-4.
    assert torch.equal(rounded(values + NOISE), found)
    assert (found - values).abs().max() <= GRID / 2
    assert torch.equal(rounded(found.double()), found)
    assert found.dtype == torch.float32


def test_the_grid_is_exact_and_the_middle_goes_to_even() -> None:
    steps = torch.tensor([0.5, 1.5, 2.5, -0.5, 255.0 / GRID], dtype=torch.float64)
    expected = [0.0, 2.0, 2.0, 0.0, 255.0 / GRID]
    assert (rounded(steps * GRID).double() / GRID).tolist() == expected
    assert np.round(steps.numpy()).tolist() == expected


def test_a_normalisation_adds_the_float32() -> None:
    # Else ONNX, whose attributes are float32, has another number: latents 1e-12 away.
    double = in_double(nn.Sequential(nn.LayerNorm(4, eps=1e-5)))
    assert double[0].eps == float(np.float32(1e-5)) != 1e-5


def test_the_network_stays_as_it_is() -> None:
    network = nn.Linear(3, 2).train()
    before = network.weight.detach().clone()
    double = in_double(network)
    assert not double.training
    assert network.training
    assert network.weight.dtype == torch.float32
    assert torch.equal(double.weight, before.double())
    with torch.no_grad():
        double.weight.zero_()
    assert torch.equal(network.weight, before)
