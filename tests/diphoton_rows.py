"""Made-up results of the diphoton task, in the shape that its probes give."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from baselines.method_card import defaults
from benchmark.results import COLUMNS, write_rows
from benchmark.tasks.diphoton import DIPHOTON
from benchmark.tasks.diphoton_events import diphoton_card

if TYPE_CHECKING:
    from pathlib import Path

CLASSES, DIMENSIONS = DIPHOTON.classes, 6
PROCESSES = (*DIPHOTON.backgrounds, *DIPHOTON.signals)
REGIMES = ("id", "ip:zprime/400", "ep:stop", "background")
ORIGIN = {
    "task": "diphoton",
    "task_digest": "0123456789ab",
    "release": "v1",
    "profile": "quick",
    "commit": "abc1234",
}
# Embedding, regime, probes, and the mean diagonal that they have.
CONTESTANTS = (
    *(("signal_aware", regime, ("bdt", "linear"), 0.6) for regime in REGIMES),
    ("supervised", "id", ("own",), 0.65),
    ("haxad_vae", "background", ("bdt", "linear"), 0.4),
    ("raw9", "background", ("bdt", "linear"), 0.55),
    ("random", "background", ("bdt", "linear"), 0.45),
    ("anomclr_plus_diphoton", "background", ("bdt", "linear"), 0.42),
)
N_TEST = 800
CARD = defaults("signal_aware")
# Around the values of the method card, which are among them.
SETTINGS = tuple(
    (beta, temperature)
    for beta in sorted({CARD["beta"], CARD["beta_background"], 100 * CARD["beta"]})
    for temperature in (CARD["temperature"], 2 * CARD["temperature"])
)


def probe_rows(*, trainings: int = 1, seed: int = 1) -> pd.DataFrame:
    """Rows of every embedding and regime: confusion, m_gg and closeness to a Gaussian."""
    rng = np.random.default_rng(seed)
    rows: list[dict[str, object]] = []
    for embedding, regime, probes, diagonal in CONTESTANTS:
        for number in range(trainings):
            first = {"embedding": embedding, "regime": regime, "embedding_seed": number}
            found = [row for probe in probes for row in _confusion(probe, diagonal, rng)]
            found += _mass(rng)
            if embedding != "supervised":
                found += _gaussian(rng)
            rows += [{**first, **row} for row in found]
    return _frame(rows)


def tuning_rows(seed: int = 2) -> pd.DataFrame:
    """Rows of the scan of hyper-parameters, on the validation part."""
    rng = np.random.default_rng(seed)
    rows: list[dict[str, object]] = []
    for beta, temperature in SETTINGS:
        own = f"beta={beta};learning_rate={CARD['learning_rate']}"
        linear = f"{own};probe=linear;temperature={temperature}"
        for regime in ("id", "background"):
            found = [
                {**_row("all", "mean_diagonal", rng.uniform(0.5, 0.6), 0.005), "variant": linear}
            ]
            plain = f"{own};temperature={temperature}"
            learned = _row("continuum", "flow_auc", rng.uniform(0.5, 0.54), 0.005)
            found.append({**learned, "variant": plain})
            for process in PROCESSES:
                kl = _row(process, "latent_kl", 0.01 / beta, 0.01)
                ks = [
                    _row(process, f"latent_kolmogorov:{k}", rng.uniform(0.02, 0.2), 0.01)
                    for k in range(1, DIMENSIONS + 1)
                ]
                found += [{**row, "variant": plain} for row in (kl, *ks)]
            rows += [{"embedding": "signal_aware", "regime": regime, **row} for row in found]
    return _frame(rows)


def tsne_points(per_process: int = 60, seed: int = 3) -> pd.DataFrame:
    """Clusters of points, in the three regimes that the paper shows."""
    rng = np.random.default_rng(seed)
    points = {p.name: [q.name for q in p.points] for p in diphoton_card().processes}
    parts = []
    for regime in ("id", "ip:zprime/400", "background"):
        for k, (process, names) in enumerate(points.items()):
            centre = 30 * np.array([np.cos(k), np.sin(2 * k)])
            place = rng.normal(centre, 5, (per_process, 2))
            part = pd.DataFrame(place, columns=["x", "y"]).assign(
                embedding="signal_aware", variant="", number=0, regime=regime, process=process
            )
            part["point"] = [names[j % len(names)] for j in range(per_process)]
            held = (process == "zprime") & (part["point"] == "400") if "ip" in regime else False
            held = held | (regime == "background" and process in DIPHOTON.signals)
            parts.append(part.assign(held_out=np.asarray(held, dtype=int)))
    return pd.concat(parts, ignore_index=True).assign(**ORIGIN)


def write_diphoton(folder: Path) -> None:
    """Write all results of a profile below `folder`, as the pipeline does."""
    write_rows(probe_rows(), folder / "rows" / "probes.csv")
    write_rows(tuning_rows(), folder / "rows" / "tuning.csv")
    (folder / "points").mkdir(parents=True)
    tsne_points().to_csv(folder / "points" / "tsne.csv", index=False)


def _confusion(probe: str, diagonal: float, rng: np.random.Generator) -> list[dict[str, object]]:
    rows, right = [], []
    for true in CLASSES:
        share = rng.dirichlet(np.ones(len(CLASSES))) * (1 - diagonal)
        share[CLASSES.index(true)] += diagonal
        right.append(share[CLASSES.index(true)])
        rows += [
            _row(true, f"assigned:{name}", value, 0.01)
            for name, value in zip(CLASSES, share, strict=True)
        ]
    rows += [
        _row(true, f"assigned_process:{name}", 1 / len(CLASSES), 0.01)
        for true in DIPHOTON.backgrounds
        for name in CLASSES
    ]
    rows.append(_row("all", "mean_diagonal", float(np.mean(right)), 0.004))
    rows.append(_row("all", "mean_diagonal_signals", float(np.mean(right[1:])), 0.004))
    return [{**row, "variant": f"probe={probe}"} for row in rows]


def _mass(rng: np.random.Generator) -> list[dict[str, object]]:
    of = (DIPHOTON.merged, *DIPHOTON.backgrounds)
    rows = [_row(name, "mass_r2", rng.normal(0, 0.01), 0.01) for name in of]
    return [{**row, "variant": "probe=bdt"} for row in rows]


def _gaussian(rng: np.random.Generator) -> list[dict[str, object]]:
    rows = []
    for process in PROCESSES:
        for k in range(1, DIMENSIONS + 1):
            rows += [
                _row(process, f"latent_mean:{k}", rng.normal(0, 0.2), 0.03),
                _row(process, f"latent_width:{k}", rng.normal(1, 0.1), 0.02),
                _row(process, f"latent_kolmogorov:{k}", rng.uniform(0.02, 0.2), 0.01),
            ]
        rows.append(_row(process, "latent_kl", rng.uniform(0.05, 0.5), 0.02))
    return [{**row, "variant": ""} for row in rows]


def _row(signal: str, metric: str, value: float, error: float) -> dict[str, object]:
    found = {"signal": signal, "metric": metric, "value": value}
    return {**found, "err_lo": error, "err_hi": error}


def _frame(rows: list[dict[str, object]]) -> pd.DataFrame:
    fixed = {**ORIGIN, "strength": None, "at": None, "detector_seed": 0, "reason": ""}
    fixed |= {"n_train": 90000, "n_sig": N_TEST, "n_bkg": 0}
    made = pd.DataFrame(rows).assign(**fixed)
    if "embedding_seed" not in made:
        made["embedding_seed"] = 0
    return made[list(COLUMNS)]
