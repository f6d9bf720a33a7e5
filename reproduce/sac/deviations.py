"""Where the profile that made results departs from the paper and from the method card."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from baselines.method_card import defaults, method_card
from benchmark.errors import DiademError
from reproduce.notation import setting

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    import pandas as pd

_CARD = "signal_aware"
_LEARNED_FROM = "60,000 of each background process and mass point"
"""In the paper: 60 % of an encoder set of 100,000 events."""


def deviations(frame: pd.DataFrame, *, scan: bool = False) -> list[str]:
    """Return sentences on how the profile of results differs from the paper; none if not.

    Args:
        frame: Rows or points.
        scan: Whether they are of the scan of hyper-parameters, which may change more.
    """
    name = str(frame["profile"].iloc[0])
    from reproduce.profiles import load_profile

    try:
        profile = load_profile(name)[1].diphoton
    except DiademError:  # results of others, made with a profile of their own
        return [
            f"The settings of the profile {name} are not known here, nor how they differ from the "
            "paper."
        ]
    changes = {**profile.encoder, **(profile.tuning.encoder if scan else {})}
    stated, open_ = _changed(changes, stated=True), _changed(changes, stated=False)
    if "n_train" in frame:
        most = int(frame["n_train"].max())
        stated = [f"training events {most:,} in all ({_LEARNED_FROM})", *stated]
    return list(
        _sentences(
            {"the paper": stated, "what is inferred or chosen where the paper is silent": open_}
        )
    )


def assumed(further: str = "settings of the probes (BDT, t-SNE)") -> tuple[str, ...]:
    """Return what the paper does not state of the method, by the method card and further."""
    names = [key for key, value in method_card(_CARD).items() if value.status == "assumed"]
    return (f"{_CARD} card: {', '.join(names)}", further)


def _changed(changes: Mapping[str, Any], *, stated: bool) -> list[str]:
    card, plain = method_card(_CARD), defaults(_CARD)
    return [
        f"encoder {key.replace('_', ' ')} {setting(value)} ({setting(plain[key])})"
        for key, value in changes.items()
        if key in card and value != plain[key] and (card[key].status == "stated") == stated
    ]


def _sentences(told: Mapping[str, list[str]]) -> Iterator[str]:
    for what, changes in told.items():
        if changes:
            yield f"Differs from {what} (its value in brackets): {', '.join(changes)}."
