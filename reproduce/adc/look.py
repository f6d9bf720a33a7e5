"""Colours and markers of the four signals."""

from __future__ import annotations

from reproduce.adc.names import SIGNALS
from reproduce.style import PALETTE

# Blue, orange, green, pink: those of the palette that differ most; black is for everything else.
COLOURS = dict(zip(SIGNALS, (PALETTE[k] for k in (0, 1, 2, 4)), strict=True))
MARKERS = dict(zip(SIGNALS, ("o", "s", "^", "D"), strict=True))
