"""The augmentations of the ACLR paper (arXiv:2301.04660): batched, on the device of the events.

Values are stated in the paper, taken from its authors' code or assumed; each says which where it
stands. The code itself is ours, and mends known faults of theirs: phi wrapped by half a turn, more
objects than slots, a MET whose angle stays or whose sign is wrong, lost thresholds.
"""

from __future__ import annotations

from baselines.augmentations.anomaly import KINDS, AnomalyAugmentation
from baselines.augmentations.phase_space import PhaseSpace
from baselines.augmentations.physical import PhysicalAugmentation

__all__ = ["KINDS", "AnomalyAugmentation", "PhaseSpace", "PhysicalAugmentation"]
