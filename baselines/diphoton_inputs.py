"""The numbers that a network sees of a diphoton event: the normalisation of the SAC paper."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, NamedTuple, Self

import numpy as np
import torch
from torch import Tensor

from baselines.moments import Moments
from benchmark.batches import as_tensor
from benchmark.errors import DataError, complaint
from benchmark.schema import DIPHOTON
from benchmark.table import require_schema

if TYPE_CHECKING:
    from benchmark.table import EventTable

OBJECT_NUMBERS = ("log_pt", "eta", "phi", "log_mass", "btag", "tau32", "tau43")
"""Standardised numbers of an object, before the one-hot of its type."""
EVENT_NUMBERS = ("log_pt_gg", "dr_gg")
"""Standardised numbers of an event; nothing else of it enters, m_gg least of all."""
FEATURES = len(OBJECT_NUMBERS) + len(DIPHOTON.types)
_ROWS = 1 << 13  # events taken at once in the fit, so that its memory does not grow with them
_EVENT_COLUMNS = ("pt_gg", "dr_gg")


class EventInputs(NamedTuple):
    """What a network takes of n events.

    Attributes:
        objects: (n, slots, 12); the standardised numbers, then a one-hot of the type; zero in
            padded slots.
        kinematics: (n, slots, 5); pT and mass in GeV, eta, phi in rad, in the order pT, eta, phi,
            mass, and 1 where the object has an eta (MET has none); zero in padded slots.
        mask: bool (n, slots); which slots hold an object.
        event: (n, 2); standardised log pT(gg) and dR(gg).
    """

    objects: Tensor
    kinematics: Tensor
    mask: Tensor
    event: Tensor


@dataclass(frozen=True)
class DiphotonInputs:
    """Turns diphoton events into numbers of order one.

    An object has log pT, eta, phi, log m, b-tag, tau32 = tau3 / tau2, tau43 = tau4 / tau3 and a
    one-hot of its type. Each of the first seven is standardised by its mean and width over all
    objects, of any type, that have it; the two numbers of the event are standardised one by one.
    What an object does not have, and a logarithm or ratio that is not defined (a mass or a
    denominator of zero), stays 0. Stated: the numbers, the logarithms, standardising over all
    objects, missing stays 0. Assumed: means and widths are those of the objects that have the
    number, each event counted once.

    Attributes:
        means: Mean of each of `OBJECT_NUMBERS`, then of `EVENT_NUMBERS`; logarithms of GeV.
        widths: Standard deviation of each; 1 where all are alike or none has the number.

    References:
        arXiv:2603.25794.

    Raises:
        DataError: A wrong number of means or widths, one is not finite, or a width not positive.

    Example:
        >>> inputs = DiphotonInputs(means=(0.0,) * 9, widths=(1.0,) * 9)
        >>> objects, mask = torch.zeros(1, 11, 9), torch.zeros(1, 11, dtype=torch.bool)
        >>> objects[0, 10, 0], mask[0, 10] = 1.0, True  # MET of 1 GeV
        >>> inputs.tensors(objects, mask, torch.ones(1, 12)).objects[0, 10].tolist()
        [0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 1.0]
    """

    object_numbers: ClassVar[int] = FEATURES
    event_numbers: ClassVar[int] = len(EVENT_NUMBERS)
    means: tuple[float, ...]
    widths: tuple[float, ...]

    def __post_init__(self) -> None:
        """Refuse what cannot standardise."""
        names = OBJECT_NUMBERS + EVENT_NUMBERS
        for field, values in (("means", self.means), ("widths", self.widths)):
            if len(values) != len(names) or not np.isfinite(values).all():
                expected = f"{len(names)} finite numbers"
                message = complaint(f"bad {field}", found=str(values), expected=expected)
                raise DataError(message)
        if min(self.widths) <= 0:
            message = complaint("a width must be positive", found=str(self.widths))
            raise DataError(message)

    @classmethod
    def fit(cls, events: EventTable) -> Self:
        """Return the normalisation of these events, each counted once.

        Raises:
            DataError: Events of another schema, no event, or a number that is not finite.
        """
        require_schema(events, DIPHOTON)
        if not len(events):
            message = complaint("no event to fit the inputs to", expected="at least one event")
            raise DataError(message)
        moments = [Moments() for _ in OBJECT_NUMBERS + EVENT_NUMBERS]
        for start in range(0, len(events), _ROWS):
            rows = slice(start, start + _ROWS)
            arrays = (events.objects[rows], events.mask[rows], events.features[rows])
            objects, mask, features = (as_tensor(array) for array in arrays)
            check_finite(objects, mask, features)
            numbers = _numbers(objects.double(), mask, features.double())
            for moment, (values, held) in zip(moments, numbers, strict=True):
                moment.add(values[held].numpy())
        return cls(
            means=tuple(moment.mean for moment in moments),
            widths=tuple(moment.width for moment in moments),
        )

    def check(self, objects: Tensor, mask: Tensor, features: Tensor) -> None:
        """Refuse a number of a real object or of an event that is not finite.

        Raises:
            DataError: There is one.
        """
        check_finite(objects, mask, features)

    def tensors(self, objects: Tensor, mask: Tensor, features: Tensor) -> EventInputs:
        """Return what the network takes, on the device and with the type of `objects`.

        Args:
            objects: (n, 11, 9) as in an `EventTable`: GeV and rad. Padded slots are not read.
            mask: bool (n, 11).
            features: (n, 12); features of the event, as in an `EventTable`.
        """
        numbers = _numbers(objects, mask, features)
        scaled = [
            torch.where(held, (values - mean) / width, 0)
            for (values, held), mean, width in zip(numbers, self.means, self.widths, strict=True)
        ]
        split = len(OBJECT_NUMBERS)
        types = _one_hot(objects).expand(len(objects), -1, -1) * mask[..., None]
        return EventInputs(
            objects=torch.cat((torch.stack(scaled[:split], dim=2), types), dim=2),
            kinematics=_kinematics(objects, mask),
            mask=mask,
            event=torch.stack(scaled[split:], dim=1).to(objects.dtype),
        )

    def state(self) -> dict[str, list[float]]:
        """Return what `from_state` needs, fit for JSON."""
        return {"means": list(self.means), "widths": list(self.widths)}

    @classmethod
    def from_state(cls, state: dict[str, list[float]]) -> Self:
        """Return the inputs of a state.

        Raises:
            DataError: The state lacks a field, or its values cannot standardise.
        """
        missing = {"means", "widths"} - set(state)
        if missing:
            message = complaint("an incomplete state of the inputs", found=f"no {min(missing)}")
            raise DataError(message)
        return cls(means=tuple(state["means"]), widths=tuple(state["widths"]))


def _numbers(objects: Tensor, mask: Tensor, features: Tensor) -> list[tuple[Tensor, Tensor]]:
    """Return each number, of the objects (n, slots), then of the events (n,), and where it is."""
    column = dict(zip(DIPHOTON.features, objects.unbind(dim=2), strict=True))
    held = {name: mask & _slots_with(name, mask) for name in DIPHOTON.features}
    pt, dr = (features[:, DIPHOTON.event_features.index(name)] for name in _EVENT_COLUMNS)
    everywhere = torch.ones_like(dr, dtype=torch.bool)
    return [
        _logarithm(column["pt"], held["pt"]),
        (column["eta"], held["eta"]),
        (column["phi"], held["phi"]),
        _logarithm(column["mass"], held["mass"]),
        (column["btag"], held["btag"]),
        _ratio(column["tau3"], column["tau2"], held["tau2"]),
        _ratio(column["tau4"], column["tau3"], held["tau3"]),
        _logarithm(pt, everywhere),
        (dr, everywhere),
    ]


def _logarithm(values: Tensor, held: Tensor) -> tuple[Tensor, Tensor]:
    held = held & (values > 0)
    return torch.where(held, values, 1).log(), held


def _ratio(above: Tensor, below: Tensor, held: Tensor) -> tuple[Tensor, Tensor]:
    held = held & (below > 0)
    return above / torch.where(held, below, 1), held


def check_finite(objects: Tensor, mask: Tensor, features: Tensor) -> None:
    """Refuse a number of a real object or of an event that is not finite."""
    columns = {
        f"object feature {name}": values[mask & _slots_with(name, mask)]
        for name, values in zip(DIPHOTON.features, objects.unbind(dim=2), strict=True)
    }
    for name in _EVENT_COLUMNS:
        columns[f"event feature {name}"] = features[:, DIPHOTON.event_features.index(name)]
    for name, values in columns.items():
        wrong = values[~values.isfinite()]
        if len(wrong):
            found = f"{wrong[0].item()} ({len(wrong)} such)"
            expected = "finite numbers"
            raise DataError(complaint("bad input", where=name, found=found, expected=expected))


def _kinematics(objects: Tensor, mask: Tensor) -> Tensor:
    """Return pT, eta, phi, mass and whether there is an eta: (n, slots, 5)."""
    kept = [objects[..., DIPHOTON.feature_index(name)] for name in ("pt", "eta", "phi", "mass")]
    has_eta = _slots_with("eta", mask).to(objects.dtype).expand(len(objects), -1)
    return torch.where(mask[..., None], torch.stack((*kept, has_eta), dim=2), 0)


def _slots_with(feature: str, like: Tensor) -> Tensor:
    """Return which slots (slots,) hold objects that have a feature, on the device of `like`."""
    having = {kind.name for kind in DIPHOTON.types if feature in kind.features}
    return _constant([name in having for name in DIPHOTON.slot_types], like)


def _one_hot(like: Tensor) -> Tensor:
    """Return the one-hot of the type of each slot, (slots, types)."""
    kinds = [kind.name for kind in DIPHOTON.types]
    rows = [[kind == name for kind in kinds] for name in DIPHOTON.slot_types]
    return _constant(rows, like).to(like.dtype)


def _constant(values: list[bool] | list[list[bool]], like: Tensor) -> Tensor:
    # Not made on the device itself: that would wait for a GPU to finish what it has to do.
    return torch.tensor(values).to(like.device, non_blocking=True)
