"""How result rows' names are written for people, in the order of the papers."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Name:
    """A name in text and in pictures.

    Attributes:
        text: For Markdown and the terminal.
        math: For matplotlib.
        in_paper: Whether the paper of its figures and tables has it.
    """

    text: str
    math: str
    in_paper: bool = True


NOT_PUBLISHED = "not in the paper"
"""Begins what a figure or a table reproduces where it is none of the papers'."""
