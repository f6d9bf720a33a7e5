"""Submissions of latents among the fixtures: bad ones are refused, each for its own reason."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest

from benchmark.submissions.check import check
from tests.submissions import toy_published

if TYPE_CHECKING:
    from benchmark.submissions.check import CheckReport

FIXTURES = Path(__file__).parents[1] / "fixtures" / "submissions"
OF_ENCODERS = "encoder"  # these have a suite of their own
BAD = {
    path.name.removeprefix("bad_"): path
    for path in sorted(FIXTURES.glob("bad_*"))
    if OF_ENCODERS not in path.name
}
GOOD = sorted(FIXTURES.glob("good_latents_*"))
ENOUGH = 30

# Codes of all findings, and words of the first message.
EXPECTED: dict[str, tuple[tuple[str, ...], str]] = {
    "authors_none": (("bad_authors",), "authors: bad value; found '[]'; expected at least 1"),
    "column_category": (("wrong_type",), "'z1': a column of a wrong type; found 'dictionary<"),
    "column_half": (("wrong_type",), "found 'halffloat'; expected float or double"),
    "column_index": (("wrong_columns",), "index=False"),
    "column_integer": (("wrong_type",), "found 'int64'; expected float or double"),
    "column_list": (("wrong_type",), "found 'list<element: double>'"),
    "column_names": (("wrong_columns",), "found 'event_id, z1, z3, z5' (4 columns)"),
    "column_no_id": (("wrong_columns",), "found 'z1, z2, z3' (3 columns)"),
    "column_null": (("missing_values",), "z1: empty fields; found 1 of 40"),
    "column_object": (("wrong_type",), "found 'binary'"),
    "column_signed_id": (("wrong_type",), "'event_id': a column of a wrong type; found 'int64'"),
    "column_struct": (("wrong_type",), "found 'struct<z: double>'"),
    "column_text": (("wrong_type",), "found 'string'"),
    "constant": (("constant_dimension",), "constant dimensions: 2"),
    "dimensions_65": (("wrong_dimensions",), "(66 columns); expected event_id and z1 to z64"),
    "dimensions_fewer": (("wrong_dimensions",), "(4 columns); expected event_id and z1 to z4"),
    "dimensions_many": (("bad_dimensions",), "found 65; expected 64 or less"),
    "dimensions_none": (("bad_dimensions",), "found 0; expected 1 or more"),
    "dimensions_text": (("bad_dimensions",), "found '3'; expected a whole number"),
    "empty_payload": (("empty_file",), "'latents.safetensors': an empty file"),
    "field_missing": (("missing_field",), "licence: a field is missing"),
    "field_unknown": (("unknown_field",), "regime: no such field"),
    "hours_infinite": (("bad_hours",), "hours: bad value; found inf"),
    "hours_negative": (("bad_hours",), "hours: bad value; found -1.0"),
    "ids_other": (("missing_ids", "extra_ids"), "published events are missing; found 3"),
    "ids_twice": (("duplicate_ids", "missing_ids"), "events that occur twice; found 1"),
    "infinite": (("not_finite",), "row 7, dimension 3: 1 bad values; found -inf"),
    "kind": (("bad_kind",), "expected 'latents' or 'encoder'"),
    "labels_of_nothing": (("labels_of_nothing",), "labels of no process"),
    "licence": (("bad_licence",), "no licence of this name; found 'Do-As-You-Like'"),
    "name_cyrillic": (("bad_name",), r"found 't\u043ey-pca'"),
    "name_invisible": (("bad_name",), r"found 'toy\u200b-pca'"),
    "name_traversal": (("bad_name",), "found '../../results'"),
    "no_payload": (("no_payload",), "there is no payload"),
    "no_submission": (("no_submission",), "there is no submission.yaml"),
    "not_a_number": (("not_finite",), "row 5, dimension 2: 1 bad values; found nan"),
    "other_kind": (("kind_mismatch",), "found encoder, with latents.safetensors"),
    "parquet_bomb": (("archive_bomb",), "found 4,194,304 bytes in 1 pages"),
    "parquet_cut": (("bad_parquet",), "not a Parquet file"),
    "parquet_declared_bomb": (("archive_bomb",), "found 2,147,483,647 bytes in 1 pages"),
    "parquet_declared_rows": (("wrong_rows",), "found 1,000,000,000,000,000 in 1 row groups"),
    "parquet_footer": (("footer_size",), "found 2,147,483,648 bytes in a file of 76"),
    "parquet_many_rows": (("wrong_rows",), "found 300,000 in 1 row groups; expected 40"),
    "parquet_noise": (("bad_parquet",), "no Parquet file that can be read"),
    "parquet_outside": (("bad_parquet",), "columns outside of the file, or in each other"),
    "parquet_overlap": (("bad_parquet",), "columns outside of the file, or in each other"),
    "parquet_page_outside": (("bad_parquet",), "found pages outside of their column"),
    "parquet_pages": (("archive_bomb",), "found 0 bytes in 67 pages"),
    "parquet_pickle": (("bad_parquet",), r"not a Parquet file; found "),
    "parquet_text": (("bad_parquet",), "not a Parquet file; found \"b'even'\""),
    "parquet_values": (("bad_parquet",), "found 39 values for 40 rows"),
    "payload_link": (("link",), "'latents.safetensors': a link"),
    "pickle": (("unexpected_file",), "'latents.pkl': a file of another name"),
    "point": (("unknown_point",), "no such mass point of zprime; found '250'"),
    "point_twice": (("listed_twice",), "an entry stands twice"),
    "process": (("unknown_process",), "found 'graviton'"),
    "process_twice": (("process_twice",), "a process stands twice"),
    "readme_link": (("link",), "'README.md': a link"),
    "rows_fewer": (("wrong_rows",), "found 39 in 1 row groups; expected 40"),
    "rows_more": (("wrong_rows",), "found 41 in 1 row groups; expected 40"),
    "rows_none": (("wrong_rows",), "found 0 in 1 row groups; expected 40"),
    "script": (("unexpected_file",), "'make.py': a file of another name"),
    "settings_nested": (("bad_hyper_parameters",), "{'b': 1}\"; expected names and scalars"),
    "split": (("unknown_split",), "found 'training'; expected train or validation"),
    "split_pseudo_data": (("evaluation_split",), "found 'pseudo_data'"),
    "split_test": (("evaluation_split",), "trained on evaluation events; found 'test'"),
    "splits_missing": (("trained_on_in_part",), "splits and releases do not go together"),
    "subfolder": (("subfolder",), "'code': a folder inside"),
    "submission_link": (("link",), "'submission.yaml': a link"),
    "task": (("bad_task",), "found 'top_tagging'; expected 'diphoton' or 'cms_adc'"),
    "task_digest": (("wrong_task_digest",), "found 0123456789abcdef"),
    "tensors_cut": (("bad_safetensors",), "overlap or do not fill the file"),
    "tensors_dimensions": (("wrong_dimensions",), "found '[40, 3]'; expected [40, 2]"),
    "tensors_entry": (("bad_safetensors",), "a damaged entry of event_id"),
    "tensors_extra": (("bad_safetensors",), "other tensors; found 'event_id, latents, weights'"),
    "tensors_half": (("wrong_type",), "found 'F16'; expected F32 or F64"),
    "tensors_header": (("header_size",), "found 1,152,921,504,606,846,976 bytes"),
    "tensors_header_deep": (("bad_safetensors",), "the header is no JSON; found 'RecursionError'"),
    "tensors_header_list": (("bad_safetensors",), "the header is no mapping"),
    "tensors_header_long": (("header_size",), "found 9,000 bytes in a file of 9,008"),
    "tensors_header_twice": (("bad_safetensors",), "the header is no JSON"),
    "tensors_ids": (("wrong_type",), "event_id: a tensor of a wrong type; found 'I64'"),
    "tensors_more": (("bad_safetensors",), "overlap or do not fill the file"),
    "tensors_negative": (("bad_safetensors",), "a damaged entry of latents"),
    "tensors_overlap": (("bad_safetensors",), "overlap or do not fill the file"),
    "tensors_rows": (("wrong_rows",), "found '[1000000000, 3]'; expected [40, 3]"),
    "tensors_shape": (("wrong_dimensions",), "found '[40, 1000000000000]'"),
    "title_backwards": (("unseen_characters",), r"found 'A \u202eyot'"),
    "title_lines": (("several_lines",), r"found 'A toy\nand more'; expected one line"),
    "title_long": (("bad_title",), "expected at most 200 characters"),
    "title_number": (("bad_title",), "found 7; expected a text"),
    "too_large": (("too_large_values",), "row 9, dimension 1: 1 bad values; found 2e+06"),
    "two_payloads": (("two_payloads",), "found latents.parquet, latents.safetensors"),
    "url_http": (("bad_code_url",), "found 'http://example.org/toy'"),
    "url_quotes": (("bad_code_url",), "not a web address"),
    "url_script": (("bad_code_url",), "found 'javascript:alert(1)'"),
    "url_user": (("bad_code_url",), "found 'https://example.com@evil.example/toy'"),
    "yaml_anchor": (("yaml_alias",), "line 2: an anchor or an alias; found 't'"),
    "yaml_bomb": (("yaml_alias",), "line 1: an anchor or an alias; found 'h0'"),
    "yaml_deep": (("yaml_too_much",), "too many values, or too deep"),
    "yaml_directive": (("yaml_tag",), "line 1: a directive"),
    "yaml_documents": (("bad_yaml",), "more than one document"),
    "yaml_duplicate_key": (("duplicate_key",), "a key stands twice; found 'name'"),
    "yaml_large": (("too_large",), "expected at most 32,768"),
    "yaml_latin1": (("bad_yaml",), "not UTF-8"),
    "yaml_list": (("bad_yaml",), "no names with values; found '[1, 2, 3]'"),
    "yaml_object": (("yaml_tag",), "python/object/apply:os.system'"),
    "yaml_syntax": (("bad_yaml",), "this is not YAML; found 'while parsing"),
    "yaml_tag": (("yaml_tag",), "found 'tag:yaml.org,2002:str'"),
}


def checked(path: Path) -> CheckReport:
    task = "cms_adc" if "cms_adc" in path.name else "diphoton"
    return check(path, published=toy_published(task))


def test_every_fixture_is_expected() -> None:
    assert sorted(BAD) == sorted(EXPECTED)
    assert len(BAD) >= ENOUGH
    assert len(GOOD) >= 2


@pytest.mark.parametrize("name", EXPECTED)
def test_bad_submission_is_refused_for_its_own_reason(name: str) -> None:
    codes, words = EXPECTED[name]
    report = checked(BAD[name])
    assert tuple(finding.code for finding in report.findings) == codes
    assert all(finding.level == "fault" for finding in report.findings)
    assert words in report.findings[0].message
    assert report.latents is None


@pytest.mark.parametrize("name", EXPECTED)
def test_messages_are_harmless(name: str) -> None:
    for finding in checked(BAD[name]).findings:
        assert finding.message.isprintable()
        assert finding.message.isascii()
        assert len(finding.message) < 500
        assert str(BAD[name].parent) not in finding.message


@pytest.mark.parametrize("path", GOOD, ids=lambda path: path.name)
def test_good_submission_passes(path: Path) -> None:
    report = checked(path)
    assert report.findings == ()
    assert report.latents is not None
    assert report.latents.dtype == np.float32
    assert report.latents.shape == (40, 3)


def test_texts_of_a_good_submission_are_kept_as_they_are() -> None:
    report = checked(FIXTURES / "good_latents_html")
    assert report.submission is not None
    assert "<script>alert('toy')</script>" in report.submission.title
