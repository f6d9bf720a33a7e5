"""Settings of the contrastive encoders of arXiv:2301.04660, apart from what imports torch."""

from __future__ import annotations

from typing import Any, Literal, get_args

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    PositiveFloat,
    PositiveInt,
    field_validator,
)

Kind = Literal["add", "split", "scale"]


class ContrastiveSettings(BaseModel):
    """Settings of the encoders; those that the paper leaves open are marked.

    Attributes:
        dimension: Of the representation and of the whole network (stated: 160).
        heads: Attention heads (assumed).
        layers: Transformer layers (assumed).
        head_layers: Layers of the head (inferred: default of the authors' public code).
        dropout: Probability (inferred, likewise).
        learning_rate: Of Adam (stated).
        batch_size: Events a step (stated).
        epochs: Passes over the training events (stated).
        temperature: Of the loss (assumed).
        augmentations: Anomaly augmentations of which each event gets one at random (stated: all).
        patience: Stop after so many epochs without a smaller loss on a tenth of the training
            events that is then held out; None trains all epochs on all events (assumed).
    """

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    dimension: PositiveInt = 160
    heads: PositiveInt = 4
    layers: PositiveInt = 4
    head_layers: PositiveInt = 2
    dropout: float = Field(default=0.1, ge=0, lt=1)
    learning_rate: PositiveFloat = 5e-5
    batch_size: PositiveInt = 128
    epochs: PositiveInt = 300
    temperature: PositiveFloat = 0.1
    augmentations: tuple[Kind, ...] = Field(default=("add", "split", "scale"), min_length=1)
    patience: PositiveInt | None = None

    @field_validator("augmentations", mode="before")
    @classmethod
    def _one_spelling(cls, value: Any) -> Any:
        """Take "add+split" too, and bring the names into one order."""
        names = value.split("+") if isinstance(value, str) else list(value)
        if len(set(names)) < len(names):
            message = "an augmentation is named twice"
            raise ValueError(message)
        known = [name for name in get_args(Kind) if name in names]
        return tuple(known if len(known) == len(names) else names)
