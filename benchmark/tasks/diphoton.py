"""The diphoton task: which embedding makes new physics with H -> gamma gamma easier to find.

Embeddings learn from the task's events (`diphoton_events`); here is what comes after them.
"""

from __future__ import annotations

from benchmark.tasks.diphoton_events import EVENTS, DiphotonEvents
from benchmark.tasks.spec import DetectorSpec, HuntSpec, PrimaryPoint


class DiphotonSpec(DiphotonEvents):
    """All that defines what a number of the task means.

    Attributes:
        hunt: How signals are sought in the pseudo-data half.
    """

    hunt: HuntSpec


DIPHOTON = DiphotonSpec(
    **EVENTS.model_dump(exclude={"version"}),
    version=4,
    hunt=HuntSpec(
        luminosity=140.0,
        share=0.5,
        injections=(
            *("chargino_neutralino/200", "x_to_sh/500_100", "rpv_stop/500_300"),
            *("rpv_neutralino/350_200", "sbottom/500_180_50", "zprime/400"),
            *("fcnc_top/c", "fcnc_top/u", "stop/1000_400_0p5"),
        ),
        strengths=(0.25, 0.5, 1.0, 1.5, 2.0, 3.0, 4.0, 5.0),
        working_points=(0.001, 0.01),
        curve=(0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5),
        primary=PrimaryPoint(at=0.01, strength=2.0),
        detector=DetectorSpec(
            name="cathode",
            # In full: a default elsewhere that changes does not change the task.
            settings={
                "smearing": 0.1,
                "flow": {
                    "layers": 8,
                    "hidden": [32, 32],
                    "bins": 6,
                    "bound": 8.0,
                    "learning_rate": 0.003,
                    "batch_size": 512,
                    "epochs": 20,
                    "patience": 10,
                    "held_out": 0.2,
                    "clip_norm": 5.0,
                },
                "oversampling": 4.0,
                "masses": "sideband",
                "mass_margin": 2.5,
                "resonant": "simulated",
                "weak": {
                    "kind": "xgboost",
                    "folds": 5,
                    "trees": 200,
                    "boosting": {
                        "rate": 0.1,
                        "depth": 3,
                        "min_weight": 10.0,
                        "patience": 10,
                        "every": 5,
                    },
                },
            },
        ),
    ),
)
