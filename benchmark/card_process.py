"""Processes of a dataset: what is generated, at which mass points, at which rate."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Literal, Self

from pydantic import BaseModel, Field, model_validator

from benchmark.card_values import (
    CONFIG,
    Count,
    FileName,
    Fraction,
    Name,
    NotNegative,
    PointName,
    Positive,
    Status,
    Text,
    Value,
    fault,
    refuse_duplicates,
)

Settings = Annotated[tuple[FileName, ...], Field(min_length=1)]


class Redecay(BaseModel):
    """How the decays of b hadrons are repeated, and which decay passes; looser than the selection.

    Attributes:
        tries: Decays of each event.
        min_hadron_pt: Only events with a b hadron above it are tried, GeV.
        min_lepton_pt: GeV.
        max_electron_eta: Bound on |eta|.
        max_muon_eta: Bound on |eta|.
        max_isolation: pT sum in the cone over the lepton's pT.
        cone: Radius in (eta, phi).
    """

    model_config = CONFIG

    tries: Count
    min_hadron_pt: Positive
    min_lepton_pt: Positive
    max_electron_eta: Positive
    max_muon_eta: Positive
    max_isolation: Positive
    cone: Positive


class GeneratorCard(BaseModel):
    """How Pythia is run beyond its settings file.

    Attributes:
        hook: Name of a veto in `benchmark.simulation.hooks`, or None.
        redecay: Repeated decays, or None.
        events_per_shard: Generated events of a shard, after the veto.
        cross_section_factor: What turns the cross section that Pythia reports into a physical one.
        status: Of the choice of hook and repeated decays; needed with either.
        source: Why these; needed with either.
    """

    model_config = CONFIG

    hook: Literal["one_diphoton_higgs", "central_photons", "hard_bottom"] | None = None
    redecay: Redecay | None = None
    events_per_shard: Count
    cross_section_factor: Value[Positive]
    status: Status | None = None
    source: Text | None = None

    @model_validator(mode="after")
    def _explained(self) -> Self:
        chosen = self.hook is not None or self.redecay is not None
        for key in ("status", "source"):
            if chosen and getattr(self, key) is None:
                what = f"a generator with a hook or repeated decays needs its {key}"
                raise fault(what, key=key, found="nothing", remedy="Say why they are used.")
        return self


class Point(BaseModel):
    """A mass point or variant of a process; a process without any has one with the name "".

    Attributes:
        name: Unique in the process.
        masses: GeV, by particle.
        settings: Files in the folder `pythia` beside the card; of several, shards alternate.
        status: Of the choice of this point.
        source: Where it stands, or why it was chosen.
        held_out: Whether interpolation leaves the point out of training.
    """

    model_config = CONFIG

    name: PointName
    masses: Mapping[Name, NotNegative] = {}
    settings: Settings
    status: Status
    source: Text
    held_out: bool = False


class Process(BaseModel):
    """A process and its points.

    Attributes:
        name: Used in files and on the command line.
        label: For plots; mathtext between dollar signs.
        title: The chain in words.
        kind: Background (Standard Model) or signal.
        group: Class number of the embeddings: 0 and above for the background, negative for
            signals; None where the dataset has no groups.
        cross_section: Reference, pb; None: taken from the generator, or arbitrary.
        cross_section_note: Why there is no reference; needed when there is none.
        cross_section_is_arbitrary: The generator's cross section means nothing either.
        branching: Fraction of `cross_section` that the events stand for; None: all.
        fraction: Share of the background mixture; None where the dataset has no mixture.
        generator: How Pythia is run.
        references: arXiv numbers, or names.
        points: At least one.
        alternatives: Other settings for the same process, by name; never part of a release.
    """

    model_config = CONFIG

    name: Name
    label: Text
    title: Text
    kind: Literal["background", "signal"]
    group: int | None = None
    cross_section: Value[Positive] | None = None
    cross_section_note: Text | None = None
    cross_section_is_arbitrary: bool = False
    branching: Value[Fraction] | None = None
    fraction: Value[Fraction] | None = None
    generator: GeneratorCard
    references: Annotated[tuple[Text, ...], Field(min_length=1)]
    points: Annotated[tuple[Point, ...], Field(min_length=1)]
    alternatives: Mapping[Name, Settings] = {}

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        refuse_duplicates(
            (point.name for point in self.points),
            what="point name",
            key=lambda index: f"points[{index}].name",
        )
        self._check_rates()
        if self.group is not None and (self.group < 0) == (self.kind == "background"):
            what = "the group's sign does not fit the kind"
            expected = "0 or more for a background, negative for a signal"
            raise fault(what, key="group", found=self.group, expected=expected)
        return self

    def _check_rates(self) -> None:
        """Refuse a cross section that is missing without a reason, or explained twice over."""
        if self.cross_section is None and self.cross_section_note is None:
            what = "no cross section and no reason for that"
            remedy = "Give cross_section, or say in cross_section_note why there is none."
            raise fault(what, key="cross_section_note", found="nothing", remedy=remedy)
        if self.cross_section is None and self.branching is not None:
            what = "a branching fraction of no cross section"
            remedy = "Put it into generator.cross_section_factor, or give cross_section."
            raise fault(what, key="branching", found=self.branching.value, remedy=remedy)
        if self.cross_section is not None and self.cross_section_is_arbitrary:
            what = "a cross section with a reference is not arbitrary"
            raise fault(what, key="cross_section_is_arbitrary", found="true", expected="false")
        if self.fraction is not None and self.kind == "signal":
            what = "a signal is no part of the background mixture"
            raise fault(what, key="fraction", found=self.fraction.value, expected="no fraction")

    def physical_cross_section(self, generated: float) -> float | None:
        """Return the cross section of the generated final state in pb; None if it is arbitrary.

        Args:
            generated: What Pythia reports for the settings and hook, pb.
        """
        if self.cross_section is not None:
            share = 1.0 if self.branching is None else self.branching.value
            return self.cross_section.value * share
        if self.cross_section_is_arbitrary:
            return None
        return generated * self.generator.cross_section_factor.value

    def point(self, name: str) -> Point | None:
        """Return the point called `name`, or None."""
        return next((point for point in self.points if point.name == name), None)
