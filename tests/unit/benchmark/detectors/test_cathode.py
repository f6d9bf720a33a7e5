"""CATHODE's samples: how many, at which masses, from what, and what is refused."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from benchmark.detectors.cathode import MIN_REGION, Generated, generate
from benchmark.detectors.cathode_settings import CathodeSettings
from benchmark.detectors.mass_fit import MassFit
from benchmark.errors import DataError
from benchmark.tasks.diphoton import DIPHOTON

if TYPE_CHECKING:
    from numpy.typing import NDArray

WINDOW, REGION = (105.0, 160.0), (120.0, 130.0)
FAST = {"layers": 2, "hidden": (8,), "epochs": 3, "batch_size": 128, "learning_rate": 3e-3}
N = 3000


def events(n: int = N, seed: int = 1) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Two latents: the mass in widths of 10 GeV, nearly, and noise."""
    rng = np.random.default_rng(seed)
    mass = rng.uniform(*WINDOW, n)
    x = np.column_stack(((mass - 125) / 10 + 0.1 * rng.normal(size=n), rng.normal(size=n)))
    return x.astype(np.float32), mass.astype(np.float32)


def made(seed: int = 1, **settings: Any) -> Generated:
    chosen = CathodeSettings.model_validate({"flow": FAST, **settings})
    options: dict[str, Any] = {"window": WINDOW, "region": REGION, "seed": seed, "device": "cpu"}
    return generate(*events(), chosen, flows=3, **options)


def test_numbers_follow_the_sideband_fit() -> None:
    found, mass = made(), events()[1]
    margin = CathodeSettings().mass_margin
    inner = (WINDOW[0] + margin, WINDOW[1] - margin)
    assert found.expected == MassFit.fit(mass, window=inner, region=REGION).expected()
    assert found.latents.shape == (round(4 * found.expected), 2)
    assert found.latents.dtype == np.float32
    assert len(found.losses) == len(found.epochs) == 3
    assert len(set(found.losses)) == 3, "each flow is another"
    assert len(made(oversampling=0.5).latents) == round(0.5 * found.expected)


def test_the_seed_fixes_all() -> None:
    np.testing.assert_array_equal(made().latents, made().latents)
    assert not np.array_equal(made().latents, made(seed=2).latents)


def test_samples_interpolate_into_the_region() -> None:
    """The flow never saw a latent between -0.5 and 0.5, but for the tails of neighbours."""
    flow = {**FAST, "epochs": 30}
    first = made(flow=flow).latents[:, 0]
    # A twelfth of a width of 10 GeV, squared, and the noise: 0.3; the mean of the region is 0.
    assert abs(float(first.mean())) < 0.15
    assert float(first.std()) < 0.6


@pytest.mark.parametrize("masses", ["sideband", "region"])
def test_masses_are_of_the_fit_or_of_the_data(
    masses: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What the flows are asked for, seen at the flow."""
    from benchmark.detectors.flows.bulk import SplineFlow

    asked: list[NDArray[Any]] = []
    plain = SplineFlow.sample

    def seen(self: SplineFlow, mass: NDArray[Any], *, rng: np.random.Generator) -> Any:
        asked.append(mass)
        return plain(self, mass, rng=rng)

    monkeypatch.setattr(SplineFlow, "sample", seen)
    found = made(masses=masses)
    assert sum(map(len, asked)) == len(found.latents)
    assert max(map(len, asked)) - min(map(len, asked)) <= 1
    drawn = np.concatenate(asked)
    assert ((drawn >= REGION[0]) & (drawn < REGION[1])).all()
    _, mass = events()
    recorded = mass[(mass >= REGION[0]) & (mass < REGION[1])]
    assert np.isin(drawn, recorded).all() == (masses == "region")


def test_latents_of_the_region_are_not_seen() -> None:
    """But for their number: moved latents there change no sample."""
    x, mass = events()
    inside = (mass >= REGION[0]) & (mass < REGION[1])
    moved = np.where(inside[:, None], np.float32(50.0), x)
    options: dict[str, Any] = {"window": WINDOW, "region": REGION, "seed": 1, "device": "cpu"}
    settings = CathodeSettings.model_validate({"flow": FAST})
    first = generate(x, mass, settings, flows=1, **options)
    again = generate(moved, mass, settings, flows=1, **options)
    np.testing.assert_array_equal(first.latents, again.latents)


def test_bad_input() -> None:
    x, mass = events()
    inside = (mass >= REGION[0]) & (mass < REGION[1])
    settings = CathodeSettings.model_validate({"flow": FAST})

    def refused(said: str, rows: NDArray[Any], latents: Any = x, **changes: Any) -> None:
        options: dict[str, Any] = {"window": WINDOW, "region": REGION, **changes}
        with pytest.raises(DataError, match=said):
            generate(latents[rows], mass[rows], settings, flows=2, seed=1, **options)

    every = np.ones(N, dtype=np.bool_)
    refused("inside the window", every, region=(150.0, 170.0))
    refused("too few events in the sidebands", mass < REGION[1])
    few = ~inside | (np.cumsum(inside) < MIN_REGION)
    refused(f"too few events in the signal region.*found {MIN_REGION - 1}", few)
    constant = np.column_stack((x[:, 0], np.where(inside, x[:, 1], 2.0))).astype(np.float32)
    refused("latent dimension 1 is constant", every, constant)


def test_the_tasks_flow_reaches_rare_events_far_from_the_bulk() -> None:
    """One event in 50 lies seven widths off; a flow whose splines end at five gives half of them.

    Of 6,000 events, 120 are there: the share is known to a tenth, four of these are allowed.
    """
    settings = CathodeSettings.model_validate(DIPHOTON.hunt.detector.settings)
    rng = np.random.default_rng(5)
    n, rare = 6000, 120
    latents = rng.normal(size=(n, 2)).astype(np.float32)
    latents[:rare, 0] += 9.0
    mass = rng.uniform(*WINDOW, n)
    rng.shuffle(latents)
    found = generate(
        latents, mass, settings, window=WINDOW, region=REGION, flows=1, seed=1, device="cpu"
    )
    share = float((found.latents[:, 0] > 5.5).mean())
    assert share == pytest.approx(rare / n, rel=0.4)
