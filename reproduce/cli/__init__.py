"""The `diadem` command; heavy libraries are imported by the commands that need them."""

from __future__ import annotations

from reproduce.cli.app import diadem, main

__all__ = ["diadem", "main"]
