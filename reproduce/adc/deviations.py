"""Where the profile that made rows departs from the paper, in words."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from benchmark.errors import DiademError
from reproduce.notation import setting

if TYPE_CHECKING:
    from collections.abc import Iterator

    import pandas as pd

    from reproduce.profiles import AdcProfile

PAPER = "paper"
"""The profile with the sizes of the paper."""
_EVENTS = "training events"
_NAMES = {
    "train_events": _EVENTS,
    "embedding_trainings": "trainings of an encoder",
    "detector_trainings": "detectors on each encoder",
    "detector_trainings_alone": "detectors on the raw events",
}
_OURS = ("replicas",)  # of the bootstrap, which the paper does not have
_NOT_STATED = frozenset(  # as marked in ContrastiveSettings; scaling: in the detector's settings
    {f"encoder {name}" for name in ("heads", "layers", "head layers", "dropout", "temperature")}
    | {"encoder patience", "detector scaling"}
)


def deviations(rows: pd.DataFrame) -> list[str]:
    """Return sentences on how the rows' profile differs from the paper; none if it does not.

    What the paper states and what is only assumed or inferred of it have a sentence each. The
    profile `paper` stands for the paper, with the task's detector and the encoders' defaults.

    Args:
        rows: Result rows; of several profiles each has its sentences.
    """
    events = int(rows["n_train"].max())
    names = sorted(rows["profile"].unique())
    return [
        sentence if len(names) == 1 else f"Profile {name}: {sentence}"
        for name in names
        for sentence in _sentences(name, events)
    ]


def _sentences(name: str, events: int) -> Iterator[str]:
    from reproduce.profiles import load_profile

    try:
        ours, paper = (_settings(load_profile(n)[1].cms_adc) for n in (name, PAPER))
    except DiademError:  # rows of others, made with a profile of their own
        yield (
            f"The settings of the profile {name} are not known here, nor how they differ from the "
            "paper."
        )
        return
    if ours[_EVENTS] is not None:  # asked for; a release may have fewer
        ours[_EVENTS] = min(ours[_EVENTS], events)
    changed = [key for key in paper if ours[key] != paper[key]]
    for what, stated in (("the paper", True), ("what is assumed of the paper", False)):
        keys = [key for key in changed if (key not in _NOT_STATED) == stated]
        if keys:
            told = (f"{key} {_text(ours[key], key)} ({_text(paper[key], key)})" for key in keys)
            yield f"Differs from {what} (its value in brackets): {', '.join(told)}."


def _settings(profile: AdcProfile) -> dict[str, Any]:
    """Return all settings of a profile, those of detector and encoders in full, by their words."""
    from baselines.contrastive_settings import ContrastiveSettings
    from benchmark.tasks.cms_adc import CMS_ADC, detector_settings

    protocol = profile.protocol.model_dump(exclude={"detector", *_OURS})
    detector = detector_settings(CMS_ADC, profile.protocol.detector)
    encoder = ContrastiveSettings(**profile.encoder).model_dump()
    return {
        **{_NAMES.get(key, _words(key)): value for key, value in protocol.items()},
        **{f"encoder {_words(key)}": value for key, value in encoder.items()},
        **{f"detector {_words(key)}": value for key, value in detector.items()},
    }


def _words(key: str) -> str:
    return key.replace("_", " ")


def _text(value: Any, key: str) -> str:
    return "all of the release's" if value is None and key == _EVENTS else setting(value)
