"""Detector cards: the numbers of a parametrised detector, typed and validated.

A card lies in `datasets/detectors/NAME.yaml`. Units: m, GeV and T.
"""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, Annotated, Generic, Literal, Self, TypeVar

import numpy as np
import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from benchmark.errors import CardError
from benchmark.paths import datasets_root

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

T = TypeVar("T")


class _Card(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class StepTable(_Card):
    """A quantity in steps of |eta| and pT: `values[pt][eta] + slopes[pt][eta] * pT`.

    A step holds for lower < x <= upper (as in the cited cards); the lowest |eta| edge is
    inclusive. Outside all edges the quantity is zero.
    """

    eta_edges: list[float]
    pt_edges: list[float]
    values: list[list[float]]
    slopes: list[list[float]] | None = None

    @model_validator(mode="after")
    def _shapes(self) -> Self:
        _require_steps(self, "eta_edges")
        _require_steps(self, "pt_edges")
        rows, columns = len(self.pt_edges) - 1, len(self.eta_edges) - 1
        for name, matrix in (("values", self.values), ("slopes", self.slopes)):
            if matrix is None:
                continue
            if len(matrix) != rows or any(len(row) != columns for row in matrix):
                msg = f"{name}: expected {rows} rows (pT) of {columns} numbers (|eta|)"
                raise ValueError(msg)
        return self

    def __call__(self, pt: NDArray[np.float64], eta: NDArray[np.float64]) -> NDArray[np.float64]:
        """Evaluate at arrays of pT (GeV) and eta of one shape."""
        row = np.searchsorted(self.pt_edges, pt, side="left") - 1
        column = step(self.eta_edges, np.abs(eta))
        inside = (row >= 0) & (row < len(self.values)) & (column >= 0)
        row, column = np.where(inside, row, 0), np.where(inside, column, 0)
        result = np.asarray(self.values)[row, column]
        if self.slopes is not None:
            result = result + np.asarray(self.slopes)[row, column] * pt
        return np.where(inside, result, 0.0)


def _require_steps(card: BaseModel, edges: str, *names: str) -> None:
    """Refuse edges that do not rise, and lists that do not hold one number a step."""
    values = getattr(card, edges)
    if len(values) < 2 or any(b <= a for a, b in itertools.pairwise(values)):
        msg = f"{edges}: expected at least two numbers, each above the one before"
        raise ValueError(msg)
    for name in names:
        if len(getattr(card, name)) != len(values) - 1:
            msg = f"{name}: expected {len(values) - 1} numbers, one a step of {edges}"
            raise ValueError(msg)


class QuadratureResolution(_Card):
    """sigma(pT)/pT = sqrt(a^2 + (b pT)^2) in steps of |eta|; zero outside."""

    kind: Literal["quadrature"]
    eta_edges: list[float]
    a: list[float]
    b: list[float]

    @model_validator(mode="after")
    def _shapes(self) -> Self:
        _require_steps(self, "eta_edges", "a", "b")
        return self

    def __call__(self, pt: NDArray[np.float64], eta: NDArray[np.float64]) -> NDArray[np.float64]:
        """Relative resolution at arrays of pT (GeV) and eta."""
        column = step(self.eta_edges, np.abs(eta))
        a, b = np.asarray(self.a)[column], np.asarray(self.b)[column]
        return np.where(column >= 0, np.sqrt(a**2 + (b * pt) ** 2), 0.0)


class GridResolution(_Card):
    """Relative resolution, bilinear between points in |eta| and pT, flat outside them.

    With `rises` it grows in proportion to pT above the last pT point.
    """

    kind: Literal["grid"]
    eta_points: list[float]
    pt_points: list[float]
    rises: bool
    values: list[list[float]]

    @model_validator(mode="after")
    def _shapes(self) -> Self:
        _require_steps(self, "eta_points")
        _require_steps(self, "pt_points")
        rows, columns = len(self.pt_points), len(self.eta_points)
        if len(self.values) != rows or any(len(row) != columns for row in self.values):
            msg = f"values: expected {rows} rows (pT) of {columns} numbers (|eta|)"
            raise ValueError(msg)
        return self

    def __call__(self, pt: NDArray[np.float64], eta: NDArray[np.float64]) -> NDArray[np.float64]:
        """Relative resolution at arrays of pT (GeV) and eta."""
        grid = np.asarray(self.values)
        i, u = _between(self.pt_points, pt)
        j, v = _between(self.eta_points, np.abs(eta))
        lower = grid[i, j] * (1 - v) + grid[i, j + 1] * v
        upper = grid[i + 1, j] * (1 - v) + grid[i + 1, j + 1] * v
        result = lower * (1 - u) + upper * u
        last = self.pt_points[-1]
        return result * np.maximum(pt / last, 1.0) if self.rises else result


class EnergyResolution(_Card):
    """Relative Gaussian resolution in energy, in steps of |eta|; zero outside."""

    kind: Literal["energy"]
    eta_edges: list[float]
    values: list[float]

    @model_validator(mode="after")
    def _shapes(self) -> Self:
        _require_steps(self, "eta_edges", "values")
        return self

    def __call__(self, pt: NDArray[np.float64], eta: NDArray[np.float64]) -> NDArray[np.float64]:
        """Relative resolution at arrays of pT (GeV, not used) and eta."""
        column = step(self.eta_edges, np.abs(eta))
        return np.where(column >= 0, np.asarray(self.values)[column], 0.0) + 0.0 * pt


Resolution = Annotated[
    QuadratureResolution | GridResolution | EnergyResolution, Field(discriminator="kind")
]


class CalorimeterResolution(_Card):
    """sigma(E) = sqrt((c E)^2 + s^2 E + n^2), E in GeV, in steps of |eta|; zero outside."""

    eta_edges: list[float]
    c: list[float]
    s: list[float]
    n: list[float]

    @model_validator(mode="after")
    def _shapes(self) -> Self:
        _require_steps(self, "eta_edges", "c", "s", "n")
        return self

    def __call__(
        self, energy: NDArray[np.float64], eta: NDArray[np.float64]
    ) -> NDArray[np.float64]:
        """Absolute resolution (GeV) at arrays of energy (GeV) and eta."""
        column = step(self.eta_edges, np.abs(eta))
        c, s, n = (np.asarray(x)[column] for x in (self.c, self.s, self.n))
        return np.where(column >= 0, np.sqrt((c * energy) ** 2 + s**2 * energy + n**2), 0.0)


class CellBlock(_Card):
    """Cells of one phi segmentation: explicit eta edges, or `count` equal cells."""

    n_phi: int
    edges: list[float] | None = None
    start: float | None = None
    stop: float | None = None
    count: int | None = None

    @model_validator(mode="after")
    def _one_form(self) -> Self:
        regular = (self.start, self.stop, self.count)
        wanted = self.edges is None
        if any((value is not None) != wanted for value in regular):
            msg = "give either edges, or start, stop and count"
            raise ValueError(msg)
        return self

    def eta_edges(self) -> NDArray[np.float64]:
        """Edges in eta, ascending."""
        if self.edges is not None:
            return np.asarray(self.edges, dtype=np.float64)
        return np.linspace(self.start or 0.0, self.stop or 0.0, (self.count or 0) + 1)


class CalorimeterCard(_Card):
    """One calorimeter: what it absorbs, its cells, thresholds and resolution."""

    absorbs: Literal["electromagnetic", "hadronic"]
    min_energy: float
    min_significance: float
    resolution: CalorimeterResolution
    cells: list[CellBlock]

    @model_validator(mode="after")
    def _contiguous(self) -> Self:
        edges = [block.eta_edges() for block in self.cells]
        for index, (left, right) in enumerate(itertools.pairwise(edges)):
            if left[-1] != right[0]:
                msg = (
                    f"cells: block {index + 1} starts at eta {right[0]:g}, "
                    f"but the one before it ends at {left[-1]:g}"
                )
                raise ValueError(msg)
        return self


class Cylinder(_Card):
    """A cylinder around the beam, m."""

    radius: float = Field(gt=0)
    half_length: float = Field(gt=0)


class MergedTracks(Cylinder):
    """Of charged particles in one (eta, phi) cell of this cylinder only the hardest lives."""

    cell: float
    max_eta: float


class ByLepton(_Card, Generic[T]):
    """One entry each for photons, electrons and muons."""

    photon: T
    electron: T
    muon: T


class ByTrack(_Card, Generic[T]):
    """One entry each for charged hadrons, electrons and muons."""

    hadron: T
    electron: T
    muon: T


class IsolationCard(_Card):
    """Cone isolation: pT sum above `min_pt` in the cone over the candidate's pT."""

    cone: float
    min_pt: float
    max_ratio: float | None


class EnergyScale(_Card):
    """Jet energy scale sqrt((constant - slope |eta|)^2 / pT + 1)."""

    constant: float
    slope: float


class PileupDensity(_Card):
    """Grid-median density, subtracted from jets."""

    eta_edges: list[float]
    cell: float


class JetCard(_Card):
    """What jets are made of and how they are corrected; radii come from the dataset card."""

    inputs: Literal["towers", "energy_flow"]
    min_pt: float
    energy_scale: EnergyScale | None
    pileup_density: PileupDensity | None
    overlap_removal: bool


class FlavourCard(_Card):
    """Partons that give a jet its flavour."""

    cone: float
    min_parton_pt: float
    max_parton_eta: float


class TagFormula(_Card):
    """scale * tanh(rise pT) / (1 + fall pT)."""

    scale: float
    rise: float
    fall: float

    def __call__(self, pt: NDArray[np.float64], eta: NDArray[np.float64]) -> NDArray[np.float64]:
        """Efficiency at arrays of pT (GeV) and eta (not used)."""
        return self.scale * np.tanh(self.rise * pt) / (1 + self.fall * pt) + 0.0 * eta


class LightTag(_Card):
    """constant + slope * pT, for jets without a heavy quark."""

    constant: float
    slope: float


class FormulaTagging(_Card):
    """b-tagging by formula."""

    kind: Literal["formula"]
    b: TagFormula
    c: TagFormula
    light: LightTag


class TableTagging(_Card):
    """b-tagging by table."""

    kind: Literal["table"]
    b: StepTable
    c: StepTable
    light: LightTag


class DetectorCard(_Card):
    """A parametrised detector."""

    name: str
    source: str
    status: Literal["stated", "authors_code", "inferred", "assumed"]
    field: float
    cylinder: Cylinder
    vertex_z_sigma: float
    merged_tracks: MergedTracks | None
    tracking_efficiency: ByTrack[StepTable]
    resolution: ByTrack[Resolution]
    ecal: CalorimeterCard
    hcal: CalorimeterCard
    photon_extra_smearing: float
    identification: ByLepton[StepTable]
    isolation: ByLepton[IsolationCard]
    jets: JetCard
    met_inputs: Literal["towers", "energy_flow"]
    flavour: FlavourCard
    b_tagging: Annotated[FormulaTagging | TableTagging, Field(discriminator="kind")]


def load_detector(name: str, *, folder: Path | None = None) -> DetectorCard:
    """Load `datasets/detectors/NAME.yaml`.

    Raises:
        CardError: no such card, not YAML, or a value that does not fit (key, found, expected).
    """
    path = (folder or datasets_root() / "detectors") / f"{name}.yaml"
    try:
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
    except OSError as error:
        known = ", ".join(sorted(p.stem for p in path.parent.glob("*.yaml"))) or "none"
        msg = f"{path}: no detector card {name!r}; cards there: {known}"
        raise CardError(msg) from error
    except yaml.YAMLError as error:
        msg = f"{path}: not valid YAML: {error}"
        raise CardError(msg) from error
    try:
        return DetectorCard.model_validate(content)
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(str(part) for part in first["loc"])
        msg = f"{path}: {place}: {first['msg']} (found {first['input']!r}); mend the card"
        raise CardError(msg) from error


def step(edges: list[float], value: NDArray[np.float64]) -> NDArray[np.int64]:
    """Index of the step lower < value <= upper that holds each value, -1 outside.

    A value equal to the lowest edge is inside the first step.
    """
    index = np.searchsorted(edges, value, side="left") - 1
    index = np.where(value == edges[0], 0, index)
    return np.where((index >= 0) & (index < len(edges) - 1), index, -1)


def _between(
    points: list[float], value: NDArray[np.float64]
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Index of the point below and the fraction of the way to the next, clipped to the points."""
    index = np.clip(np.searchsorted(points, value) - 1, 0, len(points) - 2)
    low, high = np.asarray(points)[index], np.asarray(points)[index + 1]
    return index, np.clip((value - low) / (high - low), 0.0, 1.0)
