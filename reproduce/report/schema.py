"""What a claim of a paper is, as `reproduce/claims.yaml` holds it: a small closed set of kinds."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, PositiveFloat, PositiveInt, model_validator

Names = Annotated[tuple[str, ...], Field(min_length=1)]
Share = Literal["all", "most"]
Over = dict[
    Literal["embedding", "regime", "variant", "signal", "metric", "at"],
    Annotated[tuple[str | float, ...], Field(min_length=1)],
]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Select(_Strict):
    """Columns of result rows, or a part of them; what is left out comes from the claim's own.

    Attributes:
        embedding: Its name.
        regime: What it learned from; "{signal}" stands for the signal, "{process}" for its
            process.
        variant: Settings and detector; empty for those of the profile.
        signal: Its name.
        metric: What was measured.
        at: Working point, where the metric has one.
        strength: Of an injected signal, or "largest" for the largest that was tried.
    """

    embedding: str | None = None
    regime: str | None = None
    variant: str | None = None
    signal: str | None = None
    metric: str | None = None
    at: float | None = None
    strength: float | Literal["largest"] | None = None

    def given(self) -> dict[str, Any]:
        """Return the columns that are named."""
        return self.model_dump(exclude_unset=True)


class Published(_Strict):
    """A number of a paper.

    Attributes:
        value: The number; None where it stands in a file of `reproduce/published`.
        error: What the paper gives as its error.
        file: Name of that file; the claim's columns find the number in it.
        tolerance: Stands for the error where the paper gives none; ours, with a reason.
        why: The reason.
    """

    value: float | None = None
    error: PositiveFloat | None = None
    file: str = ""
    tolerance: PositiveFloat | None = None
    why: str = ""

    @model_validator(mode="after")
    def _whole(self) -> Published:
        if (self.value is None) == (not self.file):
            message = "a number is given by its value, or by the file that holds it"
            raise ValueError(message)
        if (self.tolerance is None) != (not self.why):
            message = "a tolerance and its reason come together"
            raise ValueError(message)
        return self


class _Claim(_Strict):
    """What all claims have.

    Attributes:
        id: Of the claim, once.
        paper: Whose.
        source: Figure, table or section.
        claim: What the paper says, in a sentence of ours.
        task: Whose result rows are read.
        shown: Figure or table of ours that shows it.
        assumed: What the paper leaves open and the comparison depends on.
        absent: Why a profile has no rows for it, by the profile's name.
        unfit: Why the rows of a profile are not what it speaks of, by the profile's name.
    """

    id: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9_.+-]*$")]
    paper: Literal["sac", "aclr"]
    source: Annotated[str, Field(min_length=1)]
    claim: Annotated[str, Field(min_length=10)]
    task: Literal["cms_adc", "diphoton"]
    shown: str = ""
    assumed: tuple[str, ...] = ()
    absent: dict[str, str] = {}
    unfit: dict[str, str] = {}


class ValueClaim(_Claim):
    """A number, or what two numbers make.

    Attributes:
        select: The rows.
        against: The rows of the second number, where they differ; None for one number.
        form: What the two make.
        published: The paper's number.
        resolution: Uncertainty of ours above which agreement says nothing; None for the rule's.
    """

    kind: Literal["value"]
    select: Select
    against: Select | None = None
    form: Literal["value", "difference", "relative", "ratio"] = "value"
    published: Published
    resolution: PositiveFloat | None = None

    @model_validator(mode="after")
    def _pair(self) -> ValueClaim:
        if (self.against is None) != (self.form == "value"):
            message = f"the form {self.form!r} and `against` do not fit together"
            raise ValueError(message)
        return self


class OrderingClaim(_Claim):
    """One number lies above another.

    Attributes:
        select: What both have in common.
        above: The one that is larger.
        below: The other one.
    """

    kind: Literal["ordering"]
    select: Select
    above: Select
    below: Select


class OrderingsClaim(_Claim):
    """An ordering for every signal (or metric, ...), or for most.

    Attributes:
        select: What all have in common.
        above: The larger ones.
        below: The smaller ones; each is compared with each of the larger.
        over: Columns with the values that are gone through, all combinations.
        share: How many of the comparisons must hold.
    """

    kind: Literal["orderings"]
    select: Select
    above: Annotated[tuple[Select, ...], Field(min_length=1)]
    below: Annotated[tuple[Select, ...], Field(min_length=1)]
    over: Over = {}
    share: Share


class BoundClaim(_Claim):
    """Numbers stay on one side of a limit.

    Attributes:
        select: The rows.
        over: As in an ordering.
        side: Where they stay.
        limit: The limit.
        every_training: Whether each training must, by itself: for p-values, which have no error.
    """

    kind: Literal["bound"]
    select: Select
    over: Over = {}
    side: Literal["above", "below"]
    limit: float
    every_training: bool = False


class NotReachedClaim(_Claim):
    """Signals that are not found at any strength that was tried, in any of some regimes.

    Attributes:
        select: The rows.
        signals: Among which.
        regimes: In none of which.
        number: At least so many signals.
        limit: Largest strength, S/sqrt(B).
    """

    kind: Literal["not_reached"]
    select: Select
    signals: Names
    regimes: Names
    number: PositiveInt
    limit: PositiveFloat

    @model_validator(mode="after")
    def _possible(self) -> NotReachedClaim:
        if self.number > len(self.signals):
            message = f"{self.number} of {len(self.signals)} signals cannot be"
            raise ValueError(message)
        return self


class UnmeasuredClaim(_Claim):
    """Something that no result row holds, at any profile.

    Attributes:
        why: The reason.
    """

    kind: Literal["unmeasured"]
    why: Annotated[str, Field(min_length=10)]


Claim = Annotated[
    ValueClaim | OrderingClaim | OrderingsClaim | BoundClaim | NotReachedClaim | UnmeasuredClaim,
    Field(discriminator="kind"),
]


class Paper(_Strict):
    """A paper.

    Attributes:
        title: Its title.
        arxiv: Its number.
    """

    title: str
    arxiv: str


class ClaimsFile(_Strict):
    """The file.

    Attributes:
        rules: How each kind is judged, in words: by the name of the kind, or "all".
        papers: By their short names.
        claims: As they stand in the file: a claim's fields, and `each`, columns with values of
            which every combination is a claim of its own.
    """

    rules: dict[str, str]
    papers: dict[Literal["sac", "aclr"], Paper]
    claims: Annotated[list[dict[str, Any]], Field(min_length=1)]
