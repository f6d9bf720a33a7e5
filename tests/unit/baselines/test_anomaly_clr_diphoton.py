"""AnomCLR+ on diphoton events: its views, its reduction, and that no label is used."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import torch
from sklearn.decomposition import PCA

from baselines.anomaly_clr_diphoton import AnomClrPlusDiphoton
from baselines.augmentations import AnomalyAugmentation, PhysicalAugmentation
from baselines.diphoton_inputs import DiphotonInputs
from baselines.diphoton_views import DiphotonViews, objects_alone
from baselines.networks.projected import LEAST_SHARE, Reduction
from baselines.rounding import GRID, in_double
from benchmark.cards import load_card
from benchmark.embedding import Runtime
from benchmark.errors import DataError, DiademError
from benchmark.events import EventTable, read_events
from benchmark.schema import DIPHOTON
from benchmark.submissions.regimes import regime_of
from benchmark.submissions.rules import rules_of
from benchmark.submissions.schema import TrainedOn
from benchmark.tasks.diphoton_events import in_part
from reproduce.submitting import Origin, described
from tests.augmented import generator
from tests.diphoton import BUNDLED

if TYPE_CHECKING:
    from pathlib import Path

SMALL = {"width": 16, "heads": 2, "layers": 1, "class_layers": 1, "pair_width": 8}
QUICK = {**SMALL, "batch_size": 64, "epochs": 1, "learning_rate": 1e-3, "dropout": 0.0}
NAME = AnomClrPlusDiphoton.name
# float64, of representations of order one divided by widths of 1e-3 of the widest at least.
FLOAT64 = 1e-9


@cache
def events() -> EventTable:
    names = ("continuum", "ttH", "VH")
    return EventTable.concat(
        [read_events(BUNDLED / f"{name}.parquet").select(slice(0, 500)) for name in names]
    )


@cache
def fitted(epochs: int = 1) -> AnomClrPlusDiphoton:
    return AnomClrPlusDiphoton(**{**QUICK, "epochs": epochs}).fit(events(), seed=1)


def made_views() -> DiphotonViews:
    selection = load_card("diphoton").selection
    return DiphotonViews(
        inputs=DiphotonInputs.fit(events()),
        physical=PhysicalAugmentation.from_card(selection),
        anomaly=AnomalyAugmentation.from_card(selection),
    )


def tensors(table: EventTable) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    return tuple(  # type: ignore[return-value]
        torch.tensor(np.asarray(x)) for x in (table.objects, table.mask, table.features)
    )


def like(table: EventTable, **changes: Any) -> EventTable:
    arrays = {name: getattr(table, name) for name in vars(table) if name != "schema"}
    return EventTable.unchecked(table.schema, {**arrays, **changes})


def test_the_views_of_an_event() -> None:
    views, given = made_views(), tensors(events())
    (inputs,), count = views(*given, generator=generator())
    assert count == 3
    first, second, third = (
        type(inputs)(*parts) for parts in zip(*(x.chunk(3) for x in inputs), strict=True)
    )
    for mine, plain in zip(first, objects_alone(views.inputs.tensors(*given)), strict=True):
        assert torch.equal(mine, plain)
    for view in (second, third):
        assert view.event.shape == (len(events()), 0)
        assert not torch.equal(view.objects, first.objects)
    assert torch.equal(second.mask, first.mask)
    assert (third.mask.sum(1) >= first.mask.sum(1)).all()


def test_features_of_the_event_are_not_looked_at() -> None:
    """The angles of the photons do not turn with a view: nothing sees them."""
    features = np.zeros_like(events().features)
    blind = fitted().transform(like(events(), features=features))
    np.testing.assert_array_equal(blind, fitted().transform(events()))


def test_views_take_the_photons_momenta_alone() -> None:
    views, (objects, mask, features) = made_views(), tensors(events())
    seen = [DIPHOTON.event_features.index(name) for name in ("pt_g1", "pt_g2")]
    other = torch.rand(features.shape, generator=generator(5))
    other[:, seen] = features[:, seen]
    (mine,), _ = views(objects, mask, features, generator=generator())
    (theirs,), _ = views(objects, mask, other, generator=generator())
    assert all(torch.equal(a, b) for a, b in zip(mine, theirs, strict=True))


def test_neither_labels_nor_m_gg_are_used() -> None:
    rng = np.random.default_rng(1)
    mixed = rng.permutation(len(events()))
    blind = like(
        events(),
        process=np.asarray(events().process)[mixed],
        point=np.full(len(events()), "x"),
        m_gg=np.full(len(events()), np.nan, dtype=np.float32),
    )
    other = AnomClrPlusDiphoton(**QUICK).fit(blind, seed=1)
    np.testing.assert_array_equal(other.transform(blind), fitted().transform(events()))


def test_only_the_train_part_is_learned_from() -> None:
    part = events().select(in_part(events(), "train"))
    alone = AnomClrPlusDiphoton(**QUICK).fit(part, seed=1)
    np.testing.assert_array_equal(alone.transform(part), fitted().transform(part))


def likeness(a: np.ndarray, b: np.ndarray) -> float:
    return float(a @ b / np.linalg.norm(a) / np.linalg.norm(b))


def test_training_tells_anomalies_apart() -> None:
    """A loop over events that were not trained on: how much less like its event is an anomaly?"""
    held = events().select(~in_part(events(), "train"))
    (inputs,), _ = made_views()(*tensors(held), generator=generator(3))
    less = {}
    for epochs in (1, 12):
        network, _ = fitted(epochs)._require_fitted()
        with torch.no_grad():
            views = network.head(network(inputs)).double().numpy().reshape(3, len(held), -1)
        triples = zip(*views, strict=True)
        less[epochs] = float(np.mean([likeness(a, b) - likeness(a, c) for a, b, c in triples]))
    assert less[12] > max(0.5, 2 * less[1]), less


def test_latents_of_the_training_events_are_white() -> None:
    part = events().select(in_part(events(), "train"))
    latents = fitted().transform(part).astype(np.float64)
    assert np.abs(latents.mean(axis=0)).max() < GRID
    covariance = latents.T @ latents / len(latents)
    # The widths of small components are cut off; here none is so small.
    assert np.abs(covariance - np.eye(6)).max() < 100 * GRID


def test_latents_against_principal_components() -> None:
    part = events().select(in_part(events(), "train"))
    network, inputs = fitted()._require_fitted()
    double = in_double(network)
    with torch.no_grad():
        held = [x if x.dtype == torch.bool else x.double() for x in tensors(events())]
        found = double(objects_alone(inputs.tensors(*held))).numpy()
    known = np.isin(events().event_id, part.event_id)
    slow = PCA(6, whiten=True, svd_solver="full").fit(found[known]).transform(found)
    slow *= np.sqrt((len(part)) / (len(part) - 1))  # it divides by n - 1
    latents = fitted().transform(events())
    slow *= np.sign((slow * latents).sum(axis=0))
    assert np.abs(slow - latents).max() < GRID


def test_reduction_in_parts_of_far_points() -> None:
    rng = np.random.default_rng(2)
    points = (
        1e4
        + rng.normal(size=(900, 8))
        * [5, 4, 3, 2, 1, 1e-5, 0, 0]
        @ np.linalg.qr(rng.normal(size=(8, 8)))[0]
    )
    reduction = Reduction(8, 7)
    reduction.fit(torch.tensor(part) for part in np.split(points, [100, 500]))
    found = reduction(torch.tensor(points)).numpy()
    slow = PCA(5, whiten=True, svd_solver="full").fit(points)
    expected = slow.transform(points) * np.sqrt(900 / 899)
    expected *= np.sign(slow.components_[np.arange(5), np.abs(slow.components_).argmax(axis=1)])
    np.testing.assert_allclose(found[:, :5], expected, atol=1e-6)
    # What is narrower than the floor is not blown up to width 1.
    assert 0 < found[:, 5].std() < 2 * 1e-5 / (5 * LEAST_SHARE)
    assert np.abs(found[:, 6]).max() < FLOAT64 / LEAST_SHARE


def test_alike_events_are_reduced_to_finite_numbers() -> None:
    reduction = Reduction(4, 2)
    points = torch.full((10, 4), 3.0, dtype=torch.float64)
    reduction.fit([points])
    assert torch.equal(reduction(points), torch.zeros(10, 2, dtype=torch.float64))


def test_a_killed_training_goes_on(tmp_path: Path) -> None:
    whole = fitted(2).transform(events())
    made = AnomClrPlusDiphoton(**{**QUICK, "epochs": 2})
    made.runtime = Runtime(checkpoint=tmp_path / "state", identity="a task")
    inside = AnomClrPlusDiphoton._training

    class Killed(AnomClrPlusDiphoton):
        def _training(self, *given: Any) -> Any:
            module = inside(self, *given)
            step = module.training_step

            def once(batch: Any) -> torch.Tensor:
                if module.current_epoch == 1:
                    raise KeyboardInterrupt
                return step(batch)

            module.training_step = once  # type: ignore[method-assign]
            return module

    killed = Killed(**{**QUICK, "epochs": 2})
    killed.runtime = made.runtime
    with pytest.raises((KeyboardInterrupt, SystemExit)):
        killed.fit(events(), seed=1)
    np.testing.assert_array_equal(made.fit(events(), seed=1).transform(events()), whole)


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"width": 4, "heads": 2}, "a latent of 6 numbers"),
        ({"beta": 0.1}, "beta"),
        ({"width": 15, "heads": 2}, "heads"),
        ({"temperature": 0.0}, "temperature"),
    ],
)
def test_bad_settings_are_refused(settings: dict[str, Any], said: str) -> None:
    with pytest.raises(DiademError, match=said):
        AnomClrPlusDiphoton(**settings)


def test_bad_events_are_refused() -> None:
    part = events().select(in_part(events(), "train")).select(slice(0, 1))
    with pytest.raises(DataError, match="too few events to contrast"):
        AnomClrPlusDiphoton(**QUICK).fit(part, seed=1)
    bad = np.array(events().objects)
    bad[3, -1, 0] = np.nan
    with pytest.raises(DataError, match="finite numbers"):
        fitted().transform(like(events(), objects=bad))


def test_a_submission_of_it_is_self_supervised() -> None:
    origin = Origin(
        task="diphoton",
        embedding=NAME,
        variant="",
        regime="background",
        number=0,
        profile="quick",
        release="v1",
        n_train=3,
        settings={},
    )
    fields = described(origin, kind="latents", dimensions=6)
    said = TrainedOn.model_validate(fields["trained_on"], strict=False)
    assert not said.labels
    assert "2301.04660" in fields["citation"]
    assert regime_of(said, "zprime/400", rules_of("diphoton").card) == "self-supervised"
