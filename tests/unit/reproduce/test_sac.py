"""Figures and tables of the diphoton task: what they show, and what they say of gaps."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
import pytest
from matplotlib.collections import PathCollection
from matplotlib.text import Text

from benchmark.errors import DataError
from benchmark.tasks.diphoton import DIPHOTON
from reproduce.figures import FIGURES
from reproduce.inputs import Place, PointFile, Samples
from reproduce.sac.deviations import deviations
from reproduce.sac.look import LOOKS
from reproduce.sac.names import PROCESSES
from reproduce.tables import TABLES
from reproduce.writing import document
from tests.diphoton_rows import CARD, CLASSES, probe_rows, tsne_points, tuning_rows

if TYPE_CHECKING:
    from pathlib import Path

    import pandas as pd
    from matplotlib.figure import Figure as Page

    from reproduce.entry import Made

CONFUSION, MAPS = (FIGURES[name] for name in ("confusion", "latent-tsne"))
TABLE, LATENTS, TUNING = (TABLES[name] for name in ("confusion", "latents", "tuning"))
BLACK = (0, 0, 0, 1)
EXACT = 1e-8  # rows keep nine digits
OVERLAP = 6  # pixels: the frame of a legend, which is not drawn, has that much of a rim


@pytest.fixture(scope="module")
def rows() -> pd.DataFrame:
    return probe_rows()


def page_of(made: Made) -> Page:
    assert made.page is not None
    return made.page


def texts(made: Made) -> list[str]:
    """All that a picture says."""
    return [item.get_text() for item in page_of(made).findobj(Text)]


def value(rows: pd.DataFrame, **where: str) -> float:
    held = rows
    for column, wanted in where.items():
        held = held[held[column] == wanted]
    assert len(held) == 1
    return float(held["value"].iloc[0])


def test_every_process_has_its_own_look() -> None:
    assert set(LOOKS) == set(PROCESSES)
    assert len({look["color"] for look in LOOKS.values()}) == len(PROCESSES)
    signals = [LOOKS[name] for name in DIPHOTON.signals]
    assert len({look["marker"] for look in signals}) == len(DIPHOTON.signals)


def test_matrices_hold_the_rows(rows: pd.DataFrame) -> None:
    made = CONFUSION.make(rows)
    assert made.notes == ()
    images = [image for ax in page_of(made).axes for image in ax.images]
    first = np.asarray(images[0].get_array())
    for i, true in enumerate(CLASSES):
        for j, assigned in enumerate(CLASSES):
            found = value(
                rows,
                embedding="signal_aware",
                regime="id",
                variant="probe=bdt",
                signal=true,
                metric=f"assigned:{assigned}",
            )
            assert first[i, j] == pytest.approx(100 * found, rel=EXACT)
    own = value(rows, embedding="supervised", metric="mean_diagonal")
    assert any(f"mean diagonal {100 * own:.1f}(4) %" in text for text in texts(made))


def test_a_missing_matrix_is_said(rows: pd.DataFrame) -> None:
    made = CONFUSION.make(rows[rows["embedding"] != "raw9"])
    assert made.notes == ("BDT on nine features: no rows",)
    assert "Incomplete: BDT on nine features: no rows" in "\n".join(texts(made))
    assert "**Incomplete: BDT on nine features: no rows.**" in document(CONFUSION, made)
    with pytest.raises(DataError, match="dvc repro"):
        CONFUSION.make(rows[rows["embedding"] == "random"])


def test_a_null_is_a_dash_with_its_reason(rows: pd.DataFrame) -> None:
    changed = rows.copy()
    null = (rows["embedding"] == "supervised") & (rows["signal"] == "stop")
    changed.loc[null, ["value", "err_lo", "err_hi"]] = np.nan
    changed.loc[null, "reason"] = "3 events"
    made = CONFUSION.make(changed)
    assert made.notes == ("supervised transformer: 9 numbers without a value (3 events)",)
    assert texts(made).count("-") == len(CLASSES)


def test_trainings_are_averaged_and_their_spread_is_in_the_error() -> None:
    several = probe_rows(trainings=3)
    numbers = TABLE.make(several).numbers[""].set_index(["embedding", "regime", "probe"]).T
    row = numbers.to_dict()["signal_aware", "id", "bdt"]
    where = (several["embedding"] == "signal_aware") & (several["regime"] == "id")
    where &= (several["variant"] == "probe=bdt") & (several["metric"] == "mean_diagonal")
    held = several[where]
    assert row["mean_diagonal"] == pytest.approx(held["value"].mean(), rel=EXACT)
    error = math.hypot(held["value"].std(ddof=1), held["err_lo"].mean())
    assert row["mean_diagonal_error"] == pytest.approx(error, rel=1e-6)


def test_the_papers_statements_stand_beside_ours(rows: pd.DataFrame) -> None:
    made = TABLE.make(rows)
    stated = made.numbers["-statements"]
    assert list(stated["published"]) == [-0.05, -0.10, 0.0, -0.07]
    ours = value(
        rows, embedding="signal_aware", regime="id", variant="probe=bdt", metric="mean_diagonal"
    )
    theirs = value(rows, embedding="supervised", metric="mean_diagonal")
    assert stated["points"].iloc[0] == pytest.approx(ours - theirs, rel=1e-6)
    assert stated["relative"].iloc[0] == pytest.approx(ours / theirs - 1, rel=1e-6)
    assert list(stated["regime"]) == ["id", "background", "id", "background"]
    nothing = rows["metric"].eq("assigned:background") & rows["embedding"].eq("supervised")
    none = TABLE.make(rows.assign(value=rows["value"].where(~nothing, 0.0)))
    assert list(none.numbers["-statements"]["relative"].isna()) == [False, False, True, True]
    fewer = TABLE.make(rows[rows["embedding"] != "supervised"])
    assert fewer.notes == ("supervised transformer: no rows",)
    assert fewer.numbers["-statements"]["points"].isna().all()


def test_the_largest_of_the_dimensions_with_its_error(rows: pd.DataFrame) -> None:
    made = LATENTS.make(rows)
    assert made.notes == ()
    row = made.numbers[""].set_index(["regime", "process"]).T.to_dict()["id", "zprime"]
    held = rows[(rows["embedding"] == "signal_aware") & (rows["regime"] == "id")]
    held = held[held["signal"] == "zprime"]
    of = {
        name: held[held["metric"].str.startswith(f"latent_{name}:")]
        for name in ("mean", "width", "kolmogorov")
    }
    assert row["largest_mean"] == pytest.approx(of["mean"]["value"].abs().max(), rel=EXACT)
    assert row["smallest_width"] == pytest.approx(of["width"]["value"].min(), rel=EXACT)
    assert row["largest_width"] == pytest.approx(of["width"]["value"].max(), rel=EXACT)
    largest = of["kolmogorov"]["value"].max()
    assert row["largest_kolmogorov"] == pytest.approx(largest, rel=EXACT)
    assert row["largest_mean_error"] == 0.03
    assert math.isnan(row["mass_r2"])
    only = rows[rows["regime"] == "id"]
    assert LATENTS.make(only).notes == ("no rows of background-only",)


def test_the_chosen_values_are_those_of_the_method_card() -> None:
    made = TUNING.make(tuning_rows())
    chosen = made.numbers[""][made.numbers[""]["chosen"] == 1]
    assert set(chosen["regime"]) == {"id", "background"}
    assert made.body.count("| chosen |\n") == len(chosen) + 1
    # 0.01 / beta in every process, with an error of 0.01
    betas = {"id": CARD["beta"], "background": CARD["beta_background"]}
    for regime, beta in betas.items():
        own = chosen[chosen["regime"] == regime]
        assert own["kl"].iloc[0] == pytest.approx(0.01 / beta)
    assert chosen["kl_error"].iloc[0] == pytest.approx(0.01 / math.sqrt(len(PROCESSES)))
    other = tuning_rows()
    for k, beta in enumerate(set(betas.values())):
        other["variant"] = other["variant"].str.replace(f"beta={beta};", f"beta=0.{k + 8};")
    assert [note.partition(":")[0] for note in TUNING.make(other).notes] == [
        "background-only",
        "ID",
    ]
    lacking = (
        tuning_rows()
        .assign(variant="beta=0.1;probe=linear")
        .drop_duplicates(["regime", "signal", "metric"])
    )
    with pytest.raises(DataError, match="temperature"):
        TUNING.make(lacking)


def test_maps_show_every_event_and_edge_the_held_out_point() -> None:
    points = tsne_points()
    made = MAPS.make(points)
    assert made.notes == ()
    drawn = [np.asarray(c.get_offsets()) for ax in page_of(made).axes for c in ax.collections]
    assert sum(len(part) for part in drawn) == len(points)
    edged = [
        c
        for c in page_of(made).axes[1].collections
        if isinstance(c, PathCollection) and np.allclose(c.get_edgecolor(), BLACK)
    ]
    held = points[(points["regime"] == "ip:zprime/400") & (points["held_out"] == 1)]
    assert sum(len(np.asarray(c.get_offsets())) for c in edged) == len(held)
    fewer = MAPS.make(points[points["regime"] != "background"])
    assert fewer.notes == ("background-only: no map",)
    assert "Incomplete: background-only: no map" in "\n".join(texts(fewer))


@pytest.mark.parametrize("name", ["confusion", "latent-tsne"])
@pytest.mark.parametrize("whole", [True, False])
def test_nothing_is_cut_and_the_legend_stands_alone(name: str, whole: bool) -> None:
    made = {
        "confusion": lambda: CONFUSION.make(
            probe_rows() if whole else probe_rows().query("embedding != 'supervised'")
        ),
        "latent-tsne": lambda: MAPS.make(
            tsne_points() if whole else tsne_points().query("regime == 'id'")
        ),
    }[name]()
    assert bool(made.notes) is not whole
    page = page_of(made)
    page.draw_without_rendering()
    tight = page.get_tightbbox()  # inches
    width, height = page.get_size_inches()
    assert tight.x0 >= 0
    assert tight.y0 >= 0
    assert tight.x1 <= width
    assert tight.y1 <= height
    legend = page.legends[0].get_window_extent()
    for ax in page.axes:
        below = ax.get_tightbbox()
        assert below is not None
        assert legend.y1 <= below.y0 + OVERLAP


def place(folder: Path, task: str = "diphoton") -> Place:
    return Place(results=folder, profile="p", task=task)


def test_table_1_has_every_process_and_what_the_release_lacks(tmp_path: Path) -> None:
    samples = Samples().read(place(tmp_path))
    made = TABLES["processes"].make(samples)
    assert made.notes == ()
    numbers = made.numbers[""].set_index("process")
    assert list(numbers.index) == list(PROCESSES)
    assert numbers.loc["zprime", "held_out"] == "400"
    assert int(numbers["events"].sum()) == int(samples["events"].sum())
    points = made.numbers["-points"].set_index(["process", "point"]).T.to_dict()
    # sigma x branching, in fb: 48.58 pb x 2.27e-3
    assert points["ggF", ""]["cross_section_fb"] == pytest.approx(48.58e3 * 2.27e-3)
    assert math.isnan(points["ggF", ""]["cross_section_error_fb"])
    assert points["stop", "600_190_60"]["cross_section_error_fb"] > 0
    assert math.isnan(points["zprime", "400"]["cross_section_fb"])
    fewer = TABLES["processes"].make(samples[samples["point"] != "400"])
    assert fewer.notes == ("no events of zprime 400 in the release",)


def test_points_that_are_no_points_are_refused(tmp_path: Path) -> None:
    source = PointFile("a.csv", texts=("regime",), numbers=("x",))
    with pytest.raises(DataError, match="dvc repro"):
        source.read(place(tmp_path))
    path = place(tmp_path).folder / "points" / "a.csv"
    path.parent.mkdir(parents=True)
    header = "task,task_digest,release,profile,commit,regime"
    for text in ("nothing\n1\n", f"{header}\na,b,c,d,e,id\n", f"{header},x\na,b,c,d,e,id,far\n"):
        path.write_text(text)
        with pytest.raises(DataError, match="columns"):
            source.read(place(tmp_path))
    path.write_text(f"{header},x\na,0123,c,d,e,id,1.5\n")
    found = source.read(place(tmp_path))
    assert found["task_digest"].iloc[0] == "0123"
    assert found["x"].iloc[0] == 1.5


def test_an_unknown_profile_is_said(rows: pd.DataFrame) -> None:
    (sentence,) = deviations(rows.assign(profile="theirs"))
    assert "profile theirs are not known here" in sentence
