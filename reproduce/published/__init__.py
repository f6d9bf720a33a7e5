"""Numbers of the papers, as printed, that figures and tables set beside ours."""

from __future__ import annotations

import math
from dataclasses import dataclass
from importlib import resources
from typing import TYPE_CHECKING, Any, cast

import yaml

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, kw_only=True)
class Number:
    """A printed number.

    Attributes:
        value: The value.
        error: What its paper gives as error, in the same unit.
    """

    value: float
    error: float


@dataclass(frozen=True, kw_only=True)
class PublishedTable:
    """A table of a paper.

    Attributes:
        source: The paper with its version, such as "arXiv:2301.04660v2".
        where: The place in the paper, such as "Table 2".
        status: How sure the numbers are: "stated" when they are copied from the paper.
        error: What the errors are.
        efficiency: Signal efficiency of the working points.
        numbers: The numbers by (metric, signal, embedding), with our names.
        assumed: What the paper does not state and the numbers depend on.
    """

    source: str
    where: str
    status: str
    error: str
    efficiency: float
    numbers: Mapping[tuple[str, str, str], Number]
    assumed: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Statement:
    """A number that a paper states in words, or reads off in its text.

    Attributes:
        embedding: Whose number, with our name.
        metric: Of which result, with our name.
        signal: Of which class.
        words: What the paper says, in short; no quotation.
        difference: Fraction by which it differs from what it is held against.
    """

    embedding: str
    metric: str
    signal: str
    words: str
    difference: float


@dataclass(frozen=True, kw_only=True)
class PublishedStatements:
    """Statements of a paper on one of its figures.

    Attributes:
        source: The paper.
        where: The place in the paper, such as "Fig. 8".
        status: "stated" when they are the paper's.
        reference: The embedding that they are held against, with our name.
        statements: Each of them.
    """

    source: str
    where: str
    status: str
    reference: str
    statements: tuple[Statement, ...]


@dataclass(frozen=True, kw_only=True)
class Value:
    """A number of a paper that stands for itself, not in a table.

    Attributes:
        embedding: Whose number, with our name.
        regime: What the embedding learned from, with our name.
        signal: Of which signal, with our name.
        metric: Which number, with our name.
        value: The number.
        at: Working point, where the metric has one.
        error: What the paper gives as error, if it gives one.
    """

    embedding: str
    regime: str
    signal: str
    metric: str
    value: float
    at: float | None = None
    error: float | None = None


@dataclass(frozen=True, kw_only=True)
class PublishedValues:
    """Numbers of a paper on one of its figures.

    Attributes:
        source: The paper.
        where: The place in the paper, such as "Fig. 4".
        status: "stated" when they are the paper's.
        values: Each of them.
        assumed: What the paper does not state and the comparison depends on.
    """

    source: str
    where: str
    status: str
    values: tuple[Value, ...]
    assumed: tuple[str, ...]


def load_table(name: str) -> PublishedTable:
    """Return a table from its file in this folder.

    Args:
        name: Of the file without ending, such as "aclr_table_2".

    Example:
        >>> table = load_table("aclr_table_2")
        >>> table.numbers["auc", "a_to_4l", "raw"]
        Number(value=0.885, error=0.002)
    """
    content = _content(name)
    numbers = {
        (metric, signal, embedding): parse(printed)
        for metric, signals in content["numbers"].items()
        for signal, embeddings in signals.items()
        for embedding, printed in embeddings.items()
    }
    return PublishedTable(
        source=content["source"],
        where=content["where"],
        status=content["status"],
        error=content["error"],
        efficiency=content["efficiency"],
        numbers=numbers,
        assumed=tuple(content["assumed"]),
    )


def load_statements(name: str) -> PublishedStatements:
    """Return statements from their file in this folder.

    Example:
        >>> load_statements("sac_fig_8").statements[0].difference
        -0.05
    """
    content = _content(name)
    return PublishedStatements(
        source=content["source"],
        where=content["where"],
        status=content["status"],
        reference=content["reference"],
        statements=tuple(Statement(**given) for given in content["statements"]),
    )


def load_values(name: str) -> PublishedValues:
    """Return numbers from their file in this folder.

    Example:
        >>> load_values("sac_fig_3").values[0].value
        0.504
    """
    content = _content(name)
    return PublishedValues(
        source=content["source"],
        where=content["where"],
        status=content["status"],
        values=tuple(Value(**given) for given in content["values"]),
        assumed=tuple(content["assumed"]),
    )


def _content(name: str) -> dict[str, Any]:
    text = resources.files(__name__).joinpath(f"{name}.yaml").read_text(encoding="utf-8")
    return cast("dict[str, Any]", yaml.safe_load(text))


def parse(printed: str) -> Number:
    """Return the number of a text in which brackets hold the error on the last digits.

    Raises:
        ValueError: The text is not such a number.

    Example:
        >>> parse("0.885(2)"), parse("170(70)")
        (Number(value=0.885, error=0.002), Number(value=170.0, error=70.0))
    """
    value, bracket, rest = printed.partition("(")
    digits = rest.removesuffix(")")
    if not bracket or rest == digits or not digits.isdecimal():
        message = f"no number with its error in brackets: {printed!r}"
        raise ValueError(message)
    decimals = len(value.partition(".")[2])
    # The same rounding as of the printed decimal number: 0.002, not 2 * 0.001.
    error = float(f"{digits}e-{decimals}")
    number = Number(value=float(value), error=error)
    if not (math.isfinite(number.value) and number.error > 0):
        message = f"no finite number with a positive error: {printed!r}"
        raise ValueError(message)
    return number
