"""From what a user names to what is trained: embeddings, their settings and scans."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import yaml

from baselines.registry import EMBEDDINGS, entry
from benchmark.errors import DiademError, complaint
from benchmark.results import format_variant
from benchmark.tasks.contestant import Contestant

if TYPE_CHECKING:
    from collections.abc import Iterable

    from benchmark.tasks.evaluation import Protocol
    from reproduce.profiles import AdcProfile, TaskProfile

ADC = "cms_adc"
COMMANDS = {"cms_adc": "evaluate", "diphoton": "train"}
"""The verb that trains embeddings, by task."""
_NAME = re.compile(r"[A-Za-z][\w.-]*")
SEED = "seed"
"""Names the seed of another random run in a variant."""
SCANS = ("augmentations", "dimension", "events")
"""What can be varied: the anomaly augmentations, the representation, the training set."""


def contestant(
    name: str,
    profile: TaskProfile,
    changes: dict[str, Any] | None = None,
    *,
    task: str,
    seed: int | None = None,
) -> Contestant:
    """Return a registered or own embedding with the profile's settings and the user's changes.

    Args:
        name: Registered, or "module:Class".
        profile: Of the task.
        changes: Settings in place of the profile's.
        task: Name of the task; a registered embedding is made for one.
        seed: Of another random run; None for the results of record. Seeds are hashed from names,
            and it is one more of them, as part of the variant: so the run has rows, files and
            kept work of its own, which nothing takes for the others.

    Raises:
        DiademError: There is no such embedding, it is of another task, or it refuses the settings.
    """
    found = entry(name)
    if found.task not in ("", task):
        text = complaint(
            "an embedding of another task",
            where=name,
            found=found.task,
            expected=", ".join(key for key, held in EMBEDDINGS.items() if held.task == task),
            remedy=f"It is for `diadem {COMMANDS[found.task]}`.",
        )
        raise DiademError(text)
    chosen = {key: _plain_value(key, value) for key, value in (changes or {}).items()}
    if seed is not None and SEED in chosen:
        text = complaint("two seeds", found=f"--seed {seed} and --set {SEED}={chosen[SEED]}")
        raise DiademError(text)
    settings = {**profile.settings(found.settings), **chosen}
    made = Contestant(path=found.path, settings=settings, variant=_variant(chosen, seed))
    try:
        own = str(made.make().name)
    except TypeError as error:  # an unknown keyword of somebody's class
        text = complaint("settings refused", where=name, found=str(error))
        raise DiademError(text) from error
    if not _NAME.fullmatch(own):
        text = complaint(
            "a name that no file can have",
            where=name,
            found=repr(own),
            expected="letters, digits, '_', '-' and '.', beginning with a letter",
        )
        raise DiademError(text)
    if found.path == name and own in EMBEDDINGS:
        text = complaint("the name of a registered embedding", where=name, found=repr(own))
        raise DiademError(text)
    return made


def _plain_value(key: str, value: Any) -> Any:
    """Return a set of augmentations in one spelling, so that it has one variant and one seed."""
    if key != "augmentations":
        return value
    names = value.split("+") if isinstance(value, str) else list(value)
    from baselines.augmentations import KINDS  # imports torch

    known = [kind for kind in KINDS if kind in names]
    return known if len(known) == len(names) else names


def scan(
    name: str,
    profile: AdcProfile,
    vary: str,
    changes: dict[str, Any],
    *,
    seed: int | None = None,
) -> list[tuple[Contestant, Protocol]]:
    """Return the contestants of a scan, each with its protocol.

    Args:
        name: Of the embedding.
        profile: Has the values.
        vary: One of `SCANS`.
        changes: Further settings, the same for all.
        seed: As in `contestant`.

    Raises:
        DiademError: Nothing of this name can be varied.
    """
    base = profile.protocol
    embeddings, detectors = profile.scans.trainings
    few = {"embedding_trainings": embeddings, "detector_trainings": detectors}
    few["detector_trainings_alone"] = detectors

    def made(more: dict[str, Any]) -> Contestant:
        return contestant(name, profile, {**changes, **more}, task=ADC, seed=seed)

    if vary == "augmentations":
        kinds = [{"augmentations": text.split("+")} for text in profile.scans.augmentations]
        return [(made(kind), base.protocol(**few)) for kind in kinds]
    if vary == "dimension":
        sizes = [{"dimension": size} for size in profile.scans.dimensions]
        return [(made(size), base.protocol(**few)) for size in sizes]
    if vary == "events":
        # As often as the main result: these are compared with each other.
        plain = made({})
        return [
            (
                replace(plain, variant=_variant({**changes, "events": n}, seed)),
                base.protocol(train_events=n),
            )
            for n in profile.scans.events
        ]
    message = complaint("nothing of this name varies", found=repr(vary), expected=", ".join(SCANS))
    raise DiademError(message)


def parse_settings(texts: Iterable[str]) -> dict[str, Any]:
    """Return settings of texts like "dimension=40" or "augmentations=add,split".

    Raises:
        DiademError: A text is not of this form.

    Example:
        >>> parse_settings(["dimension=40", "augmentations=add,split", "learning_rate=1e-4"])
        {'dimension': 40, 'augmentations': ['add', 'split'], 'learning_rate': 0.0001}
    """
    found: dict[str, Any] = {}
    for text in texts:
        key, equals, value = text.partition("=")
        if not (key and equals and value):
            message = complaint("not a setting", found=repr(text), expected="name=value")
            raise DiademError(message)
        found[key] = [_plain(v) for v in value.split(",")] if "," in value else _plain(value)
    return found


def _plain(text: str) -> Any:
    """Return a number, a truth value or text; JSON also has 1e-4, which YAML calls text."""
    try:
        return json.loads(text)
    except ValueError:
        return yaml.safe_load(text)


def _variant(changes: dict[str, Any], seed: int | None = None) -> str:
    changes = changes if seed is None else {**changes, SEED: seed}
    joined = {k: "+".join(map(str, v)) if isinstance(v, list) else v for k, v in changes.items()}
    return format_variant(joined)
