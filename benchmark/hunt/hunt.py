"""One search for one signal in one instance of the data, as work for the farm."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from benchmark.code import own_digest
from benchmark.detectors.cathode_settings import HuntSizes
from benchmark.farm_spec import Spec
from benchmark.hunt.ensembles import ensembles, measure
from benchmark.hunt.rows import frame
from benchmark.hunt.sample import contents_of, opened
from benchmark.hunt.search import labelled, recorded, search
from benchmark.hunt.setup import Setup
from benchmark.hunt.template import SUFFIX, read_template
from benchmark.provenance import commit
from benchmark.pseudodata import draw
from benchmark.seeds import rng_for, seed_for

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd

    from benchmark.hunt.search import Detector

_SIZES = ("classifiers", "ensembles", "replicas")


@dataclass(frozen=True, kw_only=True)
class Hunt:
    """What is sought where.

    Attributes:
        signal: "process" or "process/point".
        strength: S / sqrt(B) in the signal region; None of the supervised detector.
        instance: Number of the data; 0 of the supervised detector.
        detector: CATHODE, or a yardstick.
    """

    signal: str
    strength: float | None
    instance: int
    detector: Detector = "cathode"


def hunt_spec(
    hunt: Hunt,
    files: Sequence[Path],
    setup: Setup,
    sizes: HuntSizes,
    *,
    templates: Sequence[Spec] = (),
    store: Path,
    label: str = "",
) -> Spec:
    """Return the work of a search with all encoders of an embedding and regime.

    Args:
        hunt: What.
        files: Latents, one for each encoder.
        setup: The protocol.
        sizes: How many classifiers, ensembles and replicas.
        templates: Work that makes each encoder's samples; none for the yardsticks.
        store: Folder where that work leaves its results.
        label: For people.
    """
    arguments = {
        "hunt": vars(hunt),
        "latents": [contents_of(file) for file in files],
        "templates": [spec.key for spec in templates],
        "setup": setup.model_dump(mode="json"),
        "sizes": sizes.model_dump(mode="json", include=set(_SIZES)),
        "code": own_digest("benchmark.hunt.hunt"),
    }
    context = {"files": [str(file.absolute()) for file in files], "store": str(store.absolute())}
    what = "" if hunt.strength is None else f" at {hunt.strength:g}, instance {hunt.instance}"
    name = f"{label}, {hunt.detector}, {hunt.signal}{what}"
    return Spec("benchmark.hunt.hunt:write_hunt", arguments, name, context)


def write_hunt(
    path: Path,
    *,
    hunt: dict[str, Any],
    latents: list[str],
    templates: list[str],
    setup: dict[str, Any],
    sizes: dict[str, int],
    code: str,
    files: list[str],
    store: str,
) -> None:
    """Write the result rows of a search, but for whose latents they are of."""
    del code  # part of the key
    found = _rows(
        Hunt(**hunt),
        dict(zip(files, latents, strict=True)),
        Setup.model_validate(setup),
        HuntSizes(**sizes),
        [Path(store) / f"{key}{SUFFIX}" for key in templates],
    )
    found.assign(commit=commit()).to_parquet(path, index=False)


def _rows(
    hunt: Hunt, files: dict[str, str], setup: Setup, sizes: HuntSizes, templates: list[Path]
) -> pd.DataFrame:
    settings, supervised = setup.cathode, hunt.detector == "supervised"
    sample = opened(files, setup)
    pool = sample.pool()
    drawn = draw(
        pool[0],
        luminosity=setup.luminosity,
        instance=hunt.instance,
        signal=hunt.signal,
        strength=hunt.strength or 0.0,
        share=setup.share,
    )
    if supervised:
        sides = labelled(sample, hunt.signal, drawn, pool[0])
    else:
        generated = [read_template(path) for path in templates]
        sides = recorded(sample, drawn, pool, settings, generated=generated)
    judged = sample.judged
    background, weight = sample.weighted(judged, sample.yields, drawn, pool[0])
    signal = np.flatnonzero(judged & sample.in_region & sample.signal(hunt.signal))
    scored = search(
        sample,
        sides,
        np.concatenate((background, signal)),
        settings,
        classifiers=sizes.classifiers,
        name=hunt.instance,
    )
    measured = measure(
        scored.events[:, len(background) :],
        scored.events[:, : len(background)],
        weight=weight,
        chosen=ensembles(
            len(scored.events), sizes.ensembles, rng=rng_for("hunt/ensembles", hunt.instance)
        ),
        curve=setup.curve,
        working_points=setup.working_points,
        replicas=sizes.replicas,
        seed=seed_for("hunt/replicas", hunt.instance),
    )
    return frame(measured, signal=hunt.signal, strength=hunt.strength, instance=hunt.instance)
