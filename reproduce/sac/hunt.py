"""What the search for signals wrote, and what every figure and table of it says."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel, ConfigDict, ValidationError

from benchmark.errors import DataError, complaint
from benchmark.results import read_rows
from reproduce.inputs import REMEDY, there
from reproduce.notation import setting
from reproduce.sac.deviations import assumed
from reproduce.sac.rows import of_frame

if TYPE_CHECKING:
    import pandas as pd

    from reproduce.entry import Made
    from reproduce.inputs import Place, PointFile

ROWS, SETTINGS = "hunt.csv", "hunt.json"
PAPER_SETTINGS = {"instances": 10, "encoders": 5, "flows": 4, "classifiers": 4, "ensembles": 10}
"""What arXiv:2603.25794 states."""
ASSUMED = (
    "luminosity, signal region, strengths, noise on the latents, and the settings of flow and "
    "classifiers of the search"
)


class HuntSettings(BaseModel):
    """The search's settings, as it wrote them beside its rows.

    Attributes:
        luminosity: Of the pseudo-data, in /fb.
        luminosity_asked: What it should be, in /fb.
        expected_background: Events in the signal region.
        instances: Of the pseudo-data, for each signal and strength.
        encoders: Trainings of the embedding.
        flows: For each encoder.
        classifiers: For each encoder.
        ensembles: Of classifiers, drawn at random.
        oversampling: Samples of the flows for each event of the data.
        masses: Where the samples' masses come from.
        resonant: Where the samples' Standard Model Higgs bosons come from.
        smearing: Noise on each latent, in its widths.
        strengths: S/sqrt(B) in the signal region.
        signals: As "process/point".
        note: What else is to be said.
    """

    model_config = ConfigDict(frozen=True, extra="ignore")

    luminosity: float
    luminosity_asked: float
    expected_background: float
    instances: int
    encoders: int
    flows: int
    classifiers: int
    ensembles: int
    oversampling: float | None = None
    masses: str = ""
    resonant: str = ""
    smearing: float | None = None
    strengths: tuple[float, ...]
    signals: tuple[str, ...] = ()
    note: str = ""

    def words(self) -> str:
        """Return what was searched and how often, in sentences."""
        asked = f" ({self.luminosity_asked:g} asked for)" if self._short else ""
        parts = [
            f"Pseudo-data of {self.luminosity:g} /fb{asked}, "
            f"{self.expected_background:,.0f} background events expected in the signal region.",
            f"Instances of the data: {self.instances}; encoders: {self.encoders}; flows of an "
            f"encoder: {self.flows}; classifiers of an encoder: {self.classifiers}; random "
            f"ensembles of classifiers: {self.ensembles}.",
        ]
        if self.oversampling is not None:
            parts.append(f"Samples of the flows for an event of the data: {self.oversampling:g}.")
        if self.masses:
            parts.append(f"Masses of the samples: {self.masses}.")
        if self.resonant:
            parts.append(f"Standard Model Higgs bosons in the samples: {self.resonant}.")
        if self.smearing:
            parts.append(f"Gaussian noise on each latent: {self.smearing:g} of its width.")
        return " ".join((*parts, self.note)).strip()

    def differs(self) -> tuple[str, ...]:
        """Return a sentence on how that departs from the paper; none if it does not."""
        own = self.model_dump()
        found = [
            f"{name} {setting(own[name])} ({setting(theirs)})"
            for name, theirs in PAPER_SETTINGS.items()
            if own[name] != theirs
        ]
        if self._short:
            found.append(
                f"luminosity {self.luminosity:g} /fb ({self.luminosity_asked:g}, assumed)"
            )
        listed = ", ".join(found)
        return (f"Search differs from the paper (its value in brackets): {listed}.",) * bool(found)

    @property
    def _short(self) -> bool:
        return self.luminosity != self.luminosity_asked


@dataclass(frozen=True, kw_only=True)
class Hunt:
    """What a search wrote.

    Attributes:
        rows: Its result rows.
        settings: Its settings.
        points: Further numbers, where they were asked for; else None.
    """

    rows: pd.DataFrame
    settings: HuntSettings
    points: pd.DataFrame | None = None


@dataclass(frozen=True)
class HuntFiles:
    """The files of a search.

    Attributes:
        points: One of its files of further numbers.
    """

    points: PointFile | None = None
    sized: bool = False

    def files(self, place: Place) -> tuple[str, ...]:
        """Return them; see `Source.files`."""
        further = () if self.points is None else self.points.files(place)
        return (f"rows/{ROWS}", f"rows/{SETTINGS}", *further)

    def read(self, place: Place) -> Hunt:
        """Return what they hold; see `Source.read`."""
        folder = place.folder / "rows"
        return Hunt(
            rows=read_rows(there(folder / ROWS)),
            settings=_settings(place),
            points=None if self.points is None else self.points.read(place),
        )


def _settings(place: Place) -> HuntSettings:
    path = there(place.folder / "rows" / SETTINGS)
    try:
        return HuntSettings.model_validate_json(path.read_text(encoding="utf-8"))
    except (ValidationError, ValueError, OSError) as error:
        message = complaint(
            "no settings of a search",
            where=str(path),
            found=str(error).replace("\n", " "),
            expected=f"JSON with {', '.join(HuntSettings.model_fields)}",
            remedy=REMEDY,
        )
        raise DataError(message) from error


def of_hunt(hunt: Hunt, used: pd.DataFrame, *, words: str = "", **made: Any) -> Made:
    """Return a figure or table of a search, with all that must be said of it.

    Args:
        hunt: The search.
        used: Its rows or points that are shown.
        words: What is to be said beside the settings.
        **made: Other fields of `Made`; a `body` follows the words.
    """
    body = "\n\n".join(filter(None, (hunt.settings.words(), words, made.pop("body", ""))))
    told = (*assumed(ASSUMED), *made.pop("assumed", ()))
    found = of_frame(used, **made, body=body, assumed=told)
    return replace(found, differs=(*found.differs, *hunt.settings.differs()))
