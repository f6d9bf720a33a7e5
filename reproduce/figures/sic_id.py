"""Fig. 4 of the signal-aware contrastive paper: the search with an encoder that saw all."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reproduce.entry import Entry, Made
from reproduce.sac.measured import IDEALISED, Line
from reproduce.sac.names import BACKGROUND_ONLY, ID, PAPER, SAC, TASK
from reproduce.sac.sic import CAPTION, NEEDS, SOURCE, Look, draw_sic

if TYPE_CHECKING:
    from reproduce.sac.hunt import Hunt

_HAXAD = "HAXAD VAE"
_LOOKS = (
    Look(line=Line(label="ID", embedding=SAC, regime=ID), published="o"),
    Look(line=Line(label=_HAXAD, embedding="haxad_vae", regime=BACKGROUND_ONLY), published="v"),
    Look(
        line=Line(label="ID, true background", embedding=SAC, regime=ID, detector=IDEALISED),
        thin=True,
    ),
)
PANELS = {"chargino_neutralino/200": _LOOKS, "x_to_sh/500_100": _LOOKS}


def draw(hunt: Hunt) -> Made:
    """Draw both signals; see `Entry.make`."""
    return draw_sic(hunt, PANELS, published="sac_fig_4")


FIGURE = Entry(
    name="sic-id",
    task=TASK,
    reproduces=f"Fig. 4 of {PAPER}",
    caption=(
        f"{CAPTION} ID: signal-aware contrastive encoder (SAC) that learned from every process. "
        "HAXAD VAE: the variational autoencoder of arXiv:2508.13566 on its nine features. Thin: "
        "the same search on SAC, ID, with true background in place of the flow's samples (the "
        "idealised detector). Dotted lines with open markers at the right edge: numbers that the "
        "paper states, of no strength in particular since it does not say at which they stand."
    ),
    needs=f"{NEEDS}: signal_aware (id) and haxad_vae, detectors cathode and idealised",
    source=SOURCE,
    make=draw,
)
