"""The networks that the contestants share."""

from __future__ import annotations
