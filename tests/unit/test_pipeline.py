"""The pipeline's dependencies are those that the code imports."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from benchmark.code import closure

ROOT = Path(__file__).resolve().parents[2]
STAGES = yaml.safe_load((ROOT / "dvc.yaml").read_text(encoding="utf-8"))["stages"]
# A stage names the code that decides a number; reading, checking and moving events does not, and
# how it is done is held by tests and by the digests of the events.
ELSEWHERE = {
    *("__init__.py", "arrow.py", "card_models.py", "card_process.py", "card_selection.py"),
    *("card_values.py", "cards.py", "code.py", "digest.py", "embedding.py", "errors.py"),
    *(
        "events.py",
        "farm_spec.py",
        "files.py",
        "ids.py",
        "latents.py",
        "mixing.py",
        "parquet.py",
        "ragged.py",
    ),
    *("paths.py", "provenance.py", "training_progress.py", "validation.py", "workers.py"),
    *("spec.py", "each_by_itself.py", "method_card.py", "development.py"),
}
CASES = [
    (
        "evaluate",
        ("benchmark.tasks.work", "baselines.anomaly_clr", "baselines.raw"),
    ),
    (
        "latents",
        (
            *("benchmark.tasks.diphoton_work", "baselines.signal_aware"),
            *("baselines.haxad_vae", "baselines.raw9"),
        ),
    ),
    (
        "hunt",
        ("benchmark.hunt.template", "benchmark.hunt.hunt", "benchmark.hunt.sculpting"),
    ),
]


@pytest.mark.parametrize(("stage", "modules"), CASES, ids=[stage for stage, _ in CASES])
def test_a_stage_depends_on_what_it_imports(stage: str, modules: tuple[str, ...]) -> None:
    deps = [Path(dep) for dep in STAGES[stage]["deps"]]
    missing = [
        file
        for file in sorted(closure(modules))
        if Path(file).name not in ELSEWHERE
        and not file.startswith("benchmark/importers/")
        and not any(dep == Path(file) or dep in Path(file).parents for dep in deps)
    ]
    assert not missing


@pytest.mark.parametrize("stage", STAGES)
def test_dependencies_of_code_are_there(stage: str) -> None:
    deps = STAGES[stage].get("deps", [])
    assert deps, "a stage of nothing is never run again"
    assert [dep for dep in deps if "${" not in dep and not (ROOT / dep).exists()] == []


def test_a_missing_dependency_is_found() -> None:
    """The test above can fail: without its encoder the stage would lack a file."""
    held = closure(CASES[1][1])
    assert "baselines/networks/particle_transformer.py" in held
    assert "baselines/anomaly_clr.py" not in held


def test_few_stages() -> None:
    """DVC's own time grows fast with them."""
    count = sum(
        len(next(iter(stage["matrix"].values()))) if "matrix" in stage else 1
        for stage in STAGES.values()
    )
    assert count <= 50
