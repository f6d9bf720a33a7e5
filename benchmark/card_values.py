"""Building blocks of the dataset cards: a value that says where it comes from."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Generic, Literal, TypeVar

from pydantic import AfterValidator, BaseModel, ConfigDict, Field
from pydantic_core import PydanticCustomError

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Iterable

T = TypeVar("T")

CONFIG = ConfigDict(extra="forbid", frozen=True, strict=True, allow_inf_nan=False)
"""Strict: a number in quotation marks is text, and text is not a number."""

Status = Literal["stated", "authors_code", "inferred", "assumed"]
"""Stated in the paper; in its authors' public code; inferred (the source says why); our choice."""


class Value(BaseModel, Generic[T]):
    """A physical value, how sure it is, and where it comes from.

    Attributes:
        value: The value, in the unit that its key in the card has.
        status: See `Status`.
        source: Where the value stands, or why it was chosen.
    """

    model_config = CONFIG

    value: T
    status: Status
    source: Annotated[str, Field(min_length=1)]


def fault(
    what: str, *, key: str = "", found: object = "", expected: str = "", remedy: str = ""
) -> PydanticCustomError:
    """Return the error of a rule that concerns more than the type of one value.

    Args:
        what: What is wrong.
        key: Path of the value inside the model that is validated, such as "parts.train".
        found: What was found.
        expected: What should have been there.
        remedy: How to mend it.
    """
    context = {
        "what": what,
        "key": key,
        "found": str(found),
        "expected": expected,
        "remedy": remedy,
    }
    return PydanticCustomError("card", "{what}", context)


def refuse_duplicates(
    values: Iterable[Hashable], *, what: str, key: Callable[[int], str], remedy: str = ""
) -> None:
    """Raise a fault at the first value that stands twice; None may repeat.

    Args:
        values: Values in the order of the card.
        what: What they are, for the message.
        key: Key path of the value with a given index.
        remedy: How to mend it.
    """
    first: dict[Hashable, int] = {}
    for index, value in enumerate(values):
        if value is not None and value in first:
            what_twice = f"{what} used twice"
            raise fault(
                what_twice,
                key=key(index),
                found=f"{value!r}, also at {key(first[value])}",
                expected=f"a {what} of its own",
                remedy=remedy,
            )
        first[value] = index


def _rising(window: tuple[float, float]) -> tuple[float, float]:
    if not window[0] < window[1]:
        what = "the lower edge is not below the upper edge"
        raise fault(what, found=list(window), expected="[lower, upper]")
    return window


Name = Annotated[str, Field(pattern=r"^[A-Za-z][A-Za-z0-9_]*$")]
PointName = Annotated[str, Field(pattern=r"^[A-Za-z0-9_]*$")]
FileName = Annotated[str, Field(pattern=r"^[A-Za-z0-9_+-][A-Za-z0-9_.+-]*$")]
Text = Annotated[str, Field(min_length=1)]
Positive = Annotated[float, Field(gt=0)]
NotNegative = Annotated[float, Field(ge=0)]
Fraction = Annotated[float, Field(gt=0, le=1)]
Count = Annotated[int, Field(ge=1)]
Window = Annotated[tuple[NotNegative, NotNegative], AfterValidator(_rising)]

# Pydantic makes a class of each of these; one that is made at the level of a module has a name
# there, and only then can cards be pickled and sent to worker processes.
_PICKLABLE = (
    Value[Positive],
    Value[NotNegative],
    Value[Fraction],
    Value[Count],
    Value[Window],
    Value[tuple[NotNegative, NotNegative]],
)
