"""The encoder of the SAC paper (arXiv:2603.25794): a particle transformer over an event."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn

from baselines.networks import pair_features
from baselines.networks.attention import ClassBlock, ParticleBlock, perceptron
from baselines.networks.layout import Layout
from baselines.networks.pair_bias import PairBias
from benchmark.errors import DiademError, complaint

if TYPE_CHECKING:
    from baselines.diphoton_inputs import EventInputs


class ParticleTransformer(nn.Module):
    """Particle-attention over the objects of an event, then a class token that reads them.

    Each object is embedded by an MLP. Attention between objects has a bias on its logits, one
    number a head, that a small MLP makes of what two objects are to each other
    (`pair_features`); the first blocks share it. It is the same for (i, j) and (j, i), and zero
    for an object with itself. The class token then reads the objects in blocks of its own. Its
    output and the numbers of the event, through an MLP of theirs, go through a last MLP. There is
    no position: the order of the slots does not count, and padded slots are not read. Of an event
    without objects the class token and the numbers of the event remain.

    Blocks normalise first and have residuals; dropout acts on the output of attention and of the
    feed-forward network, and on the attention weights of neither (assumed: on a processor they
    are the dearest to drop). Stated: four and two blocks, about 1.1 million parameters, an MLP for
    the numbers of the event, concatenated. Inferred: width, heads, pair features, form of the
    blocks (arXiv:2202.03772). Assumed: the widths of the MLPs and the expansion, near the stated
    number of parameters.

    There are two ways through the same weights. On a processor only real objects and pairs are
    computed (`Layout.packed`); on other devices all slots are, in static shapes and without
    waiting for the device (`Layout.padded`), so that `torch.compile` can take it. They agree to
    rounding.

    Weights and dropout are drawn from PyTorch's global generator, as in every module of PyTorch:
    build and train under `torch.random.fork_rng` with a seed.

    Args:
        features: Numbers per object.
        event_features: Numbers per event; 0 leaves out their MLP.
        outputs: Numbers to return for an event.
        width: Width of the model.
        heads: Attention heads; must divide `width`.
        layers: Particle-attention blocks.
        class_layers: Class-attention blocks.
        expansion: Width of the feed-forward networks, in units of `width`.
        pair_width: Width of the MLP on pairs.
        dropout: Probability of dropping.
        packed: Which way to go; None for the one that suits the device.

    Raises:
        DiademError: A size is not positive, `heads` does not divide `width`, or `dropout` is
            outside [0, 1).

    Example:
        >>> from baselines.diphoton_inputs import DiphotonInputs
        >>> inputs = DiphotonInputs(means=(0.0,) * 9, widths=(1.0,) * 9)
        >>> batch = inputs.tensors(torch.ones(2, 11, 9), torch.ones(2, 11) > 0, torch.ones(2, 12))
        >>> ParticleTransformer(outputs=3, width=16, heads=2)(batch).shape
        torch.Size([2, 3])
    """

    def __init__(
        self,
        *,
        outputs: int,
        features: int = 12,
        event_features: int = 2,
        width: int = 128,
        heads: int = 8,
        layers: int = 4,
        class_layers: int = 2,
        expansion: int = 3,
        pair_width: int = 64,
        dropout: float = 0.1,
        packed: bool | None = None,
    ) -> None:
        """Check the sizes and draw the weights."""
        super().__init__()
        sizes = {"features": features, "outputs": outputs}
        sizes |= {"width": width, "heads": heads, "layers": layers, "class_layers": class_layers}
        sizes |= {"expansion": expansion, "pair_width": pair_width}
        _check_settings(sizes, dropout, event_features=event_features)
        self.features, self.event_features, self.packed = features, event_features, packed
        self.embed = perceptron(features, width, width)
        self.pairs = PairBias(pair_features.FEATURES, pair_width, heads)
        hidden = expansion * width
        self.blocks = nn.ModuleList(
            ParticleBlock(width, heads, hidden, dropout) for _ in range(layers)
        )
        self.class_blocks = nn.ModuleList(
            ClassBlock(width, heads, hidden, dropout) for _ in range(class_layers)
        )
        self.token = nn.Parameter(nn.init.trunc_normal_(torch.empty(width), std=0.02))
        self.norm = nn.LayerNorm(width)
        self.embed_event = None
        if event_features:
            self.embed_event = perceptron(event_features, width // 2, width // 2)
        self.head = perceptron(width + (width // 2 if event_features else 0), width, outputs)

    def forward(self, inputs: EventInputs) -> Tensor:
        """Return the outputs (n, outputs) of the events of `DiphotonInputs.tensors`.

        Raises:
            DiademError: A wrong number of features, or tensors that do not fit each other.
        """
        self._check(inputs)
        on_cpu = inputs.mask.device.type == "cpu"
        packed = on_cpu if self.packed is None else self.packed
        layout = Layout.packed(inputs.mask) if packed else Layout.padded(inputs.mask)
        # Under autocast the residuals keep the precision of the input.
        tokens = self.embed(layout.gather(inputs.objects)).to(inputs.objects.dtype)
        biases = self.pairs(layout.gather(inputs.kinematics), layout)
        for block in self.blocks:
            tokens = block(tokens, layout, biases)
        token = self.token.to(tokens.dtype).expand(len(inputs.mask), -1)
        for block in self.class_blocks:
            token = block(token, tokens, layout)
        read = layout.restore(self.norm(token))
        if self.embed_event is not None:
            read = torch.cat((read, self.embed_event(inputs.event)), dim=1)
        outputs: Tensor = self.head(read)
        return outputs.to(inputs.objects.dtype)

    def _check(self, inputs: EventInputs) -> None:
        """Refuse inputs of another form."""
        n, slots = inputs.mask.shape
        expected = {
            "objects": (n, slots, self.features),
            "kinematics": (n, slots, 5),
            "event": (n, self.event_features),
        }
        for name, shape in expected.items():
            found = tuple(getattr(inputs, name).shape)
            if found != shape:
                message = complaint(f"bad {name}", found=str(found), expected=str(shape))
                raise DiademError(message)
        if inputs.mask.dtype != torch.bool:
            raise DiademError(complaint("bad mask", found=str(inputs.mask.dtype), expected="bool"))


def _check_settings(sizes: dict[str, int], dropout: float, *, event_features: int) -> None:
    """Refuse a network that cannot be built."""
    if event_features < 0:
        message = complaint("bad event_features", found=str(event_features), expected="0 or more")
        raise DiademError(message)
    for name, size in sizes.items():
        if size < 1:
            message = complaint(f"bad {name}", found=str(size), expected="at least 1")
            raise DiademError(message)
    if sizes["width"] % sizes["heads"] or sizes["width"] < 2:
        message = complaint(
            "the heads must share the width equally",
            found=f"width {sizes['width']}, heads {sizes['heads']}",
            expected="a width that heads divides, at least 2",
        )
        raise DiademError(message)
    if not 0 <= dropout < 1:
        message = complaint("bad dropout", found=repr(dropout), expected="at least 0, below 1")
        raise DiademError(message)
