"""A specification changes by its version, never in silence."""

from __future__ import annotations

import pytest

from benchmark.errors import DiademError
from benchmark.tasks.cms_adc import CMS_ADC, task_split
from benchmark.tasks.spec import TaskSpec, check_digest, known_digests

TASKS = [CMS_ADC]


@pytest.mark.parametrize("spec", TASKS, ids=lambda spec: spec.name)
def test_the_published_digest(spec: TaskSpec) -> None:
    check_digest(spec)
    assert len(set(known_digests()[spec.name].values())) == len(known_digests()[spec.name])


def test_any_change_changes_the_digest() -> None:
    changes: dict[str, object] = {
        "version": 2,
        "release_digest": "0" * 64,
        "signals": CMS_ADC.signals[:3],
        "metrics": CMS_ADC.metrics[:1],
        "curve": (0.5,),
        "primary": "auc",
        "detector": CMS_ADC.detector.model_copy(
            update={"settings": {**CMS_ADC.detector.settings, "epochs": 99}}
        ),
    }
    for name, value in changes.items():
        changed = CMS_ADC.model_copy(update={name: value})
        assert changed.digest() != CMS_ADC.digest(), name


def test_a_silent_change_is_refused() -> None:
    with pytest.raises(DiademError, match=r"not the published one.*Raise the version"):
        check_digest(CMS_ADC.model_copy(update={"primary": "auc"}))
    with pytest.raises(DiademError, match="expected a published digest"):
        check_digest(CMS_ADC.model_copy(update={"version": 99}))


def test_the_split_is_that_of_the_results_of_record() -> None:
    """The specification names the split; changing it in the card is a new version of the task."""
    split = task_split(CMS_ADC)
    assert split.salt == "cms_adc/adc/v1"
    assert dict(split.parts) == {"train": 0.6, "validation": 0.2, "test": 0.2}
