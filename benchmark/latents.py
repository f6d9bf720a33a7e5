"""Latents as files: what an embedding makes of events, with where both come from."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from benchmark.errors import DataError, complaint
from benchmark.files import atomic_path
from benchmark.validation import check_unique

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from numpy.typing import NDArray

_KEY = b"diadem.latents"
# What reading a damaged file, or another one, can raise.
_BROKEN = (OSError, KeyError, TypeError, ValueError, pa.ArrowException)
_WORDS = ("process", "point", "part")
_COLUMNS = ("event_id", *_WORDS, "m_gg")


@dataclass(frozen=True, kw_only=True)
class Facts:
    """Where latents come from.

    Attributes:
        task: Name of the task.
        task_digest: Digest of its specification.
        release: Of the events.
        profile: Sizes of the run.
        commit: Of the code that trained.
        embedding: Name of the embedding.
        variant: As in result rows.
        regime: Name of the regime.
        number: Repetition of the training.
        n_train: Events that were trained on.
        classes: Processes, where the latents are log-probabilities of these; else empty.
    """

    task: str
    task_digest: str
    release: str
    profile: str
    commit: str
    embedding: str
    variant: str = ""
    regime: str
    number: int = 0
    n_train: int
    classes: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True, eq=False)
class Latents:
    """The latents of n events.

    Attributes:
        facts: Where they come from.
        event_id: uint64 (n,).
        process: str (n,).
        point: str (n,); mass point.
        part: str (n,); of the task's splits.
        m_gg: float32 (n,), GeV.
        values: float32 (n, d).

    Raises:
        DataError: Lengths differ, a latent or a mass is not finite, or an id occurs twice.
    """

    facts: Facts
    event_id: NDArray[np.uint64]
    process: NDArray[np.str_]
    point: NDArray[np.str_]
    part: NDArray[np.str_]
    m_gg: NDArray[np.float32]
    values: NDArray[np.float32] = field(repr=False)

    def __post_init__(self) -> None:
        """Check the shapes."""
        lengths = {name: len(getattr(self, name)) for name in (*_COLUMNS, "values")}
        if len(set(lengths.values())) > 1 or self.values.ndim != 2 or self.values.shape[1] < 1:
            found = f"{lengths}, values of shape {self.values.shape}"
            message = complaint("latents of another number of events", found=found)
            raise DataError(message)
        for what, numbers in (("latents", self.values), ("masses", self.m_gg[:, None])):
            bad = ~np.isfinite(numbers).all(axis=1)
            if bad.any():
                where = f"latents of {self.facts.embedding}, row {int(np.argmax(bad))}"
                message = complaint(f"{bad.sum()} {what} are not finite", where=where)
                raise DataError(message)
        check_unique(self.event_id)

    def __len__(self) -> int:
        """Return the number of events."""
        return len(self.event_id)

    def select(self, rows: NDArray[Any]) -> Latents:
        """Return some of the events."""
        arrays = {name: getattr(self, name)[rows] for name in (*_COLUMNS, "values")}
        return Latents(facts=self.facts, **arrays)


def write_latents(path: Path, latents: Latents) -> None:
    """Write latents as Parquet, columns z1 to zd, the facts in its metadata."""
    columns = {name: getattr(latents, name) for name in _COLUMNS}
    write_columns(path, latents.facts, columns, latents.values)


def write_columns(
    path: Path, facts: Facts, named: Mapping[str, NDArray[Any]], values: NDArray[np.float32]
) -> None:
    """Write latents of events that may have no mass, in the same way.

    Args:
        path: Parquet file.
        facts: Where they come from.
        named: What is known of each event; `read_latents` reads the file if the mass is there.
        values: float32 (n, d).
    """
    columns = {name: pa.array(column) for name, column in named.items()}
    for name in _WORDS:
        columns[name] = columns[name].dictionary_encode()
    columns |= {f"z{k + 1}": pa.array(column) for k, column in enumerate(values.T)}
    note = json.dumps(asdict(facts), sort_keys=True)
    rows = pa.table(columns).replace_schema_metadata({_KEY: note.encode()})
    with atomic_path(path) as temporary:
        pq.write_table(
            rows,
            temporary,
            compression="zstd",
            use_dictionary=list(_WORDS),
            use_byte_stream_split=_floats(rows),
        )


def _floats(rows: pa.Table) -> list[str]:
    return [
        name for name in rows.column_names if pa.types.is_floating(rows.schema.field(name).type)
    ]


def read_facts(path: Path) -> Facts:
    """Return where the latents in a file come from.

    Raises:
        DataError: There is no such file, it is damaged, or it holds something else.
    """
    try:
        return _facts(pq.read_schema(path))
    except _BROKEN as error:
        raise _unreadable(path, error) from error


def read_latents(path: Path) -> Latents:
    """Return the latents in a file.

    Raises:
        DataError: As `read_facts`.
    """
    try:
        rows = pq.read_table(path, read_dictionary=list(_WORDS))
        facts = _facts(rows.schema)
        arrays = {name: _column(rows, name) for name in _COLUMNS}
        names = [f"z{k + 1}" for k in range(len(rows.column_names) - len(_COLUMNS))]
        values = np.column_stack([rows[name].to_numpy() for name in names]).astype(np.float32)
    except _BROKEN as error:
        raise _unreadable(path, error) from error
    return Latents(facts=facts, values=values, **arrays)


def _column(rows: pa.Table, name: str) -> NDArray[Any]:
    """Return a column; of words each one once is made a text, which is ten times as fast."""
    column = rows[name]
    if name not in _WORDS:
        return np.asarray(column.to_numpy())
    whole = column.combine_chunks()
    if not isinstance(whole, pa.DictionaryArray) or whole.null_count:
        message = f"column {name} does not hold words alone"
        raise ValueError(message)
    words = np.asarray(whole.dictionary.to_pylist(), dtype=np.str_)
    spread: NDArray[np.str_] = words[whole.indices.to_numpy()]
    return spread


def _facts(schema: pa.Schema) -> Facts:
    note = json.loads((schema.metadata or {})[_KEY])
    facts = Facts(**{**note, "classes": tuple(map(str, note["classes"]))})
    for count in (facts.number, facts.n_train):
        if not isinstance(count, int):
            raise TypeError(repr(count))
    return facts


def _unreadable(path: Path, error: Exception) -> DataError:
    message = complaint(
        "no latents can be read",
        where=str(path),
        found=f"{type(error).__name__}: {error}"[:200],
        expected="a file of `diadem train`",
    )
    return DataError(message)
