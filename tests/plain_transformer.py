"""The particle transformer again, plainly: PyTorch's attention over all slots and all pairs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor, nn

from baselines.diphoton_inputs import DiphotonInputs, EventInputs
from baselines.networks.pair_features import pair_features
from benchmark.schema import DIPHOTON
from tests.tables import random_table

if TYPE_CHECKING:
    from baselines.networks.particle_transformer import ParticleTransformer
    from benchmark.table import EventTable


def tensors_of(
    events: EventTable, inputs: DiphotonInputs, dtype: torch.dtype = torch.float32
) -> EventInputs:
    """What a network takes of these events."""
    arrays = (events.objects, events.mask, events.features)
    objects, mask, features = (torch.from_numpy(array) for array in arrays)
    return inputs.tensors(objects.to(dtype), mask, features.to(dtype))


def random_inputs(n: int, *, seed: int = 2, dtype: torch.dtype = torch.float64) -> EventInputs:
    """Random events, with 1 to 11 objects; MET is in all of them."""
    events = random_table(DIPHOTON, max(n, 1), seed=seed)
    made = tensors_of(events, DiphotonInputs.fit(events), dtype)
    return EventInputs(*(tensor[:n] for tensor in made))


class PlainTransformer(nn.Module):
    """The network of a `ParticleTransformer`, with its weights in `nn.MultiheadAttention`."""

    def __init__(self, network: ParticleTransformer) -> None:
        super().__init__()
        self.network, self.heads = network, network.blocks[0].heads
        self.attention = nn.ModuleList(_attention(block) for block in network.blocks)
        self.reading = nn.ModuleList(_attention(block) for block in network.class_blocks)

    def forward(self, inputs: EventInputs) -> Tensor:
        net: Any = self.network
        x, bias = net.embed(inputs.objects), self.bias(inputs)
        for block, attention in zip(net.blocks, self.attention, strict=True):
            y = block.norms[0](x)
            x = x + block.dropout(attention(y, y, y, attn_mask=bias, need_weights=False)[0])
            x = x + block.dropout(block.feed(block.norms[1](x)))
        token = net.token.expand(len(x), 1, -1)
        empty = nn.functional.pad(~inputs.mask, (1, 0))
        for block, attention in zip(net.class_blocks, self.reading, strict=True):
            both = block.norms[0](torch.cat((token, x), dim=1))
            y = attention(both[:, :1], both, both, key_padding_mask=empty, need_weights=False)[0]
            token = token + block.dropout(y)
            token = token + block.dropout(block.feed(block.norms[1](token)))
        event = net.embed_event(inputs.event)
        outputs: Tensor = net.head(torch.cat((net.norm(token[:, 0]), event), dim=1))
        return outputs

    def bias(self, inputs: EventInputs) -> Tensor:
        """The bias (n * heads, slots, slots) from all ordered pairs."""
        slots = inputs.mask.shape[1]
        x, itself = inputs.kinematics, torch.eye(slots, dtype=torch.bool)
        pairs = pair_features(
            x[:, :, None].expand(-1, -1, slots, -1), x[:, None].expand(-1, slots, -1, -1)
        )
        numbers: Tensor = self.network.pairs.mix(pairs).masked_fill(itself[..., None], 0)
        unseen = ~(inputs.mask[:, None] | itself)
        return numbers.masked_fill(unseen[..., None], -torch.inf).permute(0, 3, 1, 2).flatten(0, 1)


def _attention(block: Any) -> nn.MultiheadAttention:
    """PyTorch's attention with the weights of a block."""
    width = block.merge.out_features
    plain = nn.MultiheadAttention(width, block.heads, batch_first=True)
    plain.to(block.merge.weight.dtype)
    if hasattr(block, "query"):
        weights = [block.query.weight, block.key.weight, block.value.weight]
        biases = [block.query.bias, torch.zeros_like(block.query.bias), block.value.bias]
    else:
        weights, biases = [block.project.weight], [block.project.bias]
    with torch.no_grad():
        plain.in_proj_weight.copy_(torch.cat(weights))
        plain.in_proj_bias.copy_(torch.cat(biases))
    plain.out_proj.load_state_dict(block.merge.state_dict())
    return plain
