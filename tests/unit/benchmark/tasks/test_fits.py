"""Names of kept fits: what they hang on, and what not."""

from __future__ import annotations

from typing import TYPE_CHECKING

from baselines.registry import EMBEDDINGS
from benchmark.code import closure
from benchmark.embedding import Runtime
from benchmark.tasks.contestant import Contestant
from benchmark.tasks.diphoton import DIPHOTON
from benchmark.tasks.diphoton_events import EVENTS
from benchmark.tasks.diphoton_work import _FIT, fit_name, latents_spec
from benchmark.tasks.regimes import Regime

if TYPE_CHECKING:
    from pathlib import Path

CONTESTANT = Contestant(path="baselines.raw9:Raw9", settings={})


def test_a_fit_knows_nothing_of_the_search() -> None:
    """Else a change of a flow's setting would train every encoder anew."""
    for name, entry in EMBEDDINGS.items():
        if entry.task == DIPHOTON.name:
            held = closure([*_FIT, entry.path.partition(":")[0]])
            assert "benchmark/tasks/diphoton_events.py" in held
            searching = ("benchmark/hunt/", "benchmark/detectors/", "benchmark/tasks/diphoton.py")
            assert [file for file in sorted(held) if file.startswith(searching)] == [], name


def test_the_events_are_those_of_the_task() -> None:
    own = EVENTS.model_dump(exclude={"version"})
    assert own == DIPHOTON.model_dump(include=set(own))


def test_a_fit_hangs_on_what_it_is_made_of(tmp_path: Path) -> None:
    spec = latents_spec(
        CONTESTANT,
        Regime("id"),
        source=tmp_path,
        source_name="v1@0123",
        profile="smoke",
        runtime=Runtime(device="cpu"),
        models=tmp_path,
    )
    known = fit_name(CONTESTANT.path, {}, spec.arguments)
    for name in ("variant", "regime", "number", "train_events", "source", "fit", "card"):
        assert fit_name(CONTESTANT.path, {}, {**spec.arguments, name: "other"}) != known, name
    assert fit_name(CONTESTANT.path, {"a": 1}, spec.arguments) != known
    assert fit_name("another:Class", {}, spec.arguments) != known
    for name in ("task", "code", "profile"):
        assert fit_name(CONTESTANT.path, {}, {**spec.arguments, name: "other"}) == known, name
