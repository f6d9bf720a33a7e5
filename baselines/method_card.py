"""Method cards: the settings of an embedding, each with its status and source."""

from __future__ import annotations

from functools import cache
from importlib import resources
from typing import Any

import yaml
from pydantic import TypeAdapter

from benchmark.card_values import Value

_CARD = TypeAdapter(dict[str, Value[Any]])


@cache
def method_card(name: str) -> dict[str, Value[Any]]:
    """Return the values of a method card of this package, by setting.

    Args:
        name: Of the file, without ".yaml".

    Example:
        >>> method_card("signal_aware")["latent"].value
        6
    """
    text = resources.files("baselines").joinpath(f"{name}.yaml").read_text(encoding="utf-8")
    return _CARD.validate_python(yaml.safe_load(text))


def defaults(name: str) -> dict[str, Any]:
    """Return the plain values of a method card."""
    return {setting: value.value for setting, value in method_card(name).items()}
