"""The file of claims: what it refuses, and with which words."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmark.errors import DataError
from reproduce.report.choosing import joined, selections
from reproduce.report.claims import load_claims
from reproduce.report.schema import Select, ValueClaim

FIXTURES = Path(__file__).resolve().parents[2] / "fixtures" / "claims"
MARK = "# refused: "
BAD = sorted(path for path in FIXTURES.glob("*.yaml") if path.stem != "good")


def test_there_are_bad_claims() -> None:
    assert len(BAD) > 20


@pytest.mark.parametrize("path", BAD, ids=lambda path: path.stem)
def test_a_bad_claim_is_refused_with_its_message(path: Path) -> None:
    said = path.read_text(encoding="utf-8").splitlines()[0].removeprefix(MARK)
    with pytest.raises(DataError) as caught:
        load_claims(path)
    message = str(caught.value)
    assert said in message
    assert str(path) in message or "published numbers" in message
    assert "\n" not in message


def test_a_good_claim_has_its_number() -> None:
    (claim,) = load_claims(FIXTURES / "good.yaml").claims
    assert isinstance(claim, ValueClaim)
    assert (claim.published.value, claim.published.error) == (0.856, 0.002)


def test_a_missing_file(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="no file of claims"):
        load_claims(tmp_path / "none.yaml")


def test_each_makes_claims_of_all_combinations(tmp_path: Path) -> None:
    text = (FIXTURES / "good.yaml").read_text(encoding="utf-8")
    text = text.replace("id: one", 'id: "one-{signal}-{embedding}"')
    text += "    each: {signal: [leptoquark, a_to_4l], embedding: [raw, clr]}\n"
    path = tmp_path / "claims.yaml"
    path.write_text(text, encoding="utf-8")
    claims = load_claims(path).claims
    assert [claim.id for claim in claims] == [
        *("one-leptoquark-raw", "one-leptoquark-clr", "one-a_to_4l-raw", "one-a_to_4l-clr"),
    ]
    values = [claim.published.value for claim in claims if isinstance(claim, ValueClaim)]
    assert values == [0.856, 0.82, 0.885, 0.89]


def test_what_is_ones_own_wins_over_what_is_common() -> None:
    common = Select(embedding="raw", metric="auc", signal="stop/1", regime="id")
    made = joined(common, Select(regime="ip:{signal}", embedding="clr"), signal="zprime/400")
    assert made.given() == {
        "embedding": "clr",
        "metric": "auc",
        "signal": "zprime/400",
        "regime": "ip:zprime/400",
    }


def test_every_claim_but_the_unmeasured_selects_rows() -> None:
    for claim in load_claims().claims:
        assert bool(list(selections(claim))) == (claim.kind != "unmeasured")
