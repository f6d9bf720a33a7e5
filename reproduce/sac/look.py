"""Colours and markers of the 13 processes: the Standard Model in greys, signals in colours."""

from __future__ import annotations

from typing import Any

from benchmark.tasks.diphoton import DIPHOTON
from reproduce.style import PALETTE

_GREYS = ("0.78", "0.66", "0.54", "0.42", "0.28")
_SIGNALS = tuple(PALETTE[k] for k in (0, 1, 2, 5, 4, 3, 9, 8))  # all of the palette but its grey
_MARKERS = ("o", "s", "^", "P", "v", "D", "X", "<")
_OF_GREYS = ("^", "s", "o", "P", "v")  # a grey has no mark of a colour that some take for it
LOOKS: dict[str, dict[str, Any]] = {
    **{
        name: {"color": colour, "marker": marker}
        for name, colour, marker in zip(DIPHOTON.backgrounds, _GREYS, _OF_GREYS, strict=True)
    },
    **{
        name: {"color": colour, "marker": marker}
        for name, colour, marker in zip(DIPHOTON.signals, _SIGNALS, _MARKERS, strict=True)
    },
}
LINES: dict[str, dict[str, Any]] = {
    "ID": {"color": PALETTE[0], "marker": "o", "linestyle": "-"},
    "IP": {"color": PALETTE[2], "marker": "s", "linestyle": "-"},
    "EP": {"color": PALETTE[1], "marker": "^", "linestyle": "-"},
    "background-only": {"color": PALETTE[3], "marker": "D", "linestyle": "--"},
    "HAXAD VAE": {"color": PALETTE[4], "marker": "v", "linestyle": "--"},
    "nine features": {"color": PALETTE[5], "marker": "P", "linestyle": "--"},
    "ID, true background": {"color": "0.25", "marker": "|", "linestyle": "-"},
    "ID, labels": {"color": "0.25", "marker": "x", "linestyle": ":"},
}
"""Regimes of SAC by the search, other embeddings, and the yardsticks of SAC, ID."""
