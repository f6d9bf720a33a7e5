"""How much is sought; apart from what does the work, which takes a second to be imported."""

from __future__ import annotations

from benchmark.detectors.cathode_settings import HuntSizes


class HuntProfile(HuntSizes):
    """How much is sought; see `HuntSizes` for how often.

    Attributes:
        signals: "process/point"; each is sought with every embedding whose regime it fits.
        strengths: Of the task's.
        embeddings: Names, and which of the signals each is asked for; none means all.
        yardsticks: Embeddings that the idealised and the supervised detector are run on, in their
            first regime: in-distribution, where there is one.
        drawn: Signals in the histograms of the latents.
        sharing: Signals that are also sought, at the largest strength and where yardsticks are,
            with flows trained anew on each injection's sidebands: what sharing flows costs.
    """

    signals: tuple[str, ...]
    strengths: tuple[float, ...]
    embeddings: dict[str, tuple[str, ...]]
    yardsticks: tuple[str, ...] = ()
    drawn: tuple[str, ...] = ()
    sharing: tuple[str, ...] = ()
