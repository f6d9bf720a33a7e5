"""The baselines as ONNX graphs, written operator by operator.

PyTorch's own exporters are not used: one is about to be removed, the other needs the packing of
the networks undone first, and both warn of much that is in order. A graph that is written here
depends on `onnx` alone, is the same byte by byte each time, and holds what is needed and no more.
"""

from __future__ import annotations
