"""All searches of a profile, as work for the farm."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, get_args

from benchmark.errors import DataError, complaint
from benchmark.hunt.hunt import Hunt, hunt_spec
from benchmark.hunt.rows import Piece
from benchmark.hunt.sculpting import sculpting_spec
from benchmark.hunt.template import template_spec
from benchmark.latents import read_facts
from benchmark.tasks.diphoton_events import diphoton_card
from benchmark.tasks.regimes import Kind as RegimeKind
from benchmark.tasks.regimes import Regime

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from benchmark.detectors import Device
    from benchmark.farm_spec import Spec
    from benchmark.hunt.profile import HuntProfile
    from benchmark.hunt.search import Detector
    from benchmark.hunt.setup import Setup
    from benchmark.latents import Facts


@dataclass(frozen=True, kw_only=True)
class Cell:
    """The encoders of one embedding, variant and regime.

    Attributes:
        facts: Of the first encoder.
        files: Latents of each.
    """

    facts: Facts
    files: tuple[Path, ...]

    @property
    def label(self) -> str:
        """For people."""
        facts = self.facts
        return " ".join(filter(None, (facts.embedding, facts.variant, facts.regime)))


@dataclass(frozen=True, kw_only=True)
class Plan:
    """Work in its order: templates before what uses them.

    Attributes:
        templates: Samples of the background.
        hunts: Searches; result rows.
        sculpting: Searches without signal; rows and points.
    """

    templates: tuple[Spec, ...]
    hunts: tuple[Piece, ...]
    sculpting: tuple[Piece, ...]


def cells(files: Iterable[Path], profile: HuntProfile) -> list[Cell]:
    """Return the encoders to hunt with, by embedding, variant and regime.

    Raises:
        DataError: None of the embeddings is there.
    """
    found: dict[tuple[str, str, str], dict[int, tuple[Facts, Path]]] = {}
    for path in files:
        facts = read_facts(path)
        if facts.embedding in profile.embeddings and not facts.classes:
            key = facts.embedding, facts.variant, facts.regime
            found.setdefault(key, {})[facts.number] = facts, path
    if not found:
        message = complaint("no latents to hunt with", expected=", ".join(profile.embeddings))
        raise DataError(message)
    made = []
    for encoders in found.values():
        chosen = [encoders[number] for number in sorted(encoders)]
        made.append(Cell(facts=chosen[0][0], files=tuple(path for _, path in chosen)))
    names, regimes = list(profile.embeddings), get_args(RegimeKind)

    def place(cell: Cell) -> tuple[int, int, str]:
        regime = Regime.parse(cell.facts.regime, diphoton_card())
        return names.index(cell.facts.embedding), regimes.index(regime.kind), regime.name

    return sorted(made, key=place)


def signals_of(cell: Cell, profile: HuntProfile) -> list[str]:
    """Return the signals that are sought: those held out, where some are, else all."""
    held_out = Regime.parse(cell.facts.regime, diphoton_card()).held_out
    wanted = profile.embeddings[cell.facts.embedding] or profile.signals
    return [name for name in wanted if not held_out or held_out in (name, name.split("/")[0])]


def make_plan(
    cells: Sequence[Cell],
    setup: Setup,
    profile: HuntProfile,
    *,
    store: Path,
    device: Device = "auto",
    per_injection: bool = False,
) -> Plan:
    """Return all work of a profile.

    Args:
        cells: What to hunt with.
        setup: The protocol.
        profile: How much.
        store: Folder of the templates.
        device: Where flows train.
        per_injection: Train flows anew for each injection, on sidebands that hold the signal's
            tail; else once for each instance, on the Standard Model's.
    """
    planner = _Planner(setup, profile, store, device, per_injection)
    for cell in cells:
        planner.add(cell)
    return Plan(
        templates=tuple({spec.key: spec for spec in planner.templates}.values()),
        hunts=tuple(planner.hunts),
        sculpting=tuple(planner.sculpting),
    )


class _Planner:
    """Collects the work, cell by cell."""

    def __init__(
        self, setup: Setup, profile: HuntProfile, store: Path, device: Device, per_injection: bool
    ) -> None:
        self._setup, self._profile, self._store = setup, profile, store
        self._device, self._per_injection = device, per_injection
        self.templates: list[Spec] = []
        self.hunts: list[Piece] = []
        self.sculpting: list[Piece] = []
        self._measured: set[str] = set()

    def add(self, cell: Cell) -> None:
        """Add the searches of one cell; yardsticks with the first regime of an embedding."""
        profile, embedding = self._profile, cell.facts.embedding
        yardsticks = embedding in profile.yardsticks and embedding not in self._measured
        self._measured.add(embedding)
        signals = signals_of(cell, profile)
        for instance in range(profile.instances):
            self._sculpt(cell, signals, instance)
            for signal in signals:
                for strength in profile.strengths:
                    self._hunt(cell, signal, strength, instance)
                    if yardsticks:
                        self._yardstick(cell, "idealised", signal, strength, instance)
            if yardsticks and not self._per_injection:
                self._sharing(cell, instance)
        if yardsticks:
            for signal in signals:
                self._yardstick(cell, "supervised", signal, None, 0)

    def _sharing(self, cell: Cell, instance: int) -> None:
        """Add searches with flows of their own, and those with shared ones to compare with."""
        strength = max(self._profile.strengths)
        for signal in self._profile.sharing:
            for own in (False, True):
                self._hunt(cell, signal, strength, instance, own=own, study=True)

    def _flows(
        self, cell: Cell, instance: int, signal: str = "", strength: float = 0
    ) -> list[Spec]:
        """Return the work of an instance's flows: shared, or with a signal in their sidebands."""
        made = [
            template_spec(
                file,
                self._setup,
                instance=instance,
                flows=self._profile.flows,
                signal=signal,
                strength=strength,
                device=self._device,
                label=cell.label,
            )
            for file in cell.files
        ]
        self.templates += made
        return made

    def _sculpt(self, cell: Cell, signals: list[str], instance: int) -> None:
        made = sculpting_spec(
            cell.files,
            self._setup,
            self._profile,
            instance=instance,
            templates=self._flows(cell, instance),
            sought=signals,
            drawn=self._profile.drawn,
            store=self._store,
            label=cell.label,
        )
        self.sculpting.append(Piece(spec=made, facts=cell.facts, named=(("detector", "cathode"),)))

    def _hunt(
        self,
        cell: Cell,
        signal: str,
        strength: float,
        instance: int,
        *,
        own: bool = False,
        study: bool = False,
    ) -> None:
        """Add a search; one with flows of its own, and all of a study, say so in the variant."""
        own = own or self._per_injection
        named = (("flows", "injection" if own else "instance"),) if own or study else ()
        hunt = Hunt(signal=signal, strength=strength, instance=instance)
        injected = (signal, strength) if own else ()
        self._search(hunt, cell, self._flows(cell, instance, *injected), named)

    def _yardstick(
        self, cell: Cell, detector: Detector, signal: str, strength: float | None, instance: int
    ) -> None:
        hunt = Hunt(signal=signal, strength=strength, instance=instance, detector=detector)
        self._search(hunt, cell, [])

    def _search(
        self,
        hunt: Hunt,
        cell: Cell,
        templates: list[Spec],
        named: tuple[tuple[str, str], ...] = (),
    ) -> None:
        spec = hunt_spec(
            hunt,
            cell.files,
            self._setup,
            self._profile,
            templates=templates,
            store=self._store,
            label=cell.label,
        )
        parts = (("detector", hunt.detector), *named)
        self.hunts.append(Piece(spec=spec, facts=cell.facts, named=parts))
