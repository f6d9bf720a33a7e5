"""Events to augment, what must hold for every augmented event, and a plain loop over events."""

from __future__ import annotations

import math
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import torch

from baselines.augmentations import PhaseSpace
from benchmark.cards import load_card
from benchmark.parquet import read_events
from benchmark.schema import CMS_ADC

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray
    from torch import Tensor

    Object = tuple[float, float, float]
    Event = dict[str, list[Object]]

RELEASE = Path(__file__).parents[1] / "datasets" / "cms_adc" / "v1"
SPACE = PhaseSpace.from_card(load_card("cms_adc").selection)
SLOTS = {kind.name: CMS_ADC.type_slice(kind.name) for kind in CMS_ADC.types}
MIN_PT = {"electron": 3.0, "muon": 3.0, "jet": 15.0}
MAX_ETA = {"electron": 3.0, "muon": 2.1, "jet": 4.0}
TRIGGER_PT = 23.0
# The release keeps 12 bits of mantissa: rounding may move an eta past its end by this.
ROUNDING = 2.0**-13
# float32 rounds a momentum to one part in 2^24; sums of up to 19 of them, twice, stay below this.
SUM_TOLERANCE = 2e-6
# Each randomised check has a fixed seed; with another it would fail this often by chance.
FALSE_ALARM = 1e-6


def generator(seed: int = 1) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


@cache
def release_events() -> tuple[Tensor, Tensor]:
    """A tenth of the events of the release: every process."""
    table = read_events(sorted(RELEASE.glob("*.parquet")))
    return torch.from_numpy(table.objects[::10].copy()), torch.from_numpy(table.mask[::10].copy())


def random_events(n: int, *, seed: int = 0, edges: bool = True) -> tuple[Tensor, Tensor]:
    """Events all over the phase space; with `edges` also exactly on its ends, full and empty."""
    rng = np.random.default_rng(seed)
    objects = np.zeros((n, 19, 3), dtype=np.float32)
    mask = np.zeros((n, 19), dtype=np.bool_)
    for name, slots in SLOTS.items():
        count = slots.stop - slots.start
        number = rng.integers(0, count + 1, n) if name != "met" else np.ones(n)
        if edges:
            number = np.where(rng.random(n) < 0.2, count, number)
        held = np.arange(count) < number[:, None]
        pt = MIN_PT.get(name, 0.0) + rng.exponential(30.0, held.shape)
        eta = rng.uniform(-1, 1, held.shape) * MAX_ETA.get(name, 0.0)
        phi = rng.uniform(-math.pi, math.pi, held.shape)
        if edges:
            pt, eta, phi = _on_edges(rng, name, pt, eta, phi)
        pt = -np.sort(-np.where(held, pt, 0), axis=1)
        objects[:, slots] = np.stack((pt, eta, phi), axis=2) * held[:, :, None]
        mask[:, slots] = held
    return torch.from_numpy(objects), torch.from_numpy(mask)


def _on_edges(
    rng: np.random.Generator, name: str, *values: NDArray[np.float64]
) -> tuple[NDArray[np.float64], ...]:
    """The values, a tenth of each moved onto an end of its range."""
    pt, eta, phi = values
    least = MIN_PT.get(name, 0.0)
    ends = rng.choice([least, 2 * least, TRIGGER_PT, TRIGGER_PT + 3], pt.shape)
    pt = np.where(rng.random(pt.shape) < 0.1, ends, pt)
    eta = np.where(rng.random(eta.shape) < 0.1, np.sign(eta) * MAX_ETA.get(name, 0.0), eta)
    phi = np.where(rng.random(phi.shape) < 0.1, np.sign(phi) * math.pi, phi)
    return pt, eta, phi


SOURCES: dict[str, Callable[[], tuple[Tensor, Tensor]]] = {
    "random": lambda: random_events(4000),
    "release": release_events,
}


def fires(objects: Tensor) -> Tensor:
    """Which events hold a lepton that fires the trigger."""
    found = torch.zeros(len(objects), dtype=torch.bool)
    for name in ("electron", "muon"):
        pt, eta, _ = objects[:, SLOTS[name]].unbind(2)
        near = eta.abs() <= MAX_ETA[name] * (1 + ROUNDING)
        found |= (near & (pt >= TRIGGER_PT)).any(dim=1)
    return found


def assert_valid(objects: Tensor, mask: Tensor, *, rounding: float = 0.0) -> None:
    """What holds for every event of the challenge: ranges, order, padding, no holes."""
    assert objects.dtype == torch.float32
    assert mask.dtype == torch.bool
    assert torch.isfinite(objects).all()
    pt, eta, phi = objects.unbind(2)
    assert mask[:, 0].all()
    assert (pt[:, 1:] > 0).equal(mask[:, 1:])
    assert not objects[~mask].any()
    assert not eta[:, 0].any()
    assert (phi.abs() <= np.float32(math.pi)).all()
    for name in MIN_PT:
        held, part = mask[:, SLOTS[name]], pt[:, SLOTS[name]]
        assert not (held[:, 1:] & ~held[:, :-1]).any(), f"{name}: a hole"
        assert (part[:, 1:] <= part[:, :-1]).all(), f"{name}: not in order of pT"
        assert (part[held] >= MIN_PT[name]).all(), f"{name}: too soft"
        most = MAX_ETA[name] * (1 + rounding)
        assert (eta[:, SLOTS[name]].abs() <= most).all(), f"{name}: eta"


def momentum(objects: Tensor) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return px and py of each slot in float64, (n, 19) each."""
    pt, _, phi = objects.double().numpy().transpose(2, 0, 1)
    return pt * np.cos(phi), pt * np.sin(phi)


def slow_anomaly(
    objects: NDArray[np.float32], rng: np.random.Generator, kinds: tuple[str, ...]
) -> tuple[NDArray[np.float64], list[str]]:
    """The anomaly augmentation as a plain loop over events, in float64.

    Returns:
        The events (n, 19, 3), and the kind of each ("" when none was possible).
    """
    changed, used = np.zeros(objects.shape), []
    for number, row in enumerate(objects.astype(np.float64)):
        event = {
            name: [(pt, eta, phi) for pt, eta, phi in row[slots].tolist() if pt > 0]
            for name, slots in SLOTS.items()
        }
        able = [kind for kind in kinds if _SLOW_POSSIBLE[kind](event)]
        kind = able[rng.integers(len(able))] if able else ""
        if kind:
            event = _SLOW[kind](event, rng)
        for name, slots in SLOTS.items():
            for place, found in enumerate(sorted(event[name], reverse=True)):
                changed[number, slots.start + place] = found
        used.append(kind)
    return changed, used


def _free(event: Event, name: str) -> int:
    kinds = {kind.name: kind.count for kind in CMS_ADC.types}
    return kinds[name] - len(event[name])


def _counts(most: dict[str, int], rng: np.random.Generator) -> dict[str, int]:
    """Independent uniform numbers, drawn again until one is not zero."""
    while True:
        drawn = {name: int(rng.integers(0, top + 1)) for name, top in most.items()}
        if any(drawn.values()):
            return drawn


def _slow_add(event: Event, rng: np.random.Generator) -> Event:
    most = max((found[0] for objects in event.values() for found in objects), default=0.0)
    px = sum(pt * math.cos(phi) for pt, _, phi in event["met"])
    py = sum(pt * math.sin(phi) for pt, _, phi in event["met"])
    event = {name: list(objects) for name, objects in event.items()}
    for name, number in _counts({name: _free(event, name) for name in MIN_PT}, rng).items():
        for _ in range(number):
            pt = MIN_PT[name] + (max(most, MIN_PT[name]) - MIN_PT[name]) * rng.random()
            eta = MAX_ETA[name] * (2 * rng.random() - 1)
            phi = math.pi * (2 * rng.random() - 1)
            event[name].append((pt, eta, phi))
            px, py = px - pt * math.cos(phi), py - pt * math.sin(phi)
    return {**event, "met": [(math.hypot(px, py), 0.0, math.atan2(py, px))]}


def _least_parts(event: Event) -> dict[str, list[float]]:
    """The least pT of the first part of each object."""
    firing = [
        (found[0], name, place)
        for name in ("electron", "muon")
        for place, found in enumerate(event[name])
        if found[0] >= TRIGGER_PT and abs(found[1]) <= MAX_ETA[name] * (1 + ROUNDING)
    ]
    least = {name: [MIN_PT[name]] * len(event[name]) for name in MIN_PT}
    for pt, name, place in firing:
        if pt == max(firing)[0]:
            least[name][place] = TRIGGER_PT
    return least


def _splittable(event: Event) -> dict[str, list[int]]:
    least = _least_parts(event)
    return {
        name: [
            place
            for place, found in enumerate(event[name])
            if found[0] >= least[name][place] + MIN_PT[name]
        ]
        for name in MIN_PT
    }


def _slow_split(event: Event, rng: np.random.Generator) -> Event:
    least, can = _least_parts(event), _splittable(event)
    most = {name: min(len(can[name]), _free(event, name)) for name in MIN_PT}
    changed = {name: list(objects) for name, objects in event.items()}
    for name, number in _counts(most, rng).items():
        for place in rng.permutation(can[name])[:number]:
            pt, eta, phi = event[name][place]
            low = least[name][place]
            first = low + (pt - MIN_PT[name] - low) * rng.random()
            parts = [_slow_turned(part, eta, phi, name, rng) for part in (first, pt - first)]
            changed[name][place] = parts[0]
            changed[name].append(parts[1])
    return changed


def _slow_turned(pt: float, eta: float, phi: float, name: str, rng: np.random.Generator) -> Object:
    width = 0.028 / (1 + math.exp(min((pt - 25) / 0.1, 500)))
    eta += width * rng.standard_normal()
    bound = MAX_ETA[name]
    if abs(eta) > bound:  # mirrored back
        eta = math.copysign(2 * bound - abs(eta), eta)
    phi += width * rng.standard_normal()
    return pt, eta, math.atan2(math.sin(phi), math.cos(phi))


def _slow_scale(event: Event, rng: np.random.Generator) -> Event:
    which = ("met", "objects", "both")[rng.integers(3)]
    if which == "met" and not event["met"]:
        which = "objects"
    if not any(event[name] for name in MIN_PT):
        which = "met"
    factor = rng.uniform(0.5, 5) if which == "met" else rng.uniform(1, 5)
    scaled = {"met": ["met"], "objects": list(MIN_PT), "both": list(SLOTS)}[which]
    return {
        name: [(pt * (factor if name in scaled else 1), eta, phi) for pt, eta, phi in objects]
        for name, objects in event.items()
    }


_SLOW = {"add": _slow_add, "split": _slow_split, "scale": _slow_scale}
_SLOW_POSSIBLE = {
    "add": lambda event: any(_free(event, name) for name in MIN_PT),
    "split": lambda event: any(
        places and _free(event, name) for name, places in _splittable(event).items()
    ),
    "scale": lambda event: any(event.values()),
}
