"""Fitted embeddings as the pipeline keeps them: read where they are, trained where not."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from benchmark.embedding import Runtime, uses_labels
from benchmark.errors import DiademError, complaint
from benchmark.farm_spec import Spec
from benchmark.seeds import seed_for
from benchmark.tasks.cms_adc import CMS_ADC, load_data
from benchmark.tasks.contestant import Keeper
from benchmark.tasks.diphoton import DIPHOTON
from benchmark.tasks.diphoton_events import diphoton_card, fit_events, in_part
from benchmark.tasks.diphoton_work import fit_identity, fit_name, latents_spec
from benchmark.tasks.regimes import Regime
from benchmark.tasks.work import training_specs

if TYPE_CHECKING:
    from pathlib import Path

    from benchmark.detectors import Device
    from benchmark.tasks.contestant import Contestant
    from benchmark.tasks.evaluation import Protocol
    from benchmark.tasks.source import Source

_FIT = ("variant", "number", "train_events", "source", "card", "arithmetic")
"""Arguments of a piece of work that its fit depends on, with the settings and those below."""


@dataclass(frozen=True, kw_only=True)
class Fitted:
    """A fitted embedding.

    Attributes:
        embedding: It.
        n_train: Events that it was trained on.
        hours: That this took; 0 where it was there already.
    """

    embedding: Any
    n_train: int
    hours: float


@dataclass(frozen=True, kw_only=True)
class Place:
    """Where events are and fits are kept.

    Attributes:
        source: Of the events.
        store: Folder of finished work.
        device: To train on.
        train: Whether a fit that is not kept is made.
    """

    source: Source
    store: Path
    device: Device = "auto"
    train: bool = True

    @property
    def models(self) -> Path:
        """Folder of fits."""
        return self.store.absolute() / "models"


def diphoton_spec(
    contestant: Contestant,
    regime: Regime,
    place: Place,
    *,
    profile: str,
    number: int,
    train_events: int | None,
) -> Spec:
    """Return the pipeline's work of training an embedding and embedding all events."""
    return latents_spec(
        contestant,
        regime,
        source=place.source.folder.absolute(),
        source_name=place.source.name,
        profile=profile,
        number=number,
        train_events=train_events,
        runtime=Runtime(device=place.device, progress=True),
        models=place.models,
    )


def fitted_diphoton(contestant: Contestant, spec: Spec, place: Place) -> Fitted:
    """Return the embedding of a piece of work of the diphoton task, fitted.

    Args:
        contestant: That the work is about.
        spec: Of `diphoton_spec`.
        place: The same.
    """
    arguments = spec.arguments
    regime = Regime.parse(arguments["regime"], diphoton_card())
    limit, number = arguments["train_events"], arguments["number"]
    events = fit_events(place.source, regime, limit=limit)
    settings = arguments["resolved"] or arguments["settings"]
    key = fit_name(arguments["embedding"], settings, arguments)
    identity = fit_identity(regime.name)
    names = (contestant.variant, regime.name, number, "embedding")
    return _fitted(
        _Fit(contestant, place.models / key, identity, (DIPHOTON.name, names)),
        events,
        int(in_part(events, "train").sum()),
        place,
    )


def fitted_adc(contestant: Contestant, place: Place, *, protocol: Protocol, number: int) -> Fitted:
    """Return an embedding of the CMS-ADC task, fitted.

    Args:
        contestant: The embedding.
        place: Of events and fits.
        protocol: Of the profile.
        number: Repetition of the training.

    Raises:
        DiademError: There are not so many trainings.
    """
    specs = training_specs(
        contestant,
        source=place.source.folder.absolute(),
        source_name=place.source.name,
        protocol=protocol,
        runtime=Runtime(device=place.device, progress=True),
        models=place.models,
    )
    arguments = {spec.arguments["number"]: spec.arguments for spec in specs}
    if number not in arguments:
        known = ", ".join(map(str, arguments))
        message = complaint("no training of this number", found=str(number), expected=known)
        raise DiademError(message)
    chosen = arguments[number]
    labels = uses_labels(contestant.make())
    data = load_data(place.source, train_events=protocol.train_events, labels=labels)
    limit = {"train_events": protocol.train_events}
    key = _key({**chosen, **limit}, {"task": chosen["task"], "code": chosen["code"]})
    names = (contestant.variant, number, "embedding")
    fit = _Fit(contestant, place.models / key, f"task {chosen['task']}", (CMS_ADC.name, names))
    return _fitted(fit, data.train, len(data.train), place)


@dataclass(frozen=True)
class _Fit:
    """What is to be fitted, where it is kept, whose checkpoints are taken, and the seed."""

    contestant: Contestant
    folder: Path
    identity: str
    seed: tuple[str, tuple[str | int, ...]]


def _fitted(fit: _Fit, events: Any, n_train: int, place: Place) -> Fitted:
    made = fit.contestant.make()
    there, begin = fit.folder.exists(), time.monotonic()
    if not (there or place.train) and getattr(made, "learns", True):
        message = complaint(
            "no fit is kept, and none may be made",
            where=str(place.store),
            found=f"no {made.name} {fit.contestant.variant}".rstrip() + f" of the {fit.identity}",
            remedy="Leave out --no-compute, or name another --store.",
        )
        raise DiademError(message)
    task, names = fit.seed
    keeper = Keeper(made, fit.folder, Runtime(place.device, None, fit.identity, True))
    keeper.fit(events, seed=seed_for(task, made.name, *names))
    hours = 0.0 if there else (time.monotonic() - begin) / 3600
    return Fitted(embedding=keeper.embedding, n_train=n_train, hours=hours)


def _key(arguments: dict[str, Any], more: dict[str, Any]) -> str:
    """Return the name of a fit's folder, as the pieces of work make it."""
    settings = arguments["resolved"] or arguments["settings"]
    fitted = {name: arguments[name] for name in _FIT}
    return Spec(arguments["embedding"], {**fitted, **more, "settings": settings}).key
