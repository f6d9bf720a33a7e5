"""Conditional flows: p(latents | m_gg), learned on the sideband and sampled in the signal region.

`make_flow` gives one flow by its name; `benchmark.detectors.flows.bulk.BulkFlow` trains many.

Behind the same interface stands zuko, which is maintained. nflows, the library of the papers, does
not: its last release calls functions that torch has removed, and installs tensorboard.
"""

from __future__ import annotations

import importlib
from types import MappingProxyType
from typing import TYPE_CHECKING, Literal

from benchmark.errors import DiademError, complaint

if TYPE_CHECKING:
    from collections.abc import Mapping

    from benchmark.detectors.flows.protocol import ConditionalFlow, FlowSettings

# Text instead of classes, so that knowing the names does not import torch.
FLOWS: Mapping[str, str] = MappingProxyType(
    {
        "spline": "benchmark.detectors.flows.bulk:SplineFlow",
        "zuko_autoregressive": "benchmark.detectors.flows.library:ZukoAutoregressive",
        "zuko_coupling": "benchmark.detectors.flows.library:ZukoCoupling",
    }
)


def make_flow(
    name: str,
    settings: FlowSettings | None = None,
    *,
    device: Literal["auto", "cpu", "cuda"] = "auto",
) -> ConditionalFlow:
    """Return a flow of a registered name, not fitted.

    Raises:
        DiademError: There is no such flow.

    Example:
        >>> make_flow("spline").name
        'spline'
    """
    if name not in FLOWS:
        message = complaint("no such flow", found=repr(name), expected=", ".join(FLOWS))
        raise DiademError(message)
    module, _, attribute = FLOWS[name].partition(":")
    found: type[ConditionalFlow] = getattr(importlib.import_module(module), attribute)
    return found(settings, device=device)
