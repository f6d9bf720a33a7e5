"""What is sought with which encoders, and that work is shared where it is the same."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from benchmark.errors import DataError
from benchmark.hunt.plan import Cell, Plan, cells, make_plan, signals_of
from benchmark.hunt.profile import HuntProfile
from benchmark.hunt.setup import Setup
from tests.hunt_latents import RATES, RELEASE, hunt_latents, put
from tests.latents import PROCESSES, log_probabilities, made_up_facts

if TYPE_CHECKING:
    from pathlib import Path

    from benchmark.hunt.rows import Piece
    from benchmark.latents import Latents

SETUP = Setup.of_task(RATES)
SIGNALS = ("zprime/400", "zprime/200", "stop/1000_400_0p5")
PROFILE: dict[str, Any] = {
    "instances": 2,
    "flows": 3,
    "classifiers": 2,
    "ensembles": 1,
    "replicas": 20,
    "signals": SIGNALS,
    "strengths": (1.0, 2.0),
    "embeddings": {"signal_aware": (), "raw9": ("zprime/200",)},
    "yardsticks": ("signal_aware",),
}


def profile(**changes: Any) -> HuntProfile:
    return HuntProfile(**{**PROFILE, **changes})


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two encoders of signal_aware in the regime id, one in another, and raw9."""
    root = tmp_path_factory.mktemp("latents")
    each: dict[str, dict[str, Any]] = {
        "b": {"number": 1},
        "a": {"number": 0},
        "c": {"regime": "ip:zprime/400"},
        "d": {"embedding": "raw9", "regime": "background"},
        "e": {"embedding": "haxad_vae", "regime": "background"},
    }
    for name, facts in each.items():
        put(root / f"{name}.parquet", small(ord(name), **facts))
    return root


def small(seed: int = 1, **facts: Any) -> Latents:
    found = hunt_latents(seed=seed, **facts)
    return found.select(found.part == "test")


def files(folder: Path) -> list[Path]:
    return sorted(folder.glob("*.parquet"))


def test_encoders_of_a_regime_are_one_cell(folder: Path) -> None:
    """By the number of the training; in the profile's order; what it does not name is left."""
    found = cells(reversed(files(folder)), profile())
    shown = [(c.facts.embedding, c.facts.regime, [f.stem for f in c.files]) for c in found]
    assert shown == [
        ("signal_aware", "id", ["a", "b"]),
        ("signal_aware", "ip:zprime/400", ["c"]),
        ("raw9", "background", ["d"]),
    ]
    assert found[0].label == "signal_aware id"


def test_nothing_to_hunt_with(folder: Path, tmp_path: Path) -> None:
    with pytest.raises(DataError, match="no latents to hunt with; expected unheard"):
        cells(files(folder), profile(embeddings={"unheard": ()}))
    scores = log_probabilities(small(), PROCESSES)
    path = put(tmp_path / "scores.parquet", scores)
    with pytest.raises(DataError, match="no latents to hunt with"):
        cells([path], profile(embeddings={"supervised": ()}))


@pytest.mark.parametrize(
    ("embedding", "regime", "sought"),
    [
        ("signal_aware", "id", list(SIGNALS)),
        ("signal_aware", "background", list(SIGNALS)),
        ("signal_aware", "ip:zprime/400", ["zprime/400"]),
        ("signal_aware", "ep:zprime", ["zprime/400", "zprime/200"]),
        ("signal_aware", "ep:sbottom", []),
        ("raw9", "background", ["zprime/200"]),
    ],
)
def test_signals_of_a_regime(embedding: str, regime: str, sought: list[str]) -> None:
    facts = made_up_facts(embedding=embedding, regime=regime, release=RELEASE)
    assert signals_of(Cell(facts=facts, files=()), profile()) == sought


def plan(folder: Path, store: Path, setup: Setup = SETUP, **changes: Any) -> Plan:
    shown = {k: changes.pop(k) for k in ("per_injection",) if k in changes}
    chosen = profile(**changes)
    return make_plan(
        cells(files(folder), chosen), setup, chosen, store=store, device="cpu", **shown
    )


def hunted(piece: Piece) -> dict[str, Any]:
    found: dict[str, Any] = piece.spec.arguments["hunt"]
    return found


def test_how_much_work_it_is(folder: Path, tmp_path: Path) -> None:
    """Flows once for an instance and encoder, whatever is injected."""
    found = plan(folder, tmp_path)
    assert len(found.templates) == 2 * 4
    assert len(found.sculpting) == 2 * 3
    searches = 2 * 2 * (3 + 1 + 1)  # instances, strengths, signals of the cells
    idealised, supervised = 2 * 2 * 3, 3  # of the first regime
    assert len(found.hunts) == searches + idealised + supervised
    kinds = [hunted(piece)["detector"] for piece in found.hunts]
    assert (kinds.count("idealised"), kinds.count("supervised")) == (idealised, supervised)
    every = [key for part in keys(found).values() for key in part]
    assert len(set(every)) == len(every)
    templates = {spec.key for spec in found.templates}
    used = {key for piece in found.hunts for key in piece.spec.arguments["templates"]}
    assert used == templates
    specs = [piece.spec for piece in found.hunts]
    of_id = [s for s in specs if s.label.startswith("signal_aware id, cathode")]
    assert {len(spec.arguments["templates"]) for spec in of_id} == {2}


def test_flows_of_each_injection(folder: Path, tmp_path: Path) -> None:
    """Each search has its own; those without signal keep the shared ones, and its yardsticks."""
    shared, own = plan(folder, tmp_path), plan(folder, tmp_path, per_injection=True)
    instances, strengths = 2, 2
    injections = instances * strengths * (3 * 2 + 1 + 1)  # signals times encoders of the cells
    assert len(own.templates) == len(shared.templates) + injections
    assert keys(own)["sculpting"] == keys(shared)["sculpting"]
    assert {piece.variant for piece in own.hunts} == {
        *("detector=cathode;flows=injection", "detector=idealised", "detector=supervised")
    }


def test_what_sharing_costs_is_measured(folder: Path, tmp_path: Path) -> None:
    """At the largest strength, with shared flows and with its own, where yardsticks are.

    The search with shared ones is made anyway: here it only has one more name.
    """
    plain, found = plan(folder, tmp_path), plan(folder, tmp_path, sharing=("zprime/200",))
    added = [piece for piece in found.hunts if "flows=" in piece.variant]
    assert [(hunted(piece)["instance"], piece.variant) for piece in added] == [
        (instance, f"detector=cathode;flows={flows}")
        for instance in (0, 1)
        for flows in ("instance", "injection")
    ]
    for piece in added:
        hunt = hunted(piece)
        assert (hunt["signal"], hunt["strength"]) == ("zprime/200", 2.0)
    before = set(keys(plain)["hunts"])
    assert [piece.spec.key in before for piece in added] == [True, False] * 2


def keys(found: Plan) -> dict[str, list[str]]:
    return {
        "templates": [spec.key for spec in found.templates],
        "hunts": [piece.spec.key for piece in found.hunts],
        "sculpting": [piece.spec.key for piece in found.sculpting],
    }


def test_keys_do_not_know_places(folder: Path, tmp_path: Path) -> None:
    first = plan(folder, tmp_path / "a")
    moved = tmp_path / "moved"
    moved.mkdir()
    for file in files(folder):
        (moved / file.name).write_bytes(file.read_bytes())
    assert keys(plan(moved, tmp_path / "b")) == keys(first)


def test_keys_do_not_know_names(tmp_path: Path) -> None:
    """The same numbers, of another name and in another order, are not searched again."""
    latents = small()
    names = {"a": latents.facts, "b": replace(latents.facts, embedding="raw9", commit="other")}
    plans = []
    for name, facts in names.items():
        rows = np.arange(len(latents))[:: 1 if name == "a" else -1]
        turned = replace(latents.select(rows), facts=facts)
        put(tmp_path / name / "x.parquet", turned)
        chosen = {facts.embedding: ()}
        plans.append(plan(tmp_path / name, tmp_path, embeddings=chosen, yardsticks=()))
    assert keys(plans[0]) == keys(plans[1])
    said = [{piece.facts.embedding for piece in found.hunts} for found in plans]
    assert said == [{"signal_aware"}, {"raw9"}]


def test_keys_know_what_matters(folder: Path, tmp_path: Path) -> None:
    """A change makes anew what it touches, and that alone."""
    before = keys(plan(folder, tmp_path))

    def touched(*parts: str, setup: Setup = SETUP, **changes: Any) -> None:
        after = keys(plan(folder, tmp_path, setup, **changes))
        new = {name for name in before if set(after[name]) - set(before[name])}
        assert new == set(parts), changes

    touched("templates", "hunts", "sculpting", flows=4)
    touched("templates", "hunts", "sculpting", setup=Setup.of_task({**RATES, "ggF": 11.0}))
    touched("hunts", "sculpting", classifiers=3)
    touched("hunts", "sculpting", ensembles=5)
    touched("hunts", "sculpting", replicas=30)
    touched("hunts", strengths=(1.0, 2.0, 3.0))
    touched("templates", "hunts", "sculpting", instances=3)
    touched("sculpting", drawn=("zprime/400",))
    touched("hunts", yardsticks=("raw9",))
