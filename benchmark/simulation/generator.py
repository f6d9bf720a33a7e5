"""Pythia 8 as a source of truth records.

A run is described by a `GeneratorRun`: a settings file, a seed, a fixed number of events.
The same run gives the same record, byte for byte, on the same machine and versions.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

import pythia8mc

from benchmark.errors import SimulationError
from benchmark.simulation.hooks import make_hook
from benchmark.simulation.record import flatten_batch, to_truth
from benchmark.simulation.redecay import RepeatedDecays, generate_redecayed
from benchmark.simulation.truth import Truth

if TYPE_CHECKING:
    from pathlib import Path

_BATCH = 250  # events held as awkward arrays at a time: bounds a worker's memory
_MB_TO_PB = 1e9
_MAX_FAILURES = 100  # events in a row that Pythia gives up before the run is called broken


@dataclass(frozen=True)
class GeneratorRun:
    """One reproducible run of the generator.

    Attributes:
        settings: a `.cmnd` file; SLHA files it names lie beside it.
        seed: Pythia's random seed, 1 to 900,000,000.
        events: events to generate, after the hook's veto.
        hook: name of a veto in `benchmark.simulation.hooks`, or None.
        redecay: repeat heavy-flavour decays (QCD with an isolated lepton), or None.
        extra: further settings lines, applied last.
    """

    settings: Path
    seed: int
    events: int
    hook: str | None = None
    redecay: RepeatedDecays | None = None
    extra: tuple[str, ...] = ()

    def digest(self) -> str:
        """Hash of all that decides the record: settings text, SLHA text, seed, size, versions."""
        content = {
            "lines": [line for _, line in read_settings(self.settings)],
            "slha": [p.read_text() for p in slha_files(self.settings)],
            "seed": self.seed,
            "events": self.events,
            "hook": self.hook,
            "redecay": None if self.redecay is None else vars(self.redecay),
            "extra": self.extra,
            "pythia8mc": version("pythia8mc"),
        }
        return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()


@dataclass(frozen=True)
class Generated:
    """What a run gave: the events, and the numbers that turn counts into cross sections.

    Attributes:
        truth: the events.
        tried: generated events that `truth` stands for.
        cross_section: pb, as Pythia estimates it for the settings, vetoes included.
        cross_section_error: its statistical uncertainty, pb.
    """

    truth: Truth
    tried: int
    cross_section: float
    cross_section_error: float


def read_settings(path: Path) -> list[tuple[int, str]]:
    """Numbered settings lines of a `.cmnd` file without comments.

    Raises:
        SimulationError: the file is missing or unreadable.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        msg = f"{path}: cannot read the Pythia settings ({error.strerror}); check the card's path"
        raise SimulationError(msg) from error
    stripped = (
        (number, line.split("!")[0].strip()) for number, line in enumerate(text.splitlines(), 1)
    )
    return [(number, line) for number, line in stripped if line]


def slha_files(path: Path) -> list[Path]:
    """SLHA files that a settings file names, as paths beside it."""
    named = (_slha_name(line) for _, line in read_settings(path))
    return [path.parent / name for name in named if name]


def _slha_name(line: str) -> str:
    key, _, value = line.partition("=")
    return value.strip() if key.strip().lower() == "slha:file" else ""


def _with_absolute_slha(line: str, settings: Path) -> str:
    """Pythia looks for SLHA files in the working directory: name the one beside the settings."""
    name = _slha_name(line)
    return f"SLHA:file = {settings.parent / name}" if name else line


def start_pythia(run: GeneratorRun) -> tuple[Any, Any]:
    """A Pythia instance ready for `next()`, and its hook (keep both alive).

    Raises:
        SimulationError: Pythia refuses a line or cannot initialise; file and line are named.
    """
    pythia = pythia8mc.Pythia("", False)
    for number, line in read_settings(run.settings):
        _apply(pythia, _with_absolute_slha(line, run.settings), f"{run.settings}:{number}")
    for line in (*run.extra, "Random:setSeed = on", f"Random:seed = {run.seed}"):
        _apply(pythia, line, f"{run.settings} (added line)")
    hook = None if run.hook is None else make_hook(run.hook)
    if hook is not None:
        pythia.setUserHooksPtr(hook)
    if not pythia.init():
        msg = (
            f"{run.settings}: Pythia accepts the lines but cannot initialise; "
            "run it with 'Print:quiet = off' to see its own message"
        )
        raise SimulationError(msg)
    return pythia, hook


def _apply(pythia: Any, line: str, place: str) -> None:
    if not pythia.readString(line):
        msg = (
            f"{place}: Pythia {version('pythia8mc')} refuses the line {line!r}; "
            "check the spelling of the setting and its value in the Pythia manual"
        )
        raise SimulationError(msg)


def generate(run: GeneratorRun) -> Generated:
    """Run the generator.

    Raises:
        SimulationError: see `start_pythia`; also when Pythia gives up.
    """
    pythia, hook = start_pythia(run)
    if run.redecay is not None:
        truth = generate_redecayed(pythia, run.events, run.redecay)
    else:
        truth = _generate_batches(pythia, run)
    info = pythia.infoPython()
    del hook  # lives until here: Pythia holds no reference of its own
    return Generated(
        truth=truth,
        tried=run.events,
        cross_section=info.sigmaGen() * _MB_TO_PB,
        cross_section_error=info.sigmaErr() * _MB_TO_PB,
    )


def _generate_batches(pythia: Any, run: GeneratorRun) -> Truth:
    parts: list[Truth] = []
    missing, failures = run.events, 0
    while missing:
        batch = pythia.nextBatch(
            min(missing, _BATCH)
        )  # may return fewer: failed events are dropped
        failures = 0 if len(batch) else failures + 1
        if failures > _MAX_FAILURES:
            msg = (
                f"{run.settings}: Pythia gave no event in {_MAX_FAILURES} batches; "
                "check the settings"
            )
            raise SimulationError(msg)
        if len(batch):
            parts.append(to_truth(flatten_batch(batch)))
            missing -= len(batch)
    return Truth.concat(parts)
