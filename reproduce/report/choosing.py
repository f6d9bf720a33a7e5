"""The rows that a claim is about: its selections, one by one."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, Any

from reproduce.report.schema import (
    BoundClaim,
    NotReachedClaim,
    OrderingClaim,
    OrderingsClaim,
    Select,
    ValueClaim,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from reproduce.report.schema import Claim


def joined(common: Select, own: Select | None = None, **chosen: Any) -> Select:
    """Return one selection of what all have in common, chosen values, and what is one's own.

    Example:
        >>> common = Select(metric="auc", signal="zprime/400")
        >>> joined(common, Select(regime="ep:{process}")).regime
        'ep:zprime'
    """
    given = {**common.given(), **chosen, **(own.given() if own else {})}
    signal = str(given.get("signal", ""))
    if isinstance(given.get("regime"), str):
        process = signal.partition("/")[0]
        given["regime"] = given["regime"].replace("{signal}", signal).replace("{process}", process)
    return Select(**given)


def combinations(over: Mapping[Any, tuple[Any, ...]]) -> Iterator[dict[str, Any]]:
    """Yield every combination of the values of some columns; one without columns for none."""
    for values in itertools.product(*over.values()):
        yield dict(zip(over, values, strict=True))


def pairs(claim: OrderingClaim | OrderingsClaim) -> Iterator[tuple[Select, Select]]:
    """Yield the selections of all comparisons: what should lie above, and below."""
    if isinstance(claim, OrderingClaim):
        yield joined(claim.select, claim.above), joined(claim.select, claim.below)
        return
    for chosen in combinations(claim.over):
        for upper, lower in itertools.product(claim.above, claim.below):
            yield joined(claim.select, upper, **chosen), joined(claim.select, lower, **chosen)


def selections(claim: Claim) -> Iterator[Select]:
    """Yield every selection of a claim."""
    if isinstance(claim, ValueClaim):
        yield joined(claim.select)
        if claim.against is not None:
            yield joined(claim.select, claim.against)
    elif isinstance(claim, OrderingClaim | OrderingsClaim):
        yield from itertools.chain.from_iterable(pairs(claim))
    elif isinstance(claim, BoundClaim):
        for chosen in combinations(claim.over):
            yield joined(claim.select, **chosen)
    elif isinstance(claim, NotReachedClaim):
        for chosen in combinations({"signal": claim.signals, "regime": claim.regimes}):
            yield joined(claim.select, **chosen)
