"""Events: the table, its files and its digest, under one roof.

Example:
    >>> from benchmark.events import EventTable, digest_of, iter_events, read_events, write_events
"""

from __future__ import annotations

from benchmark.parquet import (
    EventFile,
    digest_of,
    iter_events,
    open_events,
    read_columns,
    read_events,
    write_events,
)
from benchmark.table import EventTable

__all__ = [
    "EventFile",
    "EventTable",
    "digest_of",
    "iter_events",
    "open_events",
    "read_columns",
    "read_events",
    "write_events",
]
