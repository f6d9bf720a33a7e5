"""The anomaly augmentation mbar(x): objects split into two."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch

from baselines.augmentations.drawing import by_type, numbers, over_slots, per_type
from baselines.augmentations.events import Events, ordered, smeared, uniform, wrapped
from baselines.augmentations.phase_space import COUNTS, LEPTONS, MET_SLOT, OBJECTS
from baselines.augmentations.physical import direction_width

if TYPE_CHECKING:
    from torch import Tensor

    from baselines.augmentations.phase_space import PhaseSpace


class Splitting:
    """Splits objects into two of the same type; total pT and MET are kept (stated).

    An object can be split if both parts keep the least pT and its type has a free slot. Of the
    leptons that fire the trigger the hardest keeps a part that fires, so that the event does.
    How many of each type: uniform from none to as many as can be (the authors' code, in which the
    number is bounded by the pT as well), but one at least; which ones: at random. The shares of
    the pT are uniform over what is allowed (assumed). Both parts start in the
    object's direction and are smeared in eta and phi as in the physical augmentation, which only
    moves parts below 25 GeV (the authors' code).
    """

    def possible(self, events: Events, space: PhaseSpace) -> Tensor:
        """Return which events have an object that can be split, bool (n,)."""
        return (_most(events, _least(events, space), space) > 0).any(dim=1)

    def apply(self, events: Events, space: PhaseSpace, generator: torch.Generator) -> Events:
        """Return the events with some objects split."""
        least = _least(events, space)
        split = _chosen(events, least, space, generator)
        pt = events.pt[:, OBJECTS]
        second_least = space.min_pt(pt)
        room = (pt - least - second_least).clamp_min(0)
        share = uniform(pt.shape, like=pt, generator=generator)
        second = (second_least + room * share) * split
        # The difference may be rounded to a value below the threshold.
        first = torch.maximum(pt - second, least * split)
        return _with_parts(events, split, (first, second), space=space, generator=generator)


def _least(events: Events, space: PhaseSpace) -> Tensor:
    """Return the least pT of an object's first part, (n, 18): one lepton must fire the trigger."""
    pt = events.pt[:, LEPTONS]
    fires = space.fires(pt, events.eta[:, LEPTONS])
    hardest = (pt * fires).argmax(dim=1, keepdim=True)
    keeps = fires & torch.zeros_like(fires).scatter_(1, hardest, True)
    least = space.min_pt(pt).repeat(len(pt), 1)
    leptons = least[:, : keeps.shape[1]]
    leptons.masked_fill_(keeps, space.trigger_min_pt)
    return least


def _can(events: Events, least: Tensor, space: PhaseSpace) -> Tensor:
    """Return which objects have pT enough for two parts, bool (n, 18)."""
    return events.pt[:, OBJECTS] >= least + space.min_pt(least)


def _most(events: Events, least: Tensor, space: PhaseSpace) -> Tensor:
    """Return how many objects of each type can be split at once, int64 (n, 3)."""
    can = per_type(_can(events, least, space))
    filled = per_type(events.held())
    return torch.minimum(can, torch.tensor(COUNTS, device=can.device) - filled)


def _chosen(
    events: Events, least: Tensor, space: PhaseSpace, generator: torch.Generator
) -> Tensor:
    """Return which objects are split, bool (n, 18)."""
    most = _most(events, least, space)
    wanted = numbers(most, like=least, generator=generator)
    key = uniform(least.shape, like=least, generator=generator)
    key += 2 * ~_can(events, least, space)
    # Of each type the objects with the smallest keys; their rank is that of the key.
    ranks = torch.cat([_ranks(part) for part in by_type(key)], dim=1)
    return ranks < over_slots(wanted)


def _ranks(keys: Tensor) -> Tensor:
    """Return the place of each key in rising order of its row, from 0."""
    order = keys.argsort(dim=1)
    places = torch.arange(keys.shape[1], device=keys.device).expand_as(order)
    return torch.empty_like(order).scatter_(1, order, places)


def _with_parts(
    events: Events,
    split: Tensor,
    parts: tuple[Tensor, Tensor],
    *,
    space: PhaseSpace,
    generator: torch.Generator,
) -> Events:
    """Return the events with the second parts in free slots, directions smeared, in order."""
    bound = space.eta_bounds(events.pt, events.eta)
    slots = _free_slots(events, split)
    eta, phi = events.eta[:, OBJECTS], events.phi[:, OBJECTS]
    directions = []
    for part in parts:
        width = direction_width(part) * split
        moved = smeared(eta, width, generator=generator, bound=bound)
        directions.append((moved, wrapped(smeared(phi, width, generator=generator))))
    (eta, phi), (second_eta, second_phi) = directions
    return ordered(
        Events(
            _joined(events.pt, parts[0], parts[1], slots),
            _joined(events.eta, eta, second_eta, slots),
            _joined(events.phi, phi, second_phi, slots),
        )
    )


def _free_slots(events: Events, split: Tensor) -> Tensor:
    """Return the slot of each second part, int64 (n, 18); MET's where there is none."""
    slots, start = [], OBJECTS.start
    held = events.held()
    for part, filled in zip(by_type(split), by_type(held), strict=True):
        place = start - 1 + filled.sum(dim=1, keepdim=True) + part.cumsum(dim=1)
        slots.append(torch.where(part, place, MET_SLOT))
        start += part.shape[1]
    return torch.cat(slots, dim=1)


def _joined(old: Tensor, first: Tensor, second: Tensor, slots: Tensor) -> Tensor:
    """Return (n, 19): `first` in the objects' slots, `second` in `slots`, MET of `old`."""
    new = torch.zeros_like(old).scatter_(1, slots, second)
    new[:, OBJECTS] += first
    new[:, MET_SLOT] = old[:, MET_SLOT]
    return new
