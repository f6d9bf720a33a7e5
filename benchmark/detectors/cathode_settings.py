"""Settings of CATHODE: of its flows, of its samples and of its classifiers."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, NonNegativeFloat, PositiveFloat, PositiveInt

from benchmark.detectors.flows.protocol import FlowSettings
from benchmark.probes.settings import BoostingSettings


class WeakSettings(BaseModel):
    """Settings of the classifier; the SAC paper gives a BDT and five folds, all else is assumed.

    Attributes:
        kind: "xgboost", or scikit-learn's "hist" (HistGradientBoosting).
        folds: Parts of the events; each is scored by trees that saw neither it nor, but for when
            to stop, the next one (stated: 5).
        trees: At most so many.
        boosting: Learning rate, depth, smallest leaf, patience. Chosen on a Gaussian toy whose
            best cut is known: deeper trees are further from it at both working points, larger
            leaves at the tight one. "hist" looks at the loss in every round and has no smallest
            weight of a leaf.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: Literal["xgboost", "hist"] = "xgboost"
    folds: PositiveInt = Field(default=5, ge=3)
    trees: PositiveInt = 200
    boosting: BoostingSettings = BoostingSettings(rate=0.1, depth=3, min_weight=10.0, every=5)


class CathodeSettings(BaseModel):
    """What CATHODE does with latents and masses (arXiv:2109.00546, as arXiv:2603.25794 uses it).

    Attributes:
        smearing: Each latent gets Gaussian noise of so many widths of the continuum (assumed:
            without it no flow learns the density of numbers that are whole or often zero; the
            classifier tells all of raw9's samples apart).
        flow: One flow (assumed, all; chosen by the likelihood of unseen sideband events, which
            also decides how much of the tails the samples hold: latents that are near a unit
            Gaussian for all processes together have rare background events beyond five widths of
            the bulk, which splines that end there cannot reach. The search then prefers signals
            where none was injected).
        oversampling: Samples for each expected event (assumed).
        masses: Where the samples' masses come from: "sideband", a fit to the sidebands, or
            "region", the signal region's own (assumed; the paper does not say which).
        mass_margin: The fit leaves out so many GeV at each end of the window (assumed): events are
            generated with masses in the window, so that at its ends the detector's resolution
            moves some out and none in. With the whole window the fit of the release expects 3 %
            too many in the region, with a chi2 of 345 for 17.
        resonant: "simulated" adds the Standard Model's Higgs events to the samples, as simulated
            and with their expected number; "none" does not (assumed). The sidebands hold none of
            them, so that without them the classifier would find the Higgs boson.
        weak: The classifier.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    smearing: NonNegativeFloat = Field(default=0.1, allow_inf_nan=False)
    flow: FlowSettings = FlowSettings(
        layers=8, bins=6, bound=8.0, learning_rate=3e-3, batch_size=512, epochs=20
    )
    oversampling: PositiveFloat = Field(default=4.0, allow_inf_nan=False)
    masses: Literal["sideband", "region"] = "sideband"
    mass_margin: NonNegativeFloat = Field(default=2.5, allow_inf_nan=False)
    resonant: Literal["simulated", "none"] = "simulated"
    weak: WeakSettings = WeakSettings()


class HuntSizes(BaseModel):
    """How often what is done; a profile chooses.

    Attributes:
        instances: Random instances of the data (stated: 10).
        flows: For each encoder; their samples are taken together (stated: 4).
        classifiers: For each encoder (stated: 4).
        ensembles: Random ensembles of two classifiers (stated: 10); all pairs where there are
            fewer.
        replicas: Bootstrap replicas of the test events (assumed).
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    instances: PositiveInt = 10
    flows: PositiveInt = 4
    classifiers: PositiveInt = 4
    ensembles: PositiveInt = 10
    replicas: int = Field(default=100, ge=20)
