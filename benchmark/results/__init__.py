"""Result rows: one measured number a row; files that diff well, summaries and comparisons."""

from __future__ import annotations

from benchmark.results.comparison import Comparison, compare
from benchmark.results.files import put_rows, read_rows, validate_rows, write_rows
from benchmark.results.rules import COLUMNS, KEY, METRICS, TRAINING, format_variant
from benchmark.results.summary import GROUP, summarise

__all__ = [
    "COLUMNS",
    "GROUP",
    "KEY",
    "METRICS",
    "TRAINING",
    "Comparison",
    "compare",
    "format_variant",
    "put_rows",
    "read_rows",
    "summarise",
    "validate_rows",
    "write_rows",
]
