"""Profiles: how much of the benchmark is run, read from `params.yaml`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import yaml
from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    NonNegativeFloat,
    PositiveFloat,
    PositiveInt,
    ValidationError,
)

from benchmark.errors import DiademError, complaint
from benchmark.hunt.plan import HuntProfile
from benchmark.naming import unknown
from benchmark.probes.settings import ProbeSettings
from benchmark.tasks.evaluation import Protocol
from reproduce.params import params_path

if TYPE_CHECKING:
    from pathlib import Path


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
        scans: Of the figures.
    """

    protocol: ProtocolSettings
    encoder: dict[str, Any]
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


class DiphotonProfile(TaskProfile):
    """The diphoton task at a profile.

    Attributes:
        train_events: At most so many events of each process and part; None for all.
        encoders: Trainings of the signal-aware encoder in each regime; other embeddings have one.
        regimes: Those that the signal-aware encoder is trained in.
        encoder: Changes of the encoders' settings, from those of the method card.
        vae: Changes of the settings of the variational autoencoder.
        probes: How much is probed.
        tuning: The scan of hyper-parameters.
        hunt: How much is searched.
    """

    train_events: PositiveInt | None
    encoders: PositiveInt
    regimes: Annotated[tuple[str, ...], Field(min_length=1)]
    encoder: dict[str, Any]
    vae: dict[str, Any]
    probes: ProbeSettings
    tuning: Tuning
    hunt: HuntProfile


class Profile(_Strict):
    """One profile of `params.yaml`."""

    cms_adc: AdcProfile
    diphoton: DiphotonProfile


class _Params(_Strict):
    profile: str
    profiles: dict[str, Profile]


def load_profile(name: str | None = None) -> tuple[str, Profile]:
    """Return the name and the values of a profile; None takes the one that `dvc repro` runs.

    Raises:
        DiademError: The file cannot be read, holds an unknown key or a bad value, or has no such
            profile.
    """
    path = params_path()
    params = _read(path)
    chosen = params.profile if name is None else name
    if chosen not in params.profiles:
        raise DiademError(unknown("profile", chosen, params.profiles, where=str(path)))
    return chosen, params.profiles[chosen]


def _read(path: Path) -> _Params:
    try:
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
        return _Params.model_validate(content)
    except OSError as error:
        raise DiademError(
            complaint("cannot be read", where=str(path), found=str(error))
        ) from error
    except yaml.YAMLError as error:
        raise DiademError(complaint("not YAML", where=str(path), found=str(error))) from error
    except ValidationError as error:
        first = error.errors()[0]
        message = complaint(
            first["msg"],
            where=f"{path}, {'.'.join(map(str, first['loc']))}",
            found=repr(first["input"])[:80],
            remedy="Names and values are explained in reproduce/profiles.py.",
        )
        raise DiademError(message) from error
