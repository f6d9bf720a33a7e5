"""The pipeline's dependencies are those that the code imports."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from reproduce.figures import FIGURES
from reproduce.tables import TABLES
from tests.imports import closure

ROOT = Path(__file__).resolve().parents[2]
PIPELINE = yaml.safe_load((ROOT / "dvc.yaml").read_text(encoding="utf-8"))
MOST_STAGES = 50  # DVC's own time grows fast with them


def _stages() -> dict[str, dict[str, Any]]:
    """Every stage of dvc.yaml, those of a loop one by one, as `${...}` of the loop say."""
    found = {}
    for name, stage in PIPELINE["stages"].items():
        if "foreach" in stage:
            for key, item in stage["foreach"].items():
                found[f"{name}@{key}"] = _filled(stage["do"], {"key": key, "item": item})
        elif "matrix" in stage:
            [(what, values)] = stage["matrix"].items()
            for value in values:
                found[f"{name}@{value}"] = _filled(stage, {"item": {what: value}})
        else:
            found[name] = stage
    return found


def _filled(held: Any, values: dict[str, Any]) -> Any:
    if isinstance(held, dict):
        return {_filled(k, values): _filled(v, values) for k, v in held.items()}
    if isinstance(held, list):
        return [_filled(part, values) for part in held]

    def value(match: re.Match[str]) -> str:
        found: Any = values
        for part in match[1].split("."):
            found = found.get(part) if isinstance(found, dict) else None
        return match[0] if found is None else str(found)

    return re.sub(r"\$\{([\w.]+)\}", value, held) if isinstance(held, str) else held


STAGES = _stages()
# A stage names the code that decides a number; reading, checking and moving events does not, and
# how it is done is held by tests and by the digests of the events.
ELSEWHERE = {
    *("__init__.py", "arrow.py", "card_models.py", "card_process.py", "card_selection.py"),
    *("card_values.py", "cards.py", "checksums.py", "code.py", "digest.py", "embedding.py"),
    "errors.py",
    *("events.py", "farm_spec.py", "files.py", "ids.py", "latents.py", "mixing.py"),
    *("parquet.py", "paths.py", "provenance.py", "ragged.py", "training_progress.py"),
    *("validation.py", "workers.py"),
    *("spec.py", "each_by_itself.py", "method_card.py", "development.py", "naming.py"),
}
LEARNING = {
    "evaluate": ("benchmark.tasks.work", "baselines.anomaly_clr", "baselines.raw"),
    "latents": (
        *("benchmark.tasks.diphoton_work", "baselines.signal_aware"),
        *("baselines.haxad_vae", "baselines.raw9", "baselines.anomaly_clr_diphoton"),
    ),
    "probes": ("benchmark.probes.work", "benchmark.probes.maps"),
    "hunt": ("benchmark.hunt.template", "benchmark.hunt.hunt", "benchmark.hunt.sculpting"),
}
_CHECKED = tuple(f"benchmark.submissions.{name}" for name in ("check", "encoder", "scoring"))
LEARNING |= {
    "leaderboard-diphoton": (*LEARNING["hunt"], "benchmark.hunt.outcome", *_CHECKED),
    "leaderboard-cms_adc": (
        *(*LEARNING["evaluate"], "baselines.signal_aware_adc"),
        *_CHECKED,
    ),
    "leaderboard": ("benchmark.leaderboard", "reproduce.leaderboard.writing"),
}
LEARNING |= dict.fromkeys(("scan", "scan-raw"), LEARNING["evaluate"])
# They look at data and make nothing of it (verify, check), or are run when asked for only.
APART = {"verify", "check", "release", "validation", "tune"}


def code_of(name: str) -> tuple[str, ...]:
    """The modules that make a figure, a table, a page or metrics."""
    words = STAGES[name]["cmd"].split()
    if words[1] in {"figure", "table"}:
        return f"reproduce.{words[1]}s.{words[2].replace('-', '_')}", "reproduce.writing"
    pages = {"metrics": "reproduce.headlines", "report": "reproduce.report.pages"}
    return (pages[words[1]],)


# What a picture or a page shows is decided here; the rooms below have decided the rows.
SHOWING = ("reproduce/", "benchmark/results/")
# Names and checks of what claims and profiles say; a wrong one is an error, no other number.
CHECKING = {
    *("reproduce/profiles.py", "reproduce/profile_names.py", "reproduce/regimes.py"),
    *("reproduce/params.py", "reproduce/times.py"),
    *(f"reproduce/report/{name}.py" for name in ("schema", "named", "choosing", "claims")),
}


def lacking(files: set[str], deps: list[str]) -> list[str]:
    held = [Path(dep) for dep in deps]
    return [
        file
        for file in sorted(files)
        if not any(dep == Path(file) or dep in Path(file).parents for dep in held)
    ]


@pytest.mark.parametrize("stage", LEARNING)
def test_a_stage_depends_on_what_it_imports(stage: str) -> None:
    files = {
        file
        for file in closure(LEARNING[stage])
        if Path(file).name not in ELSEWHERE and not file.startswith("benchmark/importers/")
    }
    assert lacking(files, STAGES[stage]["deps"]) == []


@pytest.mark.parametrize(
    "stage", [n for n in STAGES if re.match(r"figure|table|metrics|report", n)]
)
def test_what_is_shown_depends_on_what_shows_it(stage: str) -> None:
    files = {
        file
        for file in closure(code_of(stage))
        if file.startswith(SHOWING) and Path(file).name != "__init__.py"
    }
    deps = STAGES[stage]["deps"]
    if not stage.startswith("figure"):
        files -= {"reproduce/style.py"}  # of pictures
    assert files, "the test looks at nothing"
    assert lacking(files - CHECKING - {"reproduce/names.py", "reproduce/entry.py"}, deps) == []


@pytest.mark.parametrize("stage", STAGES)
def test_no_stage_depends_on_a_whole_room(stage: str) -> None:
    """A change of a command would make everything anew."""
    assert {"reproduce", "reproduce/cli", "benchmark", "baselines"}.isdisjoint(
        STAGES[stage]["deps"]
    )


def test_every_stage_is_held_by_one_of_these_tests() -> None:
    names = {name.partition("@")[0] for name in STAGES}
    shown = {n for n in names if re.match(r"figure|table|metrics|report", n)}
    known = {*LEARNING, *APART, *shown, "describe"}
    assert names == known


@pytest.mark.parametrize("stage", STAGES)
def test_dependencies_of_code_are_there(stage: str) -> None:
    deps = STAGES[stage].get("deps", [])
    assert deps, "a stage of nothing is never run again"
    assert [dep for dep in deps if "${" not in dep and not (ROOT / dep).exists()] == []


def test_a_missing_dependency_is_found() -> None:
    """The tests above can fail: without its encoder the stage would lack a file."""
    held = closure(LEARNING["latents"])
    assert "baselines/networks/particle_transformer.py" in held
    assert "baselines/anomaly_clr.py" not in held
    drawn = closure(code_of("figure-search@sic-id"))
    assert "reproduce/sac/sic.py" in drawn
    assert "reproduce/figures/sic_ep.py" not in drawn
    assert lacking({"reproduce/style.py"}, ["reproduce/sac"]) == ["reproduce/style.py"]


def test_few_stages() -> None:
    assert len(STAGES) <= MOST_STAGES


@pytest.mark.parametrize(("kind", "registered"), [("figure", FIGURES), ("table", TABLES)])
def test_every_figure_and_table_is_made(kind: str, registered: dict[str, Any]) -> None:
    """One that is registered and not in the pipeline would be missed by nobody."""
    made = {tuple(stage["cmd"].split()[1:3]) for stage in STAGES.values()}
    assert {name for name in registered if (kind, name) not in made} == set()


@pytest.mark.parametrize("stage", [n for n in STAGES if re.match(r"figure|table", n)])
def test_every_file_of_it_is_declared(stage: str) -> None:
    kind, name = STAGES[stage]["cmd"].split()[1:3]
    listed = [*STAGES[stage].get("plots", []), *STAGES[stage]["outs"]]
    declared = {Path(next(iter(out))).name for out in listed}
    of_results = ROOT / "results" / "quick"
    there = {p.name for p in of_results.glob(f"*/{kind}s/{name}*")}
    others = {*FIGURES, *TABLES} - {name}
    longer = {o for o in others if o.startswith(name)}
    there = {file for file in there if not any(file.startswith(o) for o in longer)}
    assert declared == there


def test_the_last_stage_looks_at_every_result() -> None:
    looked = STAGES["check"]["deps"]
    made = {
        path
        for name, stage in STAGES.items()
        if name != "check"
        for part in ("outs", "metrics", "plots")
        for out in stage.get(part, [])
        if isinstance(out, dict)  # what DVC's cache keeps stands as a plain path
        for path in out
        if path.startswith("results")
    }
    assert len(made) > 80
    assert lacking(made, looked) == []
