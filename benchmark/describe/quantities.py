"""Quantities of an event that are worth a histogram, for each event schema."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from benchmark.errors import DataError, complaint
from benchmark.schema import CMS_ADC, DIPHOTON

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from benchmark.events import EventTable
    from benchmark.schema import EventSchema

Reader = Callable[["EventTable"], "NDArray[np.float64]"]


@dataclass(frozen=True, eq=False)
class Quantity:
    """One number of an event.

    Attributes:
        name: Used in file names and tables.
        label: For the axis, without the unit; mathtext between dollar signs.
        unit: "GeV", or "" for a pure number.
        edges: Edges of the histogram's bins (bins + 1,), rising. What lies beyond is counted in
            the first or last bin.
        read: Gives the values of a table, float64 (n,); NaN where an event has none.
        in_table: Whether its mean belongs into a short table.
        logarithmic: Whether a logarithmic axis shows its histogram better.
    """

    name: str
    label: str
    unit: str
    edges: NDArray[np.float64]
    read: Reader
    in_table: bool = False
    logarithmic: bool = False

    @property
    def axis(self) -> str:
        """Label with the unit in brackets."""
        return f"{self.label} [{self.unit}]" if self.unit else self.label


def quantities(schema: EventSchema) -> tuple[Quantity, ...]:
    """Return the quantities of a schema, in the order of the pages.

    Raises:
        DataError: No quantities are known for the schema.

    Example:
        >>> [q.name for q in quantities(CMS_ADC)][:3]
        ['met_pt', 'ht', 'n_jets']
        >>> quantities(CMS_ADC)[3].axis
        '$p_T$ of the leading jet [GeV]'
    """
    makers = {DIPHOTON.name: _diphoton, CMS_ADC.name: _cms_adc}
    if schema.name not in makers:
        message = complaint(
            "no quantities to describe", found=f"schema {schema.name}", expected=", ".join(makers)
        )
        raise DataError(message)
    return tuple(makers[schema.name]())


def slot_value(slot: str, feature: str) -> Reader:
    """Return a reader of a feature of one slot, such as ("jet1", "pt")."""

    def read(table: EventTable) -> NDArray[np.float64]:
        place = table.schema.slot_names.index(slot)
        values = table.objects[:, place, table.schema.feature_index(feature)].astype(np.float64)
        return np.asarray(np.where(table.mask[:, place], values, np.nan))

    return read


def number_of(kind: str) -> Reader:
    """Return a reader of the number of filled slots of an object type."""

    def read(table: EventTable) -> NDArray[np.float64]:
        filled = table.mask[:, table.schema.type_slice(kind)]
        return np.asarray(filled.sum(axis=1, dtype=np.float64))

    return read


def event_feature(name: str) -> Reader:
    """Return a reader of a feature of the whole event."""

    def read(table: EventTable) -> NDArray[np.float64]:
        index = table.schema.event_features.index(name)
        return np.asarray(table.features[:, index], dtype=np.float64)

    return read


def mass(table: EventTable) -> NDArray[np.float64]:
    """Return m_gg, GeV; NaN where the schema has none."""
    return np.full(len(table), np.nan) if table.m_gg is None else table.m_gg.astype(np.float64)


def slot_pt_sum(kind: str) -> Reader:
    """Return a reader of the scalar pT sum of an object type's slots, GeV."""

    def read(table: EventTable) -> NDArray[np.float64]:
        pt = table.objects[:, table.schema.type_slice(kind), table.schema.feature_index("pt")]
        return np.asarray(pt.sum(axis=1, dtype=np.float64))

    return read


def tau_ratio(slot: str) -> Reader:
    """Return a reader of tau2 / tau1 of a large jet; NaN where tau1 is 0."""

    def read(table: EventTable) -> NDArray[np.float64]:
        tau1, tau2 = slot_value(slot, "tau1")(table), slot_value(slot, "tau2")(table)
        ratio = np.full(len(tau1), np.nan)
        np.divide(tau2, tau1, out=ratio, where=tau1 > 0)
        return ratio

    return read


def _bins(low: float, high: float, count: int) -> NDArray[np.float64]:
    return np.linspace(low, high, count + 1)


def _pt(name: str, label: str, high: float, read: Reader, **options: Any) -> Quantity:
    return Quantity(name, label, "GeV", _bins(0, high, 30), read, logarithmic=True, **options)


def _eta(name: str, label: str, bound: float, read: Reader, **options: Any) -> Quantity:
    return Quantity(name, label, "", _bins(-bound, bound, 25), read, **options)


def _number(name: str, label: str, most: int, read: Reader, **options: Any) -> Quantity:
    edges = np.arange(-0.5, most + 1)
    return Quantity(name, label, "", edges, read, in_table=True, **options)


def _slot(slot: str, label: str, high: float, bound: float) -> list[Quantity]:
    """PT and eta of one slot; the pT in the short table."""
    return [
        _pt(f"{slot}_pt", f"$p_T$ of the {label}", high, slot_value(slot, "pt"), in_table=True),
        _eta(
            f"{slot}_eta", rf"$\eta$ of the {label}", bound, slot_value(slot, "eta"), in_table=True
        ),
    ]


def _leptons(bound: float, most: int) -> list[Quantity]:
    return [
        _number("n_electrons", "number of electrons", most, number_of("electron")),
        *_slot("electron1", "leading electron", 200, bound),
        _number("n_muons", "number of muons", most, number_of("muon")),
        *_slot("muon1", "leading muon", 200, bound),
    ]


def _diphoton() -> list[Quantity]:
    pair, large = r"\gamma\gamma", "large_jet1"
    return [
        Quantity("m_gg", f"$m_{{{pair}}}$", "GeV", _bins(105, 160, 55), mass, in_table=True),
        _pt("pt_gg", f"$p_T^{{{pair}}}$", 500, event_feature("pt_gg"), in_table=True),
        Quantity("dr_gg", rf"$\Delta R_{{{pair}}}$", "", _bins(0, 5, 25), event_feature("dr_gg")),
        _pt("pt_g1", r"$p_T$ of the leading photon", 400, event_feature("pt_g1")),
        _eta("eta_g1", r"$\eta$ of the leading photon", 2.5, event_feature("eta_g1")),
        _pt("pt_g2", r"$p_T$ of the subleading photon", 250, event_feature("pt_g2")),
        _eta("eta_g2", r"$\eta$ of the subleading photon", 2.5, event_feature("eta_g2")),
        _pt("met_pt", r"$p_T^\mathrm{miss}$", 400, slot_value("met", "pt"), in_table=True),
        _pt("ht30", r"$H_T$, jets above 30 GeV", 1500, event_feature("ht30"), in_table=True),
        _number("n_jets", "number of jets", 12, event_feature("n_jets")),
        _number("n_bjets", "number of $b$-tagged jets", 6, event_feature("n_bjets")),
        _number("n_photons", "number of photons", 5, event_feature("n_photons")),
        *_slot("jet1", "leading jet", 600, 4.5),
        _pt("jet2_pt", "$p_T$ of the second jet", 400, slot_value("jet2", "pt")),
        _number("n_large_jets", "number of large jets", 2, number_of("large_jet")),
        _pt("large_jet1_pt", "$p_T$ of the leading large jet", 1000, slot_value(large, "pt")),
        _pt(
            "large_jet1_mass",
            "mass of the leading large jet",
            300,
            slot_value("large_jet1", "mass"),
        ),
        Quantity(
            "large_jet1_tau21",
            r"$\tau_2/\tau_1$ of the leading large jet",
            "",
            _bins(0, 1, 25),
            tau_ratio(large),
        ),
        *_leptons(2.5, 2),
    ]


def _cms_adc() -> list[Quantity]:
    return [
        _pt("met_pt", r"$p_T^\mathrm{miss}$", 300, slot_value("met", "pt"), in_table=True),
        _pt("ht", "$H_T$, jets in slots", 1000, slot_pt_sum("jet"), in_table=True),
        _number("n_jets", "number of jets in slots", 10, number_of("jet")),
        *_slot("jet1", "leading jet", 400, 4.0),
        _pt("jet2_pt", "$p_T$ of the second jet", 300, slot_value("jet2", "pt")),
        *_leptons(3.0, 4),
    ]
