"""The figures, tables and claims of the two papers, and the `diadem` command."""

from __future__ import annotations
