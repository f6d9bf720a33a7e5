"""How the names of the diphoton task's rows are written for people."""

from __future__ import annotations

from benchmark.tasks.diphoton import DIPHOTON
from benchmark.tasks.diphoton_events import diphoton_card
from reproduce.names import Name

TASK = DIPHOTON.name
PAPER = "arXiv:2603.25794"
SAC, SUPERVISED, RAW9 = "signal_aware", "supervised", "raw9"
EMBEDDINGS = {
    SAC: Name(text="SAC", math="SAC"),
    SUPERVISED: Name(text="supervised transformer", math="supervised transformer"),
    "haxad_vae": Name(text="HAXAD VAE", math="HAXAD VAE"),
    RAW9: Name(text="nine features", math="nine features"),
    "anomclr_plus_diphoton": Name(text="AnomCLR+", math="AnomCLR+", in_paper=False),
    "random": Name(text="untrained encoder", math="untrained encoder", in_paper=False),
}
EXPLAINED = (
    "SAC: signal-aware contrastive encoder. Regimes: ID, in-distribution, every process is "
    "learned from; IP, interpolation, all but one mass point; EP, extrapolation, all but one "
    "signal; background-only, no signal."
)
PROBES = {"bdt": "BDT", "linear": "linear", "own": "own"}
MERGED, ALL = DIPHOTON.merged, "all"
PROCESSES = (*DIPHOTON.backgrounds, *DIPHOTON.signals)
ID, BACKGROUND_ONLY = "id", "background"
_KINDS = {"id": "ID", "ip": "IP", "ep": "EP", "background": "background-only"}


def embedding_text(name: str) -> str:
    """Return an embedding's name; somebody's own stays as it is."""
    return EMBEDDINGS[name].text if name in EMBEDDINGS else name


def regime_text(name: str) -> str:
    """Return a regime's name.

    Example:
        >>> regime_text("ip:zprime/400"), regime_text("background")
        ('IP (zprime/400)', 'background-only')
    """
    kind, _, held_out = name.partition(":")
    return f"{_KINDS.get(kind, kind)} ({held_out})" if held_out else _KINDS.get(kind, kind)


def regime_order(name: str) -> tuple[int, int]:
    """Return where a regime stands: ID, IP, EP, background-only, in the order of the processes."""
    kind, _, held_out = name.partition(":")
    process = held_out.partition("/")[0]
    kinds = list(_KINDS)
    return (
        kinds.index(kind) if kind in kinds else len(kinds),
        PROCESSES.index(process) if process in PROCESSES else 0,
    )


def embedding_order(name: str) -> int:
    """Return where an embedding stands: in the order of `EMBEDDINGS`, others last."""
    names = list(EMBEDDINGS)
    return names.index(name) if name in names else len(names)


def labels() -> dict[str, str]:
    """Return the label of each process and class for pictures, from the card."""
    of_card = {process.name: process.label for process in diphoton_card().processes}
    return {**of_card, MERGED: "background"}


def signal_text(name: str) -> str:
    """Return the name of a mass point in text.

    Example:
        >>> signal_text("stop/1000_400_0p5"), signal_text("zprime/400")
        ('stop (1000, 400, 0.5)', 'zprime (400)')
    """
    process, _, point = name.partition("/")
    masses = point.replace("_", ", ").replace("p", ".")
    return f"{process} ({masses})" if point else process


def signal_label(name: str) -> str:
    r"""Return the label of a mass point for pictures, from the card.

    Example:
        >>> print(signal_label("rpv_neutralino/350_200"))
        RPV $\tilde{\chi}^0_1$ (350, 200)
    """
    process = name.partition("/")[0]
    return signal_text(name).replace(process, labels().get(process, process), 1)
