"""The anomaly augmentation mbar(x): objects split into two."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import torch

from baselines.augmentations.drawing import by_type, numbers, over_slots, per_type
from baselines.augmentations.events import ordered, ranks, smeared, uniform, wrapped
from baselines.augmentations.physical import direction_width
from baselines.augmentations.slots import OBJECTS

if TYPE_CHECKING:
    from torch import Tensor

    from baselines.augmentations.events import Events
    from baselines.augmentations.phase_space import PhaseSpace


class Splitting:
    """Splits objects into two of the same type; total pT and MET are kept (stated).

    An object can be split if both parts keep the least pT and its type has a free slot. Of the
    leptons that fire the trigger the hardest keeps a part that fires, so that the event does.
    How many of each type: uniform from none to as many as can be (the authors' code, in which the
    number is bounded by the pT as well), but one at least; which ones: at random. The shares of
    the pT are uniform over what is allowed (assumed). Both parts start in the object's direction
    and are smeared in eta and phi as in the physical augmentation, which only moves parts below
    25 GeV (the authors' code). The mass is shared as the pT is; both parts keep what else an
    object has, such as its b-tag (assumed).
    """

    def possible(self, events: Events, space: PhaseSpace) -> Tensor:
        """Return which events have an object that can be split, bool (n,)."""
        can = _can(events, _least(events, space), space)
        # Slots fill from the first: a type is full if its last slot is.
        counts = space.slots.counts
        each = zip(by_type(can, counts), by_type(events.held(), counts), strict=True)
        able = [part.any(dim=0) & ~held[-1] for part, held in each]
        return torch.stack(able).any(dim=0)

    def apply(self, events: Events, space: PhaseSpace, generator: torch.Generator) -> Events:
        """Return the events with some objects split."""
        least = _least(events, space)
        split = _chosen(events, least, space, generator)
        # From here on only what is split: k objects, by slot and event.
        slot, event = split.nonzero(as_tuple=True)
        second_slot = _free_slots(events, split)[slot, event]
        bound = space.eta_bounds(events.pt, events.eta)[slot, event]
        least, second_least = least[slot, event], space.min_pt(least)[slot, 0]
        slot = slot + OBJECTS.start
        pt, eta, phi = (x[slot, event] for x in (events.pt, events.eta, events.phi))
        share = uniform(pt.shape, like=pt, generator=generator)
        second = second_least + (pt - least - second_least).clamp_min(0) * share
        # The difference may be rounded to a value below the threshold.
        first = torch.maximum(pt - second, least)
        pts, etas, phis, *more = (
            x.clone() for x in (events.pt, events.eta, events.phi, *events.more)
        )
        for x in more:
            x[second_slot, event] = x[slot, event]
        for part, place in ((first, slot), (second, second_slot)):
            width = direction_width(part)
            turned = wrapped(smeared(phi, width, generator=generator))
            pts[place, event] = part
            etas[place, event] = smeared(eta, width, generator=generator, bound=bound)
            phis[place, event] = turned
        return ordered(replace(events, pt=pts, eta=etas, phi=phis, more=tuple(more)))


def _least(events: Events, space: PhaseSpace) -> Tensor:
    """Return the least pT of an object's first part, (objects, n).

    Of the leptons that fire the trigger one must go on doing so.
    """
    leptons = space.slots.leptons
    pt = events.pt[leptons]
    least = space.min_pt(pt).repeat(1, pt.shape[1])
    if space.trigger_min_pt is None:
        return least
    firing = pt * space.fires(pt, events.eta[leptons])
    # Of leptons that are equally hard each keeps firing.
    keeps = (firing == firing.amax(dim=0)) & (firing > 0)
    least[: len(keeps)] += (space.trigger_min_pt - space.lepton_min_pt) * keeps
    return least


def _can(events: Events, least: Tensor, space: PhaseSpace) -> Tensor:
    """Return which objects have pT enough for two parts and are of a type that is split.

    Returns:
        bool (objects, n).
    """
    can = events.pt[OBJECTS] >= least + space.min_pt(least)
    can[space.slots.split.stop - 1 :] = False
    return can


def _most(events: Events, least: Tensor, space: PhaseSpace) -> Tensor:
    """Return how many objects of each type can be split at once, int64 (types, n)."""
    counts = space.slots.counts
    can = per_type(_can(events, least, space), counts)
    filled = per_type(events.held(), counts)
    return torch.minimum(can, torch.tensor(counts, device=can.device)[:, None] - filled)


def _chosen(
    events: Events, least: Tensor, space: PhaseSpace, generator: torch.Generator
) -> Tensor:
    """Return which objects are split, bool (objects, n)."""
    most = _most(events, least, space)
    wanted = numbers(most, like=least, generator=generator)
    key = uniform(least.shape, like=least, generator=generator)
    key += _can(events, least, space)
    # Of each type the objects with the greatest keys: those that can be split have keys above 1.
    rank = torch.cat([ranks(part) for part in by_type(key, space.slots.counts)])
    return rank < over_slots(wanted, space.slots.counts)


def _free_slots(events: Events, split: Tensor) -> Tensor:
    """Return the place of each second part, int64 (objects, n); no meaning where not split."""
    counts = events.slots.counts
    places, start = [], OBJECTS.start
    both = zip(by_type(split, counts), by_type(events.held(), counts), strict=True)
    for part, filled in both:
        places.append(start - 1 + filled.sum(dim=0, keepdim=True) + part.cumsum(dim=0))
        start += len(part)
    return torch.cat(places)
