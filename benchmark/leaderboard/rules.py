"""What the leaderboard ranks by, for each task."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

from benchmark.tasks.cms_adc import CMS_ADC, WORKING_POINT
from benchmark.tasks.diphoton import DIPHOTON

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, kw_only=True)
class Point:
    """A number that each signal has.

    Attributes:
        label: For people; short enough for the head of a column.
        metric: As in result rows.
        at: Working point; None where the metric has none.
        strength: S / sqrt(B) of the injection; None where nothing is injected.
    """

    label: str
    metric: str
    at: float | None = None
    strength: float | None = None


@dataclass(frozen=True, kw_only=True)
class Yardstick:
    """What every entry is held against, and never ranked with.

    Attributes:
        kind: "random", "raw", "supervised" or "idealised".
        names: Entries that are this yardstick.
        variant: Rows of any entry that are this yardstick; empty for none.
        strength: Whether those rows have one.
        words: What it is.
        own: What entries of these names are, where that is something else.
        missing: Why it may be missing.
    """

    kind: str
    names: tuple[str, ...] = ()
    variant: str = ""
    strength: bool = True
    words: str
    own: str = ""
    missing: str = "No result file holds it."


@dataclass(frozen=True, kw_only=True)
class Rule:
    """How the entries of a task are ranked.

    Attributes:
        task: Name.
        title: In words.
        digest: Of the task's specification.
        dataset: Name of its card.
        signals: What the geometric mean is over.
        primary: The number whose geometric mean ranks.
        variant: Of the rows that count.
        words: The primary metric in words.
        repetition: What is repeated: an instance of the data, or a detector's training.
        shared_repetitions: Whether repetition k is the same data for all entries.
        shared_signals: Whether the signals' errors come from one test sample.
        beside: Further numbers of each signal.
        diagnostics: Numbers of an entry: label, and (metric, signal).
        curve: Metric of the curve over strengths; empty where there is none.
        yardsticks: In the order of the board.
    """

    task: str
    title: str
    digest: str
    dataset: str
    signals: tuple[str, ...]
    primary: Point
    variant: str
    words: str
    repetition: str
    shared_repetitions: bool
    shared_signals: bool
    beside: tuple[Point, ...]
    diagnostics: Mapping[str, tuple[str, str]]
    curve: bool
    yardsticks: tuple[Yardstick, ...]


_SIC = "significance_improvement_at_background"
_ONE_TRAINING = "An entry is one training: how much another would differ is in no interval"


def _diphoton() -> Rule:
    primary = DIPHOTON.hunt.primary
    tight, loose = DIPHOTON.hunt.working_points
    return Rule(
        task=DIPHOTON.name,
        title=DIPHOTON.title,
        digest=DIPHOTON.digest(),
        dataset=DIPHOTON.dataset,
        signals=DIPHOTON.hunt.injections,
        primary=Point(label="SIC", metric=_SIC, at=primary.at, strength=primary.strength),
        variant="detector=cathode",
        words=(
            f"geometric mean over the {len(DIPHOTON.hunt.injections)} signals of the significance "
            f"improvement (SIC) at a background efficiency of {primary.at:g} with "
            f"S/sqrt(B) = {primary.strength:g} injected, mean over instances of the data; "
            f"{primary.at**-0.5:g} is the most that there is. {_ONE_TRAINING}"
        ),
        repetition="instance",
        shared_repetitions=True,
        shared_signals=False,
        beside=(
            Point(
                label="spread of ensembles",
                metric="ensemble_spread",
                at=primary.at,
                strength=primary.strength,
            ),
            Point(label=f"SIC at {tight:g}", metric=_SIC, at=tight, strength=primary.strength),
            Point(label=f"5 sigma at {loose:g}", metric="discovery_strength", at=loose),
        ),
        diagnostics={
            "sculpting AUC, no signal": ("sculpting_auc", "none"),
            "R2 of m_gg on background": ("mass_r2", "background"),
        },
        curve=True,
        yardsticks=(
            Yardstick(kind="random", names=("random",), words="an encoder that was never trained"),
            Yardstick(
                kind="raw",
                names=("raw9", "raw"),
                words="nine plain features of the event, no encoder",
            ),
            Yardstick(
                kind="supervised",
                names=("supervised",),
                variant="detector=supervised",
                strength=False,
                words="a classifier that is told the signal, on the entry's latents",
                own="an encoder trained to tell the processes apart, signals among them",
            ),
            Yardstick(
                kind="idealised",
                variant="detector=idealised",
                words="CATHODE with a perfect background, on the entry's latents",
            ),
        ),
    )


def _cms_adc() -> Rule:
    at = WORKING_POINT
    return Rule(
        task=CMS_ADC.name,
        title=CMS_ADC.title,
        digest=CMS_ADC.digest(),
        dataset=CMS_ADC.dataset,
        signals=CMS_ADC.signals,
        primary=Point(label="SI", metric="significance_improvement", at=at),
        variant="",
        words=(
            f"geometric mean over the {len(CMS_ADC.signals)} signals of the significance "
            f"improvement (SI) at a signal efficiency of {at:g}, mean over detectors. "
            + _ONE_TRAINING
        ),
        repetition="detector",
        shared_repetitions=False,
        shared_signals=True,
        beside=(
            Point(label="AUC", metric="auc"),
            Point(label=f"1/eps_b at {at:g}", metric="background_rejection", at=at),
        ),
        diagnostics={},
        curve=False,
        yardsticks=(
            Yardstick(
                kind="random",
                names=("random", "untrained"),
                words="an encoder that was never trained",
            ),
            Yardstick(kind="raw", names=("raw",), words="the kinematics themselves, no encoder"),
            Yardstick(
                kind="supervised",
                names=("supervised",),
                words="a classifier that is told the signal",
            ),
            Yardstick(
                kind="idealised",
                words="a detector with a perfect background",
                missing="The task's detector learns from background alone: it has no such twin.",
            ),
        ),
    )


@cache
def rules() -> dict[str, Rule]:
    """Return the rules of all tasks, by name, in the order of the board."""
    return {rule.task: rule for rule in (_diphoton(), _cms_adc())}
