"""Fig. 6 of the signal-aware contrastive paper: the search for a signal never learned from."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reproduce.entry import Entry, Made
from reproduce.sac.measured import Line
from reproduce.sac.names import BACKGROUND_ONLY, ID, PAPER, SAC, TASK
from reproduce.sac.sic import CAPTION, NEEDS, SOURCE, Look, draw_sic

if TYPE_CHECKING:
    from reproduce.sac.hunt import Hunt

SIGNALS = {"rpv_neutralino/350_200": "ep:rpv_neutralino", "stop/1000_400_0p5": "ep:stop"}
PANELS = {
    signal: (
        Look(line=Line(label="ID", embedding=SAC, regime=ID)),
        Look(line=Line(label="EP", embedding=SAC, regime=regime)),
        Look(line=Line(label="background-only", embedding=SAC, regime=BACKGROUND_ONLY)),
    )
    for signal, regime in SIGNALS.items()
}


def draw(hunt: Hunt) -> Made:
    """Draw both signals; see `Entry.make`."""
    return draw_sic(hunt, PANELS)


FIGURE = Entry(
    name="sic-ep",
    task=TASK,
    reproduces=f"Fig. 6 of {PAPER}",
    caption=(
        f"{CAPTION} Signal-aware contrastive encoders (SAC) that learned from every process (ID), "
        "from all but the signal that is sought (EP, extrapolation; its other mass points are "
        "left out too), and from no signal (background-only). The paper states no numbers; in "
        "it, EP is above background-only."
    ),
    needs=f"{NEEDS}: signal_aware in id, {', '.join(SIGNALS.values())}, background",
    source=SOURCE,
    make=draw,
)
