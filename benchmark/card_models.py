"""The dataset card as a whole: everything that decides what a dataset is."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import BaseModel, Field, PrivateAttr, ValidationInfo, model_validator

from benchmark.card_process import Process
from benchmark.card_selection import DiphotonSelection, LeptonSelection
from benchmark.card_values import (
    CONFIG,
    Count,
    Fraction,
    Name,
    Positive,
    Status,
    Text,
    Value,
    fault,
    refuse_duplicates,
)
from benchmark.errors import CardError
from benchmark.naming import unknown
from benchmark.paths import datasets_root
from benchmark.schema import SCHEMAS

_SELECTION_KIND = {"diphoton": "diphoton", "cms_adc": "lepton"}
# Lets decimal fractions such as 0.1 ten times over sum to 1.
_SUM_TOLERANCE = 1e-9


class SplitCard(BaseModel):
    """A split of the events, as `benchmark.splits.Split` makes it.

    Attributes:
        name: Unique in the card.
        salt: Names the purpose; a different salt gives an independent split.
        parts: Fraction of each part, in order; they sum to 1.
        status: Of the fractions.
        source: Where they stand, or why they were chosen.
        of: "split/part": only the events of this part of an earlier split are split; None: all.
    """

    model_config = CONFIG

    name: Name
    salt: Text
    parts: Annotated[Mapping[Name, Fraction], Field(min_length=1)]
    status: Status
    source: Text
    of: Text | None = None

    @model_validator(mode="after")
    def _whole(self) -> Self:
        total = sum(self.parts.values())
        if abs(total - 1) > _SUM_TOLERANCE:
            what = "the fractions of the split's parts do not sum to 1"
            found = f"{dict(self.parts)}, sum {total:.12g}"
            raise fault(what, key="parts", found=found, expected="a sum of 1")
        return self


class ReleaseCard(BaseModel):
    """What the bundled release holds.

    Attributes:
        name: Such as "v1".
        seed: From which the seeds of the shards are derived.
        events: Selected events of each point, by process; a process not named is left out.
        mantissa_bits: Bits kept of the 23 of a float32's mantissa.
    """

    model_config = CONFIG

    name: Name
    seed: Annotated[int, Field(ge=0)]
    events: Mapping[Name, Count]
    mantissa_bits: Annotated[int, Field(ge=1, le=23)]


class DatasetCard(BaseModel):
    """A dataset: collisions, detector, selection, processes, splits, release.

    Attributes:
        name: Name of the dataset and of its folder.
        version: Raised whenever a value that decides the events changes.
        title: For people.
        event_schema: A key of `benchmark.schema.SCHEMAS`.
        detector: Name of the detector card.
        energy: Centre-of-mass energy, GeV.
        luminosity: 1/fb; None where the dataset stands for none.
        selection: Which events and objects are kept.
        slots: Number of slots of each object type.
        processes: At least one.
        splits: A split comes after the one that it is part of.
        release: The bundled release.
        references: arXiv numbers, or names.
    """

    model_config = CONFIG

    name: Name
    version: Count
    title: Text
    event_schema: Literal["diphoton", "cms_adc"]
    detector: Literal["atlas", "cms"]
    energy: Value[Positive]
    luminosity: Value[Positive] | None = None
    selection: Annotated[DiphotonSelection | LeptonSelection, Field(discriminator="kind")]
    slots: Mapping[Name, Value[Count]]
    processes: Annotated[tuple[Process, ...], Field(min_length=1)]
    splits: tuple[SplitCard, ...] = ()
    release: ReleaseCard
    references: Annotated[tuple[Text, ...], Field(min_length=1)]

    _folder: Path | None = PrivateAttr(default=None)

    @model_validator(mode="after")
    def _consistent(self, info: ValidationInfo) -> Self:
        self._check_schema()
        self._check_processes()
        self._check_mixture()
        self._check_splits()
        self._check_release()
        if info.context is not None:
            self._folder = info.context["folder"]
            self._check_settings()
        return self

    def _check_schema(self) -> None:
        """Refuse a selection or slots that do not fit the event schema."""
        kind = _SELECTION_KIND[self.event_schema]
        if self.selection.kind != kind:
            what = f"the selection does not fit the event schema {self.event_schema!r}"
            raise fault(what, key="selection.kind", found=self.selection.kind, expected=kind)
        expected = {kind.name: kind.count for kind in SCHEMAS[self.event_schema].types}
        found = {name: value.value for name, value in self.slots.items()}
        if found != expected:
            what = f"the slots are not those of the event schema {self.event_schema!r}"
            raise fault(what, key="slots", found=found, expected=str(expected))

    def _check_processes(self) -> None:
        """Refuse names, labels and groups that stand twice, and groups on some processes only."""
        for field in ("name", "label", "group"):
            refuse_duplicates(
                (getattr(process, field) for process in self.processes),
                what=field,
                key=lambda index, field=field: f"processes[{index}].{field}",  # type: ignore[misc]
            )
        grouped = [process.group is not None for process in self.processes]
        if any(grouped) and not all(grouped):
            what = "some processes have a group and this one has none"
            raise fault(what, key=f"processes[{grouped.index(False)}].group", found="nothing")

    def _check_mixture(self) -> None:
        """Refuse a background mixture that is not whole."""
        fractions = [p.fraction for p in self.processes if p.kind == "background"]
        known = [fraction.value for fraction in fractions if fraction is not None]
        if known and (len(known) < len(fractions) or abs(sum(known) - 1) > _SUM_TOLERANCE):
            what = "the fractions of the background processes are no whole mixture"
            expected = "a fraction for each background process, summing to 1"
            found = f"{len(known)} of {len(fractions)} fractions, sum {sum(known):.12g}"
            raise fault(what, key="processes", found=found, expected=expected)

    def _check_splits(self) -> None:
        """Refuse split names and salts that stand twice, and parents that do not come before."""
        for field in ("name", "salt"):
            refuse_duplicates(
                (getattr(split, field) for split in self.splits),
                what=field,
                key=lambda index, field=field: f"splits[{index}].{field}",  # type: ignore[misc]
            )
        known: list[str] = []
        for index, split in enumerate(self.splits):
            if split.of is not None and split.of not in known:
                what = "the split is part of something that does not come before it"
                expected = "one of " + ", ".join(known) if known else "no `of`"
                raise fault(what, key=f"splits[{index}].of", found=split.of, expected=expected)
            known += [f"{split.name}/{part}" for part in split.parts]

    def _check_release(self) -> None:
        """Refuse a release of processes that the card does not have."""
        names = [process.name for process in self.processes]
        for name in self.release.events:
            if name not in names:
                what = "no such process"
                expected = "one of " + ", ".join(names)
                raise fault(what, key=f"release.events.{name}", found=name, expected=expected)

    def _check_settings(self) -> None:
        """Refuse settings files that do not exist."""
        for i, process in enumerate(self.processes):
            named = [
                (f"points[{j}].settings[{k}]", file)
                for j, point in enumerate(process.points)
                for k, file in enumerate(point.settings)
            ]
            named += [
                (f"alternatives.{name}[{k}]", file)
                for name, files in process.alternatives.items()
                for k, file in enumerate(files)
            ]
            for key, file in named:
                if not self.settings_path(file).is_file():
                    what = "the Pythia settings file does not exist"
                    remedy = f"Put {file} into {self.settings_path(file).parent} or mend the name."
                    raise fault(what, key=f"processes[{i}].{key}", found=file, remedy=remedy)

    @property
    def folder(self) -> Path:
        """The folder that holds the card; settings and release lie there too."""
        return datasets_root() / self.name if self._folder is None else self._folder

    def settings_path(self, file: str) -> Path:
        """Return the path of a settings file that a point or an alternative names."""
        return self.folder / "pythia" / file

    def process(self, name: str) -> Process:
        """Return the process called `name`.

        Raises:
            CardError: The card has no such process.
        """
        for process in self.processes:
            if process.name == name:
                return process
        known = (process.name for process in self.processes)
        raise CardError(unknown("process", name, known, where=f"dataset {self.name}"))
