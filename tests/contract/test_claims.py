"""The claims of both papers: all there, once, and about things that exist."""

from __future__ import annotations

import re
from importlib import resources
from typing import TYPE_CHECKING

import pytest
import yaml

from baselines.registry import EMBEDDINGS
from benchmark.cards import load_card
from benchmark.hunt.outcome import DISCOVERY
from benchmark.results.rules import METRICS
from benchmark.tasks.regimes import Regime
from reproduce.adc.names import EMBEDDINGS as ADC_EMBEDDINGS
from reproduce.adc.orderings import CLAIMS as ADC_ORDERINGS
from reproduce.figures import FIGURES
from reproduce.names import NOT_PUBLISHED
from reproduce.params import params_path
from reproduce.report.choosing import pairs, selections
from reproduce.report.claims import load_claims
from reproduce.report.printed import numbers_of
from reproduce.report.schema import OrderingsClaim, ValueClaim
from reproduce.tables import TABLES

if TYPE_CHECKING:
    from reproduce.report.schema import Claim

CLAIMS = load_claims()
CARDS = {name: load_card(name) for name in ("cms_adc", "diphoton")}
RAW = yaml.safe_load(resources.files("reproduce").joinpath("claims.yaml").read_text("utf-8"))
PUBLISHED = sorted(
    file.name.removesuffix(".yaml")
    for file in resources.files("reproduce.published").iterdir()
    if file.name.endswith(".yaml")
)
# What the two papers show of results.
SOURCES = {
    "sac": ("Table 1", *(f"Fig. {k}" for k in range(1, 9))),
    "aclr": ("Table 2", "Fig. 1", "Fig. 2", "Fig. 3"),
}
each = pytest.mark.parametrize("claim", CLAIMS.claims, ids=lambda claim: claim.id)


def test_ids_are_unique() -> None:
    ids = [claim.id for claim in CLAIMS.claims]
    assert len(ids) == len(set(ids))


def test_every_figure_and_table_of_the_papers_has_a_claim() -> None:
    for paper, sources in SOURCES.items():
        held = " ".join(c.source for c in CLAIMS.claims if c.paper == paper)
        assert [source for source in sources if source not in held] == []


def test_every_figure_of_ours_that_a_paper_has_shows_a_claim() -> None:
    shown = {claim.shown for claim in CLAIMS.claims}
    wanted = {n for n, f in FIGURES.items() if not f.reproduces.startswith(NOT_PUBLISHED)}
    assert wanted - shown == set()


@each
def test_what_is_selected_exists(claim: Claim) -> None:
    for select in selections(claim):
        card = CARDS[claim.task]
        assert select.embedding in EMBEDDINGS
        assert re.sub(r":.*", ":", select.metric or "") in METRICS
        process, _, point = (select.signal or "").partition("/")
        known = {p.name: {q.name for q in p.points} for p in card.processes}
        assert process in {*known, "all", "none", "background"}
        assert not point or point in known[process]
        if card.name == "diphoton":
            assert Regime.parse(select.regime or "", card).name == select.regime
        else:
            assert select.regime == "self-supervised"
    assert claim.shown in {"", *FIGURES, *TABLES}


def test_profiles_that_lack_rows_exist() -> None:
    profiles = yaml.safe_load(params_path().read_text(encoding="utf-8"))["profiles"]
    named = {name for claim in CLAIMS.claims for name in claim.absent}
    assert named <= set(profiles)


@pytest.mark.parametrize("name", PUBLISHED)
def test_every_published_number_is_in_one_claim(name: str) -> None:
    files = [
        raw["published"]["file"] for raw in RAW["claims"] if "file" in raw.get("published", {})
    ]
    assert name in files
    for key, (value, error) in numbers_of(name).items():
        found = [
            claim
            for claim in CLAIMS.claims
            if isinstance(claim, ValueClaim)
            and all(claim.select.given().get(column) == held for column, held in key)
            and (claim.published.value, claim.published.error) == (value, error)
        ]
        assert len(found) == 1, key


def test_the_orderings_of_the_table_are_claims() -> None:
    ordered = {
        (above.embedding, below.embedding)
        for claim in CLAIMS.claims
        if isinstance(claim, OrderingsClaim) and claim.task == "cms_adc"
        for above, below in pairs(claim)
        if above.metric != "background_efficiency"  # the smaller the better
    }
    wanted = {
        (held.above, held.below)
        for held in ADC_ORDERINGS
        if ADC_EMBEDDINGS[held.above].in_paper and ADC_EMBEDDINGS[held.below].in_paper
    }
    assert wanted - ordered == set()


def test_a_smaller_strength_is_the_better() -> None:
    """In distribution never stands on the side that is claimed to need more."""
    for claim in CLAIMS.claims:
        if isinstance(claim, OrderingsClaim) and claim.select.metric == DISCOVERY:
            assert {above.regime for above, _ in pairs(claim)}.isdisjoint({"id"})


def test_rules_are_told_for_every_kind() -> None:
    assert {claim.kind for claim in CLAIMS.claims} <= set(CLAIMS.rules)
    for text in CLAIMS.rules.values():
        assert "{" not in text.format(sigmas=2.0, resolution=0.25)


def test_what_is_assumed_or_chosen_is_said() -> None:
    for claim in CLAIMS.claims:
        if isinstance(claim, ValueClaim) and claim.published.tolerance is not None:
            assert claim.published.why
