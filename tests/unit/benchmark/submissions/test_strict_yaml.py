"""YAML of texts, numbers, lists and mappings alone."""

from __future__ import annotations

import math

import pytest
import yaml

from benchmark.submissions.findings import Refused
from benchmark.submissions.strict_yaml import MAX_DEPTH, MAX_NODES, parse_yaml

PLAIN = """
text: some words
quoted: "12"
number: -12
fraction: 2.5e-3
yes: true
nothing: null
empty:
several: [1, two, [3]]
nested: {a: {b: c}}
folded: >
  two
  lines
"""


def test_plain_values_are_those_of_the_safe_loader() -> None:
    found = parse_yaml(PLAIN, "file")
    expected = yaml.safe_load(PLAIN.replace("yes:", "'yes':"))
    assert found == expected | {"fraction": 0.0025}
    assert [type(found[name]) for name in ("number", "fraction", "yes")] == [int, float, bool]


@pytest.mark.parametrize("text", ["yes", "no", "on", "12:30:45", "2026-01-01", "0x1F", "1_000"])
def test_what_looks_like_something_else_is_a_text(text: str) -> None:
    assert parse_yaml(f"a: {text}", "file") == {"a": text}


def test_numbers_too_large_are_no_numbers_of_a_field() -> None:
    assert math.isinf(parse_yaml("a: 1e999", "file")["a"])
    assert parse_yaml(f"a: {'9' * 5000}", "file") == {"a": "9" * 5000}


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("", "bad_yaml"),
        ("a: [1, 2", "bad_yaml"),
        ("a: \x00", "bad_yaml"),
        ("? [1, 2]\n: 3", "bad_yaml"),
        ("a: 1\n---\nb: 2", "bad_yaml"),
        ("%YAML 1.1\n---\na: 1", "yaml_tag"),
        ("a: !!int '3'", "yaml_tag"),
        ("a: ! b", "yaml_tag"),
        ("!!python/name:os.system x: 1", "yaml_tag"),
        ("!mine {a: 1}", "yaml_tag"),
        ("a: !mine [1]", "yaml_tag"),
        ("a: &x 1\nb: *x", "yaml_alias"),
        ("a: *x", "yaml_alias"),
        ("&x a: 1", "yaml_alias"),
        ("base: {a: 1}\nc:\n  <<: *base", "yaml_alias"),
        ("a: 1\nb: 2\na: 3", "duplicate_key"),
        ("a: {b: 1, b: 2}", "duplicate_key"),
        ("a: 1\n'a': 3", "duplicate_key"),
        ("[" * (MAX_DEPTH + 2) + "]" * (MAX_DEPTH + 2), "yaml_too_much"),
        ("{" * 20_000, "bad_yaml"),
        ("[" + "1," * MAX_NODES + "]", "yaml_too_much"),
    ],
)
def test_refused(text: str, code: str) -> None:
    with pytest.raises(Refused) as caught:
        parse_yaml(text, "file")
    assert [finding.code for finding in caught.value.findings] == [code]
    assert "file" in str(caught.value)
