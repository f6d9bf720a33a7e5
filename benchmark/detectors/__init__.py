"""Anomaly detectors: what gives each event of an embedding a score.

To add one, write a class as `benchmark.detectors.protocol.Detector` says and add it to
`DETECTORS`; `tests/contract/test_detectors.py` then tests it.
"""

from __future__ import annotations

import importlib
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Literal

from pydantic import ValidationError

from benchmark.errors import DiademError, complaint

if TYPE_CHECKING:
    from collections.abc import Mapping

    from benchmark.detectors.protocol import Detector

Device = Literal["auto", "cpu", "cuda"]

# Text instead of classes, so that knowing the names does not import torch.
DETECTORS: Mapping[str, str] = MappingProxyType(
    {
        "autoencoder": "benchmark.detectors.autoencoder:Autoencoder",
    }
)


def make_detector(name: str, settings: Mapping[str, Any], *, device: Device = "auto") -> Detector:
    """Return a detector of a registered name, not fitted.

    Raises:
        DiademError: There is no such detector, or it refuses a setting.

    Example:
        >>> make_detector("autoencoder", {"epochs": 3}).settings.epochs
        3
    """
    found = detector_class(name)
    try:
        return found(found.settings_type.model_validate(settings), device=device)
    except ValidationError as error:
        first = error.errors()[0]
        message = complaint(
            first["msg"],
            where=f"{name}, setting {'.'.join(map(str, first['loc']))}",
            found=repr(first["input"])[:80],
            expected="settings " + ", ".join(found.settings_type.model_fields),
        )
        raise DiademError(message) from error


def detector_class(name: str) -> type[Detector]:
    """Return a registered detector.

    Raises:
        DiademError: There is no detector of this name.

    Example:
        >>> detector_class("autoencoder").__name__
        'Autoencoder'
    """
    if name not in DETECTORS:
        message = complaint("no such detector", found=repr(name), expected=", ".join(DETECTORS))
        raise DiademError(message)
    module, _, attribute = DETECTORS[name].partition(":")
    found: type[Detector] = getattr(importlib.import_module(module), attribute)
    return found
