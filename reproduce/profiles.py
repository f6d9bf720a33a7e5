"""Profiles: how much of the benchmark is run, read from `params.yaml`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Self

import yaml
from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    NonNegativeFloat,
    PositiveFloat,
    PositiveInt,
    ValidationError,
    model_validator,
)

from benchmark.errors import DiademError, complaint
from benchmark.hunt.profile import HuntProfile
from benchmark.naming import suggestion, unknown
from benchmark.probes.settings import ProbeSettings
from benchmark.tasks.diphoton import DIPHOTON
from reproduce.params import params_path
from reproduce.profile_names import require_known

if TYPE_CHECKING:
    from pathlib import Path

    from pydantic_core import ErrorDetails

    from benchmark.tasks.evaluation import Protocol


# That of libyaml is eight times as fast, and as safe.
_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class ProtocolSettings(_Strict):
    """The fields of `benchmark.tasks.evaluation.Protocol`, as they stand in a profile."""

    train_events: PositiveInt | None
    embedding_trainings: PositiveInt
    detector_trainings: PositiveInt
    detector_trainings_alone: PositiveInt
    replicas: Annotated[int, Field(ge=20)]
    detector: dict[str, Any]

    def protocol(self, **changes: Any) -> Protocol:
        """Return the protocol, with changes."""
        from benchmark.tasks.evaluation import Protocol  # slow

        return Protocol(**{**self.model_dump(), **changes})


class Scans(_Strict):
    """What the scans of the paper's figures go through.

    Attributes:
        trainings: Embeddings, and detectors on each, at a point of the first two scans; the one
            over training events repeats as often as the main result.
        augmentations: Sets of anomaly augmentations, joined by "+".
        dimensions: Of the representation.
        events: Sizes of the training set.
    """

    trainings: tuple[PositiveInt, PositiveInt]
    augmentations: tuple[str, ...]
    dimensions: tuple[PositiveInt, ...]
    events: tuple[PositiveInt, ...]


class TaskProfile(_Strict):
    """A task at a profile."""

    def settings(self, section: str) -> dict[str, Any]:
        """Return the changes of an embedding's settings in a section; "" has none."""
        return dict(getattr(self, section)) if section else {}


class AdcProfile(TaskProfile):
    """The CMS-ADC task at a profile.

    Attributes:
        protocol: Sizes and numbers of trainings.
        encoder: Changes of the contrastive encoders' settings.
        signal_aware: Changes of the settings of the encoder that learns from labels.
        scans: Of the figures.
    """

    protocol: ProtocolSettings
    encoder: dict[str, Any]
    signal_aware: dict[str, Any]
    scans: Scans


class Tuning(_Strict):
    """What the scan of the hyper-parameters goes through that the SAC paper leaves open.

    Attributes:
        temperatures: Of the contrastive loss.
        learning_rates: Of Adam.
        betas: Weights of the KL divergence.
        encoder: Further changes of the encoder's settings.
    """

    temperatures: tuple[PositiveFloat, ...]
    learning_rates: tuple[PositiveFloat, ...]
    betas: tuple[NonNegativeFloat, ...]
    encoder: dict[str, Any] = {}


class SearchProfile(HuntProfile):
    """A search whose sizes all stand in the file: none has a default there."""

    instances: PositiveInt
    flows: PositiveInt
    classifiers: Annotated[int, Field(ge=2)]  # of ensembles of two
    ensembles: PositiveInt
    replicas: Annotated[int, Field(ge=20)]
    strengths: tuple[PositiveFloat, ...]


class DiphotonProfile(TaskProfile):
    """The diphoton task at a profile.

    Attributes:
        train_events: At most so many events of each process and part; None for all.
        encoders: Trainings of the signal-aware encoder in each regime; other embeddings have one.
        regimes: Those that the signal-aware encoder is trained in.
        encoder: Changes of the encoders' settings, from those of the method card.
        vae: Changes of the settings of the variational autoencoder.
        clr: Changes of the settings of the contrastive encoder that learns without labels.
        probes: How much is probed.
        tuning: The scan of hyper-parameters.
        hunt: How much is searched.
    """

    train_events: PositiveInt | None
    encoders: PositiveInt
    regimes: Annotated[tuple[str, ...], Field(min_length=1)]
    encoder: dict[str, Any]
    vae: dict[str, Any]
    clr: dict[str, Any]
    probes: ProbeSettings
    tuning: Tuning
    hunt: SearchProfile


class BoardProfile(_Strict):
    """The leaderboard at a profile: how much is scored, and which of the suite's own entries.

    Attributes:
        strengths: S / sqrt(B) of the injections, of the task's; that of its primary number is
            among them.
        diphoton: Regimes of each embedding; each is an entry.
        cms_adc: Embeddings, and changes of their settings: an entry has at most 64 dimensions.
        yardsticks: Embeddings of which the first regime is also searched with a perfect
            background and with labels.
    """

    strengths: tuple[PositiveFloat, ...]
    diphoton: dict[str, tuple[str, ...]]
    cms_adc: dict[str, dict[str, Any]]
    yardsticks: tuple[str, ...]

    @model_validator(mode="after")
    def _primary(self) -> Self:
        needed = DIPHOTON.hunt.primary.strength
        if needed not in self.strengths:
            message = f"strengths lack {needed:g}, that of the task's primary number"
            raise ValueError(message)
        return self


class Profile(_Strict):
    """One profile of `params.yaml`."""

    cms_adc: AdcProfile
    diphoton: DiphotonProfile
    leaderboard: BoardProfile


class _Params(_Strict):
    profile: str
    profiles: dict[str, Profile]


def load_profile(name: str | None = None) -> tuple[str, Profile]:
    """Return the name and the values of a profile; None takes the one that `dvc repro` runs.

    Raises:
        DiademError: The file cannot be read, holds an unknown key, a bad value, a signal, strength
            or regime that there is not, or has no such profile.
    """
    path = params_path()
    params = _read(path)
    chosen = params.profile if name is None else name
    if chosen not in params.profiles:
        raise DiademError(unknown("profile", chosen, params.profiles, where=str(path)))
    return chosen, params.profiles[chosen]


def _read(path: Path) -> _Params:
    try:
        text = path.read_text(encoding="utf-8")
        node = yaml.compose(text, Loader=_LOADER)
        _refuse_twice(node, path)
        params = _Params.model_validate(yaml.load(text, _LOADER))
    except OSError as error:
        raise DiademError(
            complaint("cannot be read", where=str(path), found=str(error))
        ) from error
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise DiademError(complaint("not YAML", where=str(path), found=str(error))) from error
    except ValidationError as error:
        raise DiademError(_fault(error.errors()[0], path)) from error
    for name, profile in params.profiles.items():
        require_known(profile, f"{path}, {name}")
    return params


def _fault(first: ErrorDetails, path: Path) -> str:
    """Return the complaint about the first thing that is wrong, with the nearest key."""
    *place, key = map(str, first["loc"] or ("",))
    what = {"extra_forbidden": "unknown key", "missing": "a key is missing"}
    meant = suggestion(key, _keys(place)) if first["type"] == "extra_forbidden" else ""
    return complaint(
        what.get(first["type"], first["msg"]),
        where=f"{path}, {'.'.join((*place, key))}",
        found="" if first["type"] == "missing" else repr(first["input"])[:80],
        remedy=meant or "Names and values are explained in reproduce/profiles.py.",
    )


def _keys(place: list[str]) -> list[str]:
    """Return the keys that a mapping of the file may have."""
    model: Any = _Params
    for name in place:
        fields = getattr(model, "model_fields", None)
        if fields is None or name not in fields:
            model = Profile  # the name of a profile
            continue
        model = fields[name].annotation
    return list(getattr(model, "model_fields", ()))


def _refuse_twice(node: Any, path: Path) -> None:
    """Refuse a key that stands twice in one mapping: YAML would take the last in silence."""
    waiting = [node]
    while waiting:
        held = waiting.pop()
        if isinstance(held, yaml.SequenceNode):
            waiting += held.value
        elif isinstance(held, yaml.MappingNode):
            keys = [key.value for key, _ in held.value]
            for key, value in held.value:
                if keys.count(key.value) > 1:
                    where = f"{path}, line {key.start_mark.line + 1}"
                    text = complaint("a key stands twice", where=where, found=repr(key.value))
                    raise DiademError(text)
                waiting.append(value)
