"""Model cards: a page for each embedding, of words from a file and facts from the code.

`python -m reproduce.model_cards docs/models` writes them; a test holds the committed ones to it.
"""

from __future__ import annotations

import sys
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

from baselines.method_card import method_card
from baselines.registry import EMBEDDINGS
from benchmark.embedding import embedding_class, uses_labels
from benchmark.tasks.cms_adc import CMS_ADC
from benchmark.tasks.diphoton import DIPHOTON
from reproduce.contestants import contestant
from reproduce.notation import setting
from reproduce.profiles import load_profile
from reproduce.saving import write_text

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from baselines.registry import Entry

PROFILES = ("quick", "reference", "paper")
_CARD = "signal_aware"
_RESULTS = "../../results/quick"
_EVIDENCE = {
    "table-2": ("cms_adc/tables/adc-2.md", "AUC, background rejection, significance improvement"),
    "adc-figures": ("cms_adc/figures/adc-roc-si.md", "ROC and significance improvement curves"),
    "leaderboard": ("leaderboard/board.md", "the leaderboard of both tasks"),
    "confusion": ("diphoton/tables/confusion.md", "how well nine classes are told apart"),
    "latents": ("diphoton/tables/latents.md", "how Gaussian the latents are, and what of m_gg"),
    "sic": ("diphoton/tables/sic.md", "the search, at every strength, also without a signal"),
}
_LABELLED = (
    "Background events of the part `train` (W, Z, top pairs, QCD), with their process as label "
    "and without any signal. Regime: background-only."
)
_TRAINED_ON = {
    CMS_ADC.name: (
        "Background events of the part `train`, without labels and without any signal. An "
        "embedding that learns nothing sees none."
    ),
    DIPHOTON.name: (
        "Events of the parts `train` (and `validation`, to stop) of the encoder half, with their "
        "process and mass point as labels where the class uses them. Never an event of the "
        "pseudo-data half, in which signals are sought, nor of the part `test`."
    ),
}


def card(name: str) -> str:
    """Return the model card of a registered embedding, in Markdown.

    Args:
        name: Of the embedding.
    """
    return "\n\n".join(_parts(name, EMBEDDINGS[name], _words()[name])) + "\n"


def write_cards(folder: Path) -> list[Path]:
    """Write the card of every registered embedding.

    Args:
        folder: Made when missing.

    Raises:
        DiademError: The folder cannot be written.
    """
    paths = []
    for name in EMBEDDINGS:
        paths.append(folder / f"{name}.md")
        write_text(card(name), paths[-1])
    return paths


def _words() -> Mapping[str, Any]:
    text = resources.files("reproduce").joinpath("model_cards.yaml").read_text(encoding="utf-8")
    held: Mapping[str, Any] = yaml.safe_load(text)
    return held


def _parts(name: str, entry: Entry, words: Mapping[str, Any]) -> Iterator[str]:
    yield f"# {name}"
    yield f"*{entry.title}.* Task `{entry.task}`. Code: `{entry.path}`."
    yield words["what"]
    yield f"**Intended use.** {words['use']}"
    yield f"**Trained on.** {_trained_on(entry)}{_regimes(entry)}"
    yield "\n".join(_settings(name, entry, words.get("sources", {})))
    yield "**Limits.**\n" + "\n".join(f"- {limit}" for limit in words["limits"])
    listed = [
        f"- [{told}]({_RESULTS}/{place})"
        for place, told in (_EVIDENCE[key] for key in words["evidence"])
    ]
    yield "**Measured** (quick profile, with uncertainties and event counts):\n" + "\n".join(
        listed
    )


def _trained_on(entry: Entry) -> str:
    return _LABELLED if uses_labels(embedding_class(entry.path)) else _TRAINED_ON[entry.task]


def _regimes(entry: Entry) -> str:
    """Return in words which events a regime leaves to it."""
    if entry.task != DIPHOTON.name:
        return ""
    if entry.regimes == ("background",):
        return " Regime: background-only, no signal at all."
    if entry.regimes == ("id",):
        return " Regime: ID, every process."
    return (
        " One training for each regime: ID, every process; IP, all but one mass point; EP, all "
        "but one signal; background-only, no signal. Regimes of the quick profile: "
        f"{', '.join(f'`{regime}`' for regime in load_profile('quick')[1].diphoton.regimes)}."
    )


def _settings(name: str, entry: Entry, own: Mapping[str, str]) -> Iterator[str]:
    """Yield a table of the settings at each profile; a line if there are none.

    Args:
        name: Of the embedding.
        entry: Of the registry.
        own: Where values come from that the method card does not know, or knows of another task.

    Raises:
        ValueError: A source of no setting.
    """
    held = {profile: _of_profile(name, entry, profile) for profile in PROFILES}
    if not held["paper"]:
        yield "**Settings.** None: nothing is learned."
        return
    stated = method_card(_CARD) if entry.path.startswith("baselines.signal_aware") else {}
    sources = {key: f"{value.status}: {value.source}" for key, value in stated.items()} | {**own}
    if unknown := set(own) - set(held["paper"]):
        message = f"{name}: sources of no setting: {', '.join(sorted(unknown))}"
        raise ValueError(message)
    yield "**Settings.**"
    yield ""
    yield f"| setting | {' | '.join(PROFILES)} | where the paper's value comes from |"
    yield f"| :-- |{' --: |' * len(PROFILES)} :-- |"
    for key in held["paper"]:
        values = " | ".join(setting(held[profile][key]) for profile in PROFILES)
        yield f"| {key.replace('_', ' ')} | {values} | {sources.get(key, 'see the class')} |"


def _of_profile(name: str, entry: Entry, profile: str) -> dict[str, Any]:
    section = getattr(load_profile(profile)[1], entry.task)
    made = contestant(name, section, task=entry.task).make()
    settings = getattr(made, "settings", None)
    return dict(settings.model_dump()) if settings is not None else {}


if __name__ == "__main__":
    write_cards(Path(sys.argv[1]))
