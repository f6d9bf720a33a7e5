"""What all pieces of a hunt share, as plain JSON values for the farm."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Self

from pydantic import BaseModel, ConfigDict

from benchmark.card_selection import DiphotonSelection
from benchmark.detectors.cathode_settings import CathodeSettings
from benchmark.errors import DataError, complaint
from benchmark.tasks.diphoton import DIPHOTON
from benchmark.tasks.diphoton_events import diphoton_card

if TYPE_CHECKING:
    from collections.abc import Mapping


class Setup(BaseModel):
    """The task's protocol and the data's rates.

    Attributes:
        luminosity: Asked for, 1/fb.
        share: Of the pseudo-data half's luminosity that an instance takes at most.
        window: Edges of the masses, GeV.
        region: Edges of the signal region, GeV.
        yields: Expected events of each Standard Model process in the window, for 1/fb.
        working_points: Background efficiencies of the cuts.
        curve: Background efficiencies of the ROC curve; the cuts' among them.
        cathode: Settings.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    luminosity: float
    share: float
    window: tuple[float, float]
    region: tuple[float, float]
    yields: dict[str, float]
    working_points: tuple[float, ...]
    curve: tuple[float, ...]
    cathode: CathodeSettings

    @classmethod
    def of_task(cls, yields: Mapping[str, float], **changes: Any) -> Self:
        """Return that of the diphoton task.

        Args:
            yields: From the release; without any there is nothing to draw by.
            **changes: Of CATHODE's settings, for studies.

        Raises:
            DataError: There are no yields, or the card has no signal region.
        """
        if not yields:
            message = complaint(
                "no cross sections, and so no expected numbers of events",
                expected="a release with its manifest",
                remedy="Name the folder of the release with --data.",
            )
            raise DataError(message)
        selection = diphoton_card().selection
        if not isinstance(selection, DiphotonSelection):
            message = complaint("a card without a signal region", where=DIPHOTON.dataset)
            raise DataError(message)
        hunt = DIPHOTON.hunt
        return cls(
            luminosity=hunt.luminosity,
            share=hunt.share,
            window=selection.mass_window.value,
            region=selection.signal_region.value,
            yields=dict(yields),
            working_points=hunt.working_points,
            curve=hunt.curve,
            cathode=CathodeSettings.model_validate({**hunt.detector.settings, **changes}),
        )
