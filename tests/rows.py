"""Made-up result rows, in the shape that a run of the CMS-ADC task gives."""

from __future__ import annotations

from statistics import NormalDist

import numpy as np
import pandas as pd

from benchmark.results import COLUMNS

SIGNALS = ("a_to_4l", "h0_to_tautau", "hplus_to_taunu", "leptoquark")
EMBEDDINGS = ("raw", "untrained", "clr", "anomclr", "anomclr_plus")
COMBINATIONS = ("add", "split", "scale", "add+split", "add+scale", "scale+split")
DIMENSIONS = (4, 10, 40, 100, 400)
EVENTS, ALL_EVENTS = (3000, 8000), 23904
GRID = tuple(round(0.02 * k, 2) for k in range(1, 51))
MIN_BACKGROUND = 10
NORMAL = NormalDist()
N_SIG, N_BKG = 4000, 20000
# Scores of two normal distributions at a distance d: AUC = Phi(d / sqrt 2).
AREA = dict(zip(SIGNALS, (0.88, 0.75, 0.90, 0.85), strict=True))
BETTER = dict(zip(EMBEDDINGS, (0.0, -0.09, -0.04, 0.01, 0.025), strict=True))


def adc_rows(
    *,
    embeddings: tuple[str, ...] = EMBEDDINGS,
    variant: str = "",
    trainings: tuple[int, int] = (2, 2),
    curve: bool = True,
    shift: float = 0.0,
    seed: int = 1,
) -> pd.DataFrame:
    """Rows of one variant; AnomCLR+ is the best method, and `shift` is added to its AUC."""
    rng = np.random.default_rng(seed)
    rows: list[dict[str, object]] = []
    for embedding in embeddings:
        n_embedding, n_detector = (1, 3) if embedding == "raw" else trainings
        for e in range(n_embedding):
            for d in range(n_detector):
                for signal in SIGNALS:
                    area = AREA[signal] + BETTER[embedding] + shift + rng.normal(0, 0.004)
                    first: dict[str, object] = {
                        "embedding": embedding,
                        "variant": variant,
                        "signal": signal,
                    }
                    first |= {"embedding_seed": e, "detector_seed": d}
                    rows += [{**first, **row} for row in _training(area, curve=curve)]
    return _frame(rows).assign(n_train=_n_train(variant))[list(COLUMNS)]


def _n_train(variant: str) -> int:
    given = dict(item.split("=") for item in variant.split(";") if item)
    return int(given.get("events", ALL_EVENTS))


def _training(area: float, *, curve: bool) -> list[dict[str, object]]:
    distance = 2**0.5 * NORMAL.inv_cdf(area)
    rows = [_row("auc", None, area, 0.002, N_BKG)]
    rows += _point(0.3, distance)
    for at in GRID if curve else ():
        background = _background(at, distance)
        n = background * N_BKG
        rows.append(_row("background_efficiency", at, background, background / n**0.5, n))
    return rows


def _background(at: float, distance: float) -> float:
    return NORMAL.cdf(NORMAL.inv_cdf(at) - distance) if at < 1 else 1.0


def _point(at: float, distance: float) -> list[dict[str, object]]:
    background = _background(at, distance)
    n = background * N_BKG
    relative = n**-0.5
    rejection, improvement = 1 / background, at / background**0.5
    return [
        _row("background_rejection", at, rejection, rejection * relative, n),
        _row("significance_improvement", at, improvement, improvement * relative / 2, n),
    ]


def _row(metric: str, at: float | None, value: float, error: float, n: float) -> dict[str, object]:
    null = n < MIN_BACKGROUND
    return {
        "metric": metric,
        "at": at,
        "value": None if null else value,
        "err_lo": None if null else error,
        "err_hi": None if null else error,
        "n_sig": N_SIG if at is None else round(at * N_SIG),
        "n_bkg": round(n),
        "reason": f"{n:.3g} effective background events pass" if null else "",
    }


def _frame(rows: list[dict[str, object]]) -> pd.DataFrame:
    fixed = {
        "task": "cms_adc",
        "task_digest": "0123456789ab",
        "release": "v1",
        "profile": "quick",
        "commit": "abc1234",
        "regime": "self-supervised",
        "strength": None,
    }
    return pd.DataFrame(rows).assign(**fixed)


def adc_scans(
    *, trainings: tuple[int, int] = (1, 2), of_events: tuple[int, int] = (2, 2)
) -> pd.DataFrame:
    """Rows of the scans, without the default variant; only that of events has AE-Raw too.

    It has the trainings of the main result, the other scans have fewer.
    """
    parts = [
        adc_rows(
            embeddings=("raw", "anomclr_plus") if "events" in variant else ("anomclr_plus",),
            variant=variant,
            trainings=of_events if "events" in variant else trainings,
            curve=False,
            shift=shift,
            seed=k,
        )
        for k, (variant, shift) in enumerate(_variants().items())
    ]
    return pd.concat(parts, ignore_index=True)


def _variants() -> dict[str, float]:
    made = {f"augmentations={c}": -0.03 + 0.01 * c.count("+") for c in COMBINATIONS}
    made |= {f"dimension={d}": -0.1 / d**0.5 for d in DIMENSIONS}
    return made | {f"events={n}": -50 / n for n in EVENTS}
