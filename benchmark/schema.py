"""What one event holds: objects in fixed slots, features of the event, and their columns."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from benchmark.errors import DataError, complaint

FEATURE_ORDER = ("pt", "eta", "phi", "mass", "btag", "tau1", "tau2", "tau3", "tau4")
MET = "met"
MAX_SLOTS = 32  # the mask is stored as the bits of a uint32; a test holds every schema to it


@dataclass(frozen=True)
class ObjectType:
    """A kind of object and the slots kept for it, ordered by falling pT.

    Attributes:
        name: Such as "jet".
        count: Number of slots.
        features: The features that it has, a part of `FEATURE_ORDER` in that order. Units: GeV
            for pt and mass, rad for phi; btag is 0 or 1.
    """

    name: str
    count: int
    features: tuple[str, ...]


@dataclass(frozen=True)
class EventSchema:
    """The layout of an event table.

    Attributes:
        name: Name of the schema, written into each file.
        types: Kinds of objects in slot order.
        event_features: Names of the features of the whole event.
        has_m_gg: Whether each event has a diphoton mass (GeV).
        version: Raised whenever the meaning of a column changes.

    Example:
        >>> DIPHOTON.slots, DIPHOTON.type_slice("large_jet"), DIPHOTON.feature_index("phi")
        (11, slice(4, 6, None), 2)
        >>> CMS_ADC.object_columns()[:3]
        ('met_pt', 'met_phi', 'electron1_pt')
    """

    name: str
    types: tuple[ObjectType, ...]
    event_features: tuple[str, ...] = ()
    has_m_gg: bool = False
    version: int = 1

    @cached_property
    def slots(self) -> int:
        """Number of object slots of an event."""
        return sum(kind.count for kind in self.types)

    @cached_property
    def features(self) -> tuple[str, ...]:
        """Union of the objects' features, in the order of `FEATURE_ORDER`."""
        held = {feature for kind in self.types for feature in kind.features}
        return tuple(feature for feature in FEATURE_ORDER if feature in held)

    @cached_property
    def slot_types(self) -> tuple[str, ...]:
        """Name of the object type of each slot."""
        return tuple(kind.name for kind in self.types for _ in range(kind.count))

    @cached_property
    def slot_names(self) -> tuple[str, ...]:
        """Name of each slot: "jet1", "jet2", ...; MET has no number."""
        return tuple(
            kind.name if kind.name == MET else f"{kind.name}{k}"
            for kind in self.types
            for k in range(1, kind.count + 1)
        )

    def type_slice(self, name: str) -> slice:
        """Return the slots of the object type `name`.

        Raises:
            DataError: The schema has no such type.
        """
        start = 0
        for kind in self.types:
            if kind.name == name:
                return slice(start, start + kind.count)
            start += kind.count
        known = ", ".join(kind.name for kind in self.types)
        message = complaint(
            "no such object type", where=f"schema {self.name}", found=name, expected=known
        )
        raise DataError(message)

    def feature_index(self, name: str) -> int:
        """Return the place of the object feature `name` on the last axis of `objects`.

        Raises:
            DataError: The schema has no such feature.
        """
        if name not in self.features:
            message = complaint(
                "no such object feature",
                where=f"schema {self.name}",
                found=name,
                expected=", ".join(self.features),
            )
            raise DataError(message)
        return self.features.index(name)

    @cached_property
    def cells(self) -> tuple[tuple[str, int, int], ...]:
        """Each object column with its place: (column name, slot, feature index)."""
        kinds = {kind.name: kind for kind in self.types}
        return tuple(
            (f"{slot_name}_{feature}", slot, self.features.index(feature))
            for slot, (slot_name, kind) in enumerate(
                zip(self.slot_names, self.slot_types, strict=True)
            )
            for feature in kinds[kind].features
        )

    def object_columns(self) -> tuple[str, ...]:
        """Return the names of the object columns, slot by slot."""
        return tuple(name for name, _, _ in self.cells)

    def columns(self) -> tuple[str, ...]:
        """Return the names of all columns of a file, in order."""
        mass = ("m_gg",) if self.has_m_gg else ()
        return (
            *("event_id", "process", "point", "weight", "shard", "seed"),
            *mass,
            *self.event_features,
            "mask",
            *self.object_columns(),
        )


_POLAR = ("pt", "eta", "phi")
_TAUS = ("tau1", "tau2", "tau3", "tau4")

DIPHOTON = EventSchema(
    name="diphoton",
    types=(
        ObjectType("jet", 4, (*_POLAR, "mass", "btag")),
        ObjectType("large_jet", 2, (*_POLAR, "mass", *_TAUS)),
        ObjectType("electron", 2, _POLAR),
        ObjectType("muon", 2, _POLAR),
        ObjectType(MET, 1, ("pt", "phi")),
    ),
    event_features=(
        *("pt_gg", "dr_gg", "pt_g1", "eta_g1", "phi_g1", "pt_g2", "eta_g2", "phi_g2"),
        *("ht30", "n_jets", "n_bjets", "n_photons"),
    ),
    has_m_gg=True,
)
"""Events with two photons: everything but the photons in slots; see `EventTable.m_gg`."""

CMS_ADC = EventSchema(
    name="cms_adc",
    types=(
        ObjectType(MET, 1, ("pt", "phi")),
        ObjectType("electron", 4, _POLAR),
        ObjectType("muon", 4, _POLAR),
        ObjectType("jet", 10, _POLAR),
    ),
)
"""Events of the CMS anomaly detection challenge, slots in the order of the official files."""

SCHEMAS = {schema.name: schema for schema in (DIPHOTON, CMS_ADC)}
