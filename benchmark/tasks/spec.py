"""A task as a versioned specification, with a digest that no silent change survives."""

from __future__ import annotations

import hashlib
import json
from importlib import resources
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from benchmark.errors import DiademError, complaint

DIGESTS = "digests.json"


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class MetricSpec(_Frozen):
    """A number that the task reports.

    Attributes:
        name: As in the result rows.
        at: Signal efficiency of the working point; None for a number of the whole curve.
        direction: Which end is good.
    """

    name: str
    at: Annotated[float, Field(gt=0, lt=1)] | None = None
    direction: Literal["higher", "lower"] = "higher"


class DetectorSpec(_Frozen):
    """The anomaly detector that every contestant gets, and its settings."""

    name: str
    settings: dict[str, Any]


class PrimaryPoint(_Frozen):
    """Where a significance improvement is taken: background efficiency, S / sqrt(B)."""

    at: Annotated[float, Field(gt=0, lt=1)]
    strength: Annotated[float, Field(gt=0)]


class HuntSpec(_Frozen):
    """How signals are sought in pseudo-data.

    Attributes:
        luminosity: Asked for, 1/fb.
        share: Of the pseudo-data half's own luminosity that one instance takes at most.
        injections: Signals of the leaderboard, "process/point"; a profile may leave some out.
        strengths: S / sqrt(B) in the signal region before any cut; a profile may leave some out.
        working_points: Background efficiencies of the cuts, the tightest first.
        curve: Background efficiencies of the ROC curve; the cuts' are among them.
        primary: What the leaderboard ranks by: the geometric mean over the injections of the
            significance improvement at this background efficiency and strength.
        detector: What comes after the embedding.
    """

    luminosity: Annotated[float, Field(gt=0)]
    share: Annotated[float, Field(gt=0, le=1)]
    injections: tuple[str, ...]
    strengths: tuple[Annotated[float, Field(gt=0)], ...]
    working_points: tuple[Annotated[float, Field(gt=0, lt=1)], ...]
    curve: tuple[Annotated[float, Field(gt=0, lt=1)], ...]
    primary: PrimaryPoint
    detector: DetectorSpec


class Specification(_Frozen):
    """What every task says of itself.

    Attributes:
        name: Name of the task.
        version: Raised with every change that can change a number.
        title: In words.
        dataset: Name of the dataset's card.
        release: The bundled release that results of record are made on.
        release_digest: Digest of its events.
        split: Name of the card's split with the parts train, validation and test; a test holds
            the card to what the results of record were made with.
        signals: Processes that are sought; all others are background.
    """

    name: str
    version: int
    title: str
    dataset: str
    release: str
    release_digest: str
    split: str
    signals: tuple[str, ...]

    def digest(self) -> str:
        """Return 16 hexadecimal digits of the specification in canonical JSON."""
        plain = json.dumps(self.model_dump(mode="json"), sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(plain.encode()).hexdigest()[:16]


class TaskSpec(Specification):
    """All that defines what a number of an anomaly detection task means.

    Attributes:
        regime: What `fit` may see, in words of the results.
        metrics: What is reported for each signal.
        curve: Signal efficiencies at which the whole curve is reported.
        detector: What comes after the embedding.
        primary: Metric of the leaderboard.
    """

    regime: str
    metrics: tuple[MetricSpec, ...]
    curve: tuple[float, ...]
    detector: DetectorSpec
    primary: str


def known_digests() -> dict[str, dict[str, str]]:
    """Return the published digests: task, version, digest.

    A specification that does not have the digest of its version was changed in silence: raise
    the version and add a line.
    """
    text = resources.files("benchmark.tasks").joinpath(DIGESTS).read_text(encoding="utf-8")
    return dict(json.loads(text))


def check_digest(spec: Specification) -> None:
    """Refuse a specification that differs from what was published under its version.

    Raises:
        DiademError: The digest is unknown or another.
    """
    published = known_digests().get(spec.name, {}).get(str(spec.version))
    if published != spec.digest():
        message = complaint(
            "the specification is not the published one",
            where=f"task {spec.name} version {spec.version}",
            found=spec.digest(),
            expected=published or "a published digest",
            remedy=f"Raise the version and add its digest to benchmark/tasks/{DIGESTS}.",
        )
        raise DiademError(message)
