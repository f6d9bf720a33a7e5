"""Every registered detector: scores event by event, fixed by the seed, and hard to misuse."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from benchmark.detectors import DETECTORS, detector_class
from benchmark.detectors.protocol import Detector
from benchmark.errors import DataError, DiademError

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

ROOT = Path(__file__).resolve().parents[2]
EVENTS, COLUMNS = 200, 4
# Sums in single precision in another order: a few times 2^-24 of a score of order 1.
SAME_SCORE = 1e-5


def quick_autoencoder(**options: Any) -> Detector:
    from benchmark.detectors.autoencoder import Autoencoder, AutoencoderSettings

    settings = AutoencoderSettings(hidden=(8,), bottleneck=2, batch_size=32, epochs=3)
    return Autoencoder(settings, device="cpu", **options)


# Small settings of each detector; one without an entry here fails the suite.
QUICK: dict[str, Callable[..., Detector]] = {"autoencoder": quick_autoencoder}

each = pytest.mark.parametrize("name", list(DETECTORS))


def sample(n: int = EVENTS, *, seed: int = 1) -> NDArray[np.float32]:
    """Correlated columns, so that there is something to learn."""
    rng = np.random.default_rng(seed)
    mixed = rng.normal(size=(n, 2)) @ rng.normal(size=(2, COLUMNS))
    return (mixed + 0.1 * rng.normal(size=(n, COLUMNS))).astype(np.float32)


def fitted(name: str, seed: int = 5, **options: Any) -> Detector:
    return QUICK[name](**options).fit(sample(), seed=seed)


def test_knowing_the_names_does_not_import_torch() -> None:
    code = "import sys, benchmark.detectors; sys.exit('torch' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=False)
    assert done.returncode == 0


def test_an_unknown_name_is_refused() -> None:
    with pytest.raises(DiademError, match="no such detector"):
        detector_class("oracle")


@each
def test_is_a_detector(name: str) -> None:
    detector = fitted(name)
    assert isinstance(detector, detector_class(name))
    assert isinstance(detector, Detector)
    assert detector.name == name
    assert detector.fit(sample(), seed=5) is detector


@each
def test_scores_are_finite_float32(name: str) -> None:
    scores = fitted(name).score_samples(sample())
    assert scores.dtype == np.float32
    assert scores.shape == (EVENTS,)
    assert np.isfinite(scores).all()
    assert len(np.unique(scores)) > EVENTS / 2


@each
def test_scores_are_of_single_events(name: str) -> None:
    detector, x = fitted(name), sample()
    scores = detector.score_samples(x)
    order = np.random.default_rng(2).permutation(EVENTS)
    np.testing.assert_allclose(
        detector.score_samples(x[order]), scores[order], SAME_SCORE, SAME_SCORE
    )
    np.testing.assert_allclose(
        detector.score_samples(x[::-1]), scores[::-1], SAME_SCORE, SAME_SCORE
    )
    parts = [detector.score_samples(x[:1]), detector.score_samples(x[1:7])]
    np.testing.assert_allclose(np.concatenate(parts), scores[:7], SAME_SCORE, SAME_SCORE)


@each
def test_the_input_is_not_changed(name: str) -> None:
    x, weight = sample(), np.linspace(0.5, 1.5, EVENTS)
    before = x.copy(), weight.copy()
    for array in (x, weight):
        array.flags.writeable = False  # as a memory map that is open for reading
    QUICK[name]().fit(x, seed=1, weight=weight).score_samples(x)
    np.testing.assert_array_equal(x, before[0])
    np.testing.assert_array_equal(weight, before[1])


@each
def test_the_seed_fixes_the_scores(name: str) -> None:
    scores = fitted(name).score_samples(sample())
    np.testing.assert_array_equal(fitted(name).score_samples(sample()), scores)
    assert not np.array_equal(fitted(name, seed=6).score_samples(sample()), scores)


@each
def test_neither_progress_nor_a_checkpoint_changes_the_scores(name: str, tmp_path: Path) -> None:
    scores = fitted(name).score_samples(sample())
    options: dict[str, Any] = {"progress": True, "checkpoint": tmp_path / "state"}
    for _ in range(2):  # the second time from the checkpoint
        again = fitted(name, **options)
        np.testing.assert_array_equal(again.score_samples(sample()), scores)
    with pytest.raises(DiademError, match="another training"):
        fitted(name, seed=6, **options)
    with pytest.raises(DiademError, match="another training"):
        QUICK[name](**options).fit(sample(seed=2), seed=5)


@each
def test_a_second_fit_forgets_the_first(name: str) -> None:
    twice = fitted(name, seed=6).fit(sample(), seed=5)
    np.testing.assert_array_equal(
        twice.score_samples(sample()), fitted(name).score_samples(sample())
    )


@each
def test_is_kept_whole(name: str, tmp_path: Path) -> None:
    detector = fitted(name)
    detector.save(tmp_path / "kept")
    loaded = detector_class(name).load(tmp_path / "kept")
    np.testing.assert_array_equal(loaded.score_samples(sample()), detector.score_samples(sample()))
    loaded.save(tmp_path / "again")
    files = sorted(path.name for path in (tmp_path / "kept").iterdir())
    assert files
    for file in files:
        first, second = (tmp_path / folder / file for folder in ("kept", "again"))
        assert first.read_bytes() == second.read_bytes()


@each
def test_a_damaged_copy_is_refused(name: str, tmp_path: Path) -> None:
    detector = fitted(name)
    with pytest.raises(DataError):
        detector_class(name).load(tmp_path / "nowhere")
    detector.save(tmp_path)
    for path in sorted(tmp_path.iterdir()):
        whole = path.read_bytes()
        # The last digits of a file belong to a number or a checksum, the first to its form.
        for damaged in (b"", whole[: len(whole) // 2], whole[:-20] + b"0" * 20):
            path.write_bytes(damaged)
            with pytest.raises(DataError):
                detector_class(name).load(tmp_path)
        path.write_bytes(whole)
    detector_class(name).load(tmp_path)


@each
def test_what_is_not_fitted_says_so(name: str, tmp_path: Path) -> None:
    with pytest.raises(DiademError, match="not fitted yet"):
        QUICK[name]().score_samples(sample())
    with pytest.raises(DiademError, match="not fitted yet"):
        QUICK[name]().save(tmp_path)


def bad_inputs() -> dict[str, Any]:
    spoilt = sample()
    spoilt[3, 1] = np.inf
    return {
        "float64": sample().astype(np.float64),
        "flat": sample()[:, 0],
        "empty": sample()[:0],
        "no columns": sample()[:, :0],
        "not finite": spoilt,
        "a list": [[0.0] * COLUMNS],
    }


@each
@pytest.mark.parametrize("fault", list(bad_inputs()))
def test_bad_input_is_refused(name: str, fault: str) -> None:
    bad = bad_inputs()[fault]
    detector = fitted(name)
    for use in (lambda: QUICK[name]().fit(bad, seed=1), lambda: detector.score_samples(bad)):
        with pytest.raises(DataError):
            use()


@each
def test_other_columns_are_refused(name: str) -> None:
    with pytest.raises(DataError, match=r"expected float32 \(n, 4\)"):
        fitted(name).score_samples(sample()[:, :3])


@each
@pytest.mark.parametrize(
    "weight",
    [np.ones(EVENTS - 1), np.ones((EVENTS, 1)), -np.ones(EVENTS), np.zeros(EVENTS)],
    ids=["too few", "shape", "negative", "zero"],
)
def test_bad_weights_are_refused(name: str, weight: NDArray[np.float64]) -> None:
    with pytest.raises(DataError, match="bad event weights"):
        QUICK[name]().fit(sample(), seed=1, weight=weight)


@each
def test_weights_count(name: str) -> None:
    weight = np.where(np.arange(EVENTS) < EVENTS / 2, 1.9, 0.1)
    plain, one = fitted(name), QUICK[name]().fit(sample(), seed=5, weight=np.ones(EVENTS))
    np.testing.assert_array_equal(one.score_samples(sample()), plain.score_samples(sample()))
    weighted = QUICK[name]().fit(sample(), seed=5, weight=weight)
    assert not np.array_equal(weighted.score_samples(sample()), plain.score_samples(sample()))
