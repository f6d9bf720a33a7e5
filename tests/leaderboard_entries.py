"""Result files for tests of the leaderboard, made of the committed result rows.

The rows of embeddings that the pipeline did not put through a task's whole protocol are made up,
by scaling others; nothing of it leaves the tests.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from benchmark.leaderboard import Board, Entry, rules
from benchmark.results import read_rows
from benchmark.submissions.findings import Finding
from benchmark.submissions.result_file import ScoredSubmission, Status, write_scored
from benchmark.submissions.schema import Submission
from benchmark.tasks.cms_adc import CMS_ADC
from benchmark.tasks.diphoton import DIPHOTON

ROWS = Path(__file__).parents[1] / "results" / "quick"
HUNT, TABLE = ROWS / "diphoton" / "rows" / "hunt.csv", ROWS / "cms_adc" / "rows" / "table-2.csv"
HELD_OUT = ("rpv_neutralino", "stop")
DIGESTS = {"diphoton": DIPHOTON.digest(), "cms_adc": CMS_ADC.digest()}
ENVIRONMENT = {"python": "3.11.2", "torch": "2.13.0", "machine": "Linux x86_64"}


def trained_on(regime: str, task: str = "diphoton") -> dict[str, Any]:
    """What gives the regime: "id", "background", "held out" (ip and ep) or "self-supervised"."""
    background = DIPHOTON.backgrounds if task == "diphoton" else ("qcd", "w", "z", "ttbar")
    points: dict[str, Any] = dict.fromkeys(background, "all")
    if regime in ("id", "held out"):
        points |= dict.fromkeys(DIPHOTON.signals, "all")
    if regime == "held out":
        points |= {"zprime": ("200", "300"), "chargino_neutralino": ("150", "300")}
        points = {name: held for name, held in points.items() if name not in HELD_OUT}
    return {
        "labels": regime != "self-supervised",
        "processes": tuple({"process": name, "points": held} for name, held in points.items()),
        "releases": ("v1",),
        "splits": ("train",),
    }


def submission(name: str, task: str = "diphoton", **changes: Any) -> Submission:
    """A plain submission, with changes."""
    regime = "id" if task == "diphoton" else "self-supervised"
    held: dict[str, Any] = {
        "name": name,
        "title": f"The embedding {name}",
        "authors": ("A. Author", "B. Author"),
        "version": "1.0",
        "licence": "MIT",
        "code_url": "https://example.org/code",
        "citation": "A. Author and B. Author, in preparation",
        "task": task,
        "task_digest": DIGESTS[task],
        "kind": "encoder",
        "dimensions": 8,
        "trained_on": trained_on(regime, task),
        "hyper_parameters": {"learning_rate": 0.001, "layers": 4},
        "hardware": "2 cores",
        "hours": 0.5,
        **changes,
    }
    return Submission.model_validate(held)


def scored(
    rows: pd.DataFrame,
    name: str,
    task: str = "diphoton",
    *,
    status: Status = "encoder",
    flags: tuple[Finding, ...] = (),
    **changes: Any,
) -> ScoredSubmission:
    """The result file of rows, renamed."""
    return ScoredSubmission.of(
        submission(name, task, **changes),
        rows.assign(embedding=name),
        submission_digest="0" * 64,
        status=status,
        environment=ENVIRONMENT,
        flags=flags,
    )


def scaled(rows: pd.DataFrame, factor: float, seed: int, spread: float = 0.02) -> pd.DataFrame:
    """Rows whose values are others', scaled and smeared; significance improvements stay >= 0."""
    made = rows.copy()
    rng = np.random.default_rng(seed)
    improved = made["metric"].isin(["significance_improvement_at_background", "ensemble_spread"])
    improved |= made["metric"].isin(["significance_improvement", "background_rejection"])
    smear = factor * np.exp(rng.normal(0, spread, len(made)))
    for column in ("value", "err_lo", "err_hi"):
        made[column] = np.where(improved, made[column] * smear, made[column])
    return made


def diphoton() -> list[ScoredSubmission]:
    """Entries of the diphoton task: four real ones, the others made of them."""
    # As if of the present specification: committed rows may wait to be made again.
    rows = read_rows(HUNT).assign(task_digest=DIGESTS["diphoton"])
    own = rows[(rows["embedding"] == "signal_aware") & ~rows["variant"].str.contains("flows=")]
    cathode = own["variant"] == "detector=cathode"
    id_, bkg = own[own["regime"] == "id"], own[(own["regime"] == "background") & cathode]
    held_out = own[own["regime"].str.startswith(("ep:", "ip:")) & cathode]
    held_out = held_out[held_out["signal"] != "none"]
    held_out = held_out.assign(regime=held_out["regime"].str[:2])
    vae = rows[rows["embedding"] == "haxad_vae"]
    plain = id_[id_["variant"] == "detector=cathode"]
    pca = scaled(bkg, 0.5, 1, 0.15).assign(regime="self-supervised")
    flag = Finding("labels", "flag", "stop: the latents tell it from background with AUC 0.97")
    latents: dict[str, Any] = {"status": "self-reported latents", "kind": "latents"}
    background: dict[str, Any] = {"trained_on": trained_on("background")}
    unlabelled: dict[str, Any] = {"trained_on": trained_on("self-supervised")}
    return [
        scored(id_, "signal_aware"),
        scored(scaled(plain, 1.0, 2), "signal_aware_wide", dimensions=16, **latents),
        scored(scaled(plain, 0.998, 3, 0.004), "contrastive-xl", status="verified encoder"),
        scored(bkg, "signal_aware_background", **background),
        scored(held_out, "signal_aware_held_out", trained_on=trained_on("held out")),
        scored(vae, "haxad_vae", dimensions=4, **background),
        scored(pca, "pca6", dimensions=6, flags=(flag,), **latents, **unlabelled),
        scored(scaled(bkg, 0.2, 4, 0.3), "random", **background),
        scored(
            scaled(bkg, 0.6, 5, 0.2).assign(regime="self-supervised"),
            "raw9",
            dimensions=9,
            **unlabelled,
        ),
    ]


def cms_adc() -> list[ScoredSubmission]:
    """Entries of the CMS-ADC task, all real."""
    rows = read_rows(TABLE).assign(task_digest=DIGESTS["cms_adc"])
    names = sorted(set(rows["embedding"]))
    return [scored(rows[rows["embedding"] == name], name, "cms_adc") for name in names]


def write_entries(folder: Path, entries: list[ScoredSubmission]) -> list[Path]:
    """Write result files where the leaderboard looks for them, below `folder`."""
    paths = []
    for entry in entries:
        path = folder / "entries" / entry.task / f"{entry.submission.name}.json"
        write_scored(path, entry)
        paths.append(path)
    return paths


def toy_rows(
    values: Any,
    name: str = "toy",
    task: str = "diphoton",
    *,
    regime: str = "",
    error: float = 0.05,
    **changes: Any,
) -> pd.DataFrame:
    """Rows of the primary number alone.

    Args:
        values: (repetitions, signals); NaN for a null.
        name: Of the embedding.
        task: Its name.
        regime: Of all; that of `submission` where none is given.
        error: Of each value from test events, relative.
        **changes: Of columns.
    """
    rule = rules()[task]
    table = np.atleast_2d(np.asarray(values, dtype=np.float64))
    made = []
    for repetition, line in enumerate(table):
        for signal, value in zip(rule.signals, line, strict=True):
            null = bool(np.isnan(value))
            made.append(
                {
                    "task": task,
                    "task_digest": rule.digest,
                    "release": "v1@0123456789ab",
                    "profile": "quick",
                    "commit": "abcdef1",
                    "embedding": name,
                    "variant": rule.variant,
                    "regime": regime or ("id" if task == "diphoton" else "self-supervised"),
                    "signal": signal,
                    "strength": rule.primary.strength,
                    "embedding_seed": 0,
                    "detector_seed": repetition,
                    "n_train": 1000,
                    "metric": rule.primary.metric,
                    "at": rule.primary.at,
                    "value": None if null else value,
                    "err_lo": None if null else error * value,
                    "err_hi": None if null else error * value,
                    "n_sig": 100,
                    "n_bkg": 50,
                    "reason": "too few events" if null else "",
                    **changes,
                }
            )
    return pd.DataFrame(made)


def toy(values: Any, name: str, task: str = "diphoton", **changes: Any) -> ScoredSubmission:
    """A result file of the primary number alone."""
    return scored(toy_rows(values, name, task, **changes), name, task)


HOSTILE = {
    "script": "<script>document.title = 'taken'</script>",
    "image": '"><img src=x onerror="document.title = 1">',
    "quotes": "' onmouseover='alert(1)' x=\" `b` ",
    "link": "javascript:alert(document.domain)",
    "markdown": "![x](https://evil.example/x.png) [a](javascript:b) | `c` **d** <b>e</b>",
    "entities": "&lt;b&gt; &#60;script&#62; &amp;amp;",
    "template": "{{ 7 * 7 }}{% raw %} ${7*7} </style></script><!--",
    "direction": "abc\u202edef\u2066\u200f\u200b\x00\x1b[2J",
    "arabic": "\u0627\u0644\u0639\u0631\u0628\u064a\u0629 \u05e2\u05d1\u05e8\u05d9\u05ea",
    "long": "W" * 400,
    "formula": "=HYPERLINK(1)",
}
"""Texts that try to be more than texts; not all pass the schema."""


def hostile_submission(text: str) -> dict[str, Any]:
    """A submission, as the board holds it, with a text in every field."""
    return {
        **submission("toy").model_dump(mode="json"),
        **dict.fromkeys(("title", "version", "licence", "code_url", "citation", "kind"), text),
        "authors": [text, text],
        "hardware": text,
        "hyper_parameters": {text: text, "layers": 2},
        "trained_on": {
            "labels": True,
            "processes": [{"process": text, "points": [text]}],
            "releases": [text],
            "splits": [text],
        },
    }


def hostile_board(board: Board) -> Board:
    """A board with hostile texts wherever a text of a stranger, or of a file, could stand."""
    texts = [*HOSTILE.values()]
    everything = " ".join(texts)

    def entry(held: Entry, text: str) -> Entry:
        return replace(
            held,
            flags=tuple((other, other) for other in texts),
            submission=hostile_submission(text),
            environment={text: text},
            commit=text,
        )

    tasks = [
        replace(
            task,
            release=everything,
            entries=tuple(entry(held, everything) for held in task.entries),
        )
        for task in board.tasks
    ]
    return replace(board, profile=everything, tasks=tuple(tasks))
