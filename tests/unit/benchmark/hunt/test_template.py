"""Samples of the background as files."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from safetensors.numpy import save_file

from benchmark.detectors.cathode import generate
from benchmark.errors import DataError
from benchmark.farm import work
from benchmark.hunt.sample import read_sample
from benchmark.hunt.setup import Setup
from benchmark.hunt.template import SUFFIX, read_template, template_spec
from benchmark.pseudodata import draw
from benchmark.seeds import seed_for
from tests.hunt_latents import RATES, hunt_latents, put

if TYPE_CHECKING:
    from pathlib import Path

    from benchmark.farm import Spec

SETUP = Setup.of_task(RATES, flow={"layers": 2, "hidden": (8,), "epochs": 2})


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return put(tmp_path_factory.mktemp("latents") / "first.parquet", hunt_latents())


def spec(file: Path, setup: Setup = SETUP, **changes: Any) -> Spec:
    options: dict[str, Any] = {"instance": 1, "flows": 2, "device": "cpu"}
    return template_spec(file, setup, **{**options, **changes})


def test_a_file_holds_what_is_generated(file: Path, tmp_path: Path) -> None:
    """The farm's work against the same steps by hand; written twice, the same bytes."""
    path = tmp_path / f"a{SUFFIX}"
    work(spec(file), path)
    found = read_template(path)
    sample = read_sample([file], yields=RATES, region=SETUP.region, smearing=0.1)
    pool, rows = sample.pool()
    drawn = draw(pool, luminosity=SETUP.luminosity, instance=1, share=SETUP.share)
    data = rows[drawn.rows]
    byhand = generate(
        sample.values[0][data],
        sample.m_gg[data],
        SETUP.cathode,
        window=SETUP.window,
        region=SETUP.region,
        flows=2,
        seed=seed_for("diphoton", "flows", 0, 1),
        device="cpu",
    )
    np.testing.assert_array_equal(found.latents, byhand.latents)
    assert (found.expected, found.losses) == (byhand.expected, byhand.losses)
    assert found.epochs == byhand.epochs
    again = tmp_path / f"b{SUFFIX}"
    work(spec(file), again)
    assert again.read_bytes() == path.read_bytes()


def test_the_key_is_of_what_matters(file: Path, tmp_path: Path) -> None:
    """Not of places, names or the word for the processor."""
    plain = spec(file).key
    moved = put(tmp_path / "elsewhere.parquet", hunt_latents())
    assert spec(moved).key == plain
    assert spec(file, label="another").key == plain
    assert spec(file, device="auto").key == plain
    other = put(tmp_path / "other.parquet", hunt_latents(seed=2))
    study = Setup.of_task(RATES, flow={"layers": 3, "hidden": (8,), "epochs": 2})
    keys = {
        plain,
        spec(other).key,
        spec(file, study).key,
        spec(file, instance=2).key,
        spec(file, flows=3).key,
        spec(file, signal="zprime/400", strength=1.0).key,
        spec(file, signal="zprime/400", strength=2.0).key,
    }
    assert len(keys) == 7


def damaged(path: Path, how: str) -> None:
    latents = {"latents": np.zeros((3, 2), dtype=np.float32)}
    note = '{"expected": 1.0, "losses": [1.0], "epochs": [2]}'
    if how == "cut":
        save_file(latents, path, metadata={"note": note})
        path.write_bytes(path.read_bytes()[:-7])
    elif how == "text":
        path.write_text("not a file of tensors")
    elif how == "no note":
        save_file(latents, path)
    elif how == "no json":
        save_file(latents, path, metadata={"note": "{"})
    elif how == "less noted":
        save_file(latents, path, metadata={"note": '{"expected": 1.0}'})
    elif how == "no latents":
        save_file({"other": latents["latents"]}, path, metadata={"note": note})


@pytest.mark.parametrize(
    "how", ["cut", "text", "no note", "no json", "less noted", "no latents", "none"]
)
def test_a_damaged_file_is_refused(how: str, tmp_path: Path) -> None:
    path = tmp_path / f"bad{SUFFIX}"
    damaged(path, how)
    with pytest.raises(DataError, match=r"bad\.safetensors: no samples can be read.*run the comm"):
        read_template(path)
