"""From an embedding to rows."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

import numpy as np
import pandas as pd
import pytest

from benchmark.embedding import Runtime, embedding_class, latents_of
from benchmark.errors import DataError, DiademError
from benchmark.farm import run_farm
from benchmark.results import validate_rows
from benchmark.tasks.cms_adc import CMS_ADC, AdcData, detector_settings, load_data
from benchmark.tasks.contestant import Contestant, Keeper
from benchmark.tasks.evaluation import Protocol, Training, run_training
from benchmark.tasks.source import open_source
from benchmark.tasks.work import training_specs
from tests.adc import small_release

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from benchmark.events import EventTable

SMALL = Protocol(
    train_events=200,
    embedding_trainings=2,
    detector_trainings=2,
    detector_trainings_alone=3,
    replicas=50,
    detector={"epochs": 1, "batch_size": 64},
)
HERE = "tests.unit.benchmark.tasks.test_evaluation"


class Multiplicity:
    """The numbers of electrons, muons and jets; counts how often it was fitted."""

    name = "multiplicity"

    def __init__(self, *, log: str = "", fault: str = "") -> None:
        self.log, self.fault = log, fault
        self.seen: EventTable | None = None

    def fit(self, events: EventTable, *, seed: int) -> Self:
        self.seen, self.seed = events, seed
        if self.log:
            with Path(self.log).open("a") as file:
                file.write(f"{seed}\n")
        return self

    def transform(self, events: EventTable) -> NDArray[np.float32]:
        kinds = ("electron", "muon", "jet")
        counts = [events.mask[:, events.schema.type_slice(kind)].sum(axis=1) for kind in kinds]
        latents = np.stack(counts, axis=1).astype(np.float32)
        if self.fault == "nan":
            latents[3, 1] = np.nan
        elif self.fault == "double":
            return latents.astype(np.float64)
        elif self.fault == "short":
            return latents[1:]
        elif self.fault == "batch":
            latents -= latents.mean(axis=0)
        return latents

    def save(self, folder: Path) -> None:
        (folder / "seed.json").write_text(json.dumps(self.seed))

    @classmethod
    def load(cls, folder: Path) -> Self:
        made = cls()
        made.seed = json.loads((folder / "seed.json").read_text())
        return made


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return small_release(tmp_path_factory.mktemp("release"), events=600)


@pytest.fixture(scope="module")
def data(folder: Path) -> AdcData:
    return load_data(open_source(folder), train_events=SMALL.train_events)


def test_what_fit_may_see(data: AdcData) -> None:
    made = Multiplicity()
    run_training(Training(embedding=made), data, CMS_ADC, SMALL)
    assert made.seen is not None
    assert len(made.seen) == 200
    assert set(made.seen.process) == {"hidden"}
    tested = [data.background, *data.signals.values()]
    seen = set(made.seen.event_id.tolist())
    assert not any(seen & set(part.event_id.tolist()) for part in tested), "a test event was seen"
    sought = {name for part in data.signals.values() for name in part.process}
    assert sought == set(CMS_ADC.signals)
    assert not set(data.background.process) & sought


class Labelled(Multiplicity):
    """Asks for the processes of its events, and notes them."""

    name = "labelled"
    uses_labels = True

    def fit(self, events: EventTable, *, seed: int) -> Self:
        with Path(self.log).open("w") as file:
            file.write(" ".join(set(events.process.tolist())) + " ")
        return super().fit(events, seed=seed)

    def transform(self, events: EventTable) -> NDArray[np.float32]:
        assert set(events.process) <= {"hidden"}, "a label outside of `fit`"
        return super().transform(events)


class Unlabelled(Labelled):
    """Notes what it sees, and does not ask."""

    name = "unlabelled"
    uses_labels = False


@pytest.mark.parametrize(
    ("kind", "seen", "regime"),
    [
        ("Unlabelled", {"hidden"}, "self-supervised"),
        ("Labelled", {"qcd", "ttbar", "w", "z"}, "background"),
    ],
)
def test_labels_go_to_who_asks(
    folder: Path, tmp_path: Path, kind: str, seen: set[str], regime: str
) -> None:
    """Of background alone, to `fit` alone; the rows say so."""
    log = tmp_path / "log"
    asked = specs(folder, tmp_path, {"log": str(log)}, kind=kind, embedding_trainings=1)
    (path,) = run_farm(asked, store=tmp_path / "rows")
    assert set(log.read_text().split()[:-1]) == seen
    assert set(pd.read_parquet(path)["regime"]) == {regime}


def test_rows_are_whole(data: AdcData) -> None:
    rows = run_training(Training(embedding=Multiplicity(), detectors=(0, 1)), data, CMS_ADC, SMALL)
    valid = validate_rows(rows.assign(profile="smoke", commit="none"))
    numbers = valid[valid["metric"] != "background_efficiency"]
    assert len(numbers) == 2 * len(CMS_ADC.signals) * len(CMS_ADC.metrics)
    assert set(valid["detector_seed"]) == {0, 1}
    assert set(valid["n_train"]) == {SMALL.train_events}
    curve = valid[valid["metric"] == "background_efficiency"]
    assert len(curve) == 2 * len(CMS_ADC.signals) * len(CMS_ADC.curve)
    without = run_training(Training(embedding=Multiplicity(), curves=False), data, CMS_ADC, SMALL)
    assert "background_efficiency" not in set(without["metric"])


def test_the_same_names_give_the_same_numbers(data: AdcData) -> None:
    def values(number: int) -> list[float]:
        training = Training(embedding=Multiplicity(), number=number, curves=False)
        return list(run_training(training, data, CMS_ADC, SMALL)["value"])

    np.testing.assert_array_equal(values(0), values(0))
    assert values(0)[0] != values(1)[0]


@pytest.mark.parametrize(
    ("fault", "message"),
    [
        ("nan", r"1 of \d+ embedded events are not finite"),
        ("double", "float64"),
        ("short", "not an embedding of these events"),
    ],
)
def test_a_bad_embedding_is_refused(data: AdcData, fault: str, message: str) -> None:
    with pytest.raises(DataError, match=message):
        latents_of(Multiplicity(fault=fault), data.background)


def test_an_embedding_that_looks_at_other_events_is_refused(data: AdcData) -> None:
    training = Training(embedding=Multiplicity(fault="batch"))
    with pytest.raises(DataError, match="depends on the other events"):
        run_training(training, data, CMS_ADC, SMALL)


class Order(Multiplicity):
    """Notes which events come in which table."""

    name = "order"

    def transform(self, events: EventTable) -> NDArray[np.float32]:
        tables.append(events.event_id)
        return super().transform(events)


tables: list[NDArray[np.uint64]] = []


def test_signal_and_background_come_mixed(data: AdcData) -> None:
    tables.clear()
    run_training(Training(embedding=Order()), data, CMS_ADC, SMALL)
    tested = tables[1]  # the first are the detector's training events
    parts = [data.background, *data.signals.values()]
    assert len(tested) == sum(map(len, parts))
    first = np.isin(tested[: len(tested) // 2], data.background.event_id).mean()
    # Half of the events, drawn without regard: its background share is that of all, to six
    # binomial standard deviations (one false alarm in 10^8).
    share = len(data.background) / len(tested)
    assert abs(first - share) < 6 * np.sqrt(share * (1 - share) / (len(tested) // 2))


def test_an_unknown_detector_setting() -> None:
    with pytest.raises(DataError, match="no such setting of the detector; found depth"):
        detector_settings(CMS_ADC, {"depth": 3})
    assert detector_settings(CMS_ADC, {"epochs": 3})["epochs"] == 3


def test_a_class_is_found_by_its_path() -> None:
    assert embedding_class(f"{HERE}:Multiplicity").name == "multiplicity"
    for path, message in {
        "nowhere:Pca6": "no such module",
        f"{HERE}:Pca6": "no such class",
        f"{HERE}:SMALL": "not an embedding; found no name, no fit, no transform",
        "Pca6": "expected module:Class",
    }.items():
        with pytest.raises(DiademError, match=message):
            embedding_class(path)


def specs(
    folder: Path,
    store: Path,
    settings: dict[str, Any],
    *,
    kind: str = "Multiplicity",
    **changes: Any,
) -> Any:
    return training_specs(
        Contestant(path=f"{HERE}:{kind}", settings=settings),
        source=folder,
        source_name=open_source(folder).name,
        protocol=Protocol(**{**vars(SMALL), **changes}),
        runtime=Runtime(device="cpu"),
        models=store / "models",
    )


def test_trainings_as_pieces_of_work(folder: Path, tmp_path: Path) -> None:
    log = tmp_path / "log"
    settings = {"log": str(log)}
    first = specs(folder, tmp_path, settings)
    assert len(first) == SMALL.embedding_trainings
    assert len({spec.key for spec in first}) == len(first)
    run_farm(first, store=tmp_path / "rows")
    assert len(set(log.read_text().split())) == 2, "two trainings had one seed"
    # Other detectors need no other embeddings.
    second = specs(folder, tmp_path, settings, detector_trainings=1)
    assert not {spec.key for spec in first} & {spec.key for spec in second}
    run_farm(second, store=tmp_path / "rows")
    assert len(log.read_text().split()) == 2, "a fitted embedding was fitted again"
    alone = SMALL.trainings(learns=False)
    assert alone == [(0, (0,)), (0, (1,)), (0, (2,))]
    # Fewer events do.
    run_farm(specs(folder, tmp_path, settings, train_events=150), store=tmp_path / "rows")
    assert len(log.read_text().split()) == 4


def test_keeper_gives_the_embedding_its_place(tmp_path: Path) -> None:
    class Placed(Multiplicity):
        runtime = Runtime()

    made = Placed()
    keeper = Keeper(made, tmp_path / "model", Runtime(device="cpu"))
    assert made.runtime.device == "cpu"
    assert made.runtime.checkpoint == tmp_path / "model.unfinished"
    assert keeper.name == "multiplicity"
