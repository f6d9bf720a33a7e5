"""Fig. 5 of the signal-aware contrastive paper: the search for a mass point never learned from."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reproduce.entry import Entry, Made
from reproduce.sac.measured import Line
from reproduce.sac.names import BACKGROUND_ONLY, ID, PAPER, SAC, TASK
from reproduce.sac.sic import CAPTION, NEEDS, SOURCE, Look, draw_sic

if TYPE_CHECKING:
    from reproduce.sac.hunt import Hunt

SIGNALS = ("zprime/400", "chargino_neutralino/200")
PANELS = {
    signal: (
        Look(line=Line(label="ID", embedding=SAC, regime=ID)),
        Look(line=Line(label="IP", embedding=SAC, regime=f"ip:{signal}")),
        Look(line=Line(label="background-only", embedding=SAC, regime=BACKGROUND_ONLY)),
    )
    for signal in SIGNALS
}


def draw(hunt: Hunt) -> Made:
    """Draw both mass points; see `Entry.make`."""
    return draw_sic(hunt, PANELS)


FIGURE = Entry(
    name="sic-ip",
    task=TASK,
    reproduces=f"Fig. 5 of {PAPER}",
    caption=(
        f"{CAPTION} Signal-aware contrastive encoders (SAC) that learned from every process (ID), "
        "from all but the mass point that is sought (IP, interpolation), and from no signal "
        "(background-only). The paper states no numbers; in it, IP is about as good as ID, and "
        "background-only fails on the heavy resonance."
    ),
    needs=f"{NEEDS}: signal_aware in id, {', '.join(f'ip:{s}' for s in SIGNALS)}, background",
    source=SOURCE,
    make=draw,
)
