"""Readers of files that others made; each gives validated event tables, a part at a time."""

from __future__ import annotations
