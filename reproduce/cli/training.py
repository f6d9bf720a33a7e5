"""What `diadem train` does once its options are known to be right."""

from __future__ import annotations

import re
import shutil
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from baselines.registry import entry
from benchmark.embedding import Runtime
from benchmark.errors import DiademError, complaint
from benchmark.files import atomic_paths
from benchmark.latents import read_facts
from benchmark.paths import datasets_root
from benchmark.tasks.diphoton import DIPHOTON
from benchmark.tasks.diphoton_events import diphoton_card
from benchmark.tasks.diphoton_work import latents_spec
from benchmark.tasks.regimes import Regime
from benchmark.tasks.source import open_source
from benchmark.tasks.spec import check_digest
from reproduce.cli.farming import alone, farmed
from reproduce.contestants import contestant
from reproduce.profiles import load_profile
from reproduce.regimes import regime_named

if TYPE_CHECKING:
    from pathlib import Path

    from benchmark.detectors import Device
    from benchmark.farm import Spec
    from benchmark.latents import Facts
    from reproduce.profiles import DiphotonProfile


@dataclass(frozen=True, kw_only=True)
class Request:
    """What a user asked for; see the options of `diadem train`."""

    embeddings: tuple[str, ...]
    regimes: tuple[str, ...] = ()
    profile: str | None = None
    settings: dict[str, Any]
    data: Path | None = None
    store: Path
    seed: int | None = None
    device: Device = "auto"
    workers: int = 1
    scheduler: str | None = None


def run(request: Request, output: Path | None) -> list[Path]:
    """Train and embed; return the files of latents, in `output` or in the store.

    Raises:
        DiademError: Bad names, regimes, settings, events or profile; a failed training.
        KeyboardInterrupt: Ctrl-C; finished trainings are kept.
    """
    files = farmed(specs_of(request), request, folder="latents", kept="trainings")
    facts = [read_facts(file) for file in files]
    if output is not None:
        files = _copy(files, facts, output)
    _show(files, facts)
    return files


def specs_of(request: Request) -> list[Spec]:
    """Return the work of a request; everything that a user can mistake is looked at here."""
    check_digest(DIPHOTON)
    name, profile = load_profile(request.profile)
    folder = request.data or datasets_root() / DIPHOTON.dataset / DIPHOTON.release
    source = open_source(folder)
    specs = [
        latents_spec(
            contestant(
                embedding,
                profile.diphoton,
                request.settings,
                task=DIPHOTON.name,
                seed=request.seed,
            ),
            regime,
            source=folder.absolute(),
            source_name=source.name,
            profile=name,
            number=number,
            train_events=profile.diphoton.train_events,
            runtime=Runtime(device=request.device, progress=alone(request)),
            models=request.store.absolute() / "models",
        )
        for embedding in request.embeddings
        for regime in _regimes(request, embedding, profile.diphoton)
        for number in range(profile.diphoton.encoders if entry(embedding).repeated else 1)
    ]
    times = Counter(spec.key for spec in specs)
    twice = [spec.label for spec in specs if times[spec.key] > 1]
    if twice:
        raise DiademError(complaint("the same training twice", found=twice[0]))
    return specs


def _regimes(request: Request, embedding: str, profile: DiphotonProfile) -> list[Regime]:
    texts = request.regimes or entry(embedding).regimes or profile.regimes
    return [regime_named(text) for text in texts]


def _copy(files: list[Path], facts: list[Facts], output: Path) -> list[Path]:
    """Return the files under `output`, named by embedding, regime and number but the first."""
    card = diphoton_card()
    found = []
    for fact in facts:
        # A variant may hold what no folder's name may.
        variant = re.sub(r"[^\w.=;+-]", "_", fact.variant)
        folder = output / "-".join(filter(None, (fact.embedding, variant)))
        again = f"-{fact.number}" if fact.number else ""
        found.append(folder / f"{Regime.parse(fact.regime, card).slug}{again}.parquet")
    with atomic_paths(found) as temporary:  # what is there is taken for the whole: all, or none
        for file, path in zip(files, temporary, strict=True):
            shutil.copyfile(file, path)
    return found


def _show(files: list[Path], facts: list[Facts]) -> None:
    from reproduce.cli.output import console, escaped, table

    shown = table("Latents", ("embedding", "regime"), ("training events", "file"))
    for file, fact in zip(files, facts, strict=True):
        name = f"{fact.embedding} {fact.variant}".strip()
        shown.add_row(escaped(name), fact.regime, f"{fact.n_train:,}", escaped(str(file)))
    console().print(shown)
