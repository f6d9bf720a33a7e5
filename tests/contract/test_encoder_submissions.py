"""Every encoder that must be refused is, with its own code and message; good ones are not."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest

from benchmark.submissions import onnx_run
from benchmark.submissions.encoder import encoder_values
from benchmark.submissions.findings import Refused
from benchmark.submissions.folder import open_folder
from benchmark.submissions.onnx_run import Limits
from tests.encoders import FIXTURES, maker, published

if TYPE_CHECKING:
    from numpy.typing import NDArray

# Small, so that what never ends and what is endlessly large is refused soon.
LIMITS = Limits(seconds=4.0, memory=2**30)

REFUSED = {
    "external_data": ("encoder_external_data", "etc/passwd"),
    "hidden_external_data": ("encoder_external_data", "etc/passwd"),
    "custom_domain": ("encoder_domain", "found com.microsoft"),
    "custom_function": ("encoder_function", "found Twice"),
    "random": ("encoder_random", "found RandomNormalLike"),
    "dropout": ("encoder_random", "found Dropout"),
    "loop": ("encoder_loop", "found Loop"),
    "batch_norm_training": ("encoder_training_mode", "found BatchNormalization"),
    "opset_new": ("encoder_opset_new", "found 99"),
    "opset_old": ("encoder_opset_old", "found 9"),
    "format": ("encoder_format", "found 99"),
    "input_name": ("encoder_input_name", "found process"),
    "input_type": ("encoder_input_type", "found DOUBLE"),
    "input_rank": ("encoder_input_rank", "found (open, 11, 9, 1)"),
    "input_shape": ("encoder_input_shape", "found (open, 12, 9)"),
    "static_batch": ("encoder_static_batch", "found (64, 11, 9)"),
    "output_name": ("encoder_output_name", "found z"),
    "output_type": ("encoder_output_type", "found DOUBLE"),
    "output_rank": ("encoder_output_rank", "found (open, 2, 1)"),
    "dimensions": ("encoder_dimensions", "found (open, 3)"),
    "wrong_width": ("encoder_latents", "float32 (1, 3) for 1 events"),
    "garbage": ("encoder_unreadable", "no ONNX model"),
    "pickle": ("encoder_unreadable", "no ONNX model"),
    "empty": ("empty_file", "an empty file"),
    "truncated": ("encoder_unreadable", "no ONNX model"),
    "inconsistent": ("encoder_inconsistent", "nowhere"),
    "cycle": ("encoder_inconsistent", "topologically"),
    "unfitting": ("encoder_run", "dimension mismatch"),
    "training_info": ("encoder_training", "belongs to a training"),
    "sparse": ("encoder_sparse", "sparse tensors"),
    "batch_mean": ("depends_on_others", "the order or the number of the events"),
    "order": ("depends_on_others", "the order or the number of the events"),
    "not_finite": ("encoder_not_finite", "1200 of 1200 latents are not finite"),
    "memory": ("encoder_memory", "too much memory"),
    "memory_tiles": ("encoder_memory", "too much memory"),
    "slow": ("encoder_time", "at most 4 s"),
    "many_nodes": ("encoder_nodes", "found 20005"),
    "too_large": ("too_large", "expected at most 67,108,864"),
    "unfolding": ("encoder_memory", "too much memory"),
}


def values_of(folder: Path, task: str = "diphoton") -> NDArray[np.float32]:
    return encoder_values(open_folder(folder), published(task), tell=lambda _text: None).latents


@pytest.fixture(autouse=True)
def _little(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(onnx_run, "LIMITS", LIMITS)


def test_every_fault_is_here() -> None:
    made = maker()
    assert set(REFUSED) == set(made.BAD) | set(made.LARGE)
    kept = {path.name.removeprefix("bad_encoder_") for path in FIXTURES.glob("bad_encoder_*")}
    assert kept == set(made.BAD)


@pytest.mark.parametrize("name", REFUSED)
def test_refused(name: str, tmp_path: Path) -> None:
    folder = FIXTURES / f"bad_encoder_{name}"
    if name in maker().LARGE:
        folder = tmp_path / "large"
        maker().write(folder, "large", maker().LARGE[name]())
    with pytest.raises(Refused) as caught:
        values_of(folder)
    code, text = REFUSED[name]
    assert {finding.code for finding in caught.value.findings} == {code}
    assert text in str(caught.value)
    assert str(caught.value).isascii()


@pytest.mark.parametrize("task", ["diphoton", "cms_adc"])
def test_a_good_one_is_not(task: str) -> None:
    found = values_of(FIXTURES / f"good_encoder_{task}", task)
    slot = maker().MET_SLOT[task]
    met = published(task).events.objects[:, slot][:, [0, 2]]
    assert found == pytest.approx(met * np.array([0.01, 1.0]), rel=1e-6)


def test_the_fixtures_are_what_the_script_writes(tmp_path: Path) -> None:
    maker().main(tmp_path)
    for path in sorted(tmp_path.rglob("*.*")):
        assert path.read_bytes() == (FIXTURES / path.relative_to(tmp_path)).read_bytes(), path


def test_no_fixture_did_what_it_wanted() -> None:
    assert not Path("/tmp/pwned").exists()
