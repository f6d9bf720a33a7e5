"""The contestants: one embedding a file, and the networks and losses that they share."""

from __future__ import annotations
