"""Result rows of the CMS-ADC task, as its figures and tables want them."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from benchmark.errors import DataError, DiademError, complaint
from benchmark.results import COLUMNS, read_rows, summarise
from reproduce.adc.names import AUGMENTATIONS, EMBEDDINGS, METRICS, SIGNALS
from reproduce.inputs import REMEDY, there
from reproduce.provenance import Provenance, listed

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterable, Sequence
    from pathlib import Path

    import pandas as pd

    from reproduce.inputs import Place

DEFAULT_DIMENSION = 160
"""Stated in the ACLR paper; that of a variant which names none where the profile names none."""
ALL = "+".join(sorted(AUGMENTATIONS))
RAW, BEST = "raw", "anomclr_plus"
MAIN, SCANS, RAW_SCAN = "table-2.csv", "scans.csv", "scan-raw.csv"
"""Files of rows that the pipeline writes: the main result, and the scans."""


@dataclass(frozen=True)
class AdcRows:
    """All result rows of the task, the parts of their variants as columns.

    Attributes:
        every_size: Whether those of all sizes of the training set are wanted, not of one.
        of: The pipeline's files that are needed.
    """

    every_size: bool = False
    of: tuple[str, ...] = (MAIN,)

    @property
    def sized(self) -> bool:
        """Whether the rows of one number of training events can be chosen."""
        return not self.every_size

    def files(self, place: Place) -> tuple[str, ...]:
        """Return them; none where somebody put files of their own: these are read in their place.

        See `Source.files`.
        """
        there = {path.name for path in (place.folder / "rows").glob("*.csv")}
        own = there - {MAIN, SCANS, RAW_SCAN}
        return () if own else tuple(f"rows/{name}" for name in self.of)

    def read(self, place: Place) -> pd.DataFrame:
        """Return the rows, which know how many trainings their profile asks for.

        Raises:
            DataError: There are none, or they are not rows of one task.
        """
        rows = read_folder(place.folder / "rows")
        if not self.every_size:
            rows = of_events(rows, place.events)
        return _expecting(rows, place.profile)


def _expecting(rows: pd.DataFrame, profile: str) -> pd.DataFrame:
    from reproduce.profiles import load_profile

    try:
        asked = load_profile(profile)[1].cms_adc
    except DiademError:  # rows of others, made with a profile of their own
        return rows
    held = asked.protocol
    return with_expected(
        rows,
        alone=held.detector_trainings_alone,
        learned=held.embedding_trainings * held.detector_trainings,
        scanned=math.prod(asked.scans.trainings),
    )


def read_folder(folder: Path) -> pd.DataFrame:
    """Return the rows of all CSV files of a folder, the parts of their variants as columns.

    Raises:
        DataError: There are none, or they are not rows of one task.
    """
    paths = sorted(folder.glob("*.csv"))
    if not paths:
        message = complaint("no result rows here", where=str(folder), remedy=REMEDY)
        raise DataError(message)
    return with_parts(read_rows(there(path) for path in paths))


def with_parts(rows: pd.DataFrame) -> pd.DataFrame:
    """Return rows with their variants split into `augmentations`, `dimension` and `events`.

    What a variant does not name has the default of its profile, so that the main result is part of
    each scan; `events` is empty where not named, and `other` holds what is left.
    """
    parts = {text: _parts(text) for text in rows["variant"].unique()}
    names = ("augmentations", "dimension", "events", "other")
    added = {name: rows["variant"].map({k: v[name] for k, v in parts.items()}) for name in names}
    named = added["dimension"] > 0
    added["dimension"] = added["dimension"].where(named, plain_dimensions(rows)).astype(int)
    return rows.assign(**added)


def plain_dimensions(rows: pd.DataFrame) -> pd.Series[int]:
    """Return the dimension of the representation that is meant where a variant names none."""
    return rows["profile"].map({name: plain_dimension(name) for name in rows["profile"].unique()})


def plain_dimension(profile: str) -> int:
    """Return the dimension of a profile's encoders; the paper's for rows of others.

    Example:
        >>> plain_dimension("paper")
        160
    """
    from reproduce.profiles import load_profile

    try:
        asked = load_profile(profile)[1].cms_adc
    except DiademError:
        return DEFAULT_DIMENSION
    return int(asked.encoder.get("dimension", DEFAULT_DIMENSION))


def summary(rows: pd.DataFrame) -> pd.DataFrame:
    """Return `benchmark.results.summarise` of rows with parts, again with parts."""
    return with_parts(summarise(rows[list(COLUMNS)]))


def _parts(variant: str) -> dict[str, Hashable]:
    given = dict(item.split("=", 1) for item in variant.split(";") if item)
    return {
        "augmentations": "+".join(sorted(given.pop("augmentations", ALL).split("+"))),
        "dimension": int(given.pop("dimension", 0)),
        "events": given.pop("events", ""),
        "other": ";".join(f"{k}={v}" for k, v in sorted(given.items())),
    }


def of_events(rows: pd.DataFrame, events: int | None) -> pd.DataFrame:
    """Return the rows of one number of training events and of no other setting.

    Args:
        rows: With parts.
        events: None for those whose variant names no number; where all name the same, that one.

    Raises:
        DataError: There are none.
    """
    found = sorted(rows["events"].unique(), key=lambda text: int(text or 0))
    wanted = str(events) if events is not None else ""
    if events is None and len(found) == 1:
        wanted = found[0]
    kept = rows[(rows["events"] == wanted) & (rows["other"] == "")]
    if kept.empty:
        message = complaint(
            "no rows of this number of training events",
            where="--events",
            found=wanted or "none given",
            expected=f"one of {', '.join(filter(None, found)) or 'none'}",
            remedy=REMEDY,
        )
        raise DataError(message)
    return kept


def plain_rows(rows: pd.DataFrame, by: Sequence[str]) -> pd.DataFrame:
    """Return for each value of the columns `by` the rows of the variant that names least.

    A scan may name a default that the main result has unnamed: it is the same point twice.
    """
    variants = rows[[*by, "variant"]].drop_duplicates()
    named = variants.assign(named=variants["variant"].str.count("="))
    kept = named.sort_values(["named", "variant"]).drop_duplicates(list(by))
    return rows.merge(kept.drop(columns="named"), on=[*by, "variant"])


def main_rows(rows: pd.DataFrame) -> pd.DataFrame:
    """Return the rows of the profile's own settings: all augmentations, its dimension.

    Raises:
        DataError: As `of_events`.
    """
    return plain_rows(_default(of_events(rows, None)), ["embedding"])


def rows_by_size(rows: pd.DataFrame) -> pd.DataFrame:
    """Return the rows of the profile's own settings at every size of the training set."""
    return plain_rows(_default(rows[rows["other"] == ""]), ["embedding", "n_train"])


def _default(rows: pd.DataFrame) -> pd.DataFrame:
    default = (rows["augmentations"] == ALL) & (rows["dimension"] == plain_dimensions(rows))
    return rows[default | (rows["embedding"] == RAW)]


def at_point(rows: pd.DataFrame, efficiency: float) -> pd.DataFrame:
    """Return the rows of AUC, 1/eps_b and SI at a signal efficiency."""
    point = rows["at"].isna() | np.isclose(rows["at"].astype(float), efficiency)
    return rows[rows["metric"].isin(METRICS) & point]


def require(rows: pd.DataFrame, what: str) -> pd.DataFrame:
    """Return rows that hold a value.

    Raises:
        DataError: There is none, so nothing can be drawn.
    """
    if rows["value"].notna().any():
        return rows
    message = complaint(f"no result rows of {what}", remedy=REMEDY)
    raise DataError(message)


def provenance(rows: pd.DataFrame) -> Provenance:
    """Return where rows come from, with the sizes and the trainings of each embedding."""
    sizes = listed([f"{n:,}" for n in sorted(rows["n_train"].unique())])
    further = (f"training events {sizes}", f"trainings {', '.join(_counts(rows))}")
    return Provenance.of(rows, *further)


def _counts(rows: pd.DataFrame) -> list[str]:
    counted = _trainings(rows).groupby("embedding")["held"].agg(["min", "max"])
    return [
        f"{name.text} {low}" if low == high else f"{name.text} {low} to {high} a point"
        for embedding, name in EMBEDDINGS.items()
        if embedding in counted.index
        for low, high in [counted.loc[embedding]]
    ]


def _trainings(rows: pd.DataFrame) -> pd.DataFrame:
    """Return, for each embedding and variant, the trainings there and those that should be."""
    seeds = ["embedding_seed", "detector_seed"]
    by = rows.groupby(["embedding", "variant"])
    counts = by[seeds].nunique()
    pairs = rows[["embedding", "variant", *seeds]].drop_duplicates()
    held = pairs.groupby(["embedding", "variant"]).size()
    made = counts.assign(full=counts.prod(axis=1), held=held).reset_index()
    # An encoder whose trainings all are missing is seen beside its like only.
    like = [made["embedding"] == RAW, made["variant"].map(_few)]
    full = made.groupby(like)["full"].transform("max")
    if "expected" in rows:
        asked = by["expected"].max().reset_index(drop=True)
        full = full.combine(asked, max)
    return made.assign(full=full)


def _few(variant: str) -> bool:
    """Return whether a variant is of a scan with its own number of trainings: not over events."""
    return variant != "" and "events=" not in variant


def with_expected(rows: pd.DataFrame, *, alone: int, learned: int, scanned: int) -> pd.DataFrame:
    """Return rows that know how many trainings there should be; `gaps` looks at it.

    Args:
        rows: Result rows.
        alone: Trainings where the embedding learns nothing.
        learned: Trainings of other embeddings, also at each number of training events.
        scanned: Trainings of these at each point of the other scans.
    """
    expected = rows["variant"].map(lambda text: scanned if _few(text) else learned)
    return rows.assign(expected=expected.where(rows["embedding"] != RAW, alone))


def gaps(rows: pd.DataFrame, methods: Iterable[str] = ()) -> list[str]:
    """Return sentences about methods and trainings that are missing, or hold less than others.

    A full set is every pair of an embedding's and a detector's seed, and as many of them as
    methods (or points of a scan) of the same kind have, and as many as `with_expected` asks for.

    Args:
        rows: Of one figure or table.
        methods: Names of the embeddings that should be there.
    """
    there = set(rows["embedding"])
    found = [f"{_called(method, '')}: no rows" for method in methods if method not in there]
    found += [
        f"{_called(row['embedding'], row['variant'])}: {row['held']} of {row['full']} trainings"
        for row in _trainings(rows).to_dict("records")
        if row["held"] < row["full"]
    ]
    point = ["embedding", "variant", "signal", "metric", "at"]
    sizes = rows.groupby(point, dropna=False, as_index=False).size()
    most = sizes.groupby(["embedding", "variant"])["size"].transform("max")
    fewer = sizes[sizes["size"] < most].drop_duplicates(["embedding", "variant", "signal"])
    return found + [
        f"{_called(row['embedding'], row['variant'])}, {_signal(row['signal'])}: "
        "not from all trainings"
        for row in fewer.to_dict("records")
    ]


def missing_sizes(rows: pd.DataFrame) -> list[str]:
    """Return sentences about sizes of the training set that one of AE-Raw and AnomCLR+ lacks.

    One without any rows is the matter of `gaps`.
    """
    sizes = sorted(rows["n_train"].unique())
    there = set(zip(rows["embedding"], rows["n_train"], strict=True))
    methods = set(rows["embedding"])
    found = [
        f"{EMBEDDINGS[embedding].text}: no rows of {n:,} training events"
        for embedding in (RAW, BEST)
        for n in sizes
        if embedding in methods and (embedding, n) not in there
    ]
    if len(sizes) < 2:
        found.append("rows of one number of training events only")
    return found


def _signal(name: str) -> str:
    return SIGNALS[name].text if name in SIGNALS else name


def _called(embedding: str, variant: str) -> str:
    name = EMBEDDINGS[embedding].text if embedding in EMBEDDINGS else embedding
    return f"{name} ({variant})" if variant else name
