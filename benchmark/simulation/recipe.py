"""What decides simulated events, and a hash of it.

Cards hold more than that: sources, statuses, labels, references. A change of a word must not call
for a new simulation, and a change of a number must.
"""

from __future__ import annotations

import hashlib
import json
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

from benchmark.simulation.detector_card import load_detector
from benchmark.simulation.generator import read_settings, slha_files
from benchmark.simulation.hooks import hook_settings

if TYPE_CHECKING:
    from pydantic import BaseModel

    from benchmark.cards import DatasetCard, GeneratorCard

SIMULATION_VERSION = 1
"""Raised by hand whenever a change of the code changes simulated events."""

_VERSIONED = ("pythia8mc", "fastjet", "awkward", "numpy")
_WORDS = ("source", "status")


def software() -> dict[str, str]:
    """Versions of all that decides simulated events."""
    return {"simulation": str(SIMULATION_VERSION)} | {name: version(name) for name in _VERSIONED}


def values_of(model: BaseModel) -> Any:
    """Return the values of a card or a part of it, without statuses and sources."""
    return _bare(model.model_dump(mode="json"))


def generator_values(options: GeneratorCard) -> dict[str, Any]:
    """Return what decides generated events: vetoes, repeated decays, size of a shard."""
    return {
        "hook": hook_settings(options.hook),
        "redecay": None if options.redecay is None else options.redecay.model_dump(mode="json"),
        "events_per_shard": options.events_per_shard,
    }


def measurement_values(card: DatasetCard) -> dict[str, Any]:
    """Return what decides how generated events are measured and selected."""
    return {
        "simulation": SIMULATION_VERSION,
        "detector": values_of(load_detector(card.detector)),
        "selection": values_of(card.selection),
        "mantissa_bits": card.release.mantissa_bits,
    }


def recipe_digest(card: DatasetCard) -> str:
    """Hash of all in cards and settings that decides the events of a card's release."""
    released = [process for process in card.processes if process.name in card.release.events]
    names = sorted({f for p in released for point in p.points for f in point.settings})
    paths = [card.settings_path(name) for name in names]
    return digest_of_values(
        {
            "dataset": card.name,
            "measurement": measurement_values(card),
            "release": values_of(card.release),
            "generators": {p.name: generator_values(p.generator) for p in released},
            "points": {p.name: {q.name: list(q.settings) for q in p.points} for p in released},
            "settings": {p.name: [line for _, line in read_settings(p)] for p in paths},
            "slha": {s.name: s.read_text(encoding="utf-8") for p in paths for s in slha_files(p)},
        }
    )


def digest_of_values(content: dict[str, Any]) -> str:
    """SHA-256 of canonical JSON."""
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()


def _bare(content: Any) -> Any:
    if isinstance(content, dict):
        if set(content) == {"value", *_WORDS}:
            return _bare(content["value"])
        return {key: _bare(value) for key, value in content.items() if key not in _WORDS}
    return [_bare(item) for item in content] if isinstance(content, list) else content
