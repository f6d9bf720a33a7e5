"""What the search does where there is nothing to find, as work for the farm.

Data without any signal are searched as all others are. Then nothing should tell them from the
samples, and a cut on the score should not carve a shape into the mass spectrum.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

import numpy as np
import pandas as pd
from scipy.stats import ks_2samp

from benchmark.code import own_digest
from benchmark.detectors.cathode_settings import HuntSizes
from benchmark.farm_spec import Spec
from benchmark.hunt.ensembles import ensembles, measure
from benchmark.hunt.portrait import portrait
from benchmark.hunt.rows import NONE, frame
from benchmark.hunt.sample import NONRESONANT, contents_of, opened
from benchmark.hunt.search import recorded, search
from benchmark.hunt.setup import Setup
from benchmark.hunt.template import SUFFIX, read_template
from benchmark.metrics import Measurement, evaluate, roc_curve
from benchmark.metrics.ranking import cut_at_background, rank
from benchmark.provenance import commit
from benchmark.pseudodata import draw
from benchmark.seeds import rng_for, seed_for

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from benchmark.hunt.ensembles import Key
    from benchmark.hunt.sample import Sample
    from benchmark.hunt.search import Scored
    from benchmark.pseudodata import Pool, PseudoData

PORTRAIT = "latent-1d"
TABLES = ("rows", "sculpting", PORTRAIT)
ROC_POINTS = 101
MASS_BINS = 22  # of 2.5 GeV
_TOO_FEW = 20
"""Events after a cut, below which a Kolmogorov test says nothing."""


def sculpting_spec(
    files: Sequence[Path],
    setup: Setup,
    sizes: HuntSizes,
    *,
    instance: int,
    templates: Sequence[Spec],
    sought: Sequence[str] = (),
    drawn: Sequence[str] = (),
    store: Path,
    label: str = "",
) -> Spec:
    """Return the work of searching one instance of data without signal.

    Args:
        files: Latents, one for each encoder.
        setup: The protocol.
        sizes: How many classifiers and replicas.
        instance: Number of the data.
        templates: Work that makes each encoder's samples.
        sought: Signals whose significance improvement is measured all the same: what the
            classifiers prefer without one in the data.
        drawn: Signals beside background and samples in histograms of the latents.
        store: Folder where that work leaves its results.
        label: For people.
    """
    arguments = {
        "latents": [contents_of(file) for file in files],
        "templates": [spec.key for spec in templates],
        "setup": setup.model_dump(mode="json"),
        "sizes": sizes.model_dump(mode="json", include={"classifiers", "ensembles", "replicas"}),
        "instance": instance,
        "sought": list(sought),
        "drawn": list(drawn),
        "code": own_digest("benchmark.hunt.sculpting"),
    }
    context = {"files": [str(file.absolute()) for file in files], "store": str(store.absolute())}
    name = f"{label}, no signal, instance {instance}"
    return Spec("benchmark.hunt.sculpting:write_sculpting", arguments, name, context)


def write_sculpting(
    path: Path,
    *,
    latents: list[str],
    templates: list[str],
    setup: dict[str, Any],
    sizes: dict[str, int],
    instance: int,
    sought: list[str],
    drawn: list[str],
    code: str,
    files: list[str],
    store: str,
) -> None:
    """Write result rows and points, but for whose they are, as JSON tables named `TABLES`."""
    del code  # part of the key
    made = _tables(
        dict(zip(files, latents, strict=True)),
        Setup.model_validate(setup),
        HuntSizes(**sizes),
        [Path(store) / f"{key}{SUFFIX}" for key in templates],
        instance=instance,
        sought=sought,
        shown=drawn,
    )
    name = commit()
    plain = {
        table: json.loads(found.assign(commit=name).to_json(orient="records", double_precision=15))
        for table, found in made.items()
    }
    path.write_text(json.dumps(plain), encoding="utf-8")


def read_sculpting(path: Path) -> dict[str, pd.DataFrame]:
    """Return the tables that `write_sculpting` wrote."""
    content = json.loads(path.read_text(encoding="utf-8"))
    return {table: pd.DataFrame(content[table]) for table in TABLES}


def _tables(
    files: dict[str, str],
    setup: Setup,
    sizes: HuntSizes,
    templates: list[Path],
    *,
    instance: int,
    sought: list[str],
    shown: list[str],
) -> dict[str, pd.DataFrame]:
    settings = setup.cathode
    sample = opened(files, setup)
    pool = sample.pool()
    drawn = draw(pool[0], luminosity=setup.luminosity, instance=instance, share=setup.share)
    generated = [read_template(path) for path in templates]
    sides = recorded(sample, drawn, pool, settings, generated=generated)
    events = _Events.of(sample, sought, drawn, pool[0])
    scored = search(
        sample,
        sides,
        events.rows,
        settings,
        classifiers=sizes.classifiers,
        name=instance,
    )
    rng = rng_for("hunt/sculpting", instance)
    mass = _Mass(sample, events.continuum, events.scores("continuum", scored), setup)
    measured = {("sculpting_auc", None): _auc(scored, sizes, rng), **mass.measured()}
    of_all = {NONE: measured, **_improvements(events, scored, setup, sizes, instance)}
    rows = pd.concat(
        frame(found, signal=name, strength=0.0, instance=instance)
        for name, found in of_all.items()
    )
    return {
        "rows": rows,
        "sculpting": pd.concat([_roc(scored), mass.points()]).assign(number=instance),
        PORTRAIT: portrait(sample, sides, shown).assign(number=instance),
    }


@dataclass(frozen=True, eq=False)
class _Events:
    """What is scored: the continuum of the window, and in the region background and signals.

    Attributes:
        groups: Rows of the sample, by name.
        weight: Of the background.
    """

    groups: dict[str, NDArray[np.intp]]
    weight: NDArray[np.float64]

    @classmethod
    def of(cls, sample: Sample, sought: list[str], drawn: PseudoData, pool: Pool) -> Self:
        judged = sample.judged
        background, weight = sample.weighted(judged, sample.yields, drawn, pool)
        inside = judged & sample.in_region
        signals = {name: np.flatnonzero(inside & sample.signal(name)) for name in sought}
        continuum = np.flatnonzero(judged & (sample.process == NONRESONANT))
        return cls({"continuum": continuum, "background": background, **signals}, weight)

    @property
    def rows(self) -> NDArray[np.intp]:
        """All of them, one group after the other."""
        return np.concatenate(list(self.groups.values()))

    @property
    def continuum(self) -> NDArray[np.intp]:
        return self.groups["continuum"]

    def scores(self, name: str, scored: Scored) -> NDArray[np.float64]:
        """Return (classifiers, k) of a group."""
        names = list(self.groups)
        start = sum(len(self.groups[other]) for other in names[: names.index(name)])
        return scored.events[:, start : start + len(self.groups[name])]


def _improvements(
    events: _Events, scored: Scored, setup: Setup, sizes: HuntSizes, instance: int
) -> dict[str, dict[Key, Measurement]]:
    """Return what `measure` gives of each signal that is sought, though none is in the data."""
    classifiers = len(scored.events)
    chosen = ensembles(classifiers, sizes.ensembles, rng=rng_for("hunt/ensembles", instance))
    return {
        name: measure(
            events.scores(name, scored),
            events.scores("background", scored),
            weight=events.weight,
            chosen=chosen,
            curve=setup.curve,
            working_points=setup.working_points,
            replicas=sizes.replicas,
            seed=seed_for("hunt/replicas", instance),
        )
        for name in list(events.groups)[2:]
    }


def _first_encoder(
    scored: Scored, encoder: int = 0
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Return the mean scores of data and background over an encoder's classifiers, and weights."""
    each = len(scored.data) // len(scored.background_weight)
    own = slice(encoder * each, (encoder + 1) * each)
    background = np.mean(scored.background[own], axis=0)
    return scored.data[own].mean(axis=0), background, scored.background_weight[encoder]


def _auc(scored: Scored, sizes: HuntSizes, rng: np.random.Generator) -> Measurement:
    """Return the mean over encoders; they share the data, so their errors are averaged too."""
    found = []
    for encoder in range(len(scored.background_weight)):
        data, background, weight = _first_encoder(scored, encoder)
        measured = evaluate(data, background, weight_bkg=weight, replicas=sizes.replicas, rng=rng)
        found.append(measured["auc"])
    numbers = np.array([(m.value, m.err_lo, m.err_hi) for m in found], dtype=np.float64)
    value, low, high = numbers.mean(axis=0).tolist()
    return Measurement(value, low, high, found[0].n_sig, found[0].n_bkg)


def _roc(scored: Scored) -> pd.DataFrame:
    """Return fractions of the recorded background against those of the samples, same cut."""
    data, background, weight = _first_encoder(scored)
    curve = roc_curve(data, background, weight_bkg=weight)
    x = np.linspace(0.0, 1.0, ROC_POINTS)
    y = np.interp(x, curve.background_efficiency, curve.signal_efficiency)
    return pd.DataFrame({"what": "roc", "at": None, "x": x, "x_high": None, "y": y, "error": None})


class _Mass:
    """m_gg of the continuum, all simulated events of the window, before and after cuts.

    Args:
        sample: Events.
        rows: Of the continuum.
        scores: Of these rows (classifiers, n).
        setup: The protocol.
    """

    def __init__(
        self,
        sample: Sample,
        rows: NDArray[np.intp],
        scores: NDArray[np.float64],
        setup: Setup,
    ) -> None:
        self._mass = sample.m_gg[rows].astype(np.float64)
        self._score = scores.mean(axis=0)
        self._window, self._points = setup.window, setup.working_points
        self._inside = sample.in_region[rows]

    def _passing(self, eps_b: float) -> NDArray[np.bool_]:
        """Return which events pass the cut that keeps a fraction of those in the region."""
        ranking = rank(np.zeros(0), self._score[self._inside])
        side = ranking.background
        cut = cut_at_background(ranking, side.efficiency(side.weight), np.array([eps_b]))
        last = side.order[min(int(cut.background_from[0]), len(side.order) - 1)]
        return np.asarray(self._score >= self._score[self._inside][last])

    def measured(self) -> dict[Key, Measurement]:
        """Return the Kolmogorov distance of events after a cut from the others, and its p."""
        found: dict[Key, Measurement] = {}
        for eps_b in self._points:
            passing = self._passing(eps_b)
            count = int(passing.sum())
            names = ("mass_sculpting", "mass_sculpting_p")
            if count < _TOO_FEW:
                reason = f"{count} events after the cut; at least {_TOO_FEW} needed"
                found |= {(name, eps_b): Measurement.null(reason, n_bkg=count) for name in names}
                continue
            test = ks_2samp(self._mass[passing], self._mass[~passing], method="asymp")
            for name, value in zip(names, (test.statistic, test.pvalue), strict=True):
                # Both are what they are for these events: a test has no error of its own.
                found[name, eps_b] = Measurement(float(value), 0.0, 0.0, 0, count)
        return found

    def points(self) -> pd.DataFrame:
        """Return histograms of unit area before and after each cut."""
        edges = np.linspace(*self._window, MASS_BINS + 1)
        width = edges[1] - edges[0]
        parts = []
        for at, chosen in [
            (None, np.ones(len(self._mass), dtype=np.bool_)),
            *((eps_b, self._passing(eps_b)) for eps_b in self._points),
        ]:
            counts = np.histogram(self._mass[chosen], edges)[0]
            area = counts.sum() * width
            parts.append(
                pd.DataFrame(
                    {
                        "what": "mass",
                        "at": at,
                        "x": edges[:-1],
                        "x_high": edges[1:],
                        "y": counts / area,
                        "error": np.sqrt(counts) / area,
                    }
                )
            )
        return pd.concat(parts)
