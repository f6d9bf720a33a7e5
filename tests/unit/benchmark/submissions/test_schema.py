"""What an author may say in `submission.yaml`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from benchmark.submissions.findings import Refused
from benchmark.submissions.schema import Submission, read_submission
from tests.submissions import description, trained_on, write_description

if TYPE_CHECKING:
    from pathlib import Path


def read(folder: Path, content: dict[str, Any]) -> Submission:
    return read_submission(write_description(folder, content) / "submission.yaml")


def codes(folder: Path, content: dict[str, Any]) -> list[str]:
    with pytest.raises(Refused) as caught:
        read(folder, content)
    return [finding.code for finding in caught.value.findings]


@pytest.mark.parametrize("task", ["diphoton", "cms_adc"])
def test_what_was_written_is_read(tmp_path: Path, task: str) -> None:
    content = description(task)
    assert read(tmp_path, content).model_dump(mode="json") == content


def test_it_survives_json(tmp_path: Path) -> None:
    found = read(tmp_path, description())
    assert Submission.model_validate_json(found.model_dump_json()) == found


@pytest.mark.parametrize(
    ("field", "value", "code"),
    [
        ("name", "a", "bad_name"),
        ("name", "A-Name", "bad_name"),
        ("name", "-name", "bad_name"),
        ("name", "name\n", "bad_name"),
        ("name", "n" * 42, "bad_name"),
        ("title", "", "empty_text"),
        ("title", " \u2003 ", "empty_text"),
        ("title", "e\u0301", "unseen_characters"),
        ("title", "\U000e0041bc", "unseen_characters"),
        ("authors", ["A", "B\u200d"], "unseen_characters"),
        ("authors", "A. Author", "bad_authors"),
        ("version", 1.0, "bad_version"),
        ("licence", "mit", "bad_licence"),
        ("licence", "MIT OR Apache-2.0", "bad_licence"),
        ("code_url", "https://example.org/a b", "bad_code_url"),
        ("code_url", "HTTPS://example.org", "bad_code_url"),
        ("code_url", "https://ex\u0430mple.org", "bad_code_url"),
        ("code_url", "https://example.org/\n", "bad_code_url"),
        ("code_url", "https://-/x", "bad_code_url"),
        ("citation", "c" * 2001, "bad_citation"),
        ("task_digest", "ABCDEF0123456789", "bad_task_digest"),
        ("dimensions", True, "bad_dimensions"),
        ("dimensions", 3.0, "bad_dimensions"),
        ("hours", "1", "bad_hours"),
        ("hyper_parameters", {"a b": 1}, "bad_hyper_parameters"),
        ("hyper_parameters", {"a": "x\u202e"}, "unseen_characters"),
        ("hyper_parameters", {f"k{k}": k for k in range(65)}, "bad_hyper_parameters"),
        ("hyper_parameters", [1], "bad_hyper_parameters"),
        ("trained_on", {"labels": "no"}, "missing_field"),
    ],
)
def test_bad_value(tmp_path: Path, field: str, value: Any, code: str) -> None:
    found = codes(tmp_path, description(**{field: value}))
    assert code in found


def test_every_field_is_needed(tmp_path: Path) -> None:
    for k, name in enumerate(Submission.model_fields):
        content = description()
        del content[name]
        assert "missing_field" in codes(tmp_path / str(k), content)


@pytest.mark.parametrize("licence", ["MIT", "GPL-3.0-only", "LicenseRef-ours", "CC-BY-4.0"])
def test_licences(tmp_path: Path, licence: str) -> None:
    assert read(tmp_path, description(licence=licence)).licence == licence


def test_several_faults_come_together(tmp_path: Path) -> None:
    found = codes(tmp_path, description(name="A", hours=-1.0, licence="none", regime="id"))
    assert found == ["bad_name", "bad_licence", "bad_hours", "unknown_field"]


def test_only_the_parts_of_the_task(tmp_path: Path) -> None:
    learned = trained_on("w", split="validation")
    assert codes(tmp_path, description("cms_adc", trained_on=learned)) == ["unknown_split"]
    learned = trained_on("w", split="test")
    assert codes(tmp_path / "a", description("cms_adc", trained_on=learned)) == [
        "evaluation_split"
    ]
    learned = trained_on("continuum")
    assert codes(tmp_path / "b", description("cms_adc", trained_on=learned)) == ["unknown_process"]


def test_the_digest_of_another_task(tmp_path: Path) -> None:
    digest = description("cms_adc")["task_digest"]
    assert codes(tmp_path, description(task_digest=digest)) == ["wrong_task_digest"]
