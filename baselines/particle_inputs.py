"""What turns events of a task into the numbers that the particle transformer takes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, Protocol, Self

if TYPE_CHECKING:
    from torch import Tensor

    from baselines.diphoton_inputs import EventInputs
    from benchmark.table import EventTable


class ParticleInputs(Protocol):
    """A fitted normalisation: `DiphotonInputs`, `AdcParticles`.

    Attributes:
        object_numbers: Numbers of an object.
        event_numbers: Numbers of an event; may be 0.
    """

    object_numbers: ClassVar[int]
    event_numbers: ClassVar[int]

    @classmethod
    def fit(cls, events: EventTable) -> Self:
        """Return the normalisation of these events."""
        ...

    def check(self, objects: Tensor, mask: Tensor, features: Tensor) -> None:
        """Refuse a number of a real object or of an event that is not finite."""
        ...

    def tensors(self, objects: Tensor, mask: Tensor, features: Tensor) -> EventInputs:
        """Return what the network takes, on the device and with the type of `objects`."""
        ...

    def state(self) -> dict[str, Any]:
        """Return what `from_state` needs, fit for JSON."""
        ...

    @classmethod
    def from_state(cls, state: dict[str, Any]) -> Self:
        """Return the inputs of a state."""
        ...
