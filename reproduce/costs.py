"""What each profile costs: the table of the README, from what the stages took.

`python -m reproduce.costs README.md` writes it anew between its two marks, from
`results/<profile>/times.json`, the lock files of DVC and `params.yaml`; a test holds the README to
it. Nothing is measured here.
"""

from __future__ import annotations

import re
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import yaml

from benchmark.code import ROOT
from benchmark.errors import DiademError, complaint
from reproduce.profiles import load_profile
from reproduce.saving import write_text
from reproduce.times import FILE, read_times

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from reproduce.profiles import Profile
    from reproduce.times import StageTime

BEGIN, END = "<!-- costs: python -m reproduce.costs README.md -->", "<!-- /costs -->"
_HEAD = ("profile ([`params.yaml`](params.yaml))", "what it is", "time", "memory", "disk", "GPU")
_SHOWN = 3  # longest stages
_SHARING = "leaderboard-"  # stages that find finished what others before them have just made
_MINUTE, _GIGABYTE, _MEGABYTE = 60.0, 1e9, 1e6
_CORES = re.compile(r"(\d+) cores$")


@dataclass(frozen=True, kw_only=True)
class _Words:
    """What no file of results says of a profile.

    Attributes:
        what: It is.
        time: Where the pipeline has not measured it.
        gpu: Likewise.
    """

    what: str
    time: str = "not run"
    gpu: str = "wanted"


_PROFILES = {
    "smoke": _Words(
        what="everything once, as small as it goes; its numbers mean nothing",
        time="seconds a command",
        gpu="no",
    ),
    "quick": _Words(what="the default: all of both papers, small trainings", gpu="no"),
    "reference": _Words(
        what="larger trainings on the same events",
        time="[Table 2](results/reference/cms_adc/tables/adc-2.md) was run, before there were "
        "times; the rest was not",
    ),
    "paper": _Words(
        what="the papers' own sizes, for the official files and a larger release",
    ),
}


def block(root: Path = ROOT) -> str:
    """Return the table and what follows from it, without its marks.

    Args:
        root: Of the repository.

    Raises:
        DiademError: Times, a lock file or the profiles cannot be read.
    """
    lines = [_row(_HEAD), _row("---" for _ in _HEAD)]
    lines += [_row(_line(name, words, root)) for name, words in _PROFILES.items()]
    return "\n".join(lines) + "\n\n" + _extrapolated()


def with_block(text: str, made: str) -> str:
    r"""Return a page with what stands between the marks replaced.

    Raises:
        DiademError: The page has not one pair of marks.

    Example:
        >>> with_block(f"a\n{BEGIN}\nold\n{END}\nb", "new").splitlines()[2]
        'new'
    """
    before, begin, rest = text.partition(f"{BEGIN}\n")
    _, end, after = rest.partition(f"\n{END}")
    if not begin or not end or BEGIN in after:
        expected = f"{BEGIN} and {END}, once and each on its line"
        raise DiademError(complaint("no place for the costs of profiles", expected=expected))
    return f"{before}{begin}{made}{end}{after}"


def _row(cells: Iterable[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _line(name: str, words: _Words, root: Path) -> tuple[str, ...]:
    folder = root / "results" / name
    times = read_times(folder)
    if not times:
        return f"`{name}`", words.what, words.time, "not measured", "not measured", words.gpu
    used = sorted({took.gpu for took in times.values() if took.gpu})
    memory = max(took.memory or 0 for took in times.values()) / _GIGABYTE
    disk = ", ".join(_disk(name, times, root)) or "not measured"
    return (
        *(f"`{name}`", words.what, _time(times, name)),
        *(f"{memory:.1f} GB at most", disk, ", ".join(used) or "no"),
    )


def _time(times: Mapping[str, StageTime], name: str) -> str:
    """Return how long all stages took together, and the longest of them."""
    whole = sum(took.seconds for took in times.values())
    longest = sorted(times, key=lambda stage: -times[stage].seconds)[:_SHOWN]
    stages = ", ".join(f"`{stage}` {_minutes(times[stage].seconds)}" for stage in longest)
    reused = [stage for stage, took in times.items() if took.reused]
    part = [stage for stage in reused if not stage.startswith(_SHARING)]
    least = "more than " if part else ""
    cores = sorted({int(n[1]) for took in times.values() if (n := _CORES.search(took.machine))})
    on = f" on {' or '.join(map(str, cores))} cores" if cores else ""
    found = f"; finished work was found by {', '.join(f'`{s}`' for s in part)}" if part else ""
    page = f"results/{name}/report/report.md"
    return (
        f"{least}{_minutes(whole)}{on} (longest: {stages}{found}); "
        f"[by stage]({page}#what-it-took), [all](results/{name}/{FILE})"
    )


def _minutes(seconds: float) -> str:
    return f"{max(1, round(seconds / _MINUTE))} min"


def _disk(name: str, times: Mapping[str, StageTime], root: Path) -> Iterable[str]:
    """Yield what takes room beside the repository, as far as it was measured."""
    if latents := _latents(name, root):
        yield f"latents {latents / _MEGABYTE:.0f} MB"
    store = max((took.store or 0 for took in times.values()), default=0)
    if store:
        yield f"`.diadem` {store / _MEGABYTE:.0f} MB"


def _latents(name: str, root: Path) -> int:
    """Return the bytes of a profile's latents, by DVC's lock file; 0 where it has none."""
    own = root / "results" / name / "dvc.lock"
    path = own if own.is_file() else root / "dvc.lock"
    wanted = f"results/{name}/diphoton/latents"
    try:
        held = yaml.safe_load(path.read_text(encoding="utf-8"))
        outs = held["stages"].get("latents", {}).get("outs", ())
        return sum(int(out["size"]) for out in outs if out["path"] == wanted)
    except FileNotFoundError:
        return 0
    except (OSError, yaml.YAMLError, KeyError, TypeError, AttributeError, ValueError) as error:
        message = complaint("not a lock file of DVC", where=str(path), found=str(error))
        raise DiademError(message) from error


def _extrapolated() -> str:
    """Return how much more the reference profile is than the quick one, from their sizes."""
    from reproduce.contestants import contestant

    quick, large = (load_profile(name)[1] for name in ("quick", "reference"))

    def sizes(profile: Profile) -> tuple[int, ...]:
        diphoton = profile.diphoton
        made = contestant("signal_aware", diphoton, task="diphoton").make().settings
        hunt = diphoton.hunt
        learned = (diphoton.encoders, len(diphoton.regimes), made.epochs)
        return *learned, made.width, made.layers, hunt.instances, len(hunt.strengths) + 1

    of_large, of_quick = sizes(large), sizes(quick)
    times, regimes, epochs, width, layers, instances, strengths = (
        f"{one} / {other}" for one, other in zip(of_large, of_quick, strict=True)
    )
    ratio = [one / other for one, other in zip(of_large, of_quick, strict=True)]
    return (
        "An extrapolation, not a measurement: from `quick` to `reference` the diphoton encoders "
        f"train {times} times in {regimes} regimes over\n{epochs} epochs, so "
        f"{ratio[0] * ratio[1] * ratio[2]:.0f} times as many epochs, of a network of width "
        f"{width} with {layers} layers; the search has {instances}\ninstances and {strengths} "
        f"strengths (with 0), so at least {ratio[5] * ratio[6]:.0f} times the fits."
    )


if __name__ == "__main__":
    page = Path(sys.argv[1])
    write_text(with_block(page.read_text(encoding="utf-8"), block()), page)
