"""All checks of a submission, in order: the cheap and safe ones first."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeVar

from benchmark.errors import DiademError
from benchmark.submissions.findings import Finding, Refused, fault, quoted
from benchmark.submissions.folder import open_folder
from benchmark.submissions.honesty import examine
from benchmark.submissions.latents_file import check_values, read_values
from benchmark.submissions.published import open_published

if TYPE_CHECKING:
    import os
    from pathlib import Path

    import numpy as np
    from numpy.typing import NDArray

    from benchmark.submissions.folder import SubmissionFolder
    from benchmark.submissions.published import Published
    from benchmark.submissions.schema import Submission

T = TypeVar("T")
Tell = Callable[[str], None]
"""Called with what is done next, in words."""


@dataclass(frozen=True, eq=False)
class CheckReport:
    """What the checks found.

    Attributes:
        submission: What `submission.yaml` says; None where it was refused.
        findings: Faults and flags, in the order of the checks.
        latents: float32 (n, d) of the published events in their order; None after a fault.
        encoder: The bytes of the encoder that made them; None where latents were sent.
        seconds: That the checks took.
    """

    submission: Submission | None
    findings: tuple[Finding, ...]
    latents: NDArray[np.float32] | None = field(repr=False)
    seconds: float
    encoder: bytes | None = field(default=None, repr=False)

    @property
    def faults(self) -> tuple[Finding, ...]:
        """What refuses the submission."""
        return tuple(found for found in self.findings if found.level == "fault")

    @property
    def flags(self) -> tuple[Finding, ...]:
        """What is shown beside it."""
        return tuple(found for found in self.findings if found.level == "flag")

    def require(self) -> None:
        """Make sure that there is no fault.

        Raises:
            Refused: There is one.
        """
        if self.faults:
            raise Refused(self.faults)


def check(
    path: str | os.PathLike[str],
    *,
    data: Path | None = None,
    published: Published | None = None,
    tell: Tell | None = None,
) -> CheckReport:
    """Return what is wrong or remarkable with a submission.

    The order is: folder, `submission.yaml`, sizes, ids, finiteness and range, dimension; of an
    encoder its graph, that it is deterministic, and that an event's latents do not hang on others;
    at last honesty. The first step with a fault is the last one. Whatever goes wrong in an
    unforeseen way is a fault too.

    Args:
        path: The submission's folder.
        data: Folder of events; None for the bundled release of the submission's task.
        published: The task's events, where they are at hand already.
        tell: Progress.

    Raises:
        DiademError: The events in `data` cannot be read: that is no fault of the submission.
    """
    begin = time.monotonic()
    work = _Work(tell or (lambda _text: None))
    folder = work.step("folder and submission.yaml", lambda: open_folder(path))
    values = None
    if folder is not None:
        if published is None or published.task != folder.submission.task:
            work.tell("the task's events")
            published = open_published(folder.submission.task, data)
        events = published
        values = work.step("latents", lambda: _values(folder, events, work))
        if values is not None:
            found = values
            flags = work.step("honesty", lambda: examine(found, events, folder.submission))
            work.findings += flags or []
    good = not any(found.level == "fault" for found in work.findings)
    return CheckReport(
        submission=folder.submission if folder is not None else None,
        findings=tuple(work.findings),
        latents=values if good else None,
        seconds=time.monotonic() - begin,
        encoder=work.encoder if good else None,
    )


def _values(folder: SubmissionFolder, published: Published, work: _Work) -> NDArray[np.float32]:
    """Return the latents that were sent, or those that the encoder that was sent makes."""
    if folder.submission.kind == "latents":
        return read_values(folder, published.event_id)
    # Here alone, since the runtime of encoders is large and latents do without it.
    from benchmark.submissions.encoder import encoder_values

    made = encoder_values(folder, published, tell=work.tell)
    work.findings += made.flags
    work.encoder = made.content
    check_values(made.latents, folder.payload.name)
    return made.latents


class _Work:
    """Steps of which one that fails leaves its findings."""

    def __init__(self, tell: Tell) -> None:
        self.tell = tell
        self.findings: list[Finding] = []
        self.encoder: bytes | None = None

    def step(self, name: str, call: Callable[[], T]) -> T | None:
        """Return what a call gives, or None where it raised."""
        self.tell(name)
        try:
            return call()
        except Refused as error:
            self.findings += error.findings
        except DiademError as error:
            self.findings += fault(code="failed", what=str(error), where=name).findings
        except Exception as error:  # noqa: BLE001  a hostile file must not get through by a fault of ours
            found = f"{type(error).__name__}: {quoted(error)}"
            what = "this check could not be done"
            self.findings += fault(code="unexpected", what=what, where=name, found=found).findings
        return None
