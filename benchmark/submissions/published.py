"""The published evaluation events: what every submission embeds."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from benchmark.arrow import arrow_schema, to_arrow
from benchmark.errors import DataError, complaint
from benchmark.events import EventTable
from benchmark.files import atomic_path
from benchmark.paths import datasets_root
from benchmark.splits import uniform
from benchmark.submissions.rules import rules_of
from benchmark.tasks.cms_adc import CMS_ADC, task_split
from benchmark.tasks.collect import gather, hidden
from benchmark.tasks.diphoton import DIPHOTON
from benchmark.tasks.diphoton_events import PSEUDO_DATA, task_splits, unmarked
from benchmark.tasks.source import open_source

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from benchmark.tasks.source import Source

FILE = "events.parquet"
_SALT = "order of the published events"
_MARKS = ("process", "point", "weight", "shard", "seed", "m_gg")


@dataclass(frozen=True, eq=False, kw_only=True)
class Published:
    """Every event that scores depend on, in one random order.

    Attributes:
        task: Name of the task.
        release: Name of the source, with its digest.
        events: What an embedding gets: without process, point, weight, shard, seed and m_gg.
        event_id: uint64 (n,), that of `events`.
        process: str (n,). This and all below is for the suite alone.
        point: str (n,); mass point.
        part: str (n,); of the task's splits.
        weight: float32 (n,).
        m_gg: float32 (n,), GeV; None for cms_adc.
    """

    task: str
    release: str
    events: EventTable
    event_id: NDArray[np.uint64]
    process: NDArray[np.str_]
    point: NDArray[np.str_]
    part: NDArray[np.str_]
    weight: NDArray[np.float32]
    m_gg: NDArray[np.float32] | None

    def __len__(self) -> int:
        """Return the number of events."""
        return len(self.event_id)


def published_events(task: str, source: Source) -> Published:
    """Return the evaluation events of a task.

    diphoton: the pseudo-data half and the test part of the encoder half. cms_adc: the background
    of the train part, on which the autoencoder learns, and background and signals of the test
    part. The order is by a hash of the ids: neither it nor the tables tell a process.

    Args:
        task: "diphoton" or "cms_adc".
        source: Where events come from.

    Raises:
        DataError: The source has no event of a process or of a part.
        DiademError: No such task.
    """
    spec = rules_of(task).spec
    found = _diphoton(source) if spec is DIPHOTON else _cms_adc(source)
    return publish(task, source.name, found)


def open_published(task: str, data: Path | None = None) -> Published:
    """Return the evaluation events in a folder.

    Args:
        task: Name of the task.
        data: Folder of events; None for the bundled release of the task.

    Raises:
        DataError: The folder has none.
        DiademError: No such task.
    """
    spec = rules_of(task).spec
    folder = datasets_root() / spec.dataset / spec.release if data is None else data
    return published_events(task, open_source(folder))


def publish(task: str, release: str, events: EventTable) -> Published:
    """Return labelled evaluation events as they are published.

    Args:
        task: Name of the task.
        release: Name of their source.
        events: All of them, labelled.
    """
    ordered = events.select(np.argsort(uniform(events.event_id, _SALT), kind="stable"))
    diphoton = rules_of(task).spec is DIPHOTON
    split = task_splits().part_of if diphoton else task_split(CMS_ADC).assign
    return Published(
        task=task,
        release=release,
        events=unmarked(ordered) if diphoton else hidden(ordered),
        event_id=ordered.event_id,
        process=ordered.process,
        point=ordered.point,
        part=split(ordered.event_id),
        weight=ordered.weight,
        m_gg=ordered.m_gg,
    )


def _diphoton(source: Source) -> EventTable:
    wanted = (*DIPHOTON.backgrounds, *DIPHOTON.signals)
    if missing := [name for name in wanted if name not in source.files]:
        message = complaint(
            "no events of " + ", ".join(missing),
            where=str(source.folder),
            found=", ".join(sorted(source.files)),
        )
        raise DataError(message)
    splits, tables = task_splits(), []
    for name in wanted:
        for table in source.events(name):
            part = splits.part_of(table.event_id)
            tables.append(table.select(np.isin(part, ("test", PSEUDO_DATA))))
    return EventTable.concat(tables)


def _cms_adc(source: Source) -> EventTable:
    split = task_split(CMS_ADC)
    background = sorted(set(source.files) - set(CMS_ADC.signals))
    tables = [gather(source, background, split, part) for part in ("train", "test")]
    tables += [gather(source, [name], split, "test") for name in CMS_ADC.signals]
    return EventTable.concat(tables)


def write_published(published: Published, path: Path) -> int:
    """Write the events that authors embed as Parquet, and return their number.

    One flat column a value: event_id, the features of the event, "mask" (one bit a slot, slot 0
    the lowest) and the objects' columns, such as jet1_pt; GeV and rad, zero where a slot is
    empty. Nothing that tells a label, a weight or m_gg.

    Raises:
        DiademError: The disk is full or the folder cannot be written.
    """
    notes = {"diadem.task": published.task, "diadem.release": published.release}
    layout = arrow_schema(published.events.schema, notes)
    rows = to_arrow(published.events, layout)
    names = [name for name in rows.column_names if name not in _MARKS]
    floats = [name for name in names if layout.field(name).type == pa.float32()]
    with atomic_path(path) as temporary:
        pq.write_table(
            rows.select(names),
            temporary,
            compression="zstd",
            use_dictionary=["mask"],
            use_byte_stream_split=floats,
        )
    return len(rows)
