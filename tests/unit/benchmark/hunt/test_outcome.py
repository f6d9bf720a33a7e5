"""What searches give together: strengths of discovery, facts, and checks before any work."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pytest

from benchmark.errors import DataError, DiademError
from benchmark.farm_spec import Spec
from benchmark.hunt.outcome import DISCOVERY, SIC, SPREAD, checked, facts, gathered
from benchmark.hunt.plan import Plan, cells
from benchmark.hunt.profile import HuntProfile
from benchmark.hunt.rows import Piece
from benchmark.hunt.setup import Setup
from benchmark.metrics import Measurement
from tests.hunt_latents import RATES, hunt_latents, put
from tests.latents import made_up_facts

if TYPE_CHECKING:
    from pathlib import Path

    from benchmark.hunt.plan import Cell

SETUP = Setup.of_task(RATES)
PROFILE = HuntProfile(
    instances=2,
    flows=3,
    classifiers=4,
    ensembles=5,
    replicas=20,
    signals=("zprime/400",),
    strengths=(1.0, 2.0),
    embeddings={"signal_aware": ()},
)
STRENGTHS = (1.0, 2.0, 4.0)
# SIC of two instances at each strength, its spread over ensembles, and its error of test events.
VALUES = {1.0: (1.0, 1.4), 2.0: (2.0, 2.2), 4.0: (2.5, 2.1)}
SPREADS = {1.0: 0.1, 2.0: 0.2, 4.0: 0.3}
ERRORS = {1.0: (0.1, 0.3), 2.0: (0.2, 0.2), 4.0: (0.1, 0.1)}


def row(metric: str, strength: float | None, instance: int, found: Measurement) -> dict[str, Any]:
    return {
        "signal": "zprime/400",
        "strength": strength,
        "detector_seed": instance,
        "metric": metric,
        "at": 0.01,
        **vars(found),
    }


def piece(**facts: Any) -> Piece:
    return Piece(
        spec=Spec("a:f", {}),
        facts=made_up_facts(regime="id", **facts),
        named=(("detector", "cathode"),),
    )


PLAN = Plan(templates=(), hunts=(piece(),), sculpting=(piece(),))


def test_each_result_gets_the_names_of_its_own(tmp_path: Path) -> None:
    """Of two that share a file, and of one between them."""
    one, two = tmp_path / "one.parquet", tmp_path / "two.parquet"
    rows_of().to_parquet(one, index=False)
    rows_of()[:3].to_parquet(two, index=False)
    named = [piece(embedding=name, n_train=n) for name, n in (("a", 1), ("b", 2), ("c", 3))]
    plan = replace(PLAN, hunts=tuple(named))
    made = gathered(plan, [one, two, one], [_sculpting(tmp_path)])["rows"]
    made = made[made["metric"] != DISCOVERY]
    counts = made.groupby(["embedding", "n_train", "variant"], sort=True).size()
    whole = len(rows_of())
    assert counts.to_dict() == {
        (name, n, "detector=cathode"): count
        for name, n, count in (("a", 1, whole), ("b", 2, 3), ("c", 3, whole))
    }
    for name in "ac":
        values = made.loc[made["embedding"] == name, "value"]
        np.testing.assert_array_equal(values, rows_of()["value"])


def rows_of(**null: str) -> pd.DataFrame:
    """One cell; `null` gives reasons of first instances without a value, as `s2="..."`."""
    found = []
    for strength in STRENGTHS:
        low, high = ERRORS[strength]
        for instance, value in enumerate(VALUES[strength]):
            reason = null.get(f"s{strength:g}", "") if not instance else ""
            sic = Measurement(value, low, high, 30, 20)
            spread = Measurement(SPREADS[strength], 0.05, 0.05, 30, 20)
            if reason:
                sic = spread = Measurement.null(reason, n_sig=30, n_bkg=20)
            found.append(row(SIC, strength, instance, sic))
            found.append(row(SPREAD, strength, instance, spread))
    found.append(row(SIC, None, 0, Measurement(4.0, 0.1, 0.1, 30, 20)))
    return pd.DataFrame(found)


def discovered(rows: pd.DataFrame, tmp_path: Path) -> dict[str, Any]:
    """The one row that `gathered` adds to rows in a file."""
    path = tmp_path / "hunt.parquet"
    rows.to_parquet(path, index=False)
    tables = gathered(PLAN, [path], [_sculpting(tmp_path)])
    assert tables["latent-1d"]["number"].tolist() == [0], "one instance is enough for a picture"
    made = tables["rows"]
    found = made[made["metric"] == DISCOVERY]
    assert len(found) == 1, "none for what has no strength"
    return {str(name): value for name, value in found.iloc[0].items()}


def _sculpting(folder: Path) -> Path:
    path = folder / "sculpting.json"
    path.write_text(
        '{"rows": [], "sculpting": [{"x": 1}], "latent-1d": [{"number": 0}, {"number": 1}]}'
    )
    return path


def slow_errors() -> list[float]:
    """Of each strength: instances, ensembles and test events in quadrature."""
    found = []
    for strength in STRENGTHS:
        first, second = VALUES[strength]
        over = abs(first - second) / math.sqrt(2)  # of two numbers
        test = sum(ERRORS[strength]) / 2
        found.append(math.sqrt(over**2 + SPREADS[strength] ** 2 + test**2))
    return found


def crossing(y: list[float]) -> float:
    """Walk along the polygon in small steps."""
    grid = np.linspace(1, 4, 300_001)
    return float(grid[np.argmax(np.interp(grid, STRENGTHS, y) >= 5)])


def test_a_strength_of_discovery_is_the_slow_one(tmp_path: Path) -> None:
    found = discovered(rows_of(), tmp_path)
    mean = [sum(VALUES[s]) / 2 for s in STRENGTHS]
    error = slow_errors()
    value, early, late = (
        crossing([s * (m + k * e) for s, m, e in zip(STRENGTHS, mean, error, strict=True)])
        for k in (0, 1, -1)
    )
    step = 2e-5  # of the walk
    assert found["value"] == pytest.approx(value, abs=step)
    assert found["err_lo"] == pytest.approx(value - early, abs=2 * step)
    assert found["err_hi"] == pytest.approx(late - value, abs=2 * step)
    assert (found["detector_seed"], found["at"], found["n_sig"]) == (0, 0.01, 30)
    assert found["variant"] == "detector=cathode"
    assert pd.isna(found["strength"])


def test_an_instance_without_a_value_takes_its_strength_out(tmp_path: Path) -> None:
    """The mean of the others would be of other data than at the strengths beside it."""
    found = discovered(rows_of(s2="too few"), tmp_path)
    # From 1.2 at 1 to 9.2 at 4.
    assert found["value"] == pytest.approx(1 + 3 * (5 - 1.2) / (9.2 - 1.2))
    last = discovered(rows_of(s4="too few"), tmp_path)
    assert pd.isna(last["value"])
    assert last["reason"].startswith("not reached up to 2, no significance improvement above")


def test_a_result_that_cannot_be_read(tmp_path: Path) -> None:
    good = tmp_path / "good.parquet"
    rows_of().to_parquet(good, index=False)
    for name, text in (("bad.parquet", "nothing"), ("bad.json", "{"), ("less.json", "{}")):
        path = tmp_path / name
        path.write_text(text)
        hunts, sculpting = ([path], []) if path.suffix == ".parquet" else ([good], [path])
        with pytest.raises(DiademError, match=f"{name}: a finished search cannot be read"):
            gathered(PLAN, hunts, sculpting)
    lacking = tmp_path / "lacking.parquet"
    rows_of().drop(columns="value").to_parquet(lacking, index=False)
    with pytest.raises(DiademError, match="no column value"):
        gathered(PLAN, [lacking], [_sculpting(tmp_path)])


@pytest.fixture(scope="module")
def chosen(tmp_path_factory: pytest.TempPathFactory) -> list[Cell]:
    file = put(tmp_path_factory.mktemp("latents") / "first.parquet", hunt_latents())
    return cells([file], PROFILE)


def test_facts_for_captions(chosen: list[Cell]) -> None:
    drawn = checked(chosen, SETUP, PROFILE)
    found = facts(drawn, chosen, SETUP, PROFILE)
    # Half of 6000 recordable events at 500 for 1/fb.
    assert found["luminosity"] == 6.0
    assert found["luminosity_asked"] == 140.0
    assert found["note"] == drawn.note != ""
    assert found["expected_background"] == round(drawn.expected_background)
    assert (found["flows"], found["classifiers"], found["encoders"]) == (3, 4, 1)
    assert found["ensembles"] == 5
    many = facts(drawn, chosen, SETUP, PROFILE.model_copy(update={"ensembles": 10}))
    assert many["ensembles"] == 6, "all pairs of four"
    assert found["masses"] == "a fit to the sidebands"


def test_what_is_looked_at_before_the_work(chosen: list[Cell]) -> None:
    def refused(said: str, setup: Setup = SETUP, **changes: Any) -> None:
        with pytest.raises(DataError, match=said):
            checked(chosen, setup, PROFILE.model_copy(update=changes))

    refused("more signal events needed than there are", strengths=(1.0, 60.0))
    refused("no such signal", signals=("zprime/9",))
    refused("more signal events needed", sharing=("stop/1000_400_0p5",))
    beyond = SETUP.model_copy(update={"region": (150.0, 170.0)})
    refused("must lie inside the masses", beyond)
    narrow = SETUP.model_copy(update={"window": (121.0, 160.0)})
    refused("must lie inside the window", narrow)
    little = SETUP.model_copy(update={"luminosity": 1.0})
    refused("too few events in the signal region", little, strengths=(0.5,))
