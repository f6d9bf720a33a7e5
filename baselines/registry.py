"""The contestants that come with the suite, by name."""

from __future__ import annotations

import difflib
from dataclasses import dataclass

from benchmark.errors import DiademError, complaint


@dataclass(frozen=True)
class Entry:
    """A registered embedding.

    Attributes:
        path: "package.module:Class".
        task: The task that it is made for.
        title: In words.
        settings: Section of a profile that changes its default settings; "" for none.
    """

    path: str
    task: str
    title: str
    settings: str = ""


EMBEDDINGS = {
    "raw": Entry("baselines.raw:Raw", "cms_adc", "The kinematics themselves: 57 numbers an event"),
    "untrained": Entry(
        "baselines.anomaly_clr:Untrained",
        "cms_adc",
        "The transformer with its first weights",
        "encoder",
    ),
    "clr": Entry("baselines.anomaly_clr:Clr", "cms_adc", "Contrastive, physical views", "encoder"),
    "anomclr": Entry(
        "baselines.anomaly_clr:AnomClr",
        "cms_adc",
        "Contrastive, with anomaly-augmented views as further negatives",
        "encoder",
    ),
    "anomclr_plus": Entry(
        "baselines.anomaly_clr:AnomClrPlus",
        "cms_adc",
        "Contrastive against anomaly-augmented views alone; costs O(N)",
        "encoder",
    ),
}


def entry(name: str) -> Entry:
    """Return a registered embedding, or one's own by "package.module:Class".

    Raises:
        DiademError: There is no such name.

    Example:
        >>> entry("raw").path
        'baselines.raw:Raw'
    """
    if ":" in name:
        return Entry(name, "", "")
    if name not in EMBEDDINGS:
        near = difflib.get_close_matches(name, EMBEDDINGS, 1)
        message = complaint(
            "no such embedding",
            found=repr(name),
            expected=", ".join(EMBEDDINGS) + ", or your own as module:Class",
            remedy=f"Did you mean {near[0]}?" if near else "",
        )
        raise DiademError(message)
    return EMBEDDINGS[name]
