"""Made-up results of the search on the diphoton task's latents, in the shape that it writes."""

from __future__ import annotations

import json
import math
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from benchmark.hunt.sensitivity import discovery_strength
from benchmark.results import COLUMNS, write_rows
from tests.diphoton_rows import DIMENSIONS, ORIGIN

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from numpy.typing import NDArray

    from benchmark.metrics import Measurement

Row = dict[str, Any]
SIGNALS = (
    *("chargino_neutralino/200", "x_to_sh/500_100", "zprime/400", "rpv_neutralino/350_200"),
    *("stop/1000_400_0p5", "fcnc_top/u"),
)
# The largest SIC at the loose point; the last one is hidden in the background.
BEST = dict(zip(SIGNALS, (5.0, 6.0, 7.0, 3.0, 6.5, 0.6), strict=True))
STRENGTHS = (0.5, 1.0, 2.0, 3.0, 4.0, 5.0)
POINTS = {0.001: 1.6, 0.01: 1.0}  # working points, and how much better the SIC is there
ROC = (0.01, 0.1, 1.0)
EP = tuple(f"ep:{name.partition('/')[0]}" for name in SIGNALS)
# Embedding, regime, detector, and how good it is beside the best.
SEARCHES = (
    ("signal_aware", "id", "cathode", 0.9),
    ("signal_aware", "id", "idealised", 1.0),
    ("signal_aware", "id", "supervised", 1.1),
    ("signal_aware", "ip:zprime/400", "cathode", 0.85),
    ("signal_aware", "ip:chargino_neutralino/200", "cathode", 0.85),
    *(("signal_aware", regime, "cathode", 0.5) for regime in EP),
    ("signal_aware", "background", "cathode", 0.3),
    ("haxad_vae", "background", "cathode", 0.6),
    ("raw9", "background", "cathode", 0.55),
)
SETTINGS = {
    "luminosity": 14.9,
    "luminosity_asked": 140,
    "expected_background": 6603,
    "instances": 3,
    "encoders": 1,
    "flows": 4,
    "classifiers": 4,
    "ensembles": 6,
    "oversampling": 4,
    "masses": "a fit to the sidebands",
    "resonant": "simulated",
    "smearing": 0.1,
    "strengths": list(STRENGTHS),
    "signals": list(SIGNALS),
    "note": "",
}
N_SIG, N_BKG = 2500, 21000


def hunt_rows(*, instances: int = 3, seed: int = 5) -> pd.DataFrame:
    """Rows of every search, signal and strength."""
    rng = np.random.default_rng(seed)
    rows: list[Row] = []
    for embedding, regime, detector, quality in SEARCHES:
        first: Row = {
            "embedding": embedding,
            "regime": regime,
            "variant": f"detector={detector}",
        }
        found = [
            row for name in SIGNALS for row in _search(name, detector, quality, instances, rng)
        ]
        if detector == "cathode":
            found += _sculpting(instances, rng)
        rows += [{**first, **row} for row in found]
    rows += [both for row in rows if _shared_flows(row) for both in _own_flows(row, rng)]
    fixed: Row = {**ORIGIN, "embedding_seed": 0, "n_train": 90000}
    return pd.DataFrame(rows).assign(**fixed)[list(COLUMNS)]


def _shared_flows(row: Row) -> bool:
    wanted = ("signal_aware", "id", "detector=cathode", "zprime/400", max(STRENGTHS))
    found = tuple(row[name] for name in ("embedding", "regime", "variant", "signal", "strength"))
    return found == wanted and row["metric"] == "significance_improvement_at_background"


def _own_flows(row: Row, rng: np.random.Generator) -> tuple[Row, Row]:
    """Return the same search as part of a study, and with flows of the injection's own."""
    value = row["value"] * rng.normal(0.97, 0.02)
    shared = {**row, "variant": "detector=cathode;flows=instance"}
    return shared, {**row, "variant": "detector=cathode;flows=injection", "value": value}


def _search(
    signal: str, detector: str, quality: float, instances: int, rng: np.random.Generator
) -> Iterator[Row]:
    strengths = (math.nan,) if detector == "supervised" else STRENGTHS
    for at, better in POINTS.items():
        rises = (1.0,) if detector == "supervised" else tuple(1 - math.exp(-s) for s in strengths)
        mean = better * quality * BEST[signal] * np.array(rises)
        each = mean * rng.normal(1, 0.08, (instances, len(mean))).clip(0.5)
        first: Row = {"signal": signal, "at": at}
        for number in range(instances):
            for strength, sic in zip(strengths, each[number], strict=True):
                carried = {"n_sig": round(sic * at**0.5 * N_SIG), "n_bkg": round(at * N_BKG)}
                row = {**first, "strength": strength, "detector_seed": number, **carried}
                metric = "significance_improvement_at_background"
                yield {**row, **_value(metric, sic, sic / carried["n_bkg"] ** 0.5 / 2)}
                if detector == "cathode":
                    yield {**row, **_value("ensemble_spread", 0.1 * sic, 0.02 * sic)}
        if detector == "supervised":
            continue
        found = discovery_strength(
            strengths, each.mean(axis=0), each.std(axis=0, ddof=min(1, instances - 1))
        )
        yield {**first, "strength": math.nan, "detector_seed": 0, **_measured(found)}
    for number in range(instances):
        for strength in strengths:
            row = {"signal": signal, "strength": strength, "detector_seed": number}
            yield {
                **row,
                "at": math.nan,
                "n_sig": N_SIG,
                "n_bkg": N_BKG,
                **_value("auc", 0.8, 0.01),
            }
            for at in ROC:
                eps = {"at": at, "n_sig": 100, "n_bkg": round(at * N_BKG)}
                yield {**row, **eps, **_value("signal_efficiency", min(1.0, 3 * at**0.5), 0.01)}


def _sculpting(instances: int, rng: np.random.Generator) -> Iterator[Row]:
    for number in range(instances):
        row: Row = {"signal": "none", "strength": 0.0, "detector_seed": number}
        row |= {"n_sig": 0, "n_bkg": 6600}
        yield {**row, "at": math.nan, **_value("sculpting_auc", rng.normal(0.504, 0.003), 0.004)}
        for at in POINTS:
            yield {**row, "at": at, **_value("mass_sculpting", rng.uniform(0.05, 0.2), 0.02)}
            yield {**row, "at": at, **_value("mass_sculpting_p", rng.uniform(0, 1), 0.0)}


def _value(metric: str, value: float, error: float) -> Row:
    return {"metric": metric, "value": value, "err_lo": error, "err_hi": error, "reason": ""}


def _measured(found: Measurement) -> Row:
    return {
        "metric": "discovery_strength",
        "value": found.value,
        "err_lo": found.err_lo,
        "err_hi": found.err_hi,
        "n_sig": 100,
        "n_bkg": 20,
        "reason": found.reason,
    }


def sculpting_points(*, instances: int = 3, seed: int = 6) -> pd.DataFrame:
    """ROC of generated against true background, and the mass before and after cuts."""
    rng = np.random.default_rng(seed)
    parts = []
    for embedding, regime, detector, _ in SEARCHES:
        if detector != "cathode":
            continue
        for number in range(instances):
            where: Row = {"embedding": embedding, "regime": regime, "number": number}
            x = np.sort(np.concatenate([[0, 1], rng.uniform(0, 1, 98)]))
            y = x ** rng.normal(0.99, 0.01)
            parts.append(pd.DataFrame({"x": x, "y": y}).assign(what="roc", **where))
            parts += [_mass(at, rng).assign(**where) for at in (math.nan, *POINTS)]
    found = pd.concat(parts, ignore_index=True)
    return found.assign(variant="detector=cathode", **ORIGIN)


def _mass(at: float, rng: np.random.Generator) -> pd.DataFrame:
    edges = np.linspace(105, 160, 23)
    n = 20000 if math.isnan(at) else round(at * 20000)
    masses = 105 - 25 * np.log1p(-rng.uniform(0, 1 - math.exp(-55 / 25), n))
    counts = np.histogram(masses, edges)[0]
    scale = 1 / n / np.diff(edges)
    return pd.DataFrame(
        {
            "what": "mass",
            "at": at,
            "x": edges[:-1],
            "x_high": edges[1:],
            "y": counts * scale,
            "error": counts**0.5 * scale,
        }
    )


def latent_points(*, instances: int = 2, bins: int = 24, seed: int = 7) -> pd.DataFrame:
    """Histograms of each dimension: data, samples of the flow, and a signal."""
    rng = np.random.default_rng(seed)
    edges = np.linspace(-4, 4, bins + 1)
    counts = {"data": 6603, "generated": 26412, "chargino_neutralino/200": 600}
    parts = []
    for number in range(instances):
        for what, n in counts.items():
            for k in range(1, DIMENSIONS + 1):
                shift = 0.0 if what in ("data", "generated") else (-1) ** k * 1.3
                part = _bars(rng.normal(shift, 1, n), edges)
                where: Row = {"what": what, "dimension": k, "number": number}
                parts.append(part.assign(**where))
    found = pd.concat(parts, ignore_index=True)
    return found.assign(
        embedding="signal_aware", regime="id", variant="detector=cathode", **ORIGIN
    )


def _bars(values: NDArray[np.float64], edges: NDArray[np.float64]) -> pd.DataFrame:
    events = np.histogram(values, edges)[0]
    scale = 1 / len(values) / np.diff(edges)
    made = {"low": edges[:-1], "high": edges[1:], "events": events}
    return pd.DataFrame(made).assign(density=events * scale, error=events**0.5 * scale)


def write_hunt(folder: Path) -> None:
    """Write all results of a search below the folder of a task, as the search does."""
    write_rows(hunt_rows(), folder / "rows" / "hunt.csv")
    (folder / "rows" / "hunt.json").write_text(json.dumps(SETTINGS), encoding="utf-8")
    (folder / "points").mkdir(parents=True, exist_ok=True)
    sculpting_points().to_csv(folder / "points" / "sculpting.csv", index=False)
    latent_points().to_csv(folder / "points" / "latent-1d.csv", index=False)
