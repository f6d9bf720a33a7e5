"""Layout of the two schemas."""

from __future__ import annotations

import pytest

from benchmark.errors import DataError
from benchmark.schema import CMS_ADC, DIPHOTON, MAX_SLOTS, SCHEMAS, EventSchema


def test_diphoton_layout() -> None:
    assert DIPHOTON.slots == 11
    assert DIPHOTON.features == (
        *("pt", "eta", "phi", "mass", "btag", "tau1", "tau2", "tau3", "tau4"),
    )
    assert DIPHOTON.slot_types == (
        *("jet",) * 4,
        *("large_jet",) * 2,
        *("electron",) * 2,
        *("muon",) * 2,
        "met",
    )
    assert DIPHOTON.slot_names[3:7] == ("jet4", "large_jet1", "large_jet2", "electron1")
    assert DIPHOTON.type_slice("met") == slice(10, 11)


def test_cms_adc_layout_is_that_of_the_official_file() -> None:
    assert CMS_ADC.slots == 19
    assert CMS_ADC.features == ("pt", "eta", "phi")
    assert CMS_ADC.slot_types == ("met", *("electron",) * 4, *("muon",) * 4, *("jet",) * 10)


@pytest.mark.parametrize("schema", SCHEMAS.values(), ids=SCHEMAS)
def test_columns(schema: EventSchema) -> None:
    columns = schema.columns()
    assert len(set(columns)) == len(columns)
    assert ("m_gg" in columns) == schema.has_m_gg
    held = sum(kind.count * len(kind.features) for kind in schema.types)
    assert len(schema.object_columns()) == held
    assert "met_eta" not in columns
    assert schema.slots <= MAX_SLOTS


def test_unknown_names_are_refused() -> None:
    with pytest.raises(DataError, match="tau; expected jet, large_jet"):
        DIPHOTON.type_slice("tau")
    with pytest.raises(DataError, match="mass; expected pt, eta, phi"):
        CMS_ADC.feature_index("mass")
