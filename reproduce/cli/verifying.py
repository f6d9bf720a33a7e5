"""What `diadem leaderboard verify` does once its options are known to be right."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import click
import numpy as np
import pandas as pd

from benchmark.errors import DataError, complaint
from benchmark.paths import datasets_root
from benchmark.provenance import commit
from benchmark.submissions.check import check
from benchmark.submissions.findings import Finding
from benchmark.submissions.folder import open_folder
from benchmark.submissions.onnx_run import encode
from benchmark.submissions.private import (
    private_events,
    private_requests,
    require_enough,
    secret_seed,
)
from benchmark.submissions.published import open_published
from benchmark.submissions.result_file import ScoredSubmission
from benchmark.submissions.scoring import adc_contestant, folder_digest, with_regimes
from benchmark.submissions.verifying import (
    MOST_PULL,
    adc_rows,
    agreement,
    joined,
    private_variant,
)
from benchmark.tasks.cms_adc import CMS_ADC, load_data
from benchmark.tasks.collect import hidden
from benchmark.tasks.diphoton_events import unmarked
from benchmark.tasks.source import open_source
from reproduce.cli.progress import reporting
from reproduce.cli.submit_scoring import Submitted, environment, search_rows
from reproduce.profiles import load_profile

if TYPE_CHECKING:
    from pathlib import Path

    from benchmark.submissions.verifying import Agreement
    from benchmark.table import EventTable
    from reproduce.cli.submit_scoring import Request

_NOT_VERIFIED = "not_verified"


@dataclass(frozen=True)
class Private:
    """Which private events are made.

    Attributes:
        seed_file: Random bytes.
        scale: Fraction of the release's events.
    """

    seed_file: Path
    scale: float


def run(
    request: Request, scored: ScoredSubmission, private: Private
) -> tuple[ScoredSubmission, Agreement]:
    """Return the result with rows on private events and the status that they give it.

    Args:
        request: As for a scoring, of the same profile.
        scored: What the scoring gave.
        private: Which events.

    Raises:
        Refused: The submission has a fault.
        DiademError: It is no encoder, or not the one that was scored; a bad seed file.
        KeyboardInterrupt: Ctrl-C; simulated events and finished work are kept.
    """
    submission = open_folder(request.folder).submission
    _require_the_same(request, scored)
    seed, commitment = secret_seed(private.seed_file, submission.task)
    published = open_published(submission.task, request.data)
    report = check(request.folder, data=request.data, published=published, tell=_tell)
    report.require()
    if report.latents is None or report.encoder is None:
        raise _changed(request.folder)
    # From here on the encoder is what was looked at, whatever lies in the folder by now.
    if folder_digest(request.folder, encoder=report.encoder) != scored.submission_digest:
        raise _changed(request.folder)
    events = _simulated(request, submission.task, seed, private.scale)
    require_enough(submission.task, events, private.scale)
    bare = unmarked(events) if events.m_gg is not None else hidden(events)
    _tell("the encoder on private events")
    values = encode(report.encoder, bare, dimensions=submission.dimensions)
    both = Submitted(
        submission, joined(published, events, bare), np.concatenate((report.latents, values))
    )
    rows = (_search if events.m_gg is not None else _adc)(request, both, events)
    rows = with_regimes(rows, submission).assign(profile=scored.profile, release=scored.release)
    rows["variant"] = [private_variant(name) for name in rows["variant"]]
    return _judged(scored, rows, {"seed_file_sha256": commitment, "scale": f"{private.scale:g}"})


def _require_the_same(request: Request, scored: ScoredSubmission) -> None:
    if scored.submission.kind != "encoder":
        message = complaint(
            "latents cannot be verified: only an encoder runs on new events",
            where=str(request.folder),
            remedy="Submit the encoder as ONNX.",
        )
        raise DataError(message)
    if folder_digest(request.folder) != scored.submission_digest:
        raise _changed(request.folder)


def _changed(folder: Path) -> DataError:
    message = complaint(
        "not the submission that was scored",
        where=str(folder),
        remedy="Score it again with `diadem submit score`.",
    )
    return DataError(message)


def _simulated(request: Request, task: str, seed: int, scale: float) -> EventTable:
    """Return the private events, with progress on stderr."""
    wanted = sum(asked.events for asked in private_requests(task, scale))
    with reporting(wanted) as report:
        return private_events(
            task,
            seed=seed,
            scale=scale,
            store=request.store / "private",
            workers=request.workers,
            on_progress=report,
        )


def _search(request: Request, both: Submitted, events: EventTable) -> pd.DataFrame:
    """Return the rows of the search for signals; what is known of m_gg is of published events."""
    del events
    _, sizes = load_profile(request.profile)
    rows = search_rows(request, both, request.profile or "", sizes)
    return rows[(rows["signal"] != "none") & (rows["metric"] != "mass_r2")]


def _adc(request: Request, both: Submitted, events: EventTable) -> pd.DataFrame:
    """Return the rows of the autoencoder, trained on published latents."""
    _, sizes = load_profile(request.profile)
    protocol = sizes.cms_adc.protocol.protocol()
    contestant = adc_contestant(
        request.store / "submissions", both.submission, both.published.event_id, both.values
    )
    folder = request.data or datasets_root() / CMS_ADC.dataset / CMS_ADC.release
    data = load_data(open_source(folder), train_events=protocol.train_events)
    found = []
    for rows in adc_rows(
        contestant.make(), data, events, CMS_ADC, protocol, device=request.device
    ):
        found.append(rows)
        _tell(f"{len(found)} of {protocol.detector_trainings_alone} autoencoders")
    return pd.concat(found, ignore_index=True).assign(commit=commit())


def _judged(
    scored: ScoredSubmission, rows: pd.DataFrame, record: dict[str, str]
) -> tuple[ScoredSubmission, Agreement]:
    """Return the result with private rows, in place of earlier ones."""
    found = agreement(scored, rows)
    known = scored.frame()
    known = known[~known["variant"].str.contains(private_variant(""), regex=False)]
    flags = [flag for flag in scored.flags if flag.code != _NOT_VERIFIED]
    if not found.good:
        flags.append(_too_low(found))
    made = ScoredSubmission.of(
        scored.submission,
        pd.concat([known, rows], ignore_index=True),
        submission_digest=scored.submission_digest,
        status="verified encoder" if found.good else "encoder",
        environment={**scored.environment, **environment(), **record},
        flags=flags,
    )
    return made, found


def _too_low(found: Agreement) -> Finding:
    if not found.signals:
        text = "on private events too few pass the cuts to compare with the published ones"
        return Finding(_NOT_VERIFIED, "flag", text)
    text = (
        f"on private events the score is {found.ratio:.2f} of the published one, "
        f"{-found.pull:.1f} standard deviations below (more than {MOST_PULL:g})"
    )
    return Finding(_NOT_VERIFIED, "flag", text)


def _tell(text: str) -> None:
    click.echo(f"verifying: {text}", err=True)
