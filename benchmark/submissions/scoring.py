"""From checked latents of a submission to result rows: the task's protocol, as for everybody.

The two tasks differ in what comes after the latents; both get them as the suite's own pipeline
does, so that a baseline's rows are the same by either way.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Self

import numpy as np
import pandas as pd
from safetensors.numpy import load_file, save_file

from benchmark.errors import DataError, complaint
from benchmark.files import atomic_path
from benchmark.latents import Facts, Latents, write_latents
from benchmark.metrics import Measurement
from benchmark.results import format_variant
from benchmark.submissions.mass_knowledge import mass_knowledge
from benchmark.submissions.reading import opened
from benchmark.submissions.regimes import regime_of
from benchmark.submissions.rules import rules_of
from benchmark.tasks.contestant import Contestant
from benchmark.tasks.diphoton import DIPHOTON

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from numpy.typing import NDArray

    from benchmark.events import EventTable
    from benchmark.submissions.published import Published
    from benchmark.submissions.schema import Submission

EVERY_SIGNAL = "id"
"""The regime that a search is told: it leaves no signal out. Rows get their own afterwards."""
_SHORT = 16  # digits of a digest in the names of files


def folder_digest(folder: Path, *, encoder: bytes | None = None) -> str:
    """Return the SHA-256 over names and contents of a submission's files.

    Args:
        folder: Of the submission.
        encoder: What was read of encoder.onnx, in place of what is there now.

    Raises:
        Refused: A file was swapped for what is none.
    """
    parts = []
    for path in sorted(folder.iterdir()):
        if encoder is not None and path.name == "encoder.onnx":
            parts.append((path.name, hashlib.sha256(encoder).hexdigest()))
        elif path.is_file():
            with opened(path) as stream:
                parts.append((path.name, hashlib.file_digest(stream, "sha256").hexdigest()))
    return hashlib.sha256(
        "".join(f"{name}\0{digest}\n" for name, digest in parts).encode()
    ).hexdigest()


def diphoton_file(
    folder: Path,
    submission: Submission,
    published: Published,
    values: NDArray[np.float32],
    *,
    profile: str,
) -> tuple[Path, Facts]:
    """Write latents as a search reads them and return the file, named by its contents.

    Args:
        folder: Of the store.
        submission: Whose they are.
        published: The events, in the order of the values.
        values: float32 (n, d).
        profile: Of the scoring.

    Raises:
        DataError: The events have no masses.
    """
    if published.m_gg is None:
        raise DataError(complaint("events without m_gg", where=published.release))
    facts = Facts(
        task=DIPHOTON.name,
        task_digest=DIPHOTON.digest(),
        release=published.release,
        profile=profile,
        commit="submitted",  # rows carry the commit of the code that searches
        embedding=submission.name,
        regime=EVERY_SIGNAL,
        n_train=0,  # how much others trained on is theirs to say, not ours to know
    )
    latents = Latents(
        facts=facts,
        event_id=published.event_id,
        process=published.process,
        point=published.point,
        part=published.part,
        m_gg=published.m_gg,
        values=values,
    )
    path = folder / f"{_contents(published.event_id, values)}-{submission.name}.parquet"
    if not path.exists():
        write_latents(path, latents)
    return path, facts


def mass_row(facts: Facts, published: Published, values: NDArray[np.float32]) -> pd.DataFrame:
    """Return the row of how much of m_gg on background the latents know; see `mass_knowledge`."""
    known = mass_knowledge(values, published)
    value = known.get("r2", Measurement.null("too few events of the continuum"))
    place = {
        name: getattr(facts, name)
        for name in ("task", "task_digest", "release", "profile", "embedding", "regime")
    }
    return pd.DataFrame(
        [
            {
                **place,
                "variant": format_variant({"probe": "bdt"}),
                "signal": DIPHOTON.merged,
                "strength": None,
                "embedding_seed": 0,
                "detector_seed": 0,
                "n_train": facts.n_train,
                "metric": "mass_r2",
                "at": None,
                **vars(value),
            }
        ]
    )


def with_regimes(rows: pd.DataFrame, submission: Submission) -> pd.DataFrame:
    """Return rows with the regime of each signal, computed from what was trained on.

    Rows of no signal in particular name the regimes of all signals, joined by "+".
    """
    rules = rules_of(submission.task)
    regimes: dict[str, str] = {
        name: regime_of(submission.trained_on, name, rules.card) for name in rules.signals
    }
    every = "+".join(sorted(set(regimes.values())))
    return rows.assign(regime=[regimes.get(name, every) for name in rows["signal"]])


@dataclass(frozen=True, eq=False)
class _Held:
    """Latents by the ids of their events, which rise."""

    event_id: NDArray[np.uint64]
    values: NDArray[np.float32]


class Recorded:
    """Latents from a file, in the shape of an embedding: what the CMS-ADC task is run with.

    Args:
        file: Of `adc_contestant`.
        name: On the board.
    """

    name = "recorded"
    learns = False

    def __init__(self, *, file: str, name: str) -> None:
        """Keep the names; the file is read with the first events."""
        self.name = name
        self._file = file

    def fit(self, events: EventTable, *, seed: int) -> Self:
        """Return itself: what was learned is in the file."""
        del events, seed
        return self

    def transform(self, events: EventTable) -> NDArray[np.float32]:
        """Return the latents (n, d) of events.

        Raises:
            DataError: There is an event without.
        """
        held = _held(self._file)
        place = np.searchsorted(held.event_id, events.event_id)
        place = np.minimum(place, len(held.event_id) - 1)
        missing = held.event_id[place] != events.event_id
        if missing.any():
            found = f"{missing.sum()} of {len(events)} events have none"
            raise DataError(complaint("no latents", where=self.name, found=found))
        return held.values[place]


@lru_cache(maxsize=1)
def _held(file: str) -> _Held:
    stored = load_file(file)
    order = np.argsort(stored["event_id"])
    return _Held(stored["event_id"][order], stored["latents"][order])


def adc_contestant(
    folder: Path, submission: Submission, event_id: NDArray[np.uint64], values: NDArray[np.float32]
) -> Contestant:
    """Write latents for `Recorded` and return it as a contestant.

    Args:
        folder: Of the store.
        submission: Whose they are.
        event_id: (n,).
        values: float32 (n, d).
    """
    path = folder.absolute() / f"{_contents(event_id, values)}.safetensors"
    if not path.exists():
        with atomic_path(path) as temporary:
            save_file({"event_id": event_id, "latents": np.ascontiguousarray(values)}, temporary)
    settings: dict[str, Any] = {"file": str(path), "name": submission.name}
    return Contestant(path="benchmark.submissions.scoring:Recorded", settings=settings)


def _contents(event_id: NDArray[np.uint64], values: NDArray[np.float32]) -> str:
    found = hashlib.sha256()
    for part in _bytes((event_id, values)):
        found.update(part)
    return found.hexdigest()[:_SHORT]


def _bytes(arrays: Iterable[NDArray[Any]]) -> Iterable[bytes]:
    for array in arrays:
        yield f"{array.dtype}{array.shape}".encode()
        yield np.ascontiguousarray(array).tobytes()
