"""What `diadem submit score` does once its options are known to be right."""

from __future__ import annotations

import os
import platform
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from typing import TYPE_CHECKING

import click
import pandas as pd

from benchmark.checksums import NAME
from benchmark.embedding import Runtime
from benchmark.errors import DataError, complaint
from benchmark.hunt.outcome import checked
from benchmark.hunt.plan import Cell, make_plan
from benchmark.hunt.setup import Setup
from benchmark.hunt.yields import background_yields
from benchmark.leaderboard.rules import rules
from benchmark.paths import datasets_root
from benchmark.provenance import commit
from benchmark.submissions.check import check
from benchmark.submissions.findings import fault
from benchmark.submissions.folder import open_folder
from benchmark.submissions.published import open_published
from benchmark.submissions.result_file import ScoredSubmission
from benchmark.submissions.rules import rules_of
from benchmark.submissions.scoring import (
    adc_contestant,
    diphoton_file,
    folder_digest,
    mass_row,
    with_regimes,
)
from benchmark.tasks.cms_adc import CMS_ADC
from benchmark.tasks.diphoton import DIPHOTON
from benchmark.tasks.spec import check_digest
from benchmark.tasks.work import training_specs
from reproduce.cli.farming import farmed
from reproduce.cli.hunting import TEMPLATES, searched
from reproduce.profiles import load_profile

if TYPE_CHECKING:
    from pathlib import Path

    import numpy as np
    from numpy.typing import NDArray

    from benchmark.detectors import Device
    from benchmark.hunt.profile import HuntProfile
    from benchmark.submissions.published import Published
    from benchmark.submissions.schema import Submission
    from reproduce.profiles import Profile

_LIBRARIES = ("numpy", "torch", "scikit-learn", "xgboost-cpu", "onnxruntime")
_WORK = "submissions"  # folder of the store


@dataclass(frozen=True, eq=False)
class Submitted:
    """What is scored: float32 (n, d) latents of the published events, in their order."""

    submission: Submission
    published: Published
    values: NDArray[np.float32]


@dataclass(frozen=True, kw_only=True)
class Request:
    """What a user asked for; see the options of `diadem submit score`.

    `ours`: an entry of the suite itself, which may have the name of a yardstick.
    """

    folder: Path
    profile: str | None = None
    yardsticks: bool = False
    ours: bool = False
    data: Path | None = None
    store: Path
    device: Device = "auto"
    workers: int = 1
    scheduler: str | None = None


def run(request: Request) -> ScoredSubmission:
    """Check a submission, run its task's protocol on its latents, and return the result.

    Raises:
        Refused: It has a fault.
        DiademError: Bad profile or events; a search or a training fails.
        KeyboardInterrupt: Ctrl-C; finished work is kept.
    """
    profile, sizes = load_profile(request.profile)
    spec = rules_of(open_folder(request.folder).submission.task).spec
    check_digest(spec)
    published = open_published(spec.name, request.data)
    digest = folder_digest(request.folder)
    report = check(request.folder, data=request.data, published=published, tell=_tell)
    report.require()
    if not request.ours:
        _require_name(report.submission)
    submission, latents = report.submission, report.latents
    now = folder_digest(request.folder, encoder=report.encoder)
    if submission is None or latents is None or now != digest:
        message = complaint("the folder changed while it was read", where=str(request.folder))
        raise DataError(message)
    protocol = search_rows if spec is DIPHOTON else _cms_adc
    rows = protocol(request, Submitted(submission, published, latents), profile, sizes)
    return ScoredSubmission.of(
        submission,
        with_regimes(rows, submission).assign(profile=profile),
        submission_digest=digest,
        status="encoder" if submission.kind == "encoder" else "self-reported latents",
        environment=environment(),
        flags=report.flags,
    )


def _require_name(submission: Submission | None) -> None:
    """Refuse the names that the board has for its yardsticks.

    Raises:
        Refused: It is one of them.
    """
    taken = {name for rule in rules().values() for held in rule.yardsticks for name in held.names}
    taken.add(NAME.partition(".")[0])  # lies beside the entries
    if submission is not None and submission.name in taken:
        raise fault(
            code="reserved_name",
            what="a name that the board has for its yardsticks or its files",
            where="submission.yaml: name",
            found=submission.name,
            expected="another than " + ", ".join(sorted(taken)),
        )


def search_rows(
    request: Request, submitted: Submitted, profile: str, sizes: Profile
) -> pd.DataFrame:
    """Return the rows of the search for every signal of the leaderboard."""
    published, values = submitted.published, submitted.values
    folder = request.store / _WORK
    file, facts = diphoton_file(folder, submitted.submission, published, values, profile=profile)
    cell = Cell(facts=facts, files=(file,))
    hunt = sought(sizes, facts.embedding, yardsticks=request.yardsticks)
    data = request.data or datasets_root() / DIPHOTON.dataset / DIPHOTON.release
    setup = Setup.of_task(background_yields(data, release=published.release))
    checked([cell], setup, hunt)
    # Where all searches leave their work: what is known of these numbers is not done again.
    plan = make_plan([cell], setup, hunt, store=request.store / TEMPLATES, device=request.device)
    found = searched(plan, request)["rows"]
    known = mass_row(facts, published, values).assign(commit=commit())
    return pd.concat([found, known], ignore_index=True)


def sought(sizes: Profile, name: str, *, yardsticks: bool) -> HuntProfile:
    """Return the search of a submission: every signal that counts, at the profile's sizes.

    Args:
        sizes: The profile.
        name: Of the submission.
        yardsticks: Whether the idealised and the supervised detector are run on it, too.
    """
    changes = {
        "signals": DIPHOTON.hunt.injections,
        "strengths": sizes.leaderboard.strengths,
        "embeddings": {name: ()},
        "yardsticks": (name,) if yardsticks else (),
        "sharing": (),
    }
    return sizes.diphoton.hunt.model_copy(update=changes)


def _cms_adc(request: Request, submitted: Submitted, profile: str, sizes: Profile) -> pd.DataFrame:
    """Return the rows of the task's autoencoder on the latents."""
    del profile  # all rows get it
    published, work = submitted.published, request.store / _WORK
    contestant = adc_contestant(work, submitted.submission, published.event_id, submitted.values)
    data = request.data or datasets_root() / CMS_ADC.dataset / CMS_ADC.release
    specs = training_specs(
        contestant,
        source=data.absolute(),
        source_name=published.release,
        protocol=sizes.cms_adc.protocol.protocol(),
        runtime=Runtime(device=request.device),
        models=work.absolute() / "models",
        curves=False,
    )
    place = Request(**{**vars(request), "store": work})
    files = farmed(specs, place, folder="trainings", kept="trainings")
    return pd.concat([pd.read_parquet(file) for file in files], ignore_index=True)


def environment() -> dict[str, str]:
    """Return versions and machine, for the record."""
    found = {"python": platform.python_version()}
    for name in _LIBRARIES:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    system = f"{platform.system()} {platform.machine()}, {os.cpu_count()} cores"
    return {**found, "machine": system}


def _tell(text: str) -> None:
    click.echo(f"checking: {text}", err=True)
