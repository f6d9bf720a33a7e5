"""Every process and point of every dataset: its settings run, and give the events they promise."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest

from benchmark.cards import card_names, load_card
from benchmark.ids import label_code
from benchmark.seeds import rng_for
from benchmark.selection import select
from benchmark.simulation.detector_card import load_detector
from benchmark.simulation.generator import GeneratorRun, generate
from benchmark.simulation.response import Response
from benchmark.simulation.shard import reconstruction
from benchmark.simulation.truth import FROM_TAU, PROMPT, Truth

EVENTS = 8
BALANCE = 0.05  # GeV: sums of transverse momenta kept to single precision
QUICK = ("PartonLevel:MPI = off",)  # the chain of decays does not depend on it
LEPTONS = (11, 13)
MAY_BE_HADRONIC = {"qcd", "ttbar", "leptoquark", "h0_to_tautau", "hplus_to_taunu"}


def _runs() -> list[tuple[str, str, str]]:
    found = []
    for dataset in card_names():
        for process in load_card(dataset).processes:
            files = [file for point in process.points for file in point.settings]
            files += [file for named in process.alternatives.values() for file in named]
            found += [(dataset, process.name, file) for file in files]
    return found


def _prompt(truth: Truth, codes: tuple[int, ...]) -> np.ndarray:
    """Prompt particles of these PDG codes in each event."""
    chosen = np.isin(np.abs(truth.pid), codes) & np.isin(truth.origin, (PROMPT, FROM_TAU))
    return np.bincount(truth.event[chosen], minlength=len(truth))


@pytest.mark.parametrize(("dataset", "process", "file"), _runs())
def test_settings_give_the_promised_events(dataset: str, process: str, file: str) -> None:
    card = load_card(dataset)
    options = card.process(process).generator
    hook = None if options.redecay else options.hook  # repeated decays have tests of their own
    run = GeneratorRun(card.settings_path(file), seed=7, events=EVENTS, hook=hook, extra=QUICK)
    generated = generate(run)
    truth = generated.truth
    assert len(truth) == EVENTS
    assert generated.cross_section > 0
    for axis in ("x", "y"):
        visible = np.bincount(truth.event, getattr(truth, f"p{axis}"), EVENTS)
        assert np.abs(visible + getattr(truth, f"invisible_p{axis}")).max() < BALANCE
    if dataset == "diphoton":  # a photon may be lost to a shower, but not in most events
        assert np.median(_prompt(truth, (22,))) >= 2
    elif process not in MAY_BE_HADRONIC:
        assert _prompt(truth, LEPTONS).sum() >= 1
    response = Response(load_detector(card.detector), reconstruction(card))
    objects, kept = response(truth, rng_for("contract", process, file))
    assert kept.all()
    selected = select(objects, card)
    assert len(selected) == np.count_nonzero(selected.keep)


@pytest.mark.parametrize("dataset", card_names())
def test_no_two_points_share_an_event_id_code(dataset: str) -> None:
    card = load_card(dataset)
    codes = Counter(
        label_code(f"{dataset}/{card.release.seed}", process.name, point.name)
        for process in card.processes
        for point in process.points
    )
    assert max(codes.values()) == 1
