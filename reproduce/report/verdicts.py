"""What may be said of a claim, and the numbers behind it."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from reproduce.report.schema import Claim

Outcome = Literal["holds", "fails", "undecided", "missing"]
HOLDS: Outcome = "holds"
FAILS: Outcome = "fails"
UNDECIDED: Outcome = "undecided"
MISSING: Outcome = "missing"
OUTCOMES: tuple[Outcome, ...] = (HOLDS, FAILS, UNDECIDED, MISSING)
VERDICTS: dict[Outcome, str] = {
    HOLDS: "reproduced",
    FAILS: "not reproduced",
    UNDECIDED: "undecided",
    MISSING: "not testable at this profile",
}
"""What the report says of an outcome."""
ONE_TRAINING = "one training: the spread over trainings is unknown"


@dataclass(frozen=True, kw_only=True)
class Numbers:
    """Ours beside theirs; NaN where there is none.

    Attributes:
        ours: Our number; of an ordering the difference.
        statistical: Its error from the test events.
        spread: Its standard deviation over trainings.
        systematic: Its standard deviation over ensembles.
        uncertainty: What it is judged by.
        sigma: Distance from the paper's number, the limit, or 0, over the total uncertainty.
        needed: |sigma| from which the distance counts.
        trainings: The fewest.
        n_train: Events that were trained on, the fewest.
        n_sig: Test events of the signal, the fewest.
        n_bkg: Test events of the background, the fewest.
    """

    ours: float = math.nan
    statistical: float = math.nan
    spread: float = math.nan
    systematic: float = math.nan
    uncertainty: float = math.nan
    sigma: float = math.nan
    needed: float = math.nan
    trainings: int = 0
    n_train: int = 0
    n_sig: int = 0
    n_bkg: int = 0


@dataclass(frozen=True, kw_only=True)
class Part:
    """One comparison of a claim.

    Attributes:
        what: In words.
        outcome: Of it.
        numbers: Behind it.
        reason: Why it is missing or undecided; may be empty.
    """

    what: str
    outcome: Outcome
    numbers: Numbers
    reason: str = ""


@dataclass(frozen=True, kw_only=True)
class Judged:
    """A claim with its verdict.

    Attributes:
        claim: The claim.
        outcome: What was found.
        parts: All comparisons; none where there is nothing to compare.
        reason: Why it is not testable or undecided; may be empty.
    """

    claim: Claim
    outcome: Outcome
    parts: tuple[Part, ...]
    reason: str = ""

    @property
    def verdict(self) -> str:
        """The outcome in the report's words."""
        return VERDICTS[self.outcome]

    @property
    def one(self) -> Numbers | None:
        """The numbers of a claim of one comparison."""
        return self.parts[0].numbers if len(self.parts) == 1 else None

    def count(self, outcome: Outcome) -> int:
        """Return how many comparisons came out so."""
        return sum(part.outcome == outcome for part in self.parts)
