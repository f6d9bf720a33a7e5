"""The leaderboard: where submissions stand, with intervals, as data."""

from __future__ import annotations

from benchmark.leaderboard.board import Board, Curve, Entry, Place, Standing, TaskBoard, Yardline
from benchmark.leaderboard.building import build
from benchmark.leaderboard.cells import Cell
from benchmark.leaderboard.rules import rules

__all__ = [
    "Board",
    "Cell",
    "Curve",
    "Entry",
    "Place",
    "Standing",
    "TaskBoard",
    "Yardline",
    "build",
    "rules",
]
