"""Regimes: what is named, what is held out, and that nothing held out reaches `fit`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from benchmark.embedding import Runtime, latents_of
from benchmark.errors import DataError, DiademError
from benchmark.events import EventTable, read_events, write_events
from benchmark.latents import read_latents
from benchmark.paths import datasets_root
from benchmark.tasks import diphoton_work
from benchmark.tasks.contestant import Contestant
from benchmark.tasks.diphoton import DIPHOTON
from benchmark.tasks.diphoton_events import diphoton_card, fit_events, task_splits, unmarked
from benchmark.tasks.diphoton_work import embedded, latents_spec, write_latents_of
from benchmark.tasks.regimes import Regime
from benchmark.tasks.source import Source, open_source

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

ALL = [
    "id",
    "background",
    *(f"ip:{name}" for name in DIPHOTON.interpolation),
    *(f"ep:{name}" for name in DIPHOTON.signals),
]
each = pytest.mark.parametrize("text", ALL)


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Source:
    """A hundred events of each point of the release."""
    folder = tmp_path_factory.mktemp("events")
    for path in sorted((datasets_root() / "diphoton" / "v1").glob("*.parquet")):
        table = read_events(path)
        kept = [np.flatnonzero(table.point == point)[:100] for point in np.unique(table.point)]
        write_events(table.select(np.concatenate(kept)), folder / path.name)
    return open_source(folder)


@pytest.fixture(scope="module")
def everything(source: Source) -> EventTable:
    return EventTable.concat([table for name in source.files for table in source.events(name)])


def held_out(text: str, events: EventTable) -> np.ndarray[Any, Any]:
    """Say in the plainest way which events a regime forbids."""
    kind, _, rest = text.partition(":")
    process, _, point = rest.partition("/")
    found = []
    for name, mass in zip(events.process.tolist(), events.point.tolist(), strict=True):
        found.append(
            (kind == "background" and name not in ("continuum", "ggF", "VBF", "VH", "ttH"))
            or (kind == "ep" and name == process)
            or (kind == "ip" and (name, mass) == (process, point))
        )
    return np.array(found)


@each
def test_fit_sees_no_event_that_is_held_out(
    text: str, source: Source, everything: EventTable
) -> None:
    seen = fit_events(source, Regime.parse(text, diphoton_card()))
    forbidden = everything.event_id[held_out(text, everything)]
    assert not np.isin(seen.event_id, forbidden).any()
    parts = task_splits().part_of(everything.event_id)
    closed = everything.event_id[np.isin(parts, ["test", "pseudo_data"])]
    assert not np.isin(seen.event_id, closed).any()
    # and it sees all else
    allowed = ~held_out(text, everything) & np.isin(parts, ["train", "validation"])
    assert set(seen.event_id.tolist()) == set(everything.event_id[allowed].tolist())


@each
def test_fit_sees_no_label_that_is_held_out(text: str, source: Source) -> None:
    seen = fit_events(source, Regime.parse(text, diphoton_card()))
    kind, _, rest = text.partition(":")
    process, _, point = rest.partition("/")
    labels = set(zip(seen.process.tolist(), seen.point.tolist(), strict=True))
    if kind == "ep":
        assert process not in {name for name, _ in labels}
    if kind == "ip":
        assert (process, point) not in labels
        assert process in {name for name, _ in labels}
    if kind == "background":
        assert {name for name, _ in labels} == set(DIPHOTON.backgrounds)
    assert set(seen.shard.tolist()) == {-1}
    assert set(seen.seed.tolist()) == {-1}


class Spy:
    """An embedding that keeps what it is shown."""

    name = "spy"
    shown: list[EventTable] = []  # noqa: RUF012 - what every instance saw
    embedded: list[EventTable] = []  # noqa: RUF012

    def fit(self, events: EventTable, *, seed: int) -> Spy:
        del seed
        self.shown.append(events)
        return self

    def transform(self, events: EventTable) -> Any:
        self.embedded.append(events)
        return events.objects[:, :2, 0].copy()


@pytest.fixture
def spied() -> Iterator[type[Spy]]:
    Spy.shown.clear()
    Spy.embedded.clear()
    yield Spy
    Spy.shown.clear()
    Spy.embedded.clear()


def test_a_whole_training_shows_nothing_more(
    spied: type[Spy], source: Source, everything: EventTable, tmp_path: Path
) -> None:
    """As the farm does it: by the path of the class."""
    spec = latents_spec(
        Contestant(path=f"{__name__}:Spy", settings={}),
        Regime.parse("ep:stop", diphoton_card()),
        source=source.folder,
        source_name=source.name,
        profile="made-up",
        runtime=Runtime(device="cpu"),
        models=tmp_path / "models",
    )
    write_latents_of(tmp_path / "z.parquet", **spec.arguments, **(spec.context or {}))
    (seen,) = spied.shown
    assert "stop" not in seen.process
    for table in spied.embedded:
        assert set(table.process.tolist()) == {"hidden"}
        assert set(table.point.tolist()) == {""}
        assert np.isnan(np.asarray(table.m_gg)).all()
    latents = read_latents(tmp_path / "z.parquet")
    assert len(latents) == len(everything)
    assert latents.facts.regime == "ep:stop"
    order = np.argsort(latents.event_id)
    expected = np.argsort(everything.event_id)
    np.testing.assert_array_equal(latents.process[order], everything.process[expected])
    np.testing.assert_array_equal(latents.values[order], everything.objects[expected][:, :2, 0])


def test_latents_that_are_nothing_are_refused(source: Source) -> None:
    class Mass:
        name = "mass"

        def fit(self, events: EventTable, *, seed: int) -> Mass:
            del events, seed
            return self

        def transform(self, events: EventTable) -> Any:
            return np.asarray(events.m_gg)[:, None]

    with pytest.raises(DataError, match="not finite"):
        embedded(Mass(), source, None)  # type: ignore[arg-type]
    assert np.isfinite(latents_of(Mass(), next(source.events("ggF")))).all(), "m_gg is there else"
    assert np.isnan(np.asarray(unmarked(next(source.events("ggF"))).m_gg)).all()


class Cheat:
    """Embeds an event by what it has of its own, and by something that it must not use."""

    name = "cheat"
    how = ""
    calls = 0

    def fit(self, events: EventTable, *, seed: int) -> Cheat:
        del events, seed
        return self

    def transform(self, events: EventTable) -> Any:
        own = events.objects[:, :2, 0]
        if self.how == "company" and len(events) > 1:
            return own + own.mean()
        if self.how == "calls":
            self.calls += 1
            return own + 100 * self.calls
        if self.how == "width":
            self.calls += 1
            return np.repeat(own, self.calls, axis=1)
        if self.how == "ids":
            events.event_id[:] = 0
        if self.how == "objects":
            events.objects[:] = 0
        return own.copy()


@pytest.mark.parametrize(
    ("how", "message"),
    [
        ("company", "depends on the other events"),
        ("calls", "depends on the other events"),
        ("width", "depends on the other events"),
    ],
)
def test_cheats_are_refused(how: str, message: str, source: Source) -> None:
    cheat = Cheat()
    cheat.how = how
    with pytest.raises(DataError, match=message):
        embedded(cheat, source, None)  # type: ignore[arg-type]


@pytest.mark.parametrize("how", ["ids", "objects"])
def test_events_cannot_be_written_to(how: str, source: Source) -> None:
    cheat = Cheat()
    cheat.how = how
    with pytest.raises(ValueError, match="read-only"):
        embedded(cheat, source, None)  # type: ignore[arg-type]
    seen = fit_events(source, Regime("id"))
    with pytest.raises(ValueError, match="read-only"):
        seen.objects[:] = 0


def test_events_are_embedded_in_company_of_all(
    source: Source, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every table that transform sees holds every process in about its share."""
    tables: list[EventTable] = []

    class Watch(Cheat):
        def transform(self, events: EventTable) -> Any:
            tables.append(events)
            return super().transform(events)

    monkeypatch.setattr(diphoton_work, "CHUNK", 1000)
    found = embedded(Watch(), source, None)  # type: ignore[arg-type]
    whole = [table for table in tables if len(table) == 1000]
    assert len(whole) > 2
    process = dict(zip(found.event_id.tolist(), found.process.tolist(), strict=True))
    for table in whole:
        names = [process[event] for event in table.event_id.tolist()]
        for name in set(found.process.tolist()):
            share = float((found.process == name).mean())
            # Five standard deviations of a binomial number: a false alarm in 1e6 a comparison.
            assert abs(names.count(name) - 1000 * share) < 5 * np.sqrt(1000 * share)


def test_a_limit_is_reached_where_a_point_is_held_out(source: Source) -> None:
    regime = Regime("ip", "zprime", "400")
    train = task_splits().encoder
    for limit in (20, 60):
        seen = fit_events(source, regime, limit=limit)
        counts = [
            int((train.select(seen.event_id, "train") & (seen.process == name)).sum())
            for name in ("zprime", "stop")
        ]
        assert counts == [limit, limit]


def test_a_damaged_manifest_is_named(tmp_path: Path, source: Source) -> None:
    copied = tmp_path / "copy"
    copied.mkdir()
    (copied / "ggF.parquet").write_bytes((source.folder / "ggF.parquet").read_bytes())
    for text in ("{", "{}", "[]"):
        (copied / "manifest.json").write_text(text)
        with pytest.raises(DataError, match=r"manifest\.json: a damaged manifest"):
            open_source(copied)


@pytest.mark.parametrize(
    ("text", "name"),
    [("ep:-8", "ep:stop"), (" id ", "id"), ("ip:zprime/400", "ip:zprime/400"), ("ip:-6/400",) * 2],
)
def test_spellings(text: str, name: str) -> None:
    found = Regime.parse(text, diphoton_card())
    assert found.name == name.replace("-6", "zprime")
    assert Regime.parse(found.name, diphoton_card()) == found
    assert not set(found.slug) & set(":/ ")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "no such regime"),
        ("ID", "no such regime"),
        ("id:stop", "no such regime"),
        ("background:", "no such regime"),
        ("ip:zprime", "no such regime"),
        ("ep:zprime/400", "no such regime"),
        ("ep:", "no such regime"),
        ("ep:top", "not a signal.*found 'top'"),
        ("ep:0", "not a signal.*found '0'"),
        ("ep:continuum", "not a signal"),
        ("ip:zprime/450", "no mass point.*found '450'.*200, 300, 400, 500"),
        ("ip:continuum/1", "not a signal"),
    ],
)
def test_bad_regimes(text: str, message: str) -> None:
    with pytest.raises(DiademError, match=message):
        Regime.parse(text, diphoton_card())


def test_a_class_without_events_is_said(source: Source, tmp_path: Path) -> None:
    for name in ("continuum", "ggF", "VBF", "VH"):
        write_events(next(source.events(name)), tmp_path / f"{name}.parquet")
    with pytest.raises(DataError, match="ttH"):
        fit_events(open_source(tmp_path), Regime("background"))
